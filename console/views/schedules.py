"""Schedules in words: when, what they did last, whether they stand still."""

from typing import Protocol

from lineside.console.format import clock
from lineside.store.clock import Micros
from lineside.store.queries.schedules import ListedRow


class _Timed(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def spec(self) -> str: ...
    @property
    def time_zone(self) -> str: ...


class _Standing(Protocol):
    @property
    def paused(self) -> int: ...
    @property
    def broken(self) -> str: ...


def when_words(row: _Timed) -> str:
    """`30 2 * * 1-5 Europe/Berlin`, `every 6 h`, `new digits`, `push to main`."""
    if row.kind == "cron":
        return row.spec if row.time_zone == "UTC" else f"{row.spec} {row.time_zone}"
    if row.kind == "interval":
        return f"every {_span(float(row.spec))}"
    return f"new {row.spec}" if row.kind == "dataset" else f"push to {row.spec}"


def state_words(row: _Standing) -> str:
    """Why it does not fire; nothing when it does."""
    return f"parked: {row.broken}" if row.broken else "paused" if row.paused else ""


def last_words(row: ListedRow) -> str:
    """What became of the newest firing."""
    if row.last_outcome is None:
        return "never fired"
    return f"job {row.last_job} {row.last_state}" if row.last_job is not None else row.last_outcome


def line_words(row: ListedRow, *, now: Micros, width: int) -> str:
    """One line of the list: name, when, next, what it did last, why it stands still."""
    coming = f"next {clock(row.next_us, now=now)}" if row.next_us is not None else ""
    parts = (row.name.ljust(width), when_words(row), coming, last_words(row), state_words(row))
    return "  ".join(part for part in parts if part)


def _span(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:g} {unit}"
    return f"{seconds:g} s"
