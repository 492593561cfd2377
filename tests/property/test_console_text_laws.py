"""Whatever a name holds, the screen keeps its shape."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from lineside.console.text import clip, fit, line_width, pastable, safe, spread, width_of
from lineside.console.widgets.tables.columns import plan, row_line
from lineside.console.widgets.tables.rows import Column

_MEAN = (
    "\x1b[31m", "\x1b]0;x\x07", "\n", "\t", "\r", "\x9b2J", "\u202egpj\u202c", "\u2066x\u2069", "\u200b",
    "\u200d", "\ufe0f", "e\u0301", "a\u0308\u0308", "👍🏽", "🇩🇪", "👩\u200d👩\u200d👧", "❤\ufe0f", "क्षि",
    "1\ufe0f\u20e3", "\u1112\u1161", "漢字", "שלום", "مرحبا", "[bold]x[/bold]", "\ufeff", "\U000e0041",
    "z\u0336", "name", " ",
)  # fmt: skip

names = st.text(max_size=40).map(safe)
lines = st.lists(st.tuples(names, st.sampled_from(["", "dim", "bad"])), max_size=6)


@given(text=st.text(max_size=60))
def test_no_name_leaves_a_control_character_on_the_screen(text: str) -> None:
    assert all(char.isprintable() or char in "� " for char in safe(text) if not char.isspace())
    assert not set(safe(text)) & set("\x1b\x9b\n\r\u202e\u2066")


@given(text=st.lists(st.sampled_from(_MEAN), max_size=12).map("".join))
def test_what_is_copied_presses_no_key_where_it_is_pasted(text: str) -> None:
    assert not set(pastable(text)) & set("\x1b\x9b\r\x07\u202e\u2066")
    assert pastable(pastable(text)) == pastable(text)


@given(text=st.text(max_size=60))
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert safe(safe(text)) == safe(text)


@given(text=names)
def test_every_character_takes_its_own_cells_whatever_stands_beside_it(text: str) -> None:
    assert all(width_of(char) in (1, 2) for char in text)
    assert width_of(text) == sum(width_of(char) for char in text)


@given(text=st.lists(st.sampled_from(_MEAN), max_size=12).map("".join))
def test_emoji_flags_accents_and_turned_text_keep_the_row_whole(text: str) -> None:
    shown = safe(text)
    assert width_of(shown) == sum(width_of(char) for char in shown)
    assert not any(unicodedata.category(char) in ("Cf", "Mn", "Mc", "Me", "Cc") for char in shown)
    assert "\n" not in shown


@given(text=st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), max_size=40))
def test_plain_ascii_is_never_touched(text: str) -> None:
    assert safe(text) == text


@given(text=names, width=st.integers(0, 50))
def test_fitted_text_has_exactly_its_width(text: str, width: int) -> None:
    assert width_of(fit(text, width)) == width


@given(line=lines, width=st.integers(1, 60))
def test_a_clipped_line_is_never_wider_than_asked(line: list[tuple[str, str]], width: int) -> None:
    assert line_width(clip(line, width)) <= width


@given(
    left=lines,
    right=st.lists(st.tuples(st.text("ab", max_size=5), st.just("")), max_size=2),
    width=st.integers(20, 90),
)
def test_a_spread_line_fills_its_width(
    left: list[tuple[str, str]], right: list[tuple[str, str]], width: int
) -> None:
    assert line_width(spread(left, right, width)) == width


@given(
    rows=st.lists(st.lists(names, min_size=4, max_size=4), max_size=8),
    room=st.integers(12, 120),
    priorities=st.permutations([1, 2, 3, 4]),
)
def test_columns_fit_the_room_and_the_most_important_one_stays(
    rows: list[list[str]], room: int, priorities: list[int]
) -> None:
    columns = [
        Column(key=str(i), title=f"c{i}", priority=p, max=12, grow=i == 2) for i, p in enumerate(priorities)
    ]
    chosen = plan(columns, rows, room=room)
    assert chosen.width <= room
    assert priorities.index(1) in [index for index, _ in chosen.shown]
    assert all(line_width(row_line(columns, row, chosen)) == chosen.width for row in rows)
