"""Sorting and arranging a table: no row or column is lost, and what is missing never comes first."""

import math

from hypothesis import given
from hypothesis import strategies as st

from lineside.console.widgets.tables.arrangement import Arrangement
from lineside.console.widgets.tables.marks import marked, toggled
from lineside.console.widgets.tables.ordering import in_order
from lineside.console.widgets.tables.rows import Column

values = st.one_of(st.none(), st.floats(), st.integers(), st.text(max_size=3), st.booleans())
keys = st.lists(st.text("abcdefg", min_size=1, max_size=2), unique=True, min_size=1, max_size=8)


@given(st.lists(values), st.booleans())
def test_sorting_keeps_every_row_and_puts_what_has_no_value_last(rows: list[object], falling: bool) -> None:
    pairs = list(enumerate(rows))
    out = in_order(pairs, lambda pair: pair[1], falling=falling)
    assert sorted(place for place, _ in out) == list(range(len(rows)))
    rank = [2 if v is None else 1 if isinstance(v, float) and math.isnan(v) else 0 for _, v in out]
    assert rank == sorted(rank)
    numbers = [v for _, v in out if isinstance(v, (int, float)) and not math.isnan(v)]
    assert numbers == sorted(numbers, reverse=falling)


@given(st.lists(st.integers(0, 3)), st.booleans())
def test_rows_of_one_value_keep_the_order_they_came_in(rows: list[int], falling: bool) -> None:
    out = in_order(list(enumerate(rows)), lambda pair: pair[1], falling=falling)
    for value in set(rows):
        places = [place for place, v in out if v == value]
        assert places == sorted(places)


@given(keys, st.lists(st.text("abcdefg", min_size=1, max_size=2)), st.sets(st.text("abcdefg", max_size=2)))
def test_an_arrangement_shows_each_column_once_whatever_it_was_kept_for(
    names: list[str], order: list[str], hidden: set[str]
) -> None:
    columns = [Column(key=name, title=name) for name in names]
    arrangement = Arrangement(order=tuple(dict.fromkeys(order)), hidden=frozenset(hidden))
    everything = arrangement.places(columns, all=True)
    assert sorted(everything) == list(range(len(columns)))
    shown = arrangement.places(columns)
    assert shown, "a table of no columns is no table"
    assert set(shown) <= set(everything)
    named = [columns[place].key for place in everything if columns[place].key in arrangement.order]
    assert named == [key for key in arrangement.order if key in names]


@given(keys, st.booleans(), st.text(max_size=4))
def test_what_is_kept_of_an_arrangement_comes_back(names: list[str], wide: bool, sort: str) -> None:
    kept = Arrangement(order=tuple(names), hidden=frozenset(names[:1]), wide=wide, sort=sort)
    assert Arrangement.of_json(kept.as_json()) == kept


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(max_size=7), inner)),
    max_leaves=10,
)


@given(
    st.one_of(json_values, st.dictionaries(st.sampled_from(["order", "hidden", "wide", "sort"]), json_values))
)
def test_whatever_lies_in_the_file_makes_an_arrangement(kept: object) -> None:
    assert Arrangement.of_json(kept).places([Column(key="a", title="a")]) == [0]


@given(st.lists(st.integers(0, 12), max_size=20))
def test_no_two_of_the_first_eight_marks_share_a_letter(rows: list[int]) -> None:
    marks: dict[object, str] = {}
    for row in rows:
        marks = toggled(marks, row)
    letters = [mark for mark in marks.values() if mark != "+"]
    assert len(letters) == len(set(letters)) == min(len(marks), 8) or "+" in marks.values()
    assert set(marked(marks, rows)) == set(marks) | set(rows)
