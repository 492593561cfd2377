"""The demo's cut of a table into a past and a stream."""

from pathlib import Path

import polars as pl
import pytest

from lineside.console.demo import project, tables
from lineside.store.errors import BadData, Usage

BIKE = Path(__file__).parents[3] / "shared" / "data" / "bike_hourly.parquet"


def table(tmp_path: Path, rows: int = 400) -> Path:
    path = tmp_path / "t.csv"
    pl.DataFrame(
        {
            "when": [f"2024-01-{1 + i * 28 // rows:02d}T{i % 24:02d}:00:00" for i in range(rows)],
            "a": [i % 7 for i in range(rows)],
            "y": [("yes", "no")[i % 2] for i in range(rows)],
        }
    ).write_csv(path)
    return path


def test_the_digits_are_500_rows_and_seven_windows_in_stored_order() -> None:
    plan = tables.digits()
    assert plan.past.height == 500
    assert [w.height for w in plan.windows] == [200] * 6 + [97]
    assert len(plan.features) == 64
    assert not plan.regression


def test_past_and_windows_together_are_the_whole_table(tmp_path: Path) -> None:
    plan = tables.of_file(table(tmp_path), target="y", time=None, windows=10**6)
    assert plan.past.height + sum(w.height for w in plan.windows) == 400
    assert plan.past.height == round(400 * tables.TRAIN_SHARE)


def test_a_cut_by_time_puts_every_earlier_row_into_the_past(tmp_path: Path) -> None:
    plan = tables.of_file(table(tmp_path), target="y", time="when", until="2024-01-10", span_days=7)
    limit = pl.Series(["2024-01-10"]).str.to_datetime()[0]
    assert plan.past["when"].max() < limit  # type: ignore[operator]
    assert plan.window_span_s == 7 * 86_400
    assert all((w["when"].max() - w["when"].min()).days < 7 for w in plan.windows)  # type: ignore[operator, union-attr]
    assert "when" not in plan.features


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"target": "z", "time": None}, "no column 'z'"),
        ({"target": "y", "time": "a"}, "not a time in every row"),
        ({"target": "y", "time": "when", "until": "soon"}, "not a time"),
        ({"target": "y", "time": "when", "until": "1999-01-01"}, "too few"),
        ({"target": "y", "time": None, "until": "2024-01-10"}, "--train-until needs --time"),
    ],
)
def test_a_wrong_cut_says_what_is_wrong(tmp_path: Path, arguments: dict[str, str | None], said: str) -> None:
    with pytest.raises((BadData, Usage), match=said):
        tables.of_file(table(tmp_path), **arguments)  # type: ignore[arg-type]


def test_a_file_that_is_no_parquet_is_refused_with_words(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"hello")
    with pytest.raises(BadData, match="is not a table"):
        tables.of_file(path, target="y", time=None)


def test_the_project_file_is_one_that_lineside_reads(tmp_path: Path) -> None:
    from lineside.jobs.projects.project import parse

    plan = tables.of_file(table(tmp_path), target="y", time="when", exclude=("a",))
    parsed = parse(project.text(plan, winner="forest"), where="lineside.toml")
    assert {stage.name for stage in parsed.pipelines["train"].stages} == {"network", "forest"}
    assert parsed.retrains["t"].stage == "forest"


@pytest.mark.skipif(not BIKE.exists(), reason="the data set is not part of the project")
def test_bike_rentals_fall_into_windows_of_fourteen_days() -> None:
    plan = tables.of_file(
        BIKE,
        target="cnt",
        time="ts",
        exclude=("casual", "registered"),
        until="2011-05-15",
        span_days=14,
        windows=4,
    )
    assert plan.regression
    assert plan.past.height > 3_000
    assert len(plan.windows) == 4
    assert not {"cnt", "casual", "registered", "ts"} & set(plan.features)
