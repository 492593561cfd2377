"""What works in every area."""

from lineside.console.commands import AREAS, TITLES, Command, deed

_AREAS = tuple(
    Command(id=f"everywhere.area_{name}", keys=(str(digit),), title=f"show {TITLES[name]}", group="areas")
    for digit, name in enumerate(AREAS, 1)
)

COMMANDS = (
    *_AREAS,
    Command(id="everywhere.last_area", keys=("`",), title="the area before this one", group="areas"),
    Command(id="everywhere.back", keys=("[",), title="back, as in a browser", group="areas"),
    Command(id="everywhere.forward", keys=("]",), title="forward again", group="areas"),
    Command(id="everywhere.out", keys=("escape",), title="out by one level", footer="back", group="move"),
    Command(id="everywhere.next_pane", keys=("tab",), title="next pane", group="move"),
    Command(id="everywhere.previous_pane", keys=("shift+tab",), title="previous pane", group="move"),
    Command(id="everywhere.do", keys=(".",), title="what you may do here", footer="do", group="do"),
    Command(id="everywhere.go", keys=("g",), title="go to what belongs to it", footer="go to", group="go to"),
    Command(id="everywhere.copy", keys=("y",), title="copy", footer="copy", group="copy"),
    Command(id="everywhere.panel", keys=(";",), title="jump to a panel by letter", group="move"),
    Command(id="everywhere.filter", keys=("/",), title="filter this area", footer="filter"),
    Command(id="everywhere.command", keys=(":", "ctrl+p"), title="type a command", footer="command"),
    Command(id="everywhere.help", keys=("?", "f1"), title="all keys", footer="keys"),
    Command(id="everywhere.pause", keys=("p",), title="pause and go on with refreshing"),
    Command(id="everywhere.redraw", keys=("ctrl+r",), title="read again now"),
    Command(id="everywhere.mouse", keys=("M",), title="mouse on and off"),
    Command(id="everywhere.theme", keys=("T",), title="next theme"),
    Command(id="everywhere.go_run", keys=("g r",), title="its run", group="go to"),
    Command(id="everywhere.go_job", keys=("g j",), title="its job", group="go to"),
    Command(id="everywhere.go_model", keys=("g m",), title="its model", group="go to"),
    Command(id="everywhere.go_data", keys=("g d",), title="its data", group="go to"),
    Command(id="everywhere.go_endpoint", keys=("g e",), title="its endpoint", group="go to"),
    Command(id="everywhere.go_lineage", keys=("g l",), title="its lineage, up and down", group="go to"),
    Command(id="everywhere.copy_command", keys=("y y",), title="the command that shows this", group="copy"),
    Command(id="everywhere.copy_id", keys=("y i",), title="the id", group="copy"),
    Command(id="everywhere.copy_value", keys=("y v",), title="the row as text", group="copy"),
    deed("everywhere.undo", "u", "take the last deed back"),
    Command(id="everywhere.quit", keys=("q", "ctrl+q"), title="leave; all goes on running", group="areas"),
)  # fmt: skip
