"""Bars: histograms over numbers and beside names, and gauges."""

import pytest

from lineside.console.text import plain
from lineside.console.widgets.charts import gauge, histogram
from lineside.console.widgets.charts.histogram import Quantile

EVEN = [0.25, 0.25, 0.25, 0.25]


def test_bars_fill_the_room_and_edges_stand_under_the_borders_they_are() -> None:
    rows = [plain(r) for r in histogram.pair(EVEN, EVEN, edges=[10.0, 20.0, 30.0], width=40, height=8)]
    rule, words = rows[-2], rows[-1]
    ticks = [i for i, c in enumerate(rule) if c == "┴"]
    assert ticks == [10, 20, 30]
    assert [words.index(edge) + 1 for edge in ("10", "20", "30")] == ticks
    assert rows[0].rstrip().endswith("█")
    assert len(rows[0].rstrip()) >= 38


def test_outer_edges_stand_at_the_ends() -> None:
    rows = [plain(r) for r in histogram.single(EVEN, edges=[0.0, 1.0, 2.0, 3.0, 4.0], width=40, height=8)]
    assert rows[-1].split() == ["0", "1", "2", "3", "4"]
    assert rows[-1].rstrip().endswith("4")


def test_names_lie_beside_their_bars_with_the_share_of_now_and_before() -> None:
    rows = [
        plain(r)
        for r in histogram.pair([0.9, 0.1], [0.3, 0.7], edges=["sun", "snow\x1b[31m"], width=60, height=4)
    ]
    assert rows[0].startswith("sun ")
    assert "░" in rows[0]
    assert "30 % was 90 %" in rows[1]
    assert "70 % was 10 %" in rows[3]
    assert "\x1b" not in "".join(rows)


def test_with_one_row_a_name_training_is_a_mark_on_the_bar() -> None:
    rows = [
        plain(r)
        for r in histogram.pair([0.2, 0.4, 0.4], [0.8, 0.1, 0.1], edges=["a", "b", "c"], width=60, height=3)
    ]
    assert all("│" in row for row in rows)
    assert rows[0].index("│") < len(rows[0].rstrip().rstrip("0123456789 %was").rstrip())


def test_names_that_have_no_row_are_summed_up_in_the_last_one() -> None:
    rows = [
        plain(r) for r in histogram.lying(None, [0.1] * 10, labels=list("abcdefghij"), width=40, height=4)
    ]
    assert len(rows) == 4
    assert "7 more" in rows[-1]
    assert "70 %" in rows[-1]


def test_a_quantile_stands_where_its_value_lies() -> None:
    marks = [Quantile(at=25.0, text="p50")]
    rows = histogram.pair(EVEN, EVEN, edges=[10.0, 20.0, 30.0], width=40, height=8, quantiles=marks)
    assert plain(rows[-1]).index("↑p50") == 25


@pytest.mark.parametrize(("share", "cells"), [(0.0, 0), (0.001, 1), (0.5, 10), (0.91, 19), (1.7, 20)])
def test_a_gauge_shows_what_there_is_on_the_track_of_what_could_be(share: float, cells: int) -> None:
    (full, style), (track, _) = gauge.bar(share, width=20, style="warn")
    assert (len(full), style) == (cells, "warn")
    assert track == "░" * (20 - cells)


def test_a_gauge_says_what_is_unknown() -> None:
    assert plain(gauge.bar(None, width=6)) == "?░░░░░"
