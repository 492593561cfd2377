"""What works on the wall."""

from lineside.console.commands import Command, Danger, deed
from lineside.store.actors import Role

COMMANDS: tuple[Command, ...] = (
    Command(id="wall.open", keys=("enter",), title="look at it where it lives", footer="look", group="move"),
    Command(id="wall.zoom", keys=("z",), title="large counts, for a screen on a wall", footer="big screen"),
    deed("wall.approve", "a", "approve the promotion", role=Role.APPROVER, footer="approve"),
    deed("wall.reject", "r", "reject the promotion", role=Role.APPROVER, footer="reject"),
    deed("wall.ratify", "f", "ratify what break-glass applied", role=Role.APPROVER, danger=Danger.TYPED),
    deed("wall.acknowledge", "k", "acknowledge the alert: you are on it", footer="take it"),
    deed("wall.silence", "s", "silence the alert for a day"),
    deed("wall.retry", "t", "run the failed job again", footer="run again"),
)
