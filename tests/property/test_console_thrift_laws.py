"""Fewer characters, the same picture: what thrift sends draws what would have been drawn without it."""

import pyte
from hypothesis import given
from hypothesis import strategies as st

from lineside.console.terminal.thrift import Thrift

colour = st.sampled_from(["31", "97", "38;5;9", "38;2;1;2;3", "39"])
ground = st.sampled_from(["41", "107", "48;5;200", "48;2;9;8;7", "49"])
weight = st.sampled_from(["0", "", "1", "3", "4", "7", "9", "22", "23", "24", "27", "29"])
codes = st.lists(st.one_of(colour, ground, weight), min_size=1, max_size=4).map(";".join)
sgr = codes.map(lambda said: f"\x1b[{said}m")
words = st.text("ab …漢", min_size=1, max_size=4)
moves = st.sampled_from(
    ["\x1b[1;1H", "\x1b[3;5H", "\x1b[2;1H", "\x1b[2;3H", "\x1b[?25l", "\x1b[K", "\x1b[2J", "\r\n"]
)
piece = st.one_of(sgr, words, moves, words.map(lambda text: f"\x1b[1;38;2;7;7;7;48;2;0;0;9m{text}\x1b[0m"))
writes = st.lists(st.lists(piece, max_size=12).map("".join), max_size=4)


def drawn(parts: list[str]) -> pyte.Screen:
    screen = pyte.Screen(120, 5)
    stream = pyte.Stream(screen)
    for part in parts:
        stream.feed(part)
    return screen


@given(writes)
def test_the_screen_is_the_same_and_so_is_the_pen(parts: list[str]) -> None:
    thrift = Thrift()
    less = [thrift.less(part) for part in parts]
    one, other = drawn(parts), drawn(less)
    assert [dict(one.buffer[y]) for y in range(5)] == [dict(other.buffer[y]) for y in range(5)]
    assert one.cursor.attrs == other.cursor.attrs, "what is written next looks as it would have"
    assert (one.cursor.x, one.cursor.y) == (other.cursor.x, other.cursor.y)


@given(st.lists(st.tuples(st.sampled_from(["1", "31", "2"]), words), min_size=2, max_size=8))
def test_pieces_on_one_ground_are_sent_shorter(row: list[tuple[str, str]]) -> None:
    text = "".join(f"\x1b[{code};48;2;15;20;27m{word}\x1b[0m" for code, word in row)
    assert len(Thrift().less(text)) < len(text)


def test_what_stands_there_already_is_not_sent_again() -> None:
    text = "".join(f"\x1b[{row};1H\x1b[31m{'=' * row}\x1b[0m" for row in range(1, 5))
    thrift = Thrift()
    thrift.less(text)
    assert set(thrift.less(text)) <= set("\x1b[0123456789;HmC")
    thrift.forget()
    assert "====" in thrift.less(text)


def test_one_cell_that_differs_is_one_cell_that_is_sent() -> None:
    thrift = Thrift()
    thrift.less("\x1b[3;1H\x1b[32mstep 8,120  loss 0.213\x1b[0m")
    assert thrift.less("\x1b[3;1H\x1b[32mstep 8,121  loss 0.213\x1b[0m").startswith("\x1b[3;10H\x1b[32m1")


def test_a_line_feed_before_a_move_is_nothing() -> None:
    thrift = Thrift()
    thrift.less("\x1b[1;1Ha\n\x1b[2;1Hb")
    assert thrift.less("\x1b[1;1Ha\n\x1b[2;1Hc") == "\x1b[2;1Hc"


def test_a_code_that_is_not_known_is_left_as_it_is_until_all_is_reset() -> None:
    text = "\x1b[31ma\x1b[4:3mb\x1b[1mc\x1b[0md\x1b[31me"
    less = Thrift().less(text)
    assert less.startswith("\x1b[31ma\x1b[4:3mb\x1b[1mc")
    assert less.endswith("\x1b[0md\x1b[31me")
