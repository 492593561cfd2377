"""What runs can be grouped by, and what groups are measured with: how both are said and filtered by."""

import sqlite3
from dataclasses import dataclass

from lineside.store.errors import Usage
from lineside.store.queries import conditions, names
from lineside.store.queries.bests import at_best, better_side
from lineside.store.queries.conditions import Bound
from lineside.store.queries.params import number_in
from lineside.store.queries.words import Term, quoted

FIELDS = ("experiment", "author", "status", "parent")
_HINT = "group by " + ", ".join(FIELDS) + ", or the name of a param or a tag"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupKey:
    """What the runs of a group have in common."""

    text: str  # as it was asked for
    family: str  # "field", "param" or "tag"
    name: str
    number: int | None  # of a param's or a tag's name; None: a field


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMetric:
    """What tells the best run of a group."""

    text: str  # "min(loss)"
    number: int
    column: str  # of the summary
    side: str  # "min" or "max": which values are the better ones


def key(db: sqlite3.Connection, text: str) -> GroupKey:
    """The key that a name means.

    Raises:
        Usage: it names nothing that runs can be grouped by.
    """
    if text.lower() in FIELDS:
        return GroupKey(text=text.lower(), family="field", name=text.lower(), number=None)
    family, _, rest = text.partition(":")
    said = family in ("param", "tag") and bool(rest)
    name = (rest if said else text).strip('"')
    for kind in (family,) if said else ("param", "tag"):
        if (number := names.find(db, kind, name)) is not None:
            return GroupKey(text=text, family=kind, name=name, number=number)
    term = Term(family=family if said else None, key=name, operator=None, value="")
    if text.lower() in conditions.FIELDS or conditions.find(Bound(db=db), term) is not None:
        raise Usage(f"runs cannot be grouped by {text!r}", hint=_HINT)
    raise Usage(
        f"cannot group by {text!r}: {conditions.unknown(term)}", hint=conditions.near(Bound(db=db), term)
    )


def metric(db: sqlite3.Connection, text: str) -> GroupMetric:
    """The metric that a name means: `loss` is the better of `min(loss)` and `max(loss)`.

    Raises:
        Usage: nobody logged it, or only the points know it.
    """
    if at_best(text) is not None:
        raise Usage(
            f"groups are not told by {text!r}: it is read from the points",
            hint="choose a metric, or min(), max(), first() or last() of one",
        )
    bare = text.removeprefix("metric:")
    term = Term(family="metric", key=bare, operator=None, value="")
    found = conditions.find(Bound(db=db), term)
    if found is None:
        raise Usage(f"{conditions.unknown(term)}", hint=conditions.near(Bound(db=db), term))
    name = conditions.metric_in(bare)
    column = found.column if name != bare else better_side(name)
    side = column if column in ("min", "max") else better_side(name)
    return GroupMetric(text=f"{column}({name})", number=found.number, column=column, side=side)


def where(key: GroupKey, value: str | None) -> str:
    """The filter that means the runs of a group.

    >>> where(GroupKey(text="lr", family="param", name="lr", number=1), "1e-3")
    'param:lr:1e-3'
    >>> where(GroupKey(text="parent", family="field", name="parent", number=None), None)
    'parent:none'
    """
    if key.family == "field":
        return f"{key.name}:{'none' if value is None else quoted(value)}"
    named = f"{key.family}:{quoted(key.name)}"
    if value is None:
        return f"not ({named}: or {named}!=)"
    return f"{named}:{quoted(value)}"


def same(key: GroupKey, value: str) -> float | str:
    """Equal for values that are one group: 1e-3 and 0.001 of a param, Ana and ana of an author."""
    if key.family == "param" and (number := number_in(value)) is not None:
        return number
    return (
        value.translate(_LOWER) if key.name in ("author", "experiment") and key.family == "field" else value
    )


def place(value: str | None) -> tuple[int, float, str]:
    """Numbers by size, then words, then the runs without a value."""
    if value is None:
        return 2, 0.0, ""
    number = number_in(value)
    return (0, number, value) if number is not None else (1, 0.0, value)


_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}  # as SQLite compares: nothing but ASCII
