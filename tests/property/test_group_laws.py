"""A list of groups says what a loop over the runs says, and each line's filter opens what it counted."""

import sqlite3
import statistics
from collections.abc import Callable, Iterator

import pytest
from fixtures.big_home import fill
from hypothesis import given
from hypothesis import strategies as st

from lineside.store.migrations import migrate
from lineside.store.queries import groups, params, plans, runs
from lineside.store.queries.groups import GroupRow
from lineside.store.queries.runs import RunRow

KEYS = ("experiment", "author", "status", "parent", "model", "tag:stage", "team", "param:lr", "p0")
WHERES = ("", "m0<0.5", "model:vit or id<9", "not team:t3", "status:failed", "parent:none", "name~nosuch")
METRICS = ("m0", "min(m0)", "max(m1)", "last(m2)", "first(m3)", "val_acc", "")
SORTS = ("", "best", "-best", "count", "newest", "-value")


@pytest.fixture(scope="module")
def filled() -> Iterator[sqlite3.Connection]:
    """Three hundred runs with holes, one param spelt in two ways, and authors in two cases."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.row_factory = sqlite3.Row
    migrate(db)
    fill(db, runs=300)
    db.execute("update run set started_us = null, ended_us = null, status = 'SCHEDULED' where id % 30 = 0")
    db.execute("update run set status = 'RUNNING' where id % 41 = 0")
    db.execute("update run set parent_id = id % 4 + 1 where id % 3 = 0 and id > 4")
    db.execute("update run set author = upper(author) where id % 6 = 0")
    db.execute("delete from summary where run_id % 7 = 0 and metric_id < 3")
    db.execute(
        "update summary set last = null, last_kind = 'nan', min = null, max = null where run_id % 11 = 0"
    )
    db.execute("update name set name = 'val_acc' where name = 'm5'")
    db.execute("delete from tag where run_id % 13 = 0")
    for id in range(1, 200):
        params.put_params(db, id, {"lr": ("1e-3", "0.001", "0.01", "auto", "nan", 'a "b" c', "")[id % 7]})
    yield db
    db.close()


def told(db: sqlite3.Connection, key: str) -> Callable[[RunRow], str | None]:
    """The value of a run under the key, as one text for all spellings of it."""
    name = key.rpartition(":")[2]
    if name == "parent":
        return lambda run: None if run.parent_id is None else str(run.parent_id)
    if name in ("experiment", "author", "status"):
        return lambda run: str(getattr(run, name)).lower()
    read = params.tags if name in ("stage", "team") else params.params

    def value(run: RunRow) -> str | None:
        text = read(db, run.id).get(name)
        number = None if text is None or read is params.tags else params.number_in(text)
        return text if number is None else repr(number)

    return value


def measured(db: sqlite3.Connection, metric: str) -> Callable[[RunRow], float | None]:
    name = metric.rpartition("(")[2].rstrip(")")
    column = metric.partition("(")[0] if "(" in metric else "max" if "acc" in metric else "min"

    def value(run: RunRow) -> float | None:
        found = {row.metric: row for row in runs.summaries(db, run.id)}.get(name)
        number: float | None = getattr(found, column) if found else None
        return number

    return value


def line(of: list[RunRow], value: Callable[[RunRow], float | None], *, higher: bool) -> dict[str, object]:
    """What one group's line has to say."""
    values = sorted((v for run in of if (v := value(run)) is not None), reverse=higher)
    return {
        "count": len(of),
        "running": sum(run.status == "RUNNING" for run in of),
        "failed": sum(run.status == "FAILED" for run in of),
        "best": values[0] if values else None,
        "worst": values[-1] if values else None,
        "median": pytest.approx(statistics.median(values)) if values else None,
        "newest_us": max((run.started_us for run in of if run.started_us), default=None),
    }


@given(key=st.sampled_from(KEYS), where=st.sampled_from(WHERES), metric=st.sampled_from(METRICS),
       sort=st.sampled_from(SORTS), few=st.sampled_from((0, 3_000)))  # fmt: skip
def test_groups_say_what_a_loop_over_the_runs_says(
    filled: sqlite3.Connection, key: str, where: str, metric: str, sort: str, few: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plans, "FEW", few)
        found = groups.groups(filled, key=key, where=where, metric=metric, sort=sort)
    value = measured(filled, metric) if metric else lambda run: None
    expected: dict[str | None, list[RunRow]] = {}
    for run in runs.recent(filled, where=where, sort="id", limit=999):
        expected.setdefault(told(filled, key)(run), []).append(run)
    assert found.total == len(found.rows) == len(expected)
    assert found.runs == sum(map(len, expected.values()))
    for row in found.rows:
        opened = runs.recent(filled, where=f"({where}) {row.where}" if where else row.where, limit=999)
        of = expected[told(filled, key)(opened[0])]
        assert {run.id for run in opened} == {run.id for run in of}, row.where
        said = line(of, value, higher="max" in found.metric or "acc" in found.metric)
        assert {name: getattr(row, name) for name in said} == said
        best = None if row.best_run is None else value(runs.get(filled, row.best_run))
        assert best == row.best
    higher = "acc" in metric or "max" in metric
    _stand_in_order(found.rows, sort or ("best" if metric else "count"), higher=higher)


def _stand_in_order(rows: tuple[GroupRow, ...], sort: str, *, higher: bool) -> None:
    """As the order says, "-" turns it round; those that it says nothing of come last."""
    order = sort.removeprefix("-")
    sizes = [
        {"best": row.best, "count": row.count, "newest": row.newest_us, "value": _number(row)}[order]
        for row in rows
    ]
    known = [size for size in sizes if size is not None]
    assert sizes[: len(known)] == known
    rising = (order == "value" or (order == "best" and not higher)) != sort.startswith("-")
    assert known == sorted(known, reverse=not rising)


def _number(row: GroupRow) -> tuple[bool, float, str] | None:
    """Numbers before words."""
    number = params.number_in(row.value or "")
    return None if row.value is None else (number is None, number or 0.0, row.value if number is None else "")
