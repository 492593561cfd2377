"""What works in Runs."""

from lineside.console.commands import Command, deed

COMMANDS: tuple[Command, ...] = (
    Command(id="runs.open", keys=("enter",), title="open the run", footer="open", group="move"),
    Command(id="runs.next_run", keys=("J",), title="next run, opened or not", footer="next run"),
    Command(id="runs.previous_run", keys=("K",), title="run before, opened or not"),
    Command(id="runs.details", keys=("d",), title="params, metrics, files of the row"),
    Command(
        id="runs.compare",
        keys=("x",),
        title="compare the marked: what differs, then all",
        footer="compare",
    ),
    Command(id="runs.diff", keys=("D",), title="two of the marked, text by text", footer="diff"),
    Command(id="runs.pair", keys=("P",), title="compare another two of the marked", footer="pair"),
    Command(id="runs.all", keys=("a",), title="small charts of all metrics, and back", footer="all metrics"),
    Command(id="runs.metric", keys=("m",), title="choose the metric", footer="metric"),
    Command(id="runs.sort", keys=("s",), title="sort", footer="sort"),
    Command(id="runs.group", keys=("b",), title="group by …, and back to single runs", footer="group"),
    Command(id="runs.log", keys=("L",), title="chart: logarithmic or linear"),
    Command(id="runs.axis", keys=("t",), title="chart: by step, clock or time since start"),
    Command(id="runs.smooth", keys=("e",), title="chart: smoother (ema 0.6 to 0.99), and back"),
    Command(id="runs.branch", keys=("B",), title="chart: before the run went on, and back"),
    Command(id="runs.zoom", keys=("z",), title="the pane on the whole screen, and back"),
    Command(id="runs.output", keys=("o",), title="the output of its job", footer="output"),
    deed("runs.rename", "n", "rename the run"),
    deed("runs.note", "e", "write a note on the run"),
    deed("runs.tag", "a", "tag, or take a tag away"),
    deed("runs.register", "m", "register its model"),
    deed("runs.retry", "t", "run its job again"),
    deed("runs.cancel", "c", "cancel its job"),
)  # fmt: skip
