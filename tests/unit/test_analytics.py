"""SQL over a home."""

import math
import sqlite3
from datetime import datetime

import pytest
from fixtures.spools import take_all, writing

from lineside.console.views.sql.sql import EXAMPLES
from lineside.store import analytics
from lineside.store.errors import HomeProblem, Usage
from lineside.store.homes import Home
from lineside.store.queries.views import VIEWS


@pytest.fixture
def filled(db: sqlite3.Connection, home: Home) -> Home:
    run = writing(home, "run_a", at_us=1_700_000_000_000_000)
    run.log_params({"lr": 0.1})
    for step, value in enumerate((1.0, math.nan, math.inf)):
        run.log_metrics({"loss": value, "accuracy": 0.5}, step=step)
    run.finish()
    take_all(db, home)
    return home


def test_runs_params_and_points_can_be_joined(filled: Home) -> None:
    table = analytics.sql(filled, """
        select r.name, r.created_at, p.num, max(o.value) as top, count(*) as n
          from runs r join params p on p.run_id = r.id join points o on o.run_id = r.id
         where o.metric = 'loss' group by all
    """)  # fmt: skip
    assert table.columns == ("name", "created_at", "num", "top", "n")
    assert table.types == ("VARCHAR", "TIMESTAMP", "DOUBLE", "DOUBLE", "BIGINT")
    ((name, created, lr, top, count),) = table.rows
    assert (name, created, lr, count) == ("a script", datetime(2023, 11, 14, 22, 13, 20), 0.1, 3)  # noqa: DTZ001
    assert math.isnan(top)


def test_points_are_as_they_were_written(filled: Home) -> None:
    rows = analytics.sql(filled, "select step, metric, value from points order by step, metric").rows
    assert [(step, metric) for step, metric, _ in rows] == [
        (step, metric) for step in range(3) for metric in ("accuracy", "loss")
    ]
    assert [repr(value) for _, metric, value in rows if metric == "loss"] == ["1.0", "nan", "inf"]


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_can_be_asked_in_an_empty_home(db: sqlite3.Connection, home: Home, view: str) -> None:
    table = analytics.sql(home, f"select {', '.join(VIEWS[view].columns)} from {view}")  # no word is reserved
    assert table.columns == tuple(VIEWS[view].columns)
    assert table.types == tuple(VIEWS[view].columns.values())
    assert table.rows == ()


def test_a_limit_says_that_there_is_more(filled: Home) -> None:
    table = analytics.sql(filled, "from points", limit=2)
    assert (len(table.rows), table.more) == (2, True)
    assert not analytics.sql(filled, "from points", limit=6).more


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("delete from runs", "only one SELECT can be asked, this is delete"),
        ("select 1; select 2", "this is select and select"),
        ("attach 'x.db'", "this is attach"),
        ("copy runs to 'out.csv'", "this is copy"),
        ("set threads = 9", "this is set"),
        ("  ", "this is nothing"),
        ("selec 1", 'syntax error at or near "selec"'),
        ("select * from run", 'Did you mean "runs"'),
        ("select nam from runs", 'Referenced column "nam" not found'),
        ("select * from read_csv('/etc/passwd')", "disabled by configuration"),
        ("select * from '/etc/passwd'", "does not exist"),
        ("select * from read_parquet('https://x.org/a.parquet')", ""),
    ],
)
def test_what_cannot_be_answered_is_said_without_doing_anything(
    filled: Home, query: str, message: str
) -> None:
    with pytest.raises(Usage) as caught:
        analytics.sql(filled, query)
    assert message in str(caught.value)
    assert "Error:" not in str(caught.value).splitlines()[0]
    assert "runs params" in caught.value.hint


def test_without_a_home_the_words_are_ours(home: Home) -> None:
    with pytest.raises(HomeProblem, match="no lineside home"):
        analytics.sql(home, "select 1")


@pytest.mark.parametrize("query", [query for _, query in EXAMPLES], ids=[name for name, _ in EXAMPLES])
def test_every_example_of_the_console_is_answered(db: sqlite3.Connection, home: Home, query: str) -> None:
    assert analytics.sql(home, query).columns
