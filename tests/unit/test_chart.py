"""Charts: round ticks, honest gaps, marks and levels."""

import math
from datetime import datetime

import numpy as np
import pytest

from lineside.console.text import plain
from lineside.console.widgets.charts import chart, sparkline, ticks
from lineside.console.widgets.charts.window import Window

X = np.arange(100, dtype=float)


def drawn(
    *lines: chart.Line,
    width: int = 60,
    height: int = 10,
    x_scale: ticks.Scale = ticks.NUMBERS,
    **options: bool,
) -> str:
    rows = chart.render(lines, width=width, height=height, x_scale=x_scale, **options)
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
    at_one = next(
        row for row in drawn(chart.Line(name="loss", x=x, y=y), height=12).splitlines() if "1.0" in row
    )
    assert any("⠀" < c <= "⣿" for c in at_one)


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


def test_without_room_at_its_side_a_chart_reads_its_crosshair_below() -> None:
    lines = [chart.Line(name=f"{n} run {i}", x=X, y=X / 7 + i) for i, n in enumerate("abc")]
    drawn = chart.plotted(lines, width=34, height=9, view=Window(cursor=42.0), x_name="step")
    assert plain(drawn.rows[-1]).strip() == "42  a 6  b 7  c 8"
    assert drawn.reading == "at step 42  a run 0 6  b run 1 7  c run 2 8"


def test_names_from_scripts_are_shown_and_never_interpreted() -> None:
    evil = "lo\x1b[31mss\u202e\n"
    rows = chart.render(
        [chart.Line(name=evil, x=X, y=X)], width=90, height=9, marks=[chart.Mark(x=20, text=evil)],
        levels=[chart.Level(y=30, text=evil)],
    )  # fmt: skip
    assert all(plain(row).isprintable() for row in rows)
    assert "\u202e" not in "".join(plain(row) for row in rows)


def test_a_part_that_is_looked_at_says_where_there_is_more() -> None:
    line = chart.Line(name="loss", x=X, y=X)
    below = plain(chart.plotted([line], width=60, height=9, view=Window(x0=20.0, x1=40.0)).rows[-2])
    assert "◂" in below
    assert below.count("▸") == 1
    assert "20" in plain(chart.plotted([line], width=60, height=9, view=Window(x0=20.0, x1=40.0)).rows[-1])


def test_values_outside_the_height_that_is_looked_at_are_not_drawn() -> None:
    view = Window(y0=40.0, y1=60.0)
    drawn = chart.plotted([chart.Line(name="loss", x=X, y=X)], width=60, height=12, view=view)
    rows = [plain(row).split("┤")[-1].split("│")[-1] for row in drawn.rows[:-2]]
    columns = [i for row in rows for i, c in enumerate(row) if "⠀" < c <= "⣿"]
    assert max(columns) - min(columns) < 25, "a fifth of the points, not a line along the edges"


def test_both_axes_may_be_logarithmic() -> None:
    x = np.arange(0.0, 20_000.0)
    text = drawn(chart.Line(name="loss", x=x, y=1 / (x + 1)), log_x=True, log_y=True, x_scale=ticks.POWERS)
    assert text.splitlines()[-1].split() == ["1", "100", "10,000"]


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


def test_in_three_rows_a_line_and_its_last_value_are_left() -> None:
    rows = chart.render([chart.Line(name="loss", x=X, y=X / 10)], width=38, height=3)
    assert len(rows) == 3
    assert "9.9" in plain(rows[0])
    assert all(any("⠀" < c <= "⣿" for c in plain(row)) for row in rows)


def test_a_single_point_is_seen() -> None:
    assert "●" in drawn(chart.Line(name="holdout", x=X[:1], y=X[:1]))


def test_clock_ticks_are_whole_minutes() -> None:
    found = ticks.nice_time(1_700_000_030_000_000, 1_700_000_630_000_000, most=6)
    assert 3 <= len(found) <= 6
    assert all(at % 60_000_000 == 0 for at in found)


def test_the_clock_says_the_day_at_midnight_and_seconds_where_they_matter() -> None:
    start = datetime(2026, 7, 27, 21, 10).astimezone().timestamp() * 1e6
    assert "28 Jul" in drawn(chart.Line(name="loss", x=start + X * 240e6, y=X), width=90, x_scale=ticks.CLOCK)
    assert "21:10:30" in drawn(chart.Line(name="loss", x=start + X * 1e6, y=X), x_scale=ticks.CLOCK)
    assert "21:10:00" in drawn(chart.Line(name="loss", x=start + X, y=X), x_scale=ticks.CLOCK)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.02, ["0.5 s", "1.0 s"]),
        (1.0, ["30 s", "1 m"]),
        (200.0, ["2 h"]),
        (5e4, ["15 d", "30 d"]),
    ],
)
def test_time_since_the_start_reads_as_a_length_of_time(seconds: float, words: list[str]) -> None:
    text = drawn(chart.Line(name="loss", x=X * seconds, y=X), x_scale=ticks.LENGTHS)
    for word in words:
        assert f" {word} " in text.splitlines()[-1]


def test_a_smoothed_line_lies_over_the_faint_one_it_was_made_from() -> None:
    raw = np.where(np.arange(100) % 2, 1.0, -1.0)
    rows = chart.render(
        [chart.Line(name="loss", x=X, y=raw * 0.0, behind=raw, style="a")], width=60, height=11
    )
    styles = {style for row in rows for text, style in row if any("⠀" < c <= "⣿" for c in text)}
    assert styles == {"a", "faint-a"}
    middle = [text for row in rows for text, style in row if style == "a" and "loss" not in text]
    assert set(middle[-1]) <= set("⠉⠒⠤⣀"), "one dot high: the faint dots of its cells gave way"
    assert "1" in plain(rows[0]) + plain(rows[1]), "the axis has room for the raw line"


def test_curves_beneath_each_other_stay_apart_and_may_share_a_scale() -> None:
    low, high = sparkline.shared([[0.0, 1.0], [None, 3.0]])
    assert sparkline.text([0.0, 1.0], width=5, low=low, high=high) == "▁▃"
    assert sparkline.text([3.0], width=5, low=low, high=high) == "▇"


def test_a_flat_sparkline_is_not_a_full_bar() -> None:
    assert sparkline.text([3.0], width=5) == "▄"
    assert sparkline.text([0.0, 1.0], width=5, high=2.0) == "▁▄"
