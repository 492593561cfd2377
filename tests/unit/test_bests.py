"""A metric at the best step of another, as a cell and as an order; columns by name."""

import math
import sqlite3
from collections.abc import Iterable

import pytest
from fixtures.compaction import advance, seal
from fixtures.spools import take_all, writing

from lineside.store import analytics, bests, columns
from lineside.store.errors import Usage
from lineside.store.homes import Home
from lineside.store.queries import runs
from lineside.store.queries.bests import AtBest, at_best, better_side

DUCKDB = """
    with valid as (
        select * from points p where not exists (
            select 1 from points q
             where (q.run_id, q.metric) = (p.run_id, p.metric) and q.opening > p.opening and q.step <= p.step)
    ), best as (
        select run_id, arg_min(step, (value, step)) as step from valid
         where metric = 'loss' and isfinite(value) group by run_id
    )
    select b.run_id, arg_max(v.value, v.step) as value
      from best b join valid v on v.run_id = b.run_id and v.metric = 'acc' and v.step <= b.step
     group by b.run_id order by b.run_id
"""

Steps = Iterable[tuple[int, float | None, float | None]]


def logged(home: Home, uid: str, steps: Steps, **start: object) -> None:
    """Steps as (step, loss, acc); None: not logged there."""
    run = writing(home, uid, **start)
    for step, loss, acc in steps:
        values = {name: value for name, value in (("loss", loss), ("acc", acc)) if value is not None}
        run.log_metrics(values, step=step)
    run.finish()


@pytest.fixture
def four(db: sqlite3.Connection, home: Home) -> sqlite3.Connection:
    """One run with both, one whose accuracy is logged less often, one broken, one without accuracy."""
    logged(home, "run_a", [(0, 0.9, 0.1), (1, 0.2, 0.7), (2, 0.5, 0.9)])
    logged(home, "run_b", [(0, math.nan, 0.3), (1, 0.8, None), (2, 0.1, None), (3, 0.4, 0.8)])
    logged(home, "run_c", [(0, math.inf, 0.5), (1, math.nan, 0.6)])
    logged(home, "run_d", [(0, 0.5, None)])
    take_all(db, home)
    return db


def cell(home: Home, db: sqlite3.Connection, key: str) -> dict[int, float]:
    best = at_best(key)
    assert best is not None
    return {run_id: value for (run_id, _), value in bests.values(home, db, [1, 2, 3, 4], [best]).items()}


def test_the_value_is_that_of_the_best_step_or_the_last_before_it(
    four: sqlite3.Connection, home: Home
) -> None:
    assert cell(home, four, "acc@best(loss)") == {1: 0.7, 2: 0.3}
    assert cell(home, four, "acc@max(loss)") == {1: 0.1, 2: 0.3}
    assert cell(home, four, "loss@best(acc)") == {1: 0.5, 2: 0.4, 3: pytest.approx(math.nan, nan_ok=True)}


def test_of_several_values_at_one_step_the_latest_counts(db: sqlite3.Connection, home: Home) -> None:
    logged(home, "run_a", [(0, 0.1, 0.1), (1, 0.5, 0.5), (0, 0.9, 0.2), (1, None, 0.6), (2, 0.5, 0.9)])
    take_all(db, home)
    assert cell(home, db, "acc@best(loss)") == {1: 0.6}


def test_it_is_what_duckdb_says_of_every_point_hot_and_cold(four: sqlite3.Connection, home: Home) -> None:
    logged(home, "run_a", [(2, 0.15, 0.4), (3, 0.3, 0.5)], resume=True)
    logged(home, "run_b", [(1, 0.6, 0.2)], resume=True)
    take_all(four, home)
    for cold in (False, True):
        told = dict(analytics.sql(home, DUCKDB).rows)
        assert told == {1: 0.4, 2: 0.2}, "the resumed lines count, not what they replaced"
        assert cell(home, four, "acc@best(loss)") == told
        if not cold:
            seal(four, home)
            assert advance(home, four)


