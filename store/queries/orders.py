"""A sort key of the runs table as an order: walks along its indexes, and the same for a few known runs."""

from dataclasses import dataclass

from lineside.store.errors import Usage
from lineside.store.queries.bests import at_best
from lineside.store.queries.conditions import FIELDS, Bound, Key, find, near, unknown
from lineside.store.queries.words import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A part of the order: these rows, by that."""

    id: str  # the run's number in a row
    source: str
    where: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How to sort runs."""

    joins: str
    by: str  # of `r` and `joins`
    walks: tuple[Walk, ...]  # the runs that have a value, one part after the other
    whole: bool  # the walks meet every run; else those without a value come last, by their number
    lazy: bool  # the walks go along an index: the first rows cost nothing
    falling: bool


_BY_FIELD = "{field} is null, {field} {way}, r.id {way}"
_BY_ALWAYS = "{field} {way}, r.id {way}"
_BY_COLUMN = "o.{column} is null, o.{column} {way}, r.id {way}"
_BY_PARAM = "o.num is null, o.num {way}, o.value is null, o.value {way}, r.id {way}"
_JOIN = {
    "metric": "left join summary o on o.run_id = r.id and o.metric_id = {key}",
    "param": "left join param o on o.run_id = r.id and o.key_id = {key}",
    "tag": "left join tag o on o.run_id = r.id and o.key_id = {key}",
}

_HAS_FIELD = "{field} is not null"
_HAS_COLUMN = "o.metric_id = {key} and o.{column} is not null"
_HAS_NUMBER = "o.key_id = {key} and o.num is not null"
_HAS_TEXT = "o.key_id = {key} and +o.num is null"  # the plus: go along the values, not along the nulls
_HAS_TAG = "o.key_id = {key}"
_WALK_BY = "o.{column} {way}, o.run_id {way}"

_MAYBE_NULL = frozenset({"started", "ended", "took", "duration"})
_INDEXED = frozenset(
    {"id", "run", "created", "started", "ended", "took", "duration", "name", "status", "author"}
)
_SUMMED = frozenset({"last", "first", "min", "max"})
_NOCASE = frozenset({"name", "author"})


def order(bound: Bound, sort: str) -> Order:
    """The order that a sort key means; rows without a value come last either way.

    Raises:
        Usage: the key names nothing.
    """
    way = "desc" if sort.startswith("-") else "asc"
    name = sort.lstrip("-").strip()
    if name.lower() in FIELDS:
        return _by_field(name.lower(), way)
    if at_best(name):
        raise Usage(
            f"cannot sort by {name!r} here: it is read from the points",
            hint="min(), max(), first() and last() of a metric sort everywhere",
        )
    family, _, rest = name.partition(":")
    known = family in _JOIN and rest
    term = Term(family=family if known else None, key=rest if known else name, operator=None, value="")
    key = find(bound, term)
    if key is None:
        raise Usage(f"cannot sort by {name!r}: {unknown(term)}", hint=near(bound, term))
    return _by_key(key, bound.add(key.number), way)


def _by_field(name: str, way: str) -> Order:
    field = FIELDS[name] + (" collate nocase" if name in _NOCASE else "")
    always = name not in _MAYBE_NULL
    alone = FIELDS[name] == "r.id"
    by = f"r.id {way}" if alone else _BY_ALWAYS.format(field=field, way=way)
    walk = Walk(id="r.id", source="run r", where="1" if always else _HAS_FIELD.format(field=field), by=by)
    few = by if always else _BY_FIELD.format(field=field, way=way)
    return Order(joins="", by=few, walks=(walk,), whole=always, lazy=name in _INDEXED, falling=way == "desc")


def _by_key(key: Key, number: str, way: str) -> Order:
    by = (_BY_PARAM if key.family == "param" else _BY_COLUMN).format(column=key.column, way=way)
    walks: tuple[Walk, ...]
    if key.family == "metric":
        walks = (_walk("summary", _HAS_COLUMN.format(key=number, column=key.column), key.column, way),)
    elif key.family == "param":
        walks = (
            _walk("param", _HAS_NUMBER.format(key=number), "num", way),
            _walk("param", _HAS_TEXT.format(key=number), "value", way),
        )
    else:
        walks = (_walk("tag", _HAS_TAG.format(key=number), "value", way),)
    lazy = key.family != "metric" or key.column in _SUMMED
    joins = _JOIN[key.family].format(key=number)
    return Order(joins=joins, by=by, walks=walks, whole=False, lazy=lazy, falling=way == "desc")


def _walk(table: str, where: str, column: str, way: str) -> Walk:
    return Walk(id="o.run_id", source=f"{table} o", where=where, by=_WALK_BY.format(column=column, way=way))
