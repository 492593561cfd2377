"""Metrics at the best step of another, read from the points: for the runs of a page, or to sort a short list.

The best step is sought on the line that charts show: of several values at one step the latest written, and of
a run that was begun again no point that the newer opening replaced. Only finite values can be best; of equal
ones the earliest is.
"""

import math
import sqlite3
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from lineside.store.errors import Usage
from lineside.store.homes import Home
from lineside.store.queries import conditions, names, runs
from lineside.store.queries.bests import AtBest, at_best
from lineside.store.queries.conditions import Bound
from lineside.store.queries.orders import order
from lineside.store.queries.runs import RunRow
from lineside.store.queries.words import Term

if TYPE_CHECKING:
    from lineside.store.series import Series

MOST = 2_000
"""So many runs at most are sorted by what their points say."""
_AT_ONCE = 100


def values(
    home: Home, db: sqlite3.Connection, run_ids: Sequence[int], keys: Iterable[AtBest]
) -> dict[tuple[int, AtBest], float]:
    """The values of these runs, NaN and infinities as they were written; a run without one has no entry.

    Raises:
        BadData: a file of points is missing or damaged.
    """
    asked = list(keys)
    if not run_ids or not asked:
        return {}
    from lineside.store import series

    metrics = sorted({name for key in asked for name in (key.metric, key.of)})
    lines = {(line.run_id, line.metric): line for line in series.read(home, db, run_ids, metrics)}
    found = {}
    for run_id in run_ids:
        for key in asked:
            line, of = lines.get((run_id, key.metric)), lines.get((run_id, key.of))
            value = None if line is None or of is None else value_at_best(line, of, key.side)
            if value is not None:
                found[run_id, key] = value
    return found


def value_at_best(line: "Series", of: "Series", side: str) -> float | None:
    """The last value of `line` at or before the step where `of` is best; None: there is none."""
    import numpy as np

    finite = np.flatnonzero(np.isfinite(of.values))
    if not len(finite):
        return None
    best = np.argmin(of.values[finite]) if side == "min" else np.argmax(of.values[finite])
    place = int(np.searchsorted(line.steps, of.steps[finite[best]], side="right")) - 1
    return float(line.values[place]) if place >= 0 else None


def known(db: sqlite3.Connection, text: str) -> AtBest | None:
    """The key that `text` is; None: it is another kind of key.

    Raises:
        Usage: it names a metric that nobody logged.
    """
    key = at_best(text)
    for name in () if key is None else (key.metric, key.of):
        if names.find(db, "metric", name) is None:
            term = Term(family="metric", key=name, operator=None, value="")
            raise Usage(f"{text!r}: {conditions.unknown(term)}", hint=conditions.near(Bound(db=db), term))
    return key


def check(db: sqlite3.Connection, sort: str) -> None:
    """Refuse a sort key that names nothing.

    Raises:
        Usage: it says what is not known.
    """
    if known(db, sort.lstrip("-").strip()) is None:
        order(Bound(db=db), sort)


def ids(home: Home, db: sqlite3.Connection, where: str, sort: str) -> list[int]:
    """`runs.ids`, for keys such as `-acc@best(val_loss)` too: those without a finite value come last.

    Raises:
        Usage: the filter or the key is not understood, or leaves too many runs to read the points of.
    """
    key = known(db, sort.lstrip("-").strip())
    if key is None:
        return runs.ids(db, where, sort)
    falling = sort.startswith("-")
    found = runs.ids(db, where, "-id" if falling else "id")
    if len(found) > MOST:
        raise Usage(
            f"filter to {MOST:,} runs or fewer first: {sort.lstrip('-')} is read from the points of each, "
            f"and {len(found):,} are too many",
            hint="min(), max(), first() and last() of a metric sort any number",
        )
    ranks: dict[int, float] = {}
    for start in range(0, len(found), _AT_ONCE):
        for (run_id, _), value in values(home, db, found[start : start + _AT_ONCE], [key]).items():
            if math.isfinite(value):
                ranks[run_id] = value
    having = sorted((id for id in found if id in ranks), key=ranks.__getitem__, reverse=falling)
    return having + [id for id in found if id not in ranks]


def recent(home: Home, db: sqlite3.Connection, *, where: str, sort: str, limit: int) -> list[RunRow]:
    """`runs.recent` in any order that `ids` knows: the first page."""
    if at_best(sort.lstrip("-").strip()) is None:
        return runs.recent(db, where=where, sort=sort, limit=limit)
    return runs.by_ids(db, ids(home, db, where, sort)[:limit])
