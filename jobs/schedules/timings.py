"""When a schedule is due, whatever it goes by; and which of the times that were missed are made up for.

Nothing here walks all the times of a month without a runner: what was missed is found by halving.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Protocol
from zoneinfo import ZoneInfo

from lineside.jobs.schedules import cron, wallclock
from lineside.jobs.schedules.cron import Cron
from lineside.store.clock import SECOND, Micros
from lineside.store.errors import Usage
from lineside.store.queries.schedules import ScheduleRow

MOST = 1_000
"""The steps of one walk, and the times that `catch_up = "all"` makes up for."""
ON_TIME_US = 60 * SECOND
"""So late is not missed: a runner that was just started again fires what fell due meanwhile."""
LEAST_S = 1.0
"""The shortest interval: a planner job costs some tenths of a second."""
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}


class Timed(Protocol):
    """What says when it is due."""

    @property
    def kind(self) -> str: ...
    @property
    def spec(self) -> str: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def created_us(self) -> Micros: ...


class Timing(Protocol):
    """What knows the times of one schedule."""

    def next_after(self, at: Micros) -> Micros | None:
        """The first time after `at`; None: never again."""
        ...

    def due(self, at: Micros) -> str:
        """The name of a time, under which it fires only once."""
        ...


@dataclass(frozen=True, slots=True)
class ByCron:
    """At times of a wall clock."""

    line: Cron
    zone: ZoneInfo

    def next_after(self, at: Micros) -> Micros | None:
        found = wallclock.next_after(self.line, self.zone, at // SECOND)
        return Micros(found * SECOND) if found is not None else None

    def due(self, at: Micros) -> str:
        return wallclock.shown(at // SECOND, self.zone, floating=self.line.floating)


@dataclass(frozen=True, slots=True)
class ByInterval:
    """Each so many microseconds since it was added, whatever the clocks on walls do."""

    since: Micros
    period_us: int

    def next_after(self, at: Micros) -> Micros | None:
        return Micros(self.since + max(1, (at - self.since) // self.period_us + 1) * self.period_us)

    def due(self, at: Micros) -> str:
        when = datetime.fromtimestamp(at // SECOND, UTC).isoformat(timespec="seconds").removesuffix("+00:00")
        fraction = f".{at % SECOND:06d}".rstrip("0").rstrip(".")
        return f"{when}{fraction}Z"


def of(row: Timed) -> Timing | None:
    """The timing of a schedule; None for one that waits for data or a push.

    Raises:
        Usage: its line cannot be read, or this box does not know its zone.
    """
    if row.kind == "cron":
        return ByCron(cron.parse(row.spec), wallclock.zone(row.time_zone))
    if row.kind == "interval":
        return ByInterval(row.created_us, round(_length(row.spec) * SECOND))
    return None


def first(row: ScheduleRow, at: Micros) -> Micros | None:
    """When a schedule is due next, seen from `at`.

    Raises:
        Usage: its line cannot be read, or this box does not know its zone.
    """
    timing = of(row)
    return timing.next_after(at) if timing is not None else None


def coming(timing: Timing, after: Micros) -> Iterator[Micros]:
    """All the times after `after`, one by one."""
    at = timing.next_after(after)
    while at is not None:
        yield at
        at = timing.next_after(at)


def newest(timing: Timing, first: Micros, now: Micros) -> Micros:
    """The last time not after `now`, where `first` is one: by halving what lies between them."""
    low, high = int(first) - 1, int(now)  # some time comes after `low`, none after `high`
    while high - low > 1:
        middle = (low + high) // 2
        found = timing.next_after(Micros(middle))
        if found is not None and found <= now:
            low = found - 1
        else:
            high = middle
    return Micros(low + 1)


def missed(timing: Timing, first: Micros, now: Micros) -> tuple[list[Micros], bool]:
    """The times from `first` to `now`, ascending, and whether older ones had to be left out.

    At most the newest 1,000: of the windows that end now, each twice as long as the one before, the longest
    that holds no more.
    """
    window, best = 60 * SECOND, list[Micros]()
    while True:
        begin = max(first - 1, now - window)
        found = _until(timing, Micros(begin), now)
        if len(found) > MOST:
            return best or [newest(timing, first, now)], True
        if begin == first - 1:
            return found, False
        window, best = window * 2, found


def _until(timing: Timing, after: Micros, now: Micros) -> list[Micros]:
    """The times after `after` up to `now`; a thousand and one when there are more than a thousand."""
    found = []
    for at in islice(coming(timing, after), MOST + 1):
        if at > now:
            break
        found.append(at)
    return found


def seconds(text: str) -> float:
    """`90s`, `15m`, `6h`, `1d`, `2w`, or a number of seconds.

    Raises:
        Usage: it is no length of time, or a shorter one than a second.
    """
    found = _length(text)
    if not LEAST_S <= found <= 366 * 86400.0:
        raise Usage(f"every {text!r} is no length of time", hint="from 1s to 366d: 90s, 15m, 6h, 1d, 2w")
    return found


def _length(text: str) -> float:
    """Seconds; 0 for what is no length of time."""
    number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "s")
    try:
        return float(number) * _UNITS[unit]
    except ValueError:
        return 0.0
