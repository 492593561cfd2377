"""Runs in groups: by a param, a tag, their experiment, parent, status or author; one line for each group.

Everything is read along indexes, a column at a time: who belongs where, and the order of the metric. Values
are looked up only for the runs that a line names.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from lineside.store.clock import Micros
from lineside.store.errors import Usage
from lineside.store.queries import filters, grouping, plans
from lineside.store.queries.grouping import GroupKey, GroupMetric


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """One group; best, median and worst are of the runs that have a finite value."""

    value: str | None  # None: the runs without such a param, tag or parent
    name: str  # of the parent; else ""
    where: str  # the filter that means these runs
    count: int
    running: int
    failed: int
    best: float | None  # None here and below: no run of it has a finite value
    median: float | None
    worst: float | None
    best_run: int | None
    newest_us: Micros | None  # when the newest of them started; None: none has


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """The answer: the first groups of the order."""

    key: str
    metric: str  # "min(loss)": what best and worst are of; "": nobody logged a metric
    rows: tuple[GroupRow, ...]
    total: int  # groups there are
    runs: int  # in all of them


@dataclass(slots=True)
class _Group:
    value: str | None
    ids: list[int]
    ranked: list[int] = field(default_factory=list)  # those with a finite value, the best first
    counts: dict[str, int] = field(default_factory=dict)  # by status
    newest: int | None = None  # the run that started last


_OF_PARAM = "select value, json_group_array(run_id) from param where key_id = :key group by value"
_OF_TAG = "select value, json_group_array(run_id) from tag where key_id = :key group by value"
_OF_FIELD = {
    "status": "select status, json_group_array(id) from run group by status",
    "author": "select author, json_group_array(id) from run group by author collate nocase",
    "experiment": """
        select e.name, json_group_array(r.id)
          from experiment e cross join run r on r.experiment_id = e.id group by e.id
    """,
    "parent": """
        select cast(parent_id as text), json_group_array(id) from run
         where parent_id is not null group by parent_id
    """,
}
_EVERY = "select json_group_array(id) from run"
_OF_STATES = """
    select status, json_group_array(id) from run where status in ('RUNNING', 'FAILED') group by status
"""
_NEWEST = """
    select json_group_array(id) from
        (select id from run where started_us is not null order by started_us desc, id desc limit :most)
"""
_RANKED = """
    select json_group_array(run_id) from (
        select run_id from summary where metric_id = :metric and {column} is not null
         order by {column} {way}, run_id {way})
"""
_VALUES = """
    select s.run_id, s.{column}
      from json_each(:ids) j cross join summary s on s.run_id = j.value and s.metric_id = :metric
"""
_NAMED = """
    select r.id, r.name, r.started_us from json_each(:ids) j cross join run r on r.id = j.value
