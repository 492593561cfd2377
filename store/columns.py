"""Columns that a person asks for by name, and their cells for the runs of one page.

`lr`, `tag:base`, `min(loss)`, `author` are called as in filters; `acc@best(loss)` is read from the points.
"""

import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lineside.store import bests
from lineside.store.errors import Usage
from lineside.store.homes import Home
from lineside.store.queries import conditions, params, summaries
from lineside.store.queries.bests import AtBest
from lineside.store.queries.conditions import Bound
from lineside.store.queries.runs import RunRow
from lineside.store.queries.summaries import SummaryRow
from lineside.store.queries.words import Term

FIELDS = {
    "id": "id", "run": "id", "uid": "uid", "status": "status", "cause": "cause", "name": "name",
    "experiment": "experiment", "author": "author", "job": "job_id", "parent": "parent_id",
    "children": "children", "note": "note", "dropped": "dropped", "created": "created_us",
    "started": "started_us", "ended": "ended_us",
}  # fmt: skip
"""Field, as filters call it → the attribute of a run's row."""

Value = str | int | float | None
_PIECE = re.compile(r'(?:"[^"]*"|\([^()]*\)|[^,])+')


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column, understood."""

    title: str  # as it was typed
    family: str  # "field", "metric", "param", "tag" or "best"
    name: str  # of the field, metric, param or tag
    side: str = "last"  # of a metric: "last", "first", "min" or "max"
    best: AtBest | None = None  # of the family "best"


def split(text: str) -> list[str]:
    """The columns that a text lists, cut at the commas outside brackets and quotes.

    >>> split("acc@best(val_loss), lr,tag:base")
    ['acc@best(val_loss)', 'lr', 'tag:base']
    """
    return [piece.strip() for piece in _PIECE.findall(text) if piece.strip()]


def understood(db: sqlite3.Connection, text: str) -> Column:
    """The column that a name means: a field before a metric before a param before a tag.

    Raises:
        Usage: it names nothing.
    """
    if (best := bests.known(db, text)) is not None:
        return Column(title=text, family="best", name=best.metric, best=best)
    if text.lower() in FIELDS:
        return Column(title=text, family="field", name=text.lower())
    family, _, rest = text.partition(":")
    said = family in ("metric", "param", "tag") and rest
    bare = (rest if said else text).strip('"')
    bound, term = Bound(db=db), Term(family=family if said else None, key=bare, operator=None, value="")
    key = conditions.find(bound, term)
    if key is None:
        raise Usage(f"no column {text!r}: {conditions.unknown(term)}", hint=conditions.near(bound, term))
    if key.family != "metric":
        return Column(title=text, family=key.family, name=bare)
    return Column(title=text, family="metric", name=conditions.metric_in(bare), side=key.column)


def cells(
    home: Home, db: sqlite3.Connection, found: Sequence[RunRow], columns: Iterable[Column]
) -> dict[tuple[int, str], Value]:
    """The cells by run and title, numbers as they were written; a run without the thing has no cell."""
    asked, ids = list(columns), [row.id for row in found]
    of = {family: [one for one in asked if one.family == family] for family in ("metric", "param", "tag")}
    summed = summaries.summary_table(db, ids, sorted({one.name for one in of["metric"]}))
    given = params.param_table(db, ids, [one.name for one in of["param"]])
    said = params.tag_table(db, ids, [one.name for one in of["tag"]])
    at_best = bests.values(home, db, ids, {one.best for one in asked if one.best is not None})

    def cell(row: RunRow, one: Column) -> Value:
        if one.best is not None:
            return at_best.get((row.id, one.best))
        if one.family == "metric":
            return of_summary(summed.get((row.id, one.name)), one.side)
        if one.family == "field":
            value: Value = getattr(row, FIELDS[one.name])
            return value
        return (given if one.family == "param" else said).get((row.id, one.name))

    made = {(row.id, one.title): cell(row, one) for row in found for one in asked}
    return {place: value for place, value in made.items() if value is not None}


def of_summary(row: SummaryRow | None, side: str) -> float | None:
    """One of the four values of a summary; None: the run has none."""
    if row is None:
        return None
    return row.last_value if side == "last" else {"first": row.first, "min": row.min, "max": row.max}[side]
