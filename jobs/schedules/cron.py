"""Reading a cron line as every Unix does: five fields, 0 and 7 are Sunday, names, lists, ranges, steps.

APScheduler's own reading differs: there 0 is Monday and 7 an error.
"""

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from lineside.store.errors import Usage

MACROS: Mapping[str, str] = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_MONTHS = {name: place for place, name in enumerate(("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG",
                                                     "SEP", "OCT", "NOV", "DEC"), start=1)}  # fmt: skip
_DAYS = {name: place for place, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"))}
_PART = re.compile(r"(?P<low>\*|\w+)(?:-(?P<high>\w+))?(?:/(?P<step>\w+))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """One of the five: its name, what it may hold, and how messages say so."""

    name: str
    least: int
    most: int
    names: Mapping[str, int]

    @property
    def allowed(self) -> str:
        named = f", or {next(iter(self.names))} to {list(self.names)[-1]}" if self.names else ""
        return f"{self.least} to {self.most}{named}; *, lists 1,2, ranges 1-5 and steps */2"


_FIELDS = (
    _Field(name="minute", least=0, most=59, names={}),
    _Field(name="hour", least=0, most=23, names={}),
    _Field(name="day of the month", least=1, most=31, names={}),
    _Field(name="month", least=1, most=12, names=_MONTHS),
    _Field(name="day of the week", least=0, most=7, names=_DAYS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """One line, read. Which minutes of a day, and which days."""

    minutes: tuple[int, ...]  # of a day, ascending: 0 to 1439
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # 0 is Sunday
    either: bool  # both kinds of day are restricted: one of them is enough
    floating: bool  # the hour is *: it follows time that passes, not the clock on the wall

    def on(self, day: date) -> bool:
        """Whether the line means this day."""
        if day.month not in self.months:
            return False
        of_month, of_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return of_month or of_week if self.either else of_month and of_week


def parse(line: str) -> Cron:
    """Read a line such as `30 2 * * 1-5`, or `@daily`.

    Raises:
        Usage: a field says what it cannot; the message names the field, the hint what is allowed.
    """
    text = MACROS.get(line.strip().lower(), line)
    words = text.split()
    if text.strip().startswith("@"):
        raise Usage(f"cron {line!r}: no such word", hint=f"known: {', '.join(MACROS)}")
    if len(words) != len(_FIELDS):
        hint = 'minute, hour, day of the month, month, day of the week: "30 2 * * 1-5"'
        raise Usage(f"cron {line!r} has {len(words)} fields, not 5", hint=hint)
    minute, hour, day, month, week = (
        _values(field, word, line) for field, word in zip(_FIELDS, words, strict=True)
    )
    cron = Cron(
        minutes=tuple(60 * h + m for h in sorted(hour) for m in sorted(minute)),
        days=day,
        months=month,
        weekdays=frozenset(value % 7 for value in week),
        either=not words[2].startswith("*") and not words[4].startswith("*"),
        floating=words[1].startswith("*"),
    )
    _can_happen(cron, line)
    return cron


def _values(field: _Field, word: str, line: str) -> frozenset[int]:
    """Every number that one field means."""
    return frozenset(value for part in word.split(",") for value in _of_part(field, part, word, line))


def _of_part(field: _Field, part: str, word: str, line: str) -> range:
    found = _PART.fullmatch(part)
    if found is None or (found["low"] == "*" and found["high"]):
        raise _wrong(field, f"{word!r} cannot be read", line)
    step = _step(field, found["step"], line)
    if found["low"] == "*":
        return range(field.least, field.most + 1 - (field.most == 7), step)
    low = _number(field, found["low"], line)
    if found["high"]:
        high = _number(field, found["high"], line)
        if field.most == 7 and high == 0 and low:
            high = 7  # FRI-SUN
        if high < low:
            raise _wrong(field, f"{part!r} runs backwards", line)
    else:
        high = field.most - (field.most == 7 and low < 7) if found["step"] else low  # 5/15 is 5-59/15
    return range(low, high + 1, step)


def _step(field: _Field, text: str | None, line: str) -> int:
    if text is None:
        return 1
    if not text.isdecimal() or int(text) < 1:
        raise _wrong(field, f"a step of {text!r}", line)
    return int(text)


def _number(field: _Field, text: str, line: str) -> int:
    named = field.names.get(text.upper())
    if named is not None:
        return named
    if not text.isdecimal() or not field.least <= int(text) <= field.most:
        raise _wrong(field, f"there is no {text!r}", line)
    return int(text)


def _wrong(field: _Field, says: str, line: str) -> Usage:
    return Usage(f"cron {line!r}: {field.name}: {says}", hint=f"{field.name} is {field.allowed}")


def _can_happen(cron: Cron, line: str) -> None:
    """Refuse the 31st of February: a schedule that never fires is a mistake."""
    longest = max(calendar.monthrange(2024, month)[1] for month in cron.months)  # 2024 is a leap year
    if not cron.either and min(cron.days) > longest:
        hint = f"the longest of these months has {longest} days"
        raise Usage(f"cron {line!r}: day of the month: {min(cron.days)} never comes", hint=hint)
