"""A menu's sheet, whatever the entries and the screen: each entry can be reached, and is in sight then."""

from hypothesis import given
from hypothesis import strategies as st

from lineside.console.overlays.menu import Sheet

words = st.text("abcdefgh ", min_size=1, max_size=40)
entries = st.lists(st.tuples(st.sampled_from("abcdefgh"), words), min_size=1, max_size=60)
sizes = st.tuples(st.integers(20, 200), st.integers(6, 60))


@given(entries=entries, size=sizes)
def test_every_entry_is_in_sight_when_the_cursor_is_on_it(
    entries: list[tuple[str, str]], size: tuple[int, int]
) -> None:
    sheet = Sheet.of(entries, size)
    for at in range(len(entries)):
        row, column = at % sheet.rows, at // sheet.rows
        assert sheet.top(at) <= row < sheet.top(at) + sheet.room
        assert sheet.entry(row, column) == at
    assert sheet.columns == 1 or sheet.columns * sheet.cell <= size[0]


@given(entries=entries, size=sizes)
def test_the_arrows_reach_every_entry_and_stay_among_them(
    entries: list[tuple[str, str]], size: tuple[int, int]
) -> None:
    sheet = Sheet.of(entries, size)
    reached, todo = {0}, [0]
    while todo:
        at = todo.pop()
        for key in ("up", "down", "left", "right"):
            to = sheet.moved(at, key)
            assert 0 <= to < len(entries)
            if to not in reached:
                reached.add(to)
                todo.append(to)
    assert len(reached) == len(entries)
