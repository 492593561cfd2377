"""`lineside sql` to a script: NaN, both infinities and no value are four things in every format."""

import csv
import json
import math
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from fixtures.spools import take_all, writing

from lineside.console.cli import exporting
from lineside.store import analytics
from lineside.store.homes import Home

FOUR = """
    select p.step, p.value, p.metric from points p
    union all select 4, null, null
    union all select 5, 1e308, ''
    order by 1
"""
Ask = Callable[..., str]


@pytest.fixture
def ask(db: sqlite3.Connection, home: Home) -> Ask:
    """`lineside sql` in a process of its own, which says nothing it was not asked, not even when it ends."""
    run = writing(home, "run_a")
    for step, value in enumerate((1.5, math.nan, math.inf, -math.inf)):
        run.log_metric("loss", value, step=step)
    run.finish()
    take_all(db, home)

    def call(*words: str, says: str = "") -> str:
        command = [sys.executable, "-m", "lineside.console", "--home", str(home.path), "sql", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        assert done.stderr.strip() == says
        return done.stdout

    return call


def test_json_has_strings_for_what_json_has_no_number_for(ask: Ask) -> None:
    rows = json.loads(ask("--json", FOUR))
    assert [row["value"] for row in rows] == [1.5, "NaN", "Infinity", "-Infinity", None, 1e308]
    assert [row["metric"] for row in rows][3:] == ["loss", None, ""]


def test_csv_has_words_for_them_and_an_empty_cell_for_no_value(ask: Ask) -> None:
    rows = list(csv.DictReader(ask("--csv", FOUR).splitlines()))
    assert [row["value"] for row in rows] == ["1.5", "nan", "inf", "-inf", "", "1e+308"]


def test_parquet_keeps_them_as_they_are(ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    ask("--parquet", str(path), FOUR, says=f"6 rows written to {path}")
    frame = pl.read_parquet(path)
    assert frame.schema == {"step": pl.Int64, "value": pl.Float64, "metric": pl.String}
    assert [repr(value) for value in frame["value"]] == ["1.5", "nan", "inf", "-inf", "None", "1e+308"]
    assert frame["metric"].to_list()[3:] == ["loss", None, ""]


def test_the_table_for_eyes_tells_them_apart(ask: Ask) -> None:
    cells = [line.split()[1] for line in ask(FOUR).splitlines()[1:]]
    assert cells == ["1.5", "NaN", "∞", "-∞", "–", "1e308"]


def test_a_frame_has_the_types_of_the_query_and_not_of_its_first_rows(
    db: sqlite3.Connection, home: Home
) -> None:
    late = analytics.frame(
        home, "select case when range = 500 then 0.5 end as x, sum(range) over () as s from range(501)"
    )
    assert late.schema == {"x": pl.Float64, "s": pl.Int64}
    assert (late["x"].null_count(), late["x"][500], late["s"][0]) == (500, 0.5, 125_250)
    empty = analytics.frame(home, "select id, name, created_at, seconds from runs")
    assert empty.dtypes == [pl.Int64, pl.String, pl.Datetime("us"), pl.Float64]


def test_what_is_no_plain_value_is_held_too(db: sqlite3.Connection, home: Home) -> None:
    (row,) = analytics.frame(home, """
        select [1, null, 'nan'::double] as numbers, {'a': 1} as pair, date '2026-03-01' as day,
               'x'::blob as raw, null::boolean as nothing, 1.50::decimal(4, 2) as price, uuid() as id
    """).to_dicts()  # fmt: skip
    assert repr(row["numbers"]) == "[1.0, None, nan]"
    assert (row["pair"], str(row["day"]), row["raw"], row["price"]) == ({"a": 1}, "2026-03-01", b"x", 1.5)
    assert row["nothing"] is None
    assert len(row["id"]) == 36


def test_two_columns_of_one_name_are_told_apart(db: sqlite3.Connection, home: Home) -> None:
    query = "select 1 as a, 2 as b, 3 as a"
    assert analytics.sql(home, query).columns == ("a", "b", "a_1")
    assert analytics.frame(home, query).columns == ["a", "b", "a_1"]


def test_exported_runs_tell_them_apart_too(db: sqlite3.Connection, home: Home, tmp_path: Path) -> None:
    logged = ((1.5, math.nan), (math.inf,), (-math.inf,), ())
    for name, values in zip("abcd", logged, strict=True):
        run = writing(home, f"run_{name}")
        run.log_params({"lr": 0.1})
        for value in values:
            run.log_metric("loss", value)
        run.finish()
    take_all(db, home)
    paths = [tmp_path / f"runs.{ending}" for ending in ("json", "csv", "parquet")]
    assert [exporting.export_runs(db, "", str(path)) for path in paths] == [4, 4, 4]
    told = [row["metric.loss"] for row in json.loads(paths[0].read_text())]
    assert told == ["NaN", "Infinity", "-Infinity", None]
    told = [row["metric.loss"] for row in csv.DictReader(paths[1].read_text().splitlines())]
    assert told == ["NaN", "inf", "-inf", ""]
    told = [repr(value) for value in pl.read_parquet(paths[2])["metric.loss"]]
    assert told == ["nan", "inf", "-inf", "None"]
