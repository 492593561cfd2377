"""Rows of cells as aligned lines without a header: small lists inside drawings."""

from collections.abc import Sequence

from lineside.console.text import Line
from lineside.console.widgets.tables.columns import plan, row_line
from lineside.console.widgets.tables.rows import Cell, Column


def grid(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int) -> list[Line]:
    """The rows in `width` cells, one blank in front; columns that do not fit are left out by priority."""
    chosen = plan(columns, rows, room=width - 2)
    return [[(" ", ""), *row_line(columns, row, chosen)] for row in rows]


def padded(lines: Sequence[Line], height: int) -> list[Line]:
    """Exactly `height` lines."""
    return [*lines[:height], *([[]] * max(0, height - len(lines)))]


def capped(lines: Sequence[Line], height: int, *, more: str = "more") -> list[Line]:
    """At most `height` lines; where some had to go, the last one says how many."""
    if len(lines) <= height:
        return list(lines)
    hidden = len(lines) - height + 1
    return [*lines[: max(0, height - 1)], [(f"   … {hidden} {more}", "dim")]][:height]


def wrapped(text: str, width: int, style: str = "dim") -> list[Line]:
    """Words in lines of at most `width` cells, two blanks in front."""
    import textwrap

    return [[("  " + line, style)] for line in textwrap.wrap(text, max(8, width - 3))]
