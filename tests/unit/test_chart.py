"""Charts: round ticks, honest gaps, marks and levels."""

import math

import numpy as np
import pytest

from lineside.console.text import plain
from lineside.console.widgets import chart, sparkline, ticks

X = np.arange(100, dtype=float)


def drawn(*lines: chart.Line, width: int = 60, height: int = 10, **options: bool) -> str:
    rows = chart.render(lines, width=width, height=height, **options)
    return "\n".join(plain(row) for row in rows)


def test_ticks_stand_at_round_numbers() -> None:
    text = drawn(chart.Line(name="loss", x=X * 200, y=80 - X / 3))
    for words in ("80 ┤", "60 ┤", "5,000", "10,000"):
        assert words in text


def test_nan_and_infinities_are_marked_where_they_happened() -> None:
    y = X.copy()
    y[50], y[70], y[90] = math.nan, math.inf, -math.inf
    text = drawn(chart.Line(name="loss", x=X, y=y))
    assert text.count("!") == 1
    assert text.count("▲") == 1
    assert text.count("▼") == 1


def test_what_was_not_known_is_a_gap_and_no_mark() -> None:
    y = X.copy()
    y[40:60] = math.nan
    text = drawn(chart.Line(name="p99", x=X, y=y), gaps=True)
    assert "!" not in text


def test_one_spike_among_a_hundred_thousand_points_is_seen() -> None:
    x, y = np.arange(100_000, dtype=float), np.zeros(100_000)
    y[33_333] = 1.0
    top = drawn(chart.Line(name="loss", x=x, y=y), height=12).splitlines()[0]
    assert any("⠀" < c <= "⣿" for c in top)


def test_a_log_scale_leaves_out_what_has_no_logarithm() -> None:
    y = 10 ** (X / 25 - 2)
    y[:10] = 0
    text = drawn(chart.Line(name="lr", x=X, y=y), log_y=True, height=14)
    for words in ("0.1 ┤", "1 ┤", "10 ┤"):
        assert words in text


def test_names_and_last_values_stand_at_the_right_unless_it_is_narrow() -> None:
    line = chart.Line(name="val_loss", x=X, y=X)
    assert "val_loss 99" in drawn(line)
    assert "val_loss" not in drawn(line, width=24)


def test_marks_are_named_under_the_axis_and_levels_at_the_side() -> None:
    rows = chart.render(
        [chart.Line(name="acc", x=X, y=X / 100, points=True)],
        width=70,
        height=9,
        marks=[chart.Mark(x=50, text="v2")],
        levels=[chart.Level(y=0.97, text="hold-out")],
    )
    text = "\n".join(plain(row) for row in rows)
    assert "↑v2" in text
    assert "┊" in text
    assert "┄ hold-out" in text


@pytest.mark.parametrize(("count", "words"), [(0, "no points yet"), (5, "too small")])
def test_without_points_or_room_it_says_so(count: int, words: str) -> None:
    line = chart.Line(name="loss", x=X[:count], y=X[:count])
    assert words in "\n".join(plain(r) for r in chart.render([line], width=40 if not count else 12, height=4))


def test_a_single_point_is_seen() -> None:
    assert "●" in drawn(chart.Line(name="holdout", x=X[:1], y=X[:1]))


def test_clock_ticks_are_whole_minutes() -> None:
    found = ticks.nice_time(1_700_000_030_000_000, 1_700_000_630_000_000, most=6)
    assert 3 <= len(found) <= 6
    assert all(at % 60_000_000 == 0 for at in found)


def test_a_flat_sparkline_is_not_a_full_bar() -> None:
    assert sparkline.text([3.0], width=5) == "▄"
    assert sparkline.text([0.0, 1.0], width=5, high=2.0) == "▁▅"
