"""When this person last left the console of a home: what "since you left" counts from."""

from lineside.console.memory import Memory
from lineside.store.clock import Micros
from lineside.store.homes import Home

_LEFT = "left_us"


def last(home: Home) -> Micros | None:
    """The moment of the last leaving; None on a first visit."""
    found = Memory.of(home).recall(_LEFT)
    return Micros(found) if isinstance(found, int) and not isinstance(found, bool) else None


def leave(home: Home, *, at: Micros) -> None:
    """Note the moment; a folder that cannot be written is no reason to complain."""
    Memory.of(home).keep(_LEFT, at)
