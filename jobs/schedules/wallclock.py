"""From a cron line and a time zone to moments, on the nights when clocks are changed too.

A line with fixed hours fires once per time on the wall: a time that the clock jumps over fires at the first
moment after the jump, one that comes twice fires the first time. A line whose hour is `*` follows the time
that passes: nothing is made up for the jump, and the hour that comes twice fires twice. So does Vixie cron.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lineside.jobs.schedules.cron import Cron
from lineside.store.errors import Usage

_DAY = timedelta(days=1)
_FAR = timedelta(days=366 * 41)
"""The 29th of February on a given weekday comes once in 28 years, across 2100 once in 40."""


def zone(name: str) -> ZoneInfo:
    """A time zone by its name.

    Raises:
        Usage: this box knows none of that name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        hint = "a name such as Europe/Berlin or UTC; timedatectl list-timezones shows all"
        raise Usage(f"no time zone {name!r}", hint=hint) from error


def next_after(cron: Cron, tz: ZoneInfo, at: int) -> int | None:
    """The first second after `at` (both since 1970, UTC) that the line means; None: not in 41 years."""
    here = datetime.fromtimestamp(at, tz).date()
    best: int | None = None
    for day in _days(cron, here):
        found = _first(cron, tz, day, at)
        if best is not None:  # the day after may begin earlier than the first one's second pass is over
            return min(best, found) if found is not None else best
        best = found
        if best is not None and not cron.on(day + _DAY):
            return best
    return best


def _days(cron: Cron, here: date) -> Iterator[date]:
    """The days that the line means, from the day before `here` on: clocks may go back across midnight."""
    day, last = here - _DAY, here + _FAR
    while day <= last:
        if day.month not in cron.months:
            day = (day.replace(day=1) + 32 * _DAY).replace(day=1)
            continue
        if cron.on(day):
            yield day
        day += _DAY


def _first(cron: Cron, tz: ZoneInfo, day: date, at: int) -> int | None:
    """The first moment after `at` that the line means on this day."""
    here, there = datetime.combine(day, time.min, tz), datetime.combine(day + _DAY, time.min, tz)
    ends = (here, here.replace(fold=1), there, there.replace(fold=1))
    if len({end.utcoffset() for end in ends}) == 1:
        start = int(here.timestamp())
        place = bisect_right(cron.minutes, (at - start) // 60)
        return start + 60 * cron.minutes[place] if place < len(cron.minutes) else None
    moments = _moments(cron, tz, day)
    place = bisect_right(moments, at)
    return moments[place] if place < len(moments) else None


@lru_cache(maxsize=256)
def _moments(cron: Cron, tz: ZoneInfo, day: date) -> tuple[int, ...]:
    """Every moment of a day on which the clock is changed, ascending."""
    midnight, found = datetime.combine(day, time.min, tz), set[int]()
    for minute in cron.minutes:
        wall = midnight + timedelta(minutes=minute)  # on the wall: time zones are not asked here
        first, second = int(wall.timestamp()), int(wall.replace(fold=1).timestamp())
        if first > second:  # the wall never shows it: fold 0 lies behind the jump, fold 1 before it
            if not cron.floating:
                found.add(_behind(tz, second, first))
        else:
            found.add(first)
            if cron.floating:
                found.add(second)
    return tuple(sorted(found))


def _behind(tz: ZoneInfo, before: int, behind: int) -> int:
    """The first second of the new offset, between a moment before the jump and one behind it."""
    new = datetime.fromtimestamp(behind, tz).utcoffset()
    while behind - before > 1:
        middle = (before + behind) // 2
        if datetime.fromtimestamp(middle, tz).utcoffset() == new:
            behind = middle
        else:
            before = middle
    return behind


def shown(at: int, tz: ZoneInfo, *, floating: bool) -> str:
    """What the wall shows then: `2026-10-25T02:30`; with the offset where it may be shown twice."""
    wall = datetime.fromtimestamp(at, UTC).astimezone(tz)
    text = wall.isoformat(timespec="minutes")
    return text if floating else text[:16]
