"""One term of the filter language as a condition of SQL: the named fragments."""

import difflib
import math
import re
import sqlite3
from dataclasses import dataclass, field
from typing import Any

from lineside.store.queries import names, spans, words
from lineside.store.queries.bests import at_best
from lineside.store.queries.meanings import Fact
from lineside.store.queries.params import number_in
from lineside.store.queries.words import Term, Word

FIELDS = {
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
    "children": "(select count(*) from run c where c.parent_id = r.id)",
    "note": "r.note",
    "dropped": "r.dropped",
    "created": "r.created_us",
    "started": "r.started_us",
    "ended": "r.ended_us",
    "took": "(r.ended_us - r.started_us)",
    "duration": "(r.ended_us - r.started_us)",
}
_NUMBERS = frozenset({"id", "run", "job", "parent", "children", "dropped"})
_MOMENTS = frozenset({"created", "started", "ended"})
_LENGTHS = frozenset({"took", "duration"})
_INDEXED = frozenset({"id", "run", "uid", "status", "name", "experiment", "author", *_MOMENTS, *_LENGTHS})
"""Fields whose equal, smaller and larger ones an index finds."""

_CRASHED = "(r.status = 'FAILED' and coalesce(r.cause, '') in ('signal', 'oom_cuda', 'oom_host', 'lost'))"

_COMPARES = "{subject} {operator} {value}"
_HOLDS = "instr(lower({subject}), lower({value})) > 0"
_LIKE_WORD = "{subject} {operator} {value} collate nocase"
_HAS_PARENT = "r.parent_id is not null"
_NO_PARENT = "r.parent_id is null"
_CHILD_OF = "r.parent_id is {value}"  # true or false: `not` has to turn it round
_CHILDREN = "r.parent_id = {value}"
_KNOWN = "({subject} is not null and {test})"
_WITHIN = "{subject} >= {low} and {subject} < {high}"
_OUTSIDE = "({subject} < {low} or {subject} >= {high})"
_OF_EXPERIMENT = "r.experiment_id in (select e.id from experiment e where {test})"

_FIELD_EVERY = "select r.id from run r where {test}"
_KEY_EVERY = "select o.run_id as id from {table} o where o.{number} = {key} and {test}"
_KEY_PROBE = "exists (select 1 from {table} o where o.run_id = r.id and o.{number} = {key} and {test})"
_TAGGED_PROBE = """
    exists (select 1 from tag o join name n on n.id = o.key_id
             where o.run_id = r.id and {value} in (n.name, o.value))
"""
_TAGGED_EVERY = """
    select o.run_id as id from name n cross join tag o on o.key_id = n.id
     where n.kind = 'tag' and n.name = {value}
     union
    select o.run_id from name n cross join tag o on o.key_id = n.id and o.value = {value}
     where n.kind = 'tag'
"""
_TABLES = {"metric": ("summary", "metric_id"), "param": ("param", "key_id"), "tag": ("tag", "key_id")}

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
class Key:
    """What a key turned out to be: a metric's column, a param or a tag, with its number."""

    family: str
    number: int
    column: str  # of its table


def condition(bound: Bound, text: str, word: Word) -> Fact:
    """The SQL of one term.

    Raises:
        Usage: the key names nothing, or the value cannot be compared like that.
    """
    term = words.take_apart(word.text)
    if at_best(term.key):
        words.refuse(
            text, word, "read from the points, this can be shown and sorted by, but not filtered by",
            hint="filter by min(), max(), first() or last() of a metric",
        )  # fmt: skip
    if term.operator is None:
        return _just_named(bound, text, word, term)
    if not term.value and term.operator not in (":", "=", "!="):
        words.refuse(text, word, "a value is missing")
    if first := words.doubled(word.text):
        words.refuse(text, word, f"a value must follow {first}", hint='a text that begins so: note="<draft>"')
    if term.family is None and term.key.lower() in FIELDS:
        return _field(bound, text, word, term)
    key = find(bound, term)
    if key is None:
        words.refuse(text, word, unknown(term), hint=near(bound, term))
    return _of_key(bound, text, word, term, key)


def _just_named(bound: Bound, text: str, word: Word, term: Term) -> Fact:
    """`tag:base`, `param:lr`, `metric:loss`: it has one. A bare word: the name holds it."""
    if term.family == "tag":
        value = bound.add(term.key)
        return Fact(
            probe=_TAGGED_PROBE.format(value=value), every=_TAGGED_EVERY.format(value=value), indexed=True
        )
    if term.family is None:
        return _fact(_HOLDS.format(subject=FIELDS["name"], value=bound.add(term.key)), indexed=False)
    key = find(bound, term)
    if key is None:
        words.refuse(text, word, unknown(term), hint=near(bound, term))
    return _key_fact(bound, key, "1")


def _fact(test: str, *, indexed: bool) -> Fact:
    """A condition on the run's own row."""
    return Fact(probe=test, every=_FIELD_EVERY.format(test=test), indexed=indexed)


def _key_fact(bound: Bound, key: Key, test: str) -> Fact:
    """A condition on a row that the run has under this key."""
    table, number = _TABLES[key.family]
    parts = {"table": table, "number": number, "key": bound.add(key.number), "test": test}
    return Fact(probe=_KEY_PROBE.format(**parts), every=_KEY_EVERY.format(**parts), indexed=True)


