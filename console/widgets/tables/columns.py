"""Which columns a table shows in the room it has, and how wide each is. Pure arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass

from lineside.console.text import Line, fit, safe, width_of
from lineside.console.widgets.tables.rows import Cell, Column

GAP = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """The columns on show with their widths: pairs of (index of the column, cells)."""

    shown: tuple[tuple[int, int], ...]
    left_out: int = 0  # columns that found no room

    @property
    def width(self) -> int:
        return sum(cells for _, cells in self.shown) + GAP * max(0, len(self.shown) - 1)


def plan(
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell]],
    *,
    room: int,
    wide: bool = False,
    order: Sequence[int] | None = None,
) -> Plan:
    """Choose columns and widths for `room` cells.

    Every column gets what its title and the sampled rows need. What does not fit loses, in this order: the
    excess of growing columns, then whole columns by falling priority. `wide` keeps all columns and lets the
    table be scrolled.

    Args:
        order: the indexes of the columns a person wants to see, in their order; None: all as they come.
    """
    wanted = list(range(len(columns)) if order is None else order)
    needs = [_need(column, index, rows) for index, column in enumerate(columns)]
    kept = list(wanted)
    if not wide:
        floor = {
            i: min(needs[i], max(c.min, width_of(safe(c.title)))) if c.grow else needs[i]
            for i, c in enumerate(columns)
        }
        while len(kept) > 1 and _total([floor[i] for i in kept]) > room:
            kept.remove(max(kept, key=lambda i: (columns[i].priority, i)))
        needs = _share(columns, kept, needs, floor, room)
    return Plan(tuple((i, needs[i]) for i in kept), len(wanted) - len(kept))


def _need(column: Column, index: int, rows: Sequence[Sequence[Cell]]) -> int:
    cells = (width_of(text_of(row[index])) for row in rows if index < len(row))
    return max(width_of(safe(column.title)), column.min, min(column.max, max(cells, default=0)))


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * max(0, len(widths) - 1)


def _share(
    columns: Sequence[Column], kept: Sequence[int], needs: list[int], floor: dict[int, int], room: int
) -> list[int]:
    """Let the growing columns take what is left, or give back what is missing."""
    out = list(needs)
    growing = [i for i in kept if columns[i].grow]
    spare = room - _total([out[i] for i in kept])
    for place, i in enumerate(growing):
        part = spare // (len(growing) - place)
        new = max(floor[i], out[i] + part)
        spare -= new - out[i]
        out[i] = new
    return out


def text_of(cell: Cell) -> str:
    return cell if isinstance(cell, str) else cell[0]


def row_line(columns: Sequence[Column], cells: Sequence[Cell], chosen: Plan) -> Line:
    """One row laid out by a plan; blanks have the style of what is before them: fewer changes to send."""
    out: list[tuple[str, str]] = []
    for place, (index, width) in enumerate(chosen.shown):
        cell = cells[index] if index < len(cells) else ""
        text, style = (cell, "") if isinstance(cell, str) else cell
        if place:
            before = out[-1][1]
            out.append((" " * GAP, before))
            style = style if text.strip() else before
        out.append((fit(text, width, align=columns[index].align), style))
    return out


def header_line(columns: Sequence[Column], chosen: Plan, *, sort: str = "") -> Line:
    """The titles; `sort` is the key of the sorted column, with `-` in front where the largest comes first."""
    out: list[tuple[str, str]] = []
    for place, (index, width) in enumerate(chosen.shown):
        column = columns[index]
        arrow = {column.key: "↑", "-" + column.key: "↓"}.get(sort, "")
        title = safe(column.title)[: max(0, width - len(arrow))] + arrow
        if place:
            out.append((" " * GAP, "head"))
        out.append((fit(title, width, align=column.align), "bold accent" if arrow else "head"))
    return out


def column_at(chosen: Plan, x: int) -> int | None:
    """The index of the column at that cell of a row; None between and behind the columns."""
    left = 0
    for index, width in chosen.shown:
        if left <= x < left + width:
            return index
        left += width + GAP
    return None
