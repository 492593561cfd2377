"""Rows of a table: a hundred thousand cost what a page does."""

from collections.abc import Mapping, Sequence

from lineside.console.text import plain
from lineside.console.widgets.tables.columns import header_line, plan, row_line
from lineside.console.widgets.tables.rows import PAGE, Column, ListRows, PagedRows


def test_only_the_pages_in_sight_are_fetched() -> None:
    asked: list[Sequence[int]] = []

    def fetch(ids: Sequence[int]) -> Mapping[int, str]:
        asked.append(list(ids))
        return {id: f"run {id}" for id in ids}

    rows = PagedRows[str](range(100_000, 0, -1), fetch=fetch, cells=lambda item: [item])
    assert len(rows) == 100_000
    assert [rows.cells(index)[0] for index in (0, 1, 63)] == ["run 100000", "run 99999", "run 99937"]
    assert rows.item(99_999) == "run 1"
    assert [len(page) for page in asked] == [PAGE, 100_000 % PAGE]
    assert rows.index_of(99_990) == 10
    assert rows.index_of("nobody") is None
    assert rows.item(100_000) is None


def test_a_row_that_vanished_between_two_reads_is_blank_and_not_an_error() -> None:
    rows = PagedRows[str]([1, 2], fetch=lambda ids: {1: "one"}, cells=lambda item: [item])
    assert rows.cells(1) == ()
    assert not rows.problem(1)


def test_a_list_knows_its_rows_by_key() -> None:
    rows = ListRows[str](
        ["b", "a"], key=lambda item: item, cells=lambda item: [item], problem=lambda item: item == "a"
    )
    assert rows.index_of("a") == 1
    assert [rows.problem(index) for index in (0, 1)] == [False, True]


def test_a_narrow_table_gives_up_its_least_important_columns_first() -> None:
    columns = [
        Column(key="id", title="#", align=">", priority=1),
        Column(key="note", title="note", priority=9),
        Column(key="name", title="name", priority=2, grow=True),
    ]
    rows = [["812", "tried at night", "bike-mlp"]]
    chosen = plan(columns, rows, room=16)
    assert [columns[index].key for index, _ in chosen.shown] == ["id", "name"]
    assert plain(row_line(columns, rows[0], chosen)) == "812  bike-mlp   "
    assert plain(header_line(columns, chosen, sort="-name")) == "  #  name↓      "
    assert len(plan(columns, rows, room=16, wide=True).shown) == 3
