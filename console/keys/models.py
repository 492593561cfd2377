"""What works in Models."""

from lineside.console.commands import Command, Danger, deed
from lineside.store.actors import Role

COMMANDS = (
    Command(id="models.enter", keys=("enter",), title="to its request, or to its version", footer="in"),
    Command(id="models.compare", keys=("x",), title="what differs between two versions", footer="compare"),
    Command(id="models.zoom", keys=("z",), title="this pane alone, and back"),
    deed("models.approve", "a", "approve the request", role=Role.APPROVER, footer="approve"),
    deed("models.reject", "r", "reject the request", role=Role.APPROVER, footer="reject"),
    deed("models.ratify", "f", "ratify what break-glass applied", role=Role.APPROVER, danger=Danger.TYPED),
    deed("models.withdraw", "w", "take back your request"),
    deed("models.promote", "p", "ask that this version hold an alias", danger=Danger.TYPED),
    deed("models.rollback", "b", "give the alias back to the version before", danger=Danger.TYPED),
    deed("models.serve", "s", "serve what holds the alias"),
)
