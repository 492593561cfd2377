"""How the tables of an area are sorted and which columns they have: asked for, done, kept for next time."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lineside.console.commands import TITLES
from lineside.console.text import safe
from lineside.console.widgets.tables.arrangement import Arrangement
from lineside.console.widgets.tables.rows import Column
from lineside.console.widgets.tables.table import Table

if TYPE_CHECKING:
    from lineside.console.screens.base.area import Area

_AS_IT_COMES = "0"


def name_of(area: "Area[Any]", table: Table[Any]) -> str:
    """What the memory calls this table: `jobs/queue`."""
    return f"{area.NAME}/{table.id or 'table'}"


def recall(area: "Area[Any]") -> None:
    """Arrange every table of the area as this person left it."""
    for table in area.query(Table):
        kept = Arrangement.of_json(area.console_app.memory.view(name_of(area, table)))
        if kept != Arrangement():
            table.rearrange(kept)
            if kept.sort:
                area.sort_by(table, kept.sort)


def keep(area: "Area[Any]", table: Table[Any]) -> None:
    area.console_app.memory.keep_view(name_of(area, table), table.arrangement.as_json())


def choose_sort(area: "Area[Any]", table: Table[Any]) -> None:
    """Offer the columns by their letters."""
    from lineside.console.overlays.menu import Menu

    columns = table.sortable()
    letters = dict(zip(letters_for([column.title for column in columns]), columns, strict=False))
    entries = [(letter, titled(column, table.sort)) for letter, column in letters.items()]
    if table.sort:
        entries.append((_AS_IT_COMES, "as it comes"))

    def chosen(letter: str | None) -> None:
        if letter == _AS_IT_COMES:
            order(area, table, "")
        elif letter:
            order(area, table, turned(table, letters[letter].key))

    title = f"sort {TITLES[area.NAME].lower()} by"
    area.app.push_screen(Menu(title, entries, empty="its rows have one order only"), chosen)


def clicked(area: "Area[Any]", table: Table[Any], key: str) -> None:
    """A header was clicked: sort by that column, or the other way round."""
    order(area, table, turned(table, key))


def turned(table: Table[Any], key: str) -> str:
    """Sorted by that column; by the one it is sorted by already: the other way round."""
    return "-" + key if table.sort == key else key


def order(area: "Area[Any]", table: Table[Any], sort: str) -> None:
    """Sort by the area's own means where it has any, else the rows that are here."""
    own = area.sort_by(table, sort)
    key = sort.removeprefix("-")
    if key and not own and key not in {column.key for column in table.sortable()}:
        title = next((column.title for column in table.columns if column.key == key), key)
        area.notify(f"there is no order by {safe(title)}", severity="warning", markup=False)
        return
    table.rearrange(replace(table.arrangement, sort=sort))
    keep(area, table)
    if key and not own and table.sort != sort:
        words = "too many rows to sort them here: filter first  /"
        area.notify(words, severity="warning", markup=False)


def widen(area: "Area[Any]", table: Table[Any]) -> None:
    """All columns, to be scrolled through; or those that fit."""
    table.rearrange(replace(table.arrangement, wide=not table.arrangement.wide))
    keep(area, table)


def choose_columns(area: "Area[Any]", table: Table[Any]) -> None:
    """Show the columns; what is changed is seen at once, and kept or not at the end."""
    from lineside.console.overlays.columns import Columns

    before = table.arrangement

    def decided(arrangement: Arrangement | None) -> None:
        table.rearrange(before if arrangement is None else arrangement)
        if arrangement is not None:
            keep(area, table)

    area.app.push_screen(Columns(table), decided)


def titled(column: Column, sort: str) -> str:
    """`created  ↓ now`: its heading, and whether the rows are sorted by it."""
    arrow = {column.key: "  ↑ now", "-" + column.key: "  ↓ now"}.get(sort, "")
    return safe(column.title) + arrow


def letters_for(titles: Sequence[str]) -> list[str]:
    """A letter for each title: its own first free one, else the first that nobody has.

    >>> letters_for(["state", "name", "started", "#"])
    ['s', 'n', 't', 'a']
    """
    out: list[str] = []
    for title in titles:
        wanted = [*title.lower(), *"abcdefghijklmnopqrstuvwxyz123456789"]
        free = (c for c in wanted if c not in out and c.isascii() and c.isalnum() and c != _AS_IT_COMES)
        letter = next(free, "")
        if not letter:
            break
        out.append(letter)
    return out