@pytest.mark.parametrize("sort", ["acc@best(loss)", "-acc@best(loss)", "-metric:acc@min(loss)"])
def test_a_list_is_sorted_by_it_and_runs_without_one_come_last(
    four: sqlite3.Connection, home: Home, sort: str
) -> None:
    expected = [1, 2, 4, 3] if sort.startswith("-") else [2, 1, 3, 4]
    assert bests.ids(home, four, "", sort) == expected
    assert [row.id for row in bests.recent(home, four, where="id<4", sort=sort, limit=2)] == expected[:2]


def test_too_many_runs_are_not_read_but_the_error_says_what_to_do(
    four: sqlite3.Connection, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bests, "MOST", 3)
    with pytest.raises(Usage, match=r"filter to 3 runs or fewer first: .* and 4 are too many") as raised:
        bests.ids(home, four, "", "acc@best(loss)")
    assert "sort any number" in raised.value.hint
    assert bests.ids(home, four, "id<3", "acc@best(loss)") == [2, 1]


@pytest.mark.parametrize("where", ["acc@best(loss)<0.5", "id<3 not acc@min(loss)>1", "acc@max(loss)"])
def test_a_filter_by_it_is_refused_with_words(four: sqlite3.Connection, where: str) -> None:
    with pytest.raises(Usage, match="not filtered by") as raised:
        runs.ids(four, where)
    assert "filter by min()" in raised.value.hint
    with pytest.raises(Usage, match="read from the points"):
        runs.ids(four, "", "acc@best(loss)")


def test_a_metric_that_nobody_logged_is_named(four: sqlite3.Connection) -> None:
    with pytest.raises(Usage, match="no metric 'losss'") as raised:
        bests.known(four, "acc@best(losss)")
    assert raised.value.hint == "did you mean loss?"


@pytest.mark.parametrize(
    ("metric", "side"),
    [
        ("loss", "min"), ("val/loss", "min"), ("eval_accuracy", "max"), ("acc1", "max"), ("roc_auc", "max"),
        ("mAP50", "max"), ("macro_f1", "max"), ("r2", "max"), ("ndcg@10", "max"), ("rmse", "min"),
        ("perplexity", "min"), ("wer", "min"), ("episode_reward", "max"), ("reward_model/loss", "min"),
        ("accuracy_error", "min"), ("neg_log_loss", "max"), ("access_time", "min"), ("score", "max"),
        ("val_loss.best", "min"), ("train.precision", "max"), ("holdout", "min"),
    ],
)  # fmt: skip
def test_which_way_is_better_is_read_from_the_name(metric: str, side: str) -> None:
    assert better_side(metric) == side


@pytest.mark.parametrize("text", ["acc", "acc@best", "acc@mean(loss)", "@best(loss)", "acc@best()", "a@b(c)"])
def test_what_only_looks_like_the_key_is_none(text: str) -> None:
    assert at_best(text) is None


def test_the_last_sign_cuts_the_key() -> None:
    assert at_best("recall@10@max(ndcg@10)") == AtBest(metric="recall@10", side="max", of="ndcg@10")


@pytest.mark.parametrize("sort", ["losss", "-acc@best(losss)", "tag:nothing"])
def test_an_order_by_what_nobody_logged_is_refused_before_it_is_read(
    four: sqlite3.Connection, sort: str
) -> None:
    bests.check(four, "-acc@best(loss)")
    bests.check(four, "-created")
    with pytest.raises(Usage):
        bests.check(four, sort)


def test_columns_are_called_as_filters_call_them(four: sqlite3.Connection, home: Home) -> None:
    runs.put_params(four, 1, {"lr": "0.1", "loss": "mse"})
    runs.put_tags(four, 1, {"base": "yes"})
    named = columns.split("acc@best(loss),min(loss),last(acc),lr,param:loss,tag:base,author,loss")
    asked = [columns.understood(four, name) for name in named]
    cells = columns.cells(home, four, runs.by_ids(four, [1, 3]), asked)
    author = runs.get(four, 1).author
    first = dict(zip(named, [0.7, 0.2, 0.9, "0.1", "mse", "yes", author, 0.5], strict=True))
    assert {name: value for (run, name), value in cells.items() if run == 1} == first
    assert {name for run, name in cells if run == 3} == {"last(acc)", "author", "loss"}
    assert math.isnan(float(cells[3, "loss"] or 0))
    with pytest.raises(Usage, match="no column 'lrr'"):
        columns.understood(four, "lrr")
