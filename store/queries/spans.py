"""Moments and lengths of time as people type them into a filter."""

import re
from datetime import datetime, timedelta

from lineside.store.clock import SECOND

HINT = "moments: 2026, 2026-11, 2026-11-01, 2026-11-01T14:30; lengths of time: 90s, 15m, 1h30m, 2d"

_MOMENT = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?)?)?(Z|[+-]\d\d:\d\d)?\Z", re.ASCII
)
_LENGTH = re.compile(r"(?:\d+(?:\.\d+)?(?:us|ms|[smhdw]))+\Z", re.ASCII)
_PIECE = re.compile(r"(\d+(?:\.\d+)?)(us|ms|[smhdw])", re.ASCII)
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


def moment(text: str) -> tuple[int, int]:
    """First microsecond of what was named, and the first one after it; times of day are those of this place.

    Raises:
        ValueError: nothing that we understand.

    >>> low, high = moment("2026-11-01T00:00Z")
    >>> low, high - low
    (1793491200000000, 60000000)
    """
    match = _MOMENT.match(text)
    if not match:
        raise ValueError("a moment belongs here")
    given, zone = match.groups()[:6], match[7] or ""
    parts = [int(part or start) for part, start in zip(given, ("1", "1", "1", "0", "0", "0"), strict=True)]
    year, month, day, hour, minute, second = parts
    try:
        begin = datetime.fromisoformat(
            f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}"
        )
        end = _after(begin, sum(part is not None for part in given))
        return _us(begin), _us(end)
    except (OverflowError, OSError, ValueError):
        raise ValueError("there is no such moment") from None


def _after(begin: datetime, named: int) -> datetime:
    """Where the year, month, day, minute or second that was named ends."""
    if named == 1:
        return begin.replace(year=begin.year + 1)
    if named == 2:
        return (begin + timedelta(days=31)).replace(day=1)
    return begin + {3: timedelta(days=1), 5: timedelta(minutes=1), 6: timedelta(seconds=1)}[named]


def _us(at: datetime) -> int:
    return round(at.astimezone().timestamp() * SECOND)


def length(text: str) -> tuple[int, int]:
    """Microseconds of a length of time, and one more; a bare number is in seconds.

    >>> length("1h30m"), length("2.5")
    ((5400000000, 5400000001), (2500000, 2500001))
    """
    if re.fullmatch(r"\d+(?:\.\d+)?", text, re.ASCII):
        text += "s"
    if not _LENGTH.match(text):
        raise ValueError("a length of time belongs here")
    total = sum(float(amount) * _SECONDS[unit] for amount, unit in _PIECE.findall(text))
    us = round(min(total, 1e12) * SECOND)
    return us, us + 1
