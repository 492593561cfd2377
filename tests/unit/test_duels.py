"""Two models on the same rows."""

import numpy as np
import polars as pl
import pytest

from lineside.jobs.promotion import duels


def test_the_interval_holds_the_true_gain_about_as_often_as_it_says() -> None:
    chance = np.random.default_rng(7)
    held = 0
    for _ in range(200):
        gained = chance.choice([-1.0, 0.0, 1.0], p=[0.05, 0.80, 0.15], size=150)
        low, high = duels.interval(gained, draws=1000)
        held += low <= 0.10 <= high
    assert 0.90 <= held / 200 <= 0.99


def test_many_distinct_gains_and_few_give_the_same_interval() -> None:
    """The multinomial shortcut and the plain resampling are the same bootstrap."""
    gained = np.repeat(np.arange(50) / 50 - 0.4, 4)
    shaken = gained + np.arange(200) * 1e-9  # distinct values: takes the other way

    assert duels.interval(gained) == pytest.approx(duels.interval(shaken), abs=0.01)


def test_one_sided_rows_leave_no_doubt() -> None:
    assert duels.interval(np.ones(40)) == (1.0, 1.0)
    with pytest.raises(ValueError, match="no rows"):
        duels.interval(np.array([]))


def test_an_error_that_shrinks_is_a_gain() -> None:
    found = duels.gains([10.0, 20.0], [11.0, 20.0], [14.0, 19.0], classes=False)

    assert found.tolist() == [3.0, 1.0]
    assert duels.score([10.0, 20.0], [11.0, 20.0], classes=False) == 0.5


def test_rows_that_were_trained_on_are_left_out_wherever_they_come_from() -> None:
    rows = pl.DataFrame({"x": [1, 2, 3, None], "y": ["a", "b", "c", "d"], "id": [9, 8, 7, 6]})
    ours = pl.DataFrame({"x": [2.0, 5.0], "y": ["b", "b"]})
    theirs = pl.DataFrame({"x": [None, 3.0], "y": ["d", "other"]}, schema={"x": pl.Float64, "y": pl.String})

    left = duels.fresh(rows, [ours, theirs], ["x", "y"])

    assert left["y"].to_list() == ["a", "c"]


def test_a_table_that_repeats_itself_takes_no_row_away() -> None:
    coarse = pl.DataFrame({"x": [1, 1, 2, 2], "y": [0, 0, 1, 1]})

    assert len(duels.fresh(coarse, [coarse], ["x", "y"])) == 4
