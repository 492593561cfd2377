"""Names and numbers on the screen: harmless, measured, and never saying one thing for another."""

import math
from datetime import UTC

import pytest

from lineside.console import format as words
from lineside.console.text import beside, clip, fit, heading, line_width, plain, safe, spread, width_of
from lineside.store.clock import Micros

NOON = Micros(1_762_776_000_000_000)  # Monday, 10 November 2025, 12:00 UTC


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("loss\x1b[2J", "loss␛[2J"),
        ("a\tb\nc", "a␉b␊c"),
        ("ev\u202eil", "evil"),  # right-to-left override
        ("z\u0336a", "za"),  # a stroke laid over the letter
        ("x\u200dy", "xy"),  # joins two characters into one
        ("\x7f\x9b", "␡�"),
        ("größe 数", "größe 数"),
        ("👍🏽 🇩🇪", "👍 DE"),  # what terminals do not agree on: a tone of skin, a flag of two letters
        ("\x1b]8;;http://x\x1b\\y", "␛]8;;http://x␛\\y"),  # no link either
    ],
)
def test_a_name_is_shown_and_never_obeyed(name: str, shown: str) -> None:
    assert safe(name) == shown


def test_wide_characters_count_as_two_cells_when_text_is_fitted() -> None:
    assert width_of("数据") == 4
    assert fit("数据集", 4) == "数 …"
    assert width_of(fit("数据集", 4)) == 4
    assert fit("数", 4, align=">") == "  数"


def test_a_clipped_line_keeps_its_styles_and_says_that_something_is_missing() -> None:
    assert clip([("loss ", "dim"), ("0.213", "bold")], 8) == [("loss ", "dim"), ("0.…", "bold")]
    assert clip([("loss", "")], 4) == [("loss", "")]


def test_the_right_end_of_a_line_stays_and_the_left_one_gives_way() -> None:
    assert plain(spread([("Runs", "")], [("8", "")], 10)) == "Runs     8"
    assert plain(spread([("a long crumb", "")], [("right", "")], 12)) == "a lon… right"


def test_blocks_beside_each_other_are_as_long_as_the_longer_one() -> None:
    rows = beside([[("a", "")]], [[("b", "")], [("c", "")]], widths=(3, 3))
    assert [plain(row) for row in rows] == ["a  │b", "   │c"]


@pytest.mark.parametrize("right", ["", "4"])
def test_a_heading_fills_its_width(right: str) -> None:
    assert line_width(heading("JOBS", 40, right=right)) == 40


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (math.nan, "NaN"),
        (math.inf, "∞"),
        (-math.inf, "-∞"),
        (0.0, "0"),
        (0.213, "0.213"),
        (36.912, "36.91"),
        (-0.5, "-0.5"),
        (20000.0, "20,000"),
        (12345.6, "12,346"),
        (3e-5, "3e-5"),
        (2.5e9, "2.5e9"),
    ],
)
def test_no_value_nan_and_the_infinities_are_four_different_things(value: float | None, shown: str) -> None:
    assert words.number(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "–"),
        (0.012, "12 ms"),
        (3.21, "3.2 s"),
        (48, "48 s"),
        (2880, "48 m"),
        (8000, "2 h 13 m"),
        (200000, "2 d 7 h"),
    ],
)
def test_a_length_of_time_is_said_in_its_two_largest_words(seconds: float | None, shown: str) -> None:
    assert words.took(seconds) == shown


def test_a_moment_is_a_clock_time_today_and_a_day_before() -> None:
    hour = 3_600_000_000
    assert words.clock(Micros(NOON - hour), now=NOON, zone=UTC) == "11:00:00"
    assert words.clock(Micros(NOON - 50 * hour), now=NOON, zone=UTC) == "Sat 10:00"
    assert words.clock(Micros(NOON - 400 * hour), now=NOON, zone=UTC) == "24 Oct 20:00"
    assert words.clock(None, now=NOON, zone=UTC) == "–"


def test_a_bar_grows_by_eighths() -> None:
    assert words.bar(0.5, 4) == "██  "
    assert words.bar(0.28, 4) == "█▏  "
    assert words.bar(2.0, 2) == "██"


def test_every_state_of_the_state_machines_has_its_glyph() -> None:
    from lineside.store import states

    kinds = (
        states.JobState,
        states.RunStatus,
        states.VersionStatus,
        states.PromotionState,
        states.AlertState,
        states.EndpointState,
    )
    missing = [state for kind in kinds for state in kind if str(state) not in words.GLYPHS]
    assert missing == []
