"""What works in Monitor."""

from lineside.console.commands import Command, deed

COMMANDS = (
    Command(id="monitor.enter", keys=("enter",), title="into the row: windows, distributions", footer="in"),
    Command(id="monitor.span", keys=("t",), title="how far back latency goes", footer="span"),
    Command(id="monitor.side_by_side", keys=("m",), title="all endpoints side by side", footer="all"),
    Command(id="monitor.zoom", keys=("z",), title="this pane alone, and back", footer="zoom"),
    Command(id="monitor.next_window", keys=("n",), title="next window or row with a problem", group="move"),
    Command(id="monitor.previous_window", keys=("N",), title="previous one", group="move"),
    deed("monitor.acknowledge", "k", "acknowledge the alert: you are on it", footer="take it"),
    deed("monitor.silence", "s", "silence the alert for a day"),
)
