"""Every table alike: sorted by any column, its columns chosen, both kept; marks stay whatever happens."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from fixtures.consoles import Sitting, at_console
from textual.app import ComposeResult

from lineside.console.memory import Memory
from lineside.console.ports import Question, SqliteStore
from lineside.console.screens.base.area import Area
from lineside.console.text import plain
from lineside.console.widgets.tables.rows import Column, ListRows
from lineside.console.widgets.tables.table import Table


@dataclass(frozen=True)
class Thing:
    id: int
    name: str
    score: float | None


THINGS = (Thing(1, "birch", 0.5), Thing(2, "oak", None), Thing(3, "ash", float("nan")), Thing(4, "fir", 0.9))
COLUMNS = (
    Column(key="id", title="#", align=">", value=lambda t: t.id),
    Column(key="name", title="name", value=lambda t: t.name),
    Column(key="score", title="score", align=">", value=lambda t: t.score),
    *(Column(key=f"more{n}", title=f"more {n}", min=12, priority=n) for n in range(8)),
)


def rows() -> ListRows[Thing]:
    return ListRows(THINGS, key=lambda t: t.id, cells=lambda t: [str(t.id), t.name, str(t.score), *["x"] * 8])


class ThingsArea(Area[None]):
    """An area with one table; it has the name of another, for the keys and the title."""

    NAME: ClassVar[str] = "data"

    def body(self) -> ComposeResult:
        yield Table[Thing](COLUMNS, id="things")

    def main(self) -> Table[Thing]:
        return self.query_one("#things", Table)

    def question(self) -> Question[None]:
        return lambda db: None

    def show(self, view: None) -> None:
        if self.view is None and not len(self.main().rows):
            self.main().show(rows())


async def with_things(here: Sitting) -> Table[Thing]:
    """The area on screen, its table with the keys."""
    app = here.app
    app.add_mode("things", lambda: ThingsArea(app.store, app.actions))
    app.switch_mode("things")
    await here.settle()
    assert isinstance(app.area, ThingsArea)
    return app.area.main()


def names(table: Table[Thing]) -> list[str]:
    items = [table.rows.item(place) for place in range(len(table.rows))]
    return [item.name for item in items if item is not None]


def test_s_sorts_by_a_letter_and_the_same_letter_turns_it_round(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        table = await with_things(here)
        text = await here.press("s")
        assert "SORT DATA BY" in text
        await here.press("n")
        assert names(table) == ["ash", "birch", "fir", "oak"]
        assert table.sort == "name"
        assert "↓ now" in await here.press("s", "n", "s")
        assert names(table) == ["oak", "fir", "birch", "ash"]
        await here.press("0")
        assert names(table) == ["birch", "oak", "ash", "fir"]

    at_console(store, do)


def test_what_has_no_number_comes_last_both_ways(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        table = await with_things(here)
        await here.press("s", "s")
        assert names(table) == ["birch", "fir", "ash", "oak"]
        await here.press("s", "s")
        assert names(table) == ["fir", "birch", "ash", "oak"]

    at_console(store, do)


def test_cursor_and_marks_go_with_their_rows(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        table = await with_things(here)
        await here.press("down", "space", "s", "n")
        assert table.current == THINGS[1]
        assert list(table.marks) == [2]
        assert "1 marked" in await here.text()
        table.show(ListRows(THINGS[:1], key=lambda t: t.id, cells=lambda t: [t.name]))
        assert list(table.marks) == [2]
        here.app.area.refresh_frame()  # type: ignore[union-attr]
        assert "1 marked, 1 out of sight" in await here.text()
        table.show(rows())
        assert list(table.marks) == [2]

    at_console(store, do, size=(120, 30))


def test_a_click_on_the_header_sorts(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        table = await with_things(here)
        head = plain(_head(table))
        for sort in ("score", "-score"):
            await here.pilot.click(table, offset=(head.index("score") + 1, 0))
            await here.settle()
            assert table.sort == sort

    at_console(store, do, size=(200, 50))


def _head(table: Table[Thing]) -> list[tuple[str, str]]:
    return [(segment.text, "") for segment in table.render_line(0)]


def test_columns_that_do_not_fit_are_announced_and_w_shows_them(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        table = await with_things(here)
        assert f"+{table.left_out} columns: w" in await here.text()
        assert "+" not in plain([(t, "") for t, _ in here.app.area.crumb()[1]])  # type: ignore[union-attr]
        await here.press("w")
        assert table.left_out == 0
        await here.press("w")
        assert table.left_out > 0

    at_console(store, do)


def test_columns_are_chosen_and_moved_and_esc_leaves_them_as_they_were(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        table = await with_things(here)
        await here.press("w", "c", "space", "down", "J")
        assert "#" not in plain(_head(table))
        head = plain(_head(table))
        assert head.index("score") < head.index("name")
        await here.press("escape")
        head = plain(_head(table))
        assert head.index("#") < head.index("name") < head.index("score")
        await here.press("c", "space", "enter")
        assert "#" not in plain(_head(table))

    at_console(store, do, size=(200, 50))


def test_the_last_column_cannot_be_taken_away(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        table = await with_things(here)
        table.show(rows(), columns=COLUMNS[1:2])
        await here.press("c", "space", "enter")
        assert "name" in plain(_head(table))

    at_console(store, do)


def test_how_a_table_was_arranged_is_known_at_the_next_sitting(store: SqliteStore, tmp_path: Path) -> None:
    async def first(here: Sitting) -> None:
        await with_things(here)
        await here.press("s", "n", "c", "space", "enter", "w")

    async def second(here: Sitting) -> None:
        table = await with_things(here)
        assert names(table) == ["ash", "birch", "fir", "oak"]
        assert "#" not in plain(_head(table))
        assert table.arrangement.wide

    at_console(store, first, memory=Memory(tmp_path / "state"))
    at_console(store, second, memory=Memory(tmp_path / "state"))


def test_every_row_is_exactly_as_wide_as_the_table_with_its_scroll_bar(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        table = await with_things(here)
        many = [Thing(n, f"漢字 {n}", n / 3) for n in range(500)]
        table.show(
            ListRows(many, key=lambda t: t.id, cells=lambda t: [str(t.id), t.name, str(t.score), *"xxxxxxxx"])
        )
        seen = set()
        for key in ("home", "pagedown", "down", "w", "right", "end", "up"):
            await here.press(key)
            strips = [table.render_line(y) for y in range(table.size.height)]
            assert {strip.cell_length for strip in strips} == {table.size.width}, key
            bar = [y for y, strip in enumerate(strips) if strip.text.endswith("▐")]
            assert bar, key
            seen.add(bar[0])
        assert len(seen) > 1, "the bar moves"

    at_console(store, do)


@pytest.mark.parametrize("key", ["down", "up", "pagedown", "pageup"])
def test_the_cursor_is_always_in_sight(store: SqliteStore, key: str) -> None:
    async def do(here: Sitting) -> None:
        table = await with_things(here)
        many = [Thing(n, f"thing {n}", n / 3) for n in range(60)]
        table.show(ListRows(many, key=lambda t: t.id, cells=lambda t: [str(t.id), t.name]))
        await here.press("end" if key in ("up", "pageup") else "home")
        for _ in range(70 if key in ("up", "down") else 12):
            getattr(table, f"cmd_{key.replace('page', 'page_')}")()
            assert table.current_key in table.keys_in_sight()
        assert table.cursor == (0 if key in ("up", "pageup") else 59)

    at_console(store, do)
