"""What runs can be grouped by, and what cannot be asked of a group."""

import sqlite3

import pytest
from fixtures.spools import take_all, writing

from lineside.store.clock import Micros
from lineside.store.errors import Usage
from lineside.store.homes import Home
from lineside.store.queries import groups, runs


@pytest.fixture
def sweep(db: sqlite3.Connection, home: Home) -> sqlite3.Connection:
    """A sweep of four trials, one of them broken, and a run beside it."""
    parent = writing(home, "run_a")
    parent.finish()
    for number, (lr, losses) in enumerate((("0.1", (3.0, 1.0)), ("1e-1", (2.0, 4.0)), ("auto", (0.5,)))):
        trial = writing(home, f"run_t{number}", parent="run_a")
        trial.log_params({"lr": lr})
        for step, loss in enumerate(losses):
            trial.log_metrics({"loss": loss, "acc": loss / 10}, step=step)
        trial.finish("FAILED" if lr == "auto" else "FINISHED")
    take_all(db, home)
    runs.create(db, uid="run_b", experiment="other", name="beside", author="ben", job_id=None, at=Micros(1))
    return db


def test_a_sweep_is_one_line(sweep: sqlite3.Connection) -> None:
    trials, rest = groups.groups(sweep, key="parent", metric="loss").rows
    assert (trials.value, trials.name, trials.where) == ("1", "a script", "parent:1")
    assert (trials.count, trials.failed, trials.best, trials.median, trials.worst) == (3, 1, 0.5, 1.0, 2.0)
    assert runs.get(sweep, trials.best_run or 0).status == "FAILED"
    assert (rest.value, rest.where, rest.count, rest.best) == (None, "parent:none", 2, None)


def test_spellings_of_one_number_are_one_group(sweep: sqlite3.Connection) -> None:
    found = groups.groups(sweep, key="lr", sort="value", where="parent:1")
    assert [(row.value, row.count) for row in found.rows] == [("0.1", 2), ("auto", 1)]
    assert runs.count(sweep, found.rows[0].where) == 2


def test_a_bare_metric_stands_for_its_better_side(sweep: sqlite3.Connection) -> None:
    assert groups.groups(sweep, key="author", metric="acc").metric == "max(acc)"
    assert groups.groups(sweep, key="author", metric="loss").metric == "min(loss)"
    last = groups.groups(sweep, key="author", metric="last(loss)").rows[0]
    assert (last.best, last.worst) == (0.5, 4.0)


def test_the_limit_cuts_the_lines_and_not_the_count(sweep: sqlite3.Connection) -> None:
    found = groups.groups(sweep, key="lr", limit=1)
    assert (len(found.rows), found.total, found.runs) == (1, 3, 5)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"key": "loss"}, "cannot be grouped by 'loss'"),
        ({"key": "created"}, "cannot be grouped by 'created'"),
        ({"key": "lrr"}, "no field, metric, param or tag 'lrr'"),
        ({"key": "tag:lr"}, "no tag 'lr'"),
        ({"key": "lr", "metric": "losss"}, "no metric 'losss'"),
        ({"key": "lr", "metric": "acc@best(loss)"}, "read from the points"),
        ({"key": "lr", "sort": "loss"}, "groups cannot be sorted by 'loss'"),
        ({"key": "lr", "where": "losss<1"}, "no field, metric, param or tag 'losss'"),
    ],
)
def test_what_cannot_be_asked_of_groups_is_said(
    sweep: sqlite3.Connection, asked: dict[str, str], message: str
) -> None:
    with pytest.raises(Usage, match=message) as raised:
        groups.groups(sweep, **asked)  # type: ignore[arg-type]
    assert raised.value.hint
