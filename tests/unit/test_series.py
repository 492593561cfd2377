"""Points for charts."""

import math
import sqlite3

import numpy as np
import pytest
from fixtures.spools import take_all, writing

from lineside.store import series, smoothing
from lineside.store.homes import Home


def test_only_what_is_ingested_is_shown(db: sqlite3.Connection, home: Home) -> None:
    run = writing(home, "run_a")
    run.log_metric("loss", 1.0, step=0)
    take_all(db, home)
    run.log_metric("loss", 2.0, step=1)
    assert series.read(home, db, [1], ["loss"])[0].values.tolist() == [1.0]
    take_all(db, home)
    assert series.read(home, db, [1], ["loss"])[0].values.tolist() == [1.0, 2.0]
    run.finish()


def test_steps_ascend_and_the_latest_of_equal_ones_is_shown(db: sqlite3.Connection, home: Home) -> None:
    run = writing(home, "run_a")
    for step, value in ((5, 1.0), (3, 2.0), (5, 3.0), (-1, 4.0)):
        run.log_metrics({"loss": value}, step=step)
    run.log_metrics({"loss": 9.0, "more": 1.0}, step=3)
    run.finish()
    take_all(db, home)
    (line,) = series.read(home, db, [1], ["loss"])
    assert line.steps.tolist() == [-1, 3, 5]
    assert line.values.tolist() == [4.0, 9.0, 3.0]
    assert line.count == 5


def test_side_spools_and_several_runs_come_together(db: sqlite3.Connection, home: Home) -> None:
    run, side, other = writing(home, "run_a"), writing(home, "run_a"), writing(home, "run_b")
    run.log_metric("loss", 1.0, step=0)
    side.log_metric("loss", 2.0, step=1)
    other.log_metric("loss", 3.0, step=0)
    for each in (run, side, other):
        each.finish()
    take_all(db, home)
    found = series.read(home, db, [2, 1, 99], ["loss", "nothing"])
    ids = [(line.run_id, line.values.tolist()) for line in found]
    assert sorted(ids) == [(1, [1.0, 2.0]), (2, [3.0])]


def test_thinning_keeps_every_spike_and_every_gap(db: sqlite3.Connection, home: Home) -> None:
    run = writing(home, "run_a")
    odd = {777: 50.0, 1_234: -50.0, 3_000: math.nan, 3_001: math.inf}
    for step in range(5_000):
        run.log_metric("loss", odd.get(step, math.sin(step)), step=step)
    run.finish()
    take_all(db, home)
    (line,) = series.read(home, db, [1], ["loss"], width=50)
    assert len(line.steps) <= 3 * 50 + 2
    assert (line.steps[0], line.steps[-1], line.count) == (0, 4_999, 5_000)
    assert {777, 1_234, 3_000} <= set(line.steps.tolist())
    assert bool((np.diff(line.steps) > 0).all())


def test_columns_divide_the_axis_and_not_the_points(db: sqlite3.Connection, home: Home) -> None:
    run = writing(home, "run_a")
    for step in [*range(1_000), 1_000_000]:
        run.log_metric("loss", float(step % 7), step=step)
    run.finish()
    take_all(db, home)
    (line,) = series.read(home, db, [1], ["loss"], width=10)
    assert len(line.steps) <= 5
    assert line.steps[-1] == 1_000_000


def test_over_time_the_order_is_the_clocks(db: sqlite3.Connection, home: Home) -> None:
    run = writing(home, "run_a")
    for step in (2, 1, 0):
        run.log_metric("loss", float(step), step=step)
    run.finish()
    take_all(db, home)
    (line,) = series.read(home, db, [1], ["loss"], x="time")
    assert line.steps.tolist() == [2, 1, 0]
    with pytest.raises(ValueError, match="neither"):
        series.read(home, db, [1], ["loss"], x="epoch")


def test_a_line_is_smoothed_whole_before_it_is_thinned(db: sqlite3.Connection, home: Home) -> None:
    run = writing(home, "run_a")
    odd = {777: 50.0, 3_000: math.nan, 3_001: math.inf}
    for step in range(5_000):
        run.log_metric("loss", odd.get(step, math.sin(step)), step=step)
    run.finish()
    take_all(db, home)
    (whole,) = series.read(home, db, [1], ["loss"])
    (thin,) = series.read(home, db, [1], ["loss"], width=50, smooth=0.9)
    right = smoothing.ema(whole.values, 0.9)
    assert thin.smoothed is not None
    np.testing.assert_array_equal(thin.smoothed, right[thin.steps])
    assert thin.smoothed[np.isfinite(thin.smoothed)].max() == right[np.isfinite(right)].max()
    assert {777, 3_000} <= set(thin.steps.tolist())  # a spike of the raw line, and what was no number
    assert len(thin.steps) <= 5 * 50 + 2
    assert whole.smoothed is None


def test_over_time_it_is_smoothed_in_the_order_of_the_clock(db: sqlite3.Connection, home: Home) -> None:
    run = writing(home, "run_a")
    for step, value in ((2, 0.0), (1, 8.0), (0, 8.0)):
        run.log_metric("loss", value, step=step)
    run.finish()
    take_all(db, home)
    (line,) = series.read(home, db, [1], ["loss"], x="time", smooth=0.5)
    assert line.smoothed is not None
    assert line.smoothed.round(3).tolist() == [0.0, 5.333, 6.857]
    assert line.along("time").tolist() == sorted(line.at_us.tolist())
    assert line.along("step").tolist() == [2.0, 1.0, 0.0]
    assert line.along("relative").tolist() == line.seconds.tolist()


def test_a_spool_that_is_gone_is_an_empty_one(db: sqlite3.Connection, home: Home) -> None:
    run = writing(home, "run_a")
    run.log_metric("loss", 1.0)
    run.finish()
    take_all(db, home)
    (home.spool / "run_a.sp").unlink()
    assert series.read(home, db, [1], ["loss"]) == []