"""
_FIRST_LOOK = 4_000
SORTS = ("best", "count", "newest", "value")


def groups(
    db: sqlite3.Connection, *, key: str, where: str = "", metric: str = "", sort: str = "", limit: int = 1_000
) -> Groups:
    """The groups of the runs that `where` means.

    Args:
        key: "author", "param:lr", "tag:base", or a bare name, which is a param's before it is a tag's.
        metric: "min(loss)", "max(acc)", or a bare name, which stands for its better side.
        sort: "best" (when not given), "count", "newest" or "value"; "-" in front turns it round.

    Raises:
        Usage: the key, the filter, the metric or the order is not understood.
    """
    by, of = grouping.key(db, key), grouping.metric(db, metric) if metric else None
    falling, order = sort.startswith("-"), sort.removeprefix("-") or ("best" if of else "count")
    if order not in SORTS:
        raise Usage(f"groups cannot be sorted by {order!r}", hint="they can by: " + " ".join(SORTS))
    found = _gathered(db, by, _wanted(db, where))
    home_of = {id: group for group in found for id in group.ids}
    _count(db, home_of)
    best = _rank(db, of, found, home_of) if of else []
    newest = _begun(db, found, home_of) if order == "newest" else []
    having = {"best": best, "newest": newest}[order] if order in ("best", "newest") else _sorted(found, order)
    page = [*(having[::-1] if falling else having), *_others(found, having)][:limit]
    if order != "newest":
        _begun(db, page, home_of)
    return Groups(
        key=by.text, metric=of.text if of else "", rows=tuple(_rows(db, by, of, page)), total=len(found),
        runs=len(home_of),
    )  # fmt: skip


def _wanted(db: sqlite3.Connection, where: str) -> set[int] | None:
    query = filters.runs(db, where=where, sort="id")
    return None if query.meaning is None else plans.matching(db, query, query.meaning)


def _gathered(db: sqlite3.Connection, by: GroupKey, wanted: set[int] | None) -> list[_Group]:
    """Who belongs to which group; spellings of one number, or cases of one name, are one group."""
    sql = {"param": _OF_PARAM, "tag": _OF_TAG}.get(by.family) or _OF_FIELD[by.name]
    found: dict[float | str, _Group] = {}
    having = 0
    for value, text in _plain(db, sql, {"key": by.number}):
        ids: list[int] = json.loads(text)
        having += len(ids)
        kept = ids if wanted is None else [id for id in ids if id in wanted]
        if kept:
            found.setdefault(grouping.same(by, value), _Group(value, [])).ids.extend(kept)
    made = list(found.values())
    if having < plans.total(db):
        everyone = _ids(db, _EVERY, {}) if wanted is None else wanted
        rest = set(everyone).difference(*(group.ids for group in made))
        made += [_Group(None, sorted(rest))] if rest else []
    return made


def _rank(
    db: sqlite3.Connection, of: GroupMetric, found: Sequence[_Group], home_of: Mapping[int, _Group]
) -> list[_Group]:
    """Give each group its runs from the best to the worst; the groups in the order of their best."""
    order = _few_ranked(db, of, home_of) if len(home_of) <= plans.FEW else _all_ranked(db, of)
    nowhere: list[int] = []
    lists = [nowhere] * (max(chain(order, home_of), default=0) + 1)
    for id, group in home_of.items():
        lists[id] = group.ranked
    for id in order:  # a hundred thousand turns: a list and an append, no more
        lists[id].append(id)
    bests = {group.ranked[0]: group for group in found if group.ranked}
    met: list[_Group] = []
    for id in order:
        if len(met) == len(bests):
            break
        if id in bests:
            met.append(bests[id])
    return met


def _all_ranked(db: sqlite3.Connection, of: GroupMetric) -> list[int]:
    way = "asc" if of.side == "min" else "desc"
    return _ids(db, _RANKED.format(column=of.column, way=way), {"metric": of.number})


def _few_ranked(db: sqlite3.Connection, of: GroupMetric, ids: Iterable[int]) -> list[int]:
    """The same for a few runs: their values looked up, not all of them walked along."""
    asked = {"ids": json.dumps([*ids]), "metric": of.number}
    found = [
        (value, id) for id, value in _plain(db, _VALUES.format(column=of.column), asked) if value is not None
    ]
    return [id for _, id in sorted(found, reverse=of.side == "max")]


def _count(db: sqlite3.Connection, home_of: Mapping[int, _Group]) -> None:
    for status, text in _plain(db, _OF_STATES, {}):
        for id in json.loads(text):
            group = home_of.get(id)
            if group is not None:
                group.counts[status] = group.counts.get(status, 0) + 1


def _begun(db: sqlite3.Connection, groups: Sequence[_Group], home_of: Mapping[int, _Group]) -> list[_Group]:
    """Find the run of each that started last; the groups with the newest of all first."""
    missing = {id(group) for group in groups}
    met: list[_Group] = []
    for most in (_FIRST_LOOK, -1):
        for run_id in _ids(db, _NEWEST, {"most": most}):
            group = home_of.get(run_id)
            if group is not None and id(group) in missing:
                group.newest = run_id
                missing.remove(id(group))
                met.append(group)
            if not missing:
                return met
    return met


def _sorted(found: Sequence[_Group], order: str) -> list[_Group]:
    """The biggest first, or by value; then without the group that has none."""
    if order == "count":
        return sorted(found, key=lambda one: -len(one.ids))
    named = [(grouping.place(one.value), one) for one in found if one.value is not None]
    return [one for _, one in sorted(named, key=lambda pair: pair[0])]


def _others(found: Sequence[_Group], having: Sequence[_Group]) -> list[_Group]:
    """The groups that the order says nothing of, the biggest first."""
    placed = {id(one) for one in having}
    return sorted((one for one in found if id(one) not in placed), key=lambda one: -len(one.ids))


def _rows(
    db: sqlite3.Connection, by: GroupKey, of: GroupMetric | None, page: Sequence[_Group]
) -> list[GroupRow]:
    """The lines, with the values of the few runs they speak of."""
    parents = [int(one.value) for one in page if one.value is not None] if by.name == "parent" else []
    newest = [one.newest for one in page if one.newest is not None]
    named = {id: (name, at) for id, name, at in _plain(db, _NAMED, {"ids": json.dumps(parents + newest)})}
    told = [id for one in page for id in _telling(one.ranked)]
    values: dict[int, float] = {}
    if of is not None:
        asked = {"ids": json.dumps(told), "metric": of.number}
        values = dict(_plain(db, _VALUES.format(column=of.column), asked))
    lines = []
    for one in page:
        best, low, high, worst = (values.get(id) for id in _telling(one.ranked) or (-1,) * 4)
        lines.append(GroupRow(
            value=one.value, name=named[int(one.value)][0] if parents and one.value is not None else "",
            where=grouping.where(by, one.value), count=len(one.ids), running=one.counts.get("RUNNING", 0),
            failed=one.counts.get("FAILED", 0), best=best, worst=worst,
            median=None if low is None or high is None else low + (high - low) / 2,
            best_run=one.ranked[0] if one.ranked else None,
            newest_us=None if one.newest is None else named[one.newest][1],
        ))  # fmt: skip
    return lines


def _telling(ranked: Sequence[int]) -> list[int]:
    """The best run, the two in the middle, and the worst."""
    return [ranked[at] for at in (0, (len(ranked) - 1) // 2, len(ranked) // 2, -1)] if ranked else []


def _plain(db: sqlite3.Connection, sql: str, values: Mapping[str, object]) -> Iterator[tuple[Any, ...]]:
    cursor = db.cursor()
    cursor.row_factory = None
    return iter(cursor.execute(sql, dict(values)))


def _ids(db: sqlite3.Connection, sql: str, values: Mapping[str, object]) -> list[int]:
    found: list[int] = json.loads(next(_plain(db, sql, values))[0])
    return found
