"""What works in Jobs."""

from lineside.console.commands import Command, deed

COMMANDS: tuple[Command, ...] = (
    Command(
        id="jobs.open", keys=("enter",), title="its output on the whole screen", footer="open", group="move"
    ),
    Command(id="jobs.output", keys=("o",), title="to the output, and back", footer="output"),
    Command(id="jobs.details", keys=("d",), title="command, params, attempts", footer="details"),
    Command(id="jobs.view", keys=("t",), title="the next view: queue, schedules …", footer="view"),
    Command(id="jobs.states", keys=("f",), title="show which states", footer="states"),
    Command(id="jobs.queue", keys=("Q",), title="the queue"),
    Command(id="jobs.schedules", keys=("S",), title="schedules: when each fires, what it did last"),
    Command(id="jobs.pipelines", keys=("P",), title="pipelines: the state of every stage"),
    Command(id="jobs.done", keys=("D",), title="what has ended, the newest first"),
    Command(id="jobs.zoom", keys=("z",), title="the pane on the whole screen, and back"),
    deed("jobs.pipeline", "n", "run a pipeline"),
    deed("jobs.shell", "x", "run a command"),
    deed("jobs.cancel", "c", "cancel"),
    deed("jobs.retry", "t", "run again: same job, a new attempt", footer="run again"),
    deed("jobs.hold", "h", "hold back"),
    deed("jobs.release", "e", "release"),
    deed("jobs.front", "f", "to the front of the queue"),
    deed("jobs.rear", "b", "to the back of the queue"),
    deed("jobs.schedule_fire", "s", "fire a schedule now"),
    deed("jobs.schedule_pause", "p", "pause a schedule"),
    deed("jobs.schedule_resume", "r", "resume a schedule"),
)
