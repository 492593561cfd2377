"""Whatever plan answers a filter, the runs and their order are the same."""

import sqlite3
from collections.abc import Iterator

import pytest
from fixtures.big_home import fill
from hypothesis import given
from hypothesis import strategies as st

from lineside.store.migrations import migrate
from lineside.store.queries import filters, plans, runs
from lineside.store.queries.meanings import probe

TERMS = (
    "m0<0.5", "max(m1)>1.9", "min(m3)<=0.01", "p0<0.3", "param:p1>0.98", "model:vit", "model~es", "tag:dev",
    "team:t3", "status:failed", "status:crashed", "status!=crashed", "author:BEN", "experiment:exp2",
    "name~99", "try", "id<40", "wide/00001>0", "metric:wide/00001", "took>1h", "duration<=90s",
    "started>=2025-10-09", "parent:3", "parent:none", "parent!=3", "children>1",
    "created<2025-10-09T12:00", "ended!=2025-10", "job:0",
)  # fmt: skip
SORTS = (
    "created", "id", "name", "took", "started", "experiment", "m0", "max(m1)", "first(m2)", "p0", "model",
    "stage", "wide/00001", "note", "parent", "children",
)  # fmt: skip

terms = st.sampled_from(TERMS)
meanings = st.recursive(
    terms,
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda all_: "(" + " ".join(all_) + ")"),
        st.lists(inner, min_size=2, max_size=3).map(lambda any_: "(" + " or ".join(any_) + ")"),
    ),
    max_leaves=5,
)
sorts = st.tuples(st.sampled_from(("", "-")), st.sampled_from(SORTS)).map("".join)


@pytest.fixture(scope="module")
def filled() -> Iterator[sqlite3.Connection]:
    """Three hundred runs, ten of them not yet ended."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.row_factory = sqlite3.Row
    migrate(db)
    fill(db, runs=300, extra_metrics=3)
    db.execute("update run set started_us = null, ended_us = null, status = 'SCHEDULED' where id % 30 = 0")
    db.execute("delete from summary where run_id % 7 = 0 and metric_id < 4")
    db.execute("update summary set last = null, last_kind = 'nan' where run_id % 11 = 0 and metric_id < 4")
    db.execute("delete from param where run_id % 13 = 0")
    db.execute("update run set parent_id = id % 4 + 1 where id % 5 = 0 and id > 4")
    yield db
    db.close()


def plainly(db: sqlite3.Connection, where: str, sort: str) -> list[int]:
    """Ask every run, sort them all: slow and sure."""
    query = filters.runs(db, where=where, sort=sort)
    test = probe(query.meaning) if query.meaning else "1"
    sql = f"select r.id from run r {query.order.joins} where {test} order by {query.order.by}"
    return [row["id"] for row in db.execute(sql, query.values)]


@given(where=st.one_of(st.just(""), meanings), sort=sorts, patience=st.sampled_from((1, 40, 2_000)),
       few=st.sampled_from((0, 20, 3_000)), offset=st.sampled_from((0, 3, 250)))  # fmt: skip
def test_every_plan_gives_the_same_runs_in_the_same_order(
    filled: sqlite3.Connection, where: str, sort: str, patience: int, few: int, offset: int
) -> None:
    expected = plainly(filled, where, sort)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plans, "FEW", few)
        patch.setattr(plans, "PATIENCE", patience)
        assert runs.ids(filled, where, sort) == expected
        page = runs.recent(filled, where=where, sort=sort, limit=20, offset=offset)
        assert [row.id for row in page] == expected[offset : offset + 20]
        assert runs.count(filled, where) == len(expected)
