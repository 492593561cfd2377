"""`lineside.open()`: a home as frames, in the process that asks."""

import ast
import math
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import polars as pl
import pytest
from fixtures.spools import clock_at, take_all, writing

import lineside
from lineside.store.errors import HomeProblem, NotFound, Usage
from lineside.store.homes import Home
from lineside.store.queries.views import VIEWS

AT = 1_700_000_000_000_000
SDK = Path(lineside.__file__)


@pytest.fixture
def filled(db: sqlite3.Connection, home: Home) -> Home:
    """Two runs; the first was begun again at step 2."""
    for again, steps in enumerate((range(4), range(2, 5))):
        run = writing(home, "run_a", at_us=AT, resume=again > 0)
        run.log_params({"lr": "1e-3", "layers": 4, "kind": "adam"})
        for step in steps:
            with clock_at(AT + step * 1_000_000):
                run.log_metric("loss", float(step + 10 * again), step=step)
        run.finish()
    other = writing(home, "run_b", at_us=AT)
    other.log_params({"lr": 0.1, "kind": 7})
    other.set_tags({"base": "yes"})
    for value in (1.0, math.nan, math.inf):
        other.log_metrics({"loss": value, "bad": -math.inf})
    other.finish()
    take_all(db, home, at=AT)
    return home


def test_runs_are_rows_with_their_params_tags_and_last_metrics(filled: Home) -> None:
    with lineside.open(filled.path) as house:
        frame = house.runs(sort="created")
    assert frame["id"].to_list() == [1, 2]
    assert frame["param.lr"].to_list() == [0.001, 0.1]
    assert frame["param.layers"].to_list() == [4.0, None]
    assert frame["param.kind"].to_list() == ["adam", "7"]
    assert frame["tag.base"].to_list() == [None, "yes"]
    assert frame["metric.loss"].to_list() == [14.0, math.inf]
    assert frame["metric.bad"].to_list() == [None, -math.inf]
    assert frame["created_at"].dtype == pl.Datetime("us")


def test_runs_are_filtered_sorted_and_cut_as_on_the_command_line(filled: Home) -> None:
    house = lineside.open(str(filled.path))
    assert house.runs("lr>0.01")["id"].to_list() == [2]
    assert house.runs(sort="-created", limit=1)["id"].to_list() == [2]
    assert house.runs("lr>9").height == 0
    with pytest.raises(Usage, match="nobody") as caught:
        house.runs("nobody:3")
    assert caught.value.__notes__ == [caught.value.hint]


def test_a_series_is_what_was_logged(filled: Home) -> None:
    house = lineside.open(filled.path)
    frame = house.series(1, "loss", smooth=0.5)
    assert frame["step"].to_list() == [0, 1, 2, 3, 4]
    assert frame["value"].to_list() == [0.0, 1.0, 12.0, 13.0, 14.0]
    assert frame["smoothed"].round(2).to_list() == [0.0, 0.67, 7.14, 10.27, 12.19]
    assert frame["seconds"].to_list() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert house.series("run_a", "loss", branch=1)["value"].to_list() == [0.0, 1.0, 2.0, 3.0]
    assert [repr(value) for value in house.series(2, "loss")["value"]] == ["1.0", "nan", "inf"]
    nothing = house.series(2, "nothing")
    assert (nothing.height, nothing.schema) == (0, house.series(2, "loss").schema)
    with pytest.raises(NotFound, match="no run 99"):
        house.series(99, "loss")


def test_what_is_logged_meanwhile_is_seen(filled: Home, db: sqlite3.Connection) -> None:
    house = lineside.open(filled.path)
    assert house.sql("select count(*) as n from runs")["n"].to_list() == [2]
    run = writing(filled, "run_c")
    run.finish()
    take_all(db, filled)
    assert house.sql("select count(*) as n from runs")["n"].to_list() == [3]


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_can_be_asked(filled: Home, view: str) -> None:
    assert lineside.open(filled.path).sql(f"from {view}").columns == list(VIEWS[view].columns)


def test_nothing_can_be_changed(filled: Home) -> None:
    house = lineside.open(filled.path)
    for query in ("delete from runs", "copy runs to 'x.csv'", "select * from '/etc/passwd'"):
        with pytest.raises(Usage):
            house.sql(query)


def test_a_closed_home_answers_nothing(filled: Home) -> None:
    with lineside.open(filled.path) as house:
        assert str(filled.path) in repr(house)
    assert "closed" in repr(house)
    for ask in (lambda: house.sql("from runs"), house.runs, lambda: house.series(1, "loss")):
        with pytest.raises(Usage, match="was closed"):
            ask()


def test_without_a_home_it_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(HomeProblem, match="no lineside home") as caught:
        lineside.open(tmp_path / "none")
    assert "lineside init" in caught.value.__notes__[0]


def test_a_script_that_reads_says_nothing_when_it_ends(filled: Home) -> None:
    code = """
        import lineside
        house = lineside.open()
        kept = [house.sql("select * from points"), house.runs(), house.series(1, "loss")]
        with open(__import__("os").devnull) as file:  # a star import leaves the builtin alone
            from lineside import *
            print([frame.height for frame in kept], open is __builtins__.open)
    """
    done = python(code, LINESIDE_HOME=str(filled.path), PYTHONPATH=str(SDK.parents[1]))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "[13, 2, 5] True\n"


def test_where_only_the_sdk_is_it_says_what_is_missing(filled: Home, tmp_path: Path) -> None:
    (tmp_path / "lineside").mkdir()
    (tmp_path / "lineside" / "__init__.py").write_text(SDK.read_text())
    done = python("import lineside; lineside.open()", "-S", PYTHONPATH=str(tmp_path))
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ModuleNotFoundError: lineside.open() reads a home")
    assert last.endswith("install lineside in this environment")


def test_the_sdk_itself_opens_files_with_the_builtin() -> None:
    calls = [node.func for node in ast.walk(ast.parse(SDK.read_text())) if isinstance(node, ast.Call)]
    assert not [call.lineno for call in calls if isinstance(call, ast.Name) and call.id == "open"]
    assert "open" not in lineside.__all__


def python(code: str, *flags: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *flags, "-c", textwrap.dedent(code)], env={"PATH": "/usr/bin:/bin", **env},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
