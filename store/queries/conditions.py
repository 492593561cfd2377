"""One term of the filter language as a condition of SQL, and a sort key as an order: the named fragments."""

import difflib
import math
import re
import sqlite3
from dataclasses import dataclass, field
from typing import Any

from lineside.store.errors import Usage
from lineside.store.queries import names, words
from lineside.store.queries.params import number_in
from lineside.store.queries.words import Term, Word

_FIELDS = {
    "id": "r.id",
    "run": "r.id",
    "uid": "r.uid",
    "status": "r.status",
    "cause": "coalesce(r.cause, '')",
    "name": "r.name",
    "experiment": "(select e.name from experiment e where e.id = r.experiment_id)",
    "author": "r.author",
    "job": "coalesce(r.job_id, 0)",
    "parent": "coalesce(r.parent_id, 0)",
    "note": "r.note",
    "dropped": "r.dropped",
    "created": "r.created_us",
    "started": "r.started_us",
    "ended": "r.ended_us",
    "duration": "(r.ended_us - r.started_us)",
}
_NUMBERS = frozenset({"id", "run", "job", "parent", "dropped"})
_TIMES = frozenset({"created", "started", "ended", "duration"})  # to sort by; a later issue filters by them
_CRASHED = "(r.status = 'FAILED' and r.cause in ('signal', 'oom_cuda', 'oom_host', 'lost'))"

_COMPARES = "{subject} {operator} {value}"
_HOLDS = "instr(lower({subject}), lower({value})) > 0"
_LIKE_WORD = "lower({subject}) {operator} lower({value})"
_OF_PARAM = "r.id in (select o.run_id from param o where o.key_id = {key} and {test})"
_OF_TAG = "r.id in (select o.run_id from tag o where o.key_id = {key} and {test})"
_OF_METRIC = "r.id in (select o.run_id from summary o where o.metric_id = {key} and {test})"
_TAGGED = (
    "r.id in (select o.run_id from tag o join name n on n.id = o.key_id where {value} in (n.name, o.value))"
)

_BY_FIELD = "{field} is null, {field} {way}, r.id {way}"
_BY_ALWAYS = "{field} {way}, r.id {way}"
_BY_COLUMN = "o.{column} is null, o.{column} {way}, r.id {way}"
_BY_PARAM = "o.num is null, o.num {way}, o.value is null, o.value {way}, r.id {way}"
_JOIN = {
    "metric": "left join summary o on o.run_id = r.id and o.metric_id = {key}",
    "param": "left join param o on o.run_id = r.id and o.key_id = {key}",
    "tag": "left join tag o on o.run_id = r.id and o.key_id = {key}",
}

_WALK = "summary o cross join run r on r.id = o.run_id and o.metric_id = {key} and o.{column} is not null"
_WALK_BY = "o.{column} {way}, o.run_id {way}"

