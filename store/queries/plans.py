"""How the runs that a filter means are found in order: the plan is chosen by counting a little first.

A filter that leaves few runs is answered from its own index, and those few are sorted. Any other is answered
by walking along the index of the order and asking each run, until the page is full. A walk that meets too few
gives up early: then the ids that the terms find are put together, and the order is walked with them in hand.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from lineside.store.queries.filters import Query
from lineside.store.queries.meanings import All, Fact, Meaning, Not, probe
from lineside.store.queries.orders import Walk

FEW = 3_000
"""So many runs are sorted sooner than an order is walked."""
PATIENCE = 2_000
"""So many runs are asked along a walk before it is given up."""

_TOTAL = "select count(*) from run"
_ALL_IDS = "select json_group_array(r.id) from run r"
_ASKED = "select {id}, {probe} from {source} {run} where {where} order by {by}"
_RUN = "cross join run r on r.id = o.run_id"
_ALONG = "select {id} from {source} where {where} order by {by}"
_ALONG_WHOLE = (
    "select json_group_array(w.id) from (select {id} as id from {source} where {where} order by {by}) w"
)
_COUNTED = "select count(*) from ({every} limit :most)"
_EVERY = "select json_group_array(f.id) from ({every}) f"
_OF_THESE = (
    "select json_group_array(r.id) from json_each(:ids) j cross join run r on r.id = j.value where {probe}"
)
_SORTED = "select r.id from json_each(:ids) j cross join run r on r.id = j.value {joins} order by {by}"


def page(db: sqlite3.Connection, query: Query, *, limit: int, offset: int = 0) -> list[int]:
    """One page of the order."""
    need = limit + offset
    if query.meaning is None:
        found = islice(_in_order(db, query, None), need)
    elif _size(db, query, query.meaning) <= FEW:
        found = islice(_in_order(db, query, matching(db, query, query.meaning)), need)
    else:
        asked = _asking(db, query, need) if query.order.lazy else None
        if asked is not None:
            return asked[offset:]
        found = islice(_in_order(db, query, matching(db, query, query.meaning)), need)
    return list(found)[offset:]


def every(db: sqlite3.Connection, query: Query) -> list[int]:
    """The whole order: the spine of a virtual table."""
    wanted = None if query.meaning is None else matching(db, query, query.meaning)
    if wanted is not None and len(wanted) <= FEW:
        return _sorted(db, query, wanted)
    met = [
        id for walk in query.order.walks for id in _ids(db, _ALONG_WHOLE.format(**_parts(walk)), query.values)
    ]
    if wanted is not None:
        met = [id for id in met if id in wanted]
    if query.order.whole or len(met) == (total(db) if wanted is None else len(wanted)):
        return met
    return met + _without_value(db, query, wanted, set(met))


def count(db: sqlite3.Connection, query: Query) -> int:
    """How many runs the filter means."""
    return total(db) if query.meaning is None else len(matching(db, query, query.meaning))


def total(db: sqlite3.Connection) -> int:
    found: int = db.execute(_TOTAL).fetchone()[0]
    return found


def matching(db: sqlite3.Connection, query: Query, meaning: Meaning) -> set[int]:
    """The runs that a filter means, in no order."""
    if isinstance(meaning, Fact):
        return set(_ids(db, _EVERY.format(every=meaning.every), query.values))
    if isinstance(meaning, Not):
        return set(_ids(db, _ALL_IDS, {})) - matching(db, query, meaning.part)
    if isinstance(meaning, All):
        return _all_of(db, query, meaning)
    return set().union(*(matching(db, query, part) for part in meaning.parts))


def _all_of(db: sqlite3.Connection, query: Query, meaning: All) -> set[int]:
    """The rarest part first; when it leaves few, the others are only asked about those."""
    size: Callable[[Meaning], int] = lambda part: _size(db, query, part)  # noqa: E731
    first, *others = sorted(meaning.parts, key=size)
    found = matching(db, query, first)
    if len(found) <= FEW:
        asked = probe(All(parts=others))
        return set(_ids(db, _OF_THESE.format(probe=asked), {**query.values, "ids": json.dumps([*found])}))
    for part in others:
        found = (
            found - matching(db, query, part.part)
            if isinstance(part, Not)
            else found & matching(db, query, part)
        )
    return found


def _size(db: sqlite3.Connection, query: Query, meaning: Meaning) -> int:
    """About how many runs; more than FEW: many, or not to be known without reading them all."""
    if isinstance(meaning, Fact) and meaning.indexed:
        values = {**query.values, "most": FEW + 1}
        found: int = db.execute(_COUNTED.format(every=meaning.every), values).fetchone()[0]
        return found
    if isinstance(meaning, All):
        return min(_size(db, query, part) for part in meaning.parts)
    if isinstance(meaning, Fact | Not):
        return FEW + (1 if isinstance(meaning, Fact) else 2)
    return min(FEW + 1, sum(_size(db, query, part) for part in meaning.parts))


def _asking(db: sqlite3.Connection, query: Query, need: int) -> list[int] | None:
    """The first `need` runs along the order that the filter means; None: not found with patience."""
    assert query.meaning is not None
    found: list[int] = []
    seen, asked = 0, probe(query.meaning)
    for walk in query.order.walks:
        run = _RUN if walk.id == "o.run_id" else ""
        for id, fits in _rows(db, _ASKED.format(**_parts(walk), probe=asked, run=run), query.values):
            seen += 1
            if fits:
                found.append(id)
            if len(found) >= need:
                return found
            if seen >= PATIENCE:
                return None
    return found if query.order.whole else None


def _in_order(db: sqlite3.Connection, query: Query, wanted: set[int] | None) -> Iterator[int]:
    """The wanted runs (None: all), one after the other: only what is taken is read."""
    if wanted is not None and len(wanted) <= FEW:
        yield from _sorted(db, query, wanted)
        return
    met: set[int] = set()
    walks = (_rows(db, _ALONG.format(**_parts(walk)), query.values) for walk in query.order.walks)
    for (id,) in chain.from_iterable(walks):
        if wanted is None or id in wanted:
            met.add(id)
            yield id
    if not query.order.whole:
        yield from _without_value(db, query, wanted, met)


def _without_value(db: sqlite3.Connection, query: Query, wanted: set[int] | None, met: set[int]) -> list[int]:
    everyone = set(_ids(db, _ALL_IDS, {})) if wanted is None else wanted
    return sorted(everyone - met, reverse=query.order.falling)


def _sorted(db: sqlite3.Connection, query: Query, wanted: set[int]) -> list[int]:
    sql = _SORTED.format(joins=query.order.joins, by=query.order.by)
    return [id for (id,) in _rows(db, sql, {**query.values, "ids": json.dumps([*wanted])})]


def _parts(walk: Walk) -> dict[str, str]:
    return {"id": walk.id, "source": walk.source, "where": walk.where, "by": walk.by}


def _rows(db: sqlite3.Connection, sql: str, values: dict[str, Any]) -> Iterator[Sequence[Any]]:
    """Plain tuples: a hundred thousand rows need no names."""
    cursor = db.cursor()
    cursor.row_factory = None
    return iter(cursor.execute(sql, values))


def _ids(db: sqlite3.Connection, sql: str, values: dict[str, Any]) -> list[int]:
    """A column as one JSON text: half the time of so many rows, and other threads run meanwhile."""
    found: list[int] = json.loads(next(_rows(db, sql, values))[0])
    return found
