"""Tables of the console as lines: heading, titles, rows; what does not fit is left out as on screen."""

from collections.abc import Callable, Sequence
from typing import Any

from lineside.console.text import Line, clip, heading
from lineside.console.widgets.tables.columns import header_line, plan, row_line
from lineside.console.widgets.tables.rows import Cell, Column


def table(
    title: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], *, empty: str
) -> Callable[[int, int], Sequence[Line]]:
    """What draws these rows at a width, all of them whatever the height."""

    def draw(width: int, height: int) -> Sequence[Line]:
        head = heading(title, width, right=str(len(rows)) if rows else "")
        if not rows:
            return [head, [("  " + empty, "dim")]]
        chosen = plan(columns, rows, room=width - 2)
        titles = [[(" ", ""), *header_line(columns, chosen)]] if any(c.title for c in columns) else []
        lines = [head, *titles, *([(" ", ""), *row_line(columns, row, chosen)] for row in rows)]
        return [clip(line, width) for line in lines]

    return draw


def fixed(
    lines: Callable[[int, int], Sequence[Line]], *, height: int
) -> Callable[[int, int], Sequence[Line]]:
    """The same with at least so many lines, whatever height there is."""
    return lambda width, room: lines(width, max(height, room))


def named(given: Any) -> Callable[[str], str]:
    """How people are called: `you` where it is you."""
    call: Callable[[str], str] = given.named
    return call