def _field(bound: Bound, text: str, word: Word, term: Term) -> Fact:
    name, operator = term.key.lower(), _OPERATORS.get(term.operator or "=", "")
    subject, indexed = FIELDS[name], name in _INDEXED and operator not in ("", "<>")
    if name in _MOMENTS or name in _LENGTHS:
        return _fact(_time(bound, text, word, term), indexed=indexed)
    if name in ("status", "cause") and term.value.lower() == "crashed":
        return _fact(f"not {_CRASHED}" if operator == "<>" else _CRASHED, indexed=indexed)
    if name == "parent" and term.operator in (":", "=", "!="):
        return _parent(bound, text, word, term)
    if term.operator == "~":
        return _fact(_HOLDS.format(subject=subject, value=bound.add(term.value)), indexed=False)
    if name in _NUMBERS:
        value = bound.add(_number(text, word, term.value))
        return _fact(_COMPARES.format(subject=subject, operator=operator, value=value), indexed=indexed)
    if name in ("status", "uid"):
        value = bound.add(term.value.upper() if name == "status" else term.value)
        return _fact(_COMPARES.format(subject=subject, operator=operator, value=value), indexed=indexed)
    if name == "experiment":
        test = _LIKE_WORD.format(subject="e.name", operator=operator, value=bound.add(term.value))
        return _fact(_OF_EXPERIMENT.format(test=test), indexed=True)
    test = _LIKE_WORD.format(subject=subject, operator=operator, value=bound.add(term.value))
    return _fact(test, indexed=indexed)


def _parent(bound: Bound, text: str, word: Word, term: Term) -> Fact:
    """`parent:812`, and `parent:none` for the runs that nobody began from another."""
    none = term.value.lower() in ("none", "0")
    if none:
        unequal = term.operator == "!="
        return _fact(_HAS_PARENT if unequal else _NO_PARENT, indexed=unequal)
    value = bound.add(_number(text, word, term.value))
    if term.operator == "!=":
        subject = FIELDS["parent"]
        return _fact(_COMPARES.format(subject=subject, operator="<>", value=value), indexed=False)
    children = _FIELD_EVERY.format(test=_CHILDREN.format(value=value))
    return Fact(probe=_CHILD_OF.format(value=value), every=children, indexed=True)


def _time(bound: Bound, text: str, word: Word, term: Term) -> str:
    """A day is the whole day: `started>2026-11-01` begins when that day is over, `>=` when it begins."""
    name = term.key.lower()
    try:
        span = spans.moment(term.value) if name in _MOMENTS else spans.length(term.value)
    except ValueError as error:
        words.refuse(text, word, str(error), hint=spans.HINT)
    subject, operator = FIELDS[name], _OPERATORS.get(term.operator or "=")
    if operator is None:
        words.refuse(text, word, "a time holds no text to look for", hint=spans.HINT)
    low, high = bound.add(span[0]), bound.add(span[1])
    if operator in ("=", "<>"):
        template = _WITHIN if operator == "=" else _OUTSIDE
        return _KNOWN.format(subject=subject, test=template.format(subject=subject, low=low, high=high))
    edge = high if operator in ("<=", ">") else low
    test = _COMPARES.format(subject=subject, operator="<" if operator[0] == "<" else ">=", value=edge)
    return _KNOWN.format(subject=subject, test=test)


def _of_key(bound: Bound, text: str, word: Word, term: Term, key: Key) -> Fact:
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
    return _key_fact(
        bound, key, test.format(subject=column, operator=_OPERATORS.get(operator, ""), value=value)
    )


def _of_metric(bound: Bound, text: str, word: Word, term: Term, key: Key) -> Fact:
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
    return _key_fact(bound, key, test)


def find(bound: Bound, term: Term) -> Key | None:
    """A metric before a param before a tag, unless the family was said."""
    summed = _SUMMED.match(term.key)
    if summed and term.family in (None, "metric"):
        number = names.find(bound.db, "metric", summed[2])
        return None if number is None else Key(family="metric", number=number, column=summed[1])
    for family in (term.family,) if term.family else ("metric", "param", "tag"):
        number = names.find(bound.db, family, term.key)
        if number is not None:
            return Key(family=family, number=number, column="last" if family == "metric" else "value")
    return None


def metric_in(key: str) -> str:
    """The metric that a key is about.

    >>> metric_in("min(loss)"), metric_in("loss")
    ('loss', 'loss')
    """
    summed = _SUMMED.match(key)
    return summed[2] if summed else key


def _number(text: str, word: Word, value: str) -> float:
    number = number_in(value)
    if number is None or math.isinf(number):
        words.refuse(text, word, "a number belongs here")
    return number


def unknown(term: Term) -> str:
    return f"no {term.family} {term.key!r}" if term.family else f"no field, metric, param or tag {term.key!r}"


def near(bound: Bound, term: Term) -> str:
    """The known names that look like what was typed."""
    families = (term.family,) if term.family else ("metric", "param", "tag")
    known = [name for family in families for name in names.every(bound.db, family)]
    near = difflib.get_close_matches(term.key, [*known, *([] if term.family else FIELDS)], n=3, cutoff=0.5)
    if near:
        return "did you mean " + " or ".join(near) + "?"
    return "fields are " + " ".join(FIELDS) + "; metrics, params and tags go by their names"