_NEVER_NULL = frozenset({"id", "run", "created", "name", "status"})
_INDEXED = frozenset({"last", "min", "max"})
_OPERATORS = {":": "=", "=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_SUMMED = re.compile(r"(last|first|min|max)\(([^()\s]+)\)\Z")


@dataclass(slots=True, kw_only=True)
class Bound:
    """The values of one query, by the names that its SQL says."""

    db: sqlite3.Connection
    values: dict[str, Any] = field(default_factory=dict)

    def add(self, value: Any) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How to sort runs."""

    joins: str
    by: str
    walk: tuple[str, str] | None = None  # from and by: an index's own order, of the runs that have a value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    """What a key turned out to be: a metric's column, a param or a tag, with its number."""

    family: str
    number: int
    column: str  # of its table


def condition(bound: Bound, text: str, word: Word) -> str:
    """The SQL of one term.

    Raises:
        Usage: the key names nothing, or the value cannot be compared like that.
    """
    term = words.take_apart(word.text)
    if term.operator is None:
        return _just_named(bound, text, word, term)
    if not term.value and term.operator not in (":", "=", "!="):
        words.refuse(text, word, "a value is missing")
    if term.family is None and term.key.lower() in _FIELDS:
        return _field(bound, text, word, term)
    key = _find(bound, term)
    if key is None:
        words.refuse(text, word, _unknown(term), hint=_near(bound, term))
    return _of_key(bound, text, word, term, key)


def order(bound: Bound, sort: str) -> Order:
    """The order that a sort key means; rows without a value come last either way.

    Raises:
        Usage: the key names nothing.
    """
    way = "desc" if sort.startswith("-") else "asc"
    name = sort.lstrip("-").strip()
    if name.lower() in _FIELDS:
        by = _BY_ALWAYS if name.lower() in _NEVER_NULL else _BY_FIELD
        return Order(joins="", by=by.format(field=_FIELDS[name.lower()], way=way))
    family, _, rest = name.partition(":")
    known = family in _JOIN and rest
    term = Term(family=family if known else None, key=rest if known else name, operator=None, value="")
    key = _find(bound, term)
    if key is None:
        raise Usage(f"cannot sort by {name!r}: {_unknown(term)}", hint=_near(bound, term))
    number = bound.add(key.number)
    by = (_BY_PARAM if key.family == "param" else _BY_COLUMN).format(column=key.column, way=way)
    walk = None
    if key.family == "metric" and key.column in _INDEXED:
        walk = _WALK.format(key=number, column=key.column), _WALK_BY.format(column=key.column, way=way)
    return Order(joins=_JOIN[key.family].format(key=number), by=by, walk=walk)


def _just_named(bound: Bound, text: str, word: Word, term: Term) -> str:
    """`tag:base`, `param:lr`, `metric:loss`: it has one. A bare word: the name holds it."""
    if term.family == "tag":
        return _TAGGED.format(value=bound.add(term.key))
    if term.family is None:
        return _HOLDS.format(subject=_FIELDS["name"], value=bound.add(term.key))
    key = _find(bound, term)
    if key is None:
        words.refuse(text, word, _unknown(term), hint=_near(bound, term))
    template = _OF_PARAM if key.family == "param" else _OF_METRIC
    return template.format(key=bound.add(key.number), test="1")


def _field(bound: Bound, text: str, word: Word, term: Term) -> str:
    name = term.key.lower()
    if name in _TIMES:
        words.refuse(text, word, "runs can be sorted by this, not yet filtered")
    if name in ("status", "cause") and term.value.lower() == "crashed":
        return f"not {_CRASHED}" if term.operator == "!=" else _CRASHED
    if term.operator == "~":
        return _HOLDS.format(subject=_FIELDS[name], value=bound.add(term.value))
    operator = _OPERATORS[term.operator or "="]
    if name in _NUMBERS:
        value = bound.add(_number(text, word, term.value))
        return _COMPARES.format(subject=_FIELDS[name], operator=operator, value=value)
    return _LIKE_WORD.format(subject=_FIELDS[name], operator=operator, value=bound.add(term.value))


def _of_key(bound: Bound, text: str, word: Word, term: Term, key: _Key) -> str:
    operator, column, number = term.operator or "=", f"o.{key.column}", number_in(term.value)
    test = _COMPARES
    if key.family == "metric":
        return _of_metric(bound, text, word, term, key)
    if operator == "~":
        test, value = _HOLDS, bound.add(term.value)
    elif key.family == "param" and number is not None:
        column, value = "o.num", bound.add(number)
    elif operator in (":", "=", "!="):
        value = bound.add(term.value)
    else:
        words.refuse(text, word, "only numbers can be compared like this")
    inner = test.format(subject=column, operator=_OPERATORS.get(operator, ""), value=value)
    template = _OF_PARAM if key.family == "param" else _OF_TAG
    return template.format(key=bound.add(key.number), test=inner)


def _of_metric(bound: Bound, text: str, word: Word, term: Term, key: _Key) -> str:
    """A metric compares as a number; `loss:nan` asks for a last point that is none."""
    if key.column == "last" and term.value.lower() in ("nan", "inf", "+inf", "-inf"):
        kind = "+inf" if term.value.lower() == "inf" else term.value.lower()
        test = _COMPARES.format(subject="o.last_kind", operator=_OPERATORS.get(term.operator or "=", "="),
                                value=bound.add(kind))  # fmt: skip
    elif term.operator == "~":
        words.refuse(text, word, "a metric holds numbers, not text")
    else:
        value = bound.add(_number(text, word, term.value))
        operator = _OPERATORS[term.operator or "="]
        test = _COMPARES.format(subject=f"o.{key.column}", operator=operator, value=value)
    return _OF_METRIC.format(key=bound.add(key.number), test=test)


def _find(bound: Bound, term: Term) -> _Key | None:
    """A metric before a param before a tag, unless the family was said."""
    summed = _SUMMED.match(term.key)
    if summed and term.family in (None, "metric"):
        number = names.find(bound.db, "metric", summed[2])
        return None if number is None else _Key(family="metric", number=number, column=summed[1])
    for family in (term.family,) if term.family else ("metric", "param", "tag"):
        number = names.find(bound.db, family, term.key)
        if number is not None:
            return _Key(family=family, number=number, column="last" if family == "metric" else "value")
    return None


def _number(text: str, word: Word, value: str) -> float:
    number = number_in(value)
    if number is None or math.isinf(number):
        words.refuse(text, word, "a number belongs here")
    return number


def _unknown(term: Term) -> str:
    return f"no {term.family} {term.key!r}" if term.family else f"no field, metric, param or tag {term.key!r}"


def _near(bound: Bound, term: Term) -> str:
    """The known names that look like what was typed."""
    families = (term.family,) if term.family else ("metric", "param", "tag")
    known = [name for family in families for name in names.every(bound.db, family)]
    near = difflib.get_close_matches(term.key, [*known, *([] if term.family else _FIELDS)], n=3, cutoff=0.5)
    if near:
        return "did you mean " + " or ".join(near) + "?"
    return "fields are " + " ".join(_FIELDS) + "; metrics, params and tags go by their names"
