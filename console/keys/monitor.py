"""What works in Monitor."""

from lineside.console.commands import Command, Danger
from lineside.store.actors import Role

COMMANDS = (
    Command(id="monitor.enter", keys=("enter",), title="into the row: windows, distributions", footer="in"),
    Command(id="monitor.span", keys=("t",), title="how far back latency goes", footer="span"),
    Command(id="monitor.zoom", keys=("z",), title="this pane alone, and back", footer="zoom"),
    Command(id="monitor.next_window", keys=("n",), title="next window or row with a problem", group="move"),
    Command(id="monitor.previous_window", keys=("N",), title="previous one", group="move"),
    Command(
        id="monitor.acknowledge", keys=(". a",), title="acknowledge the alert: somebody is on it",
        group="do", danger=Danger.CONFIRM, role=Role.OPERATOR,
    ),
    Command(
        id="monitor.silence", keys=(". s",), title="silence the alert for some hours",
        group="do", danger=Danger.CONFIRM, role=Role.OPERATOR,
    ),
)  # fmt: skip
