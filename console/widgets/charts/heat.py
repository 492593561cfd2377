"""A matrix of values as shaded cells: drift by window and feature, a confusion matrix, correlations.

A cell is its shade and, where it is wide enough, its number. Narrow cells hold a glyph in the very colour of
their ground: it is seen only where there is no colour, and a copy of the screen has it too.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lineside.console.text import Line, Span, clip, fit, safe, width_of
from lineside.console.widgets.charts.spots import placed

SHADES = " .:-=+*#%@"
"""From least to most, where there is no colour."""

_STEPS = 8
_WIDEST = 9
_NAME = 12
"""The most cells of a name over a column."""

_HATCH = "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Values by row and column; None: nothing there, NaN: not a number."""

    rows: Sequence[str]
    columns: Sequence[str]
    values: Sequence[Sequence[float | None]]
    low: float | None = None  # the scale; None: what the values span
    high: float | None = None
    diverging: bool = False  # from cold over nothing to hot, as correlations
    fired: frozenset[tuple[int, int]] = field(default=frozenset())  # cells to stand out: ◆
    shades: Sequence[Sequence[float | None]] | None = None  # what the shades tell; None: the values do
    notes: Mapping[tuple[int, int], str] = field(default_factory=dict)  # what else is said of a cell
    row_name: str = "row"
    column_name: str = "column"


def draw(grid: Grid, *, width: int, height: int, at: tuple[int, int] | None = None) -> list[Line]:
    """At most `height` rows of at most `width` cells: labels, cells, and what the one `at` holds.

    What has no room is left out around the cell `at`, or from the end.
    """
    if not grid.rows or not grid.columns or height < 3:
        return [[("  nothing to compare yet", "dim")]]
    gutter, cell, rows, columns = _layout(grid, width, height, at)
    lines = [
        _head(grid, columns, cell, gutter, at),
        *body(grid, rows, columns, gutter=gutter, cell=cell, at=at),
        _foot(grid, at, rows, columns, width),
    ]
    return [clip(line, width) for line in lines]


def body(
    grid: Grid, rows: range, columns: range, *, gutter: int, cell: int, at: tuple[int, int] | None
) -> list[Line]:  # fmt: skip
    """These rows and columns alone: a name in `gutter` cells, then each value in `cell` of them."""
    drawn = _Drawn(scale=_scale(grid), cell=cell, numbered=cell > widest(grid, rows, columns))
    return [_row(grid, row, columns, gutter, drawn, at) for row in rows]


def widest(grid: Grid, rows: range, columns: range) -> int:
    """Cells of the longest number in these rows and columns, its mark included."""
    known = (
        len(short(value)) + ((row, column) in grid.fired)
        for row in rows
        for column in columns
        if (value := _at(grid.values, row, column)) is not None and math.isfinite(value)
    )
    return max(known, default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """How all cells of a matrix are drawn."""

    scale: tuple[float, float]
    cell: int
    numbered: bool  # its numbers have room


def cell_at(
    grid: Grid, x: int, y: int, *, width: int, height: int, at: tuple[int, int] | None
) -> tuple[int, int] | None:  # fmt: skip
    """The cell of the matrix that was drawn at (x, y), if any."""
    if not grid.rows or not grid.columns or height < 3:
        return None
    gutter, cell, rows, columns = _layout(grid, width, height, at)
    row, column = y - 1, (x - gutter) // cell
    return (rows[row], columns[column]) if 0 <= row < len(rows) and 0 <= column < len(columns) else None


def _layout(
    grid: Grid, width: int, height: int, at: tuple[int, int] | None
) -> tuple[int, int, range, range]:  # fmt: skip
    """Cells of the row names and of a value; the rows and columns that are on show."""
    gutter = min(max(width_of(safe(r)) for r in grid.rows), max(6, width // 4)) + 2
    room = max(1, width - gutter)
    cell = max(1, min(_WIDEST, room // len(grid.columns)))
    columns = _part(len(grid.columns), max(1, room // cell), at[1] if at else None)
    return gutter, cell, _part(len(grid.rows), height - 2, at[0] if at else None), columns


def _part(count: int, room: int, at: int | None) -> range:
    """As many neighbours as there is room for, the one `at` among them."""
    room = max(1, min(count, room))
    first = max(0, min((at or 0) - room // 2, count - room))
    return range(first, first + room)


def _scale(grid: Grid) -> tuple[float, float]:
    shown = grid.values if grid.shades is None else grid.shades
    known = [v for row in shown for v in row if v is not None and math.isfinite(v)]
    low = min(known, default=0.0) if grid.low is None else grid.low
    high = max(known, default=1.0) if grid.high is None else grid.high
    if grid.diverging:
        most = max(abs(low), abs(high)) or 1.0
        return -most, most
    return low, high if high > low else low + 1.0


def _share(value: float, scale: tuple[float, float]) -> float:
    low, high = scale
    return min(1.0, max(0.0, (value - low) / (high - low)))


def shade(value: float, scale: tuple[float, float], *, diverging: bool) -> tuple[str, str]:
    """The colour's name and the glyph without colour.

    >>> shade(0.5, (0.0, 1.0), diverging=False), shade(-1.0, (-1.0, 1.0), diverging=True)
    (('hot4', '+'), ('cold8', '@'))
    """
    share = _share(value, scale)
    if diverging:
        far, name = abs(share - 0.5) * 2, "hot" if share >= 0.5 else "cold"
    else:
        far, name = share, "hot"
    return f"{name}{round(far * _STEPS)}", SHADES[min(len(SHADES) - 1, math.floor(far * len(SHADES)))]


def short(value: float) -> str:
    """A number in at most five cells; a count has no point.

    >>> [short(v) for v in (0.834, -0.5, 1.0, 7, 36.91, 1492.0, 2_000_000.0)]
    ['.83', '-.50', '1.0', '7', '36.9', '1492', '2e6']
    """
    if value == int(value) and (isinstance(value, int) or abs(value) >= 10) and abs(value) < 10_000:
        return f"{value:.0f}"
    if abs(value) < 0.995:
        return f"{value:.2f}".replace("0.", ".", 1)
    if abs(value) < 99.95:
        return f"{value:.1f}"
    return f"{value:.0f}" if abs(value) < 10_000 else f"{value:.0e}".replace("e+0", "e").replace("e+", "e")


def _row(
    grid: Grid, row: int, columns: range, gutter: int, drawn: _Drawn, at: tuple[int, int] | None
) -> Line:  # fmt: skip
    here = at is not None and at[0] == row
    name: Span = (" " + fit(safe(grid.rows[row]), gutter - 2) + " ", "bold accent" if here else "")
    return [name, *(_cell(grid, row, column, drawn, at == (row, column)) for column in columns)]


def _cell(grid: Grid, row: int, column: int, drawn: _Drawn, chosen: bool) -> Span:
    value, cell = _at(grid.values, row, column), drawn.cell
    if value is None or not math.isfinite(value):
        text = "·" if value is None else _HATCH * max(1, cell - 1)
        return (_framed(text, cell), "bold accent") if chosen else (text.rjust(cell - 1).ljust(cell), "dim")
    told = value if grid.shades is None else _at(grid.shades, row, column)
    if told is None or not math.isfinite(told):
        return _plain(short(value), drawn, chosen)
    name, glyph = shade(told, drawn.scale, diverging=grid.diverging)
    if not drawn.numbered:
        if chosen:
            return _framed(glyph, cell), f"bold accent on-{name}"
        return glyph * cell, f"{name} on-{name}"
    text = ("◆" if (row, column) in grid.fired else "") + short(value)
    if chosen:
        return _framed(text, cell), f"bold over-{name} on-{name}"
    strong = "bold " if (row, column) in grid.fired else ""
    return fit(text, cell - 1, align=">") + " ", f"{strong}over-{name} on-{name}"


def _plain(text: str, drawn: _Drawn, chosen: bool) -> Span:
    """A number without a shade."""
    if not drawn.numbered:
        text = "·"
    return (_framed(text, drawn.cell) if chosen else fit(text, drawn.cell - 1, align=">") + " ", "bold")


def _at(values: Sequence[Sequence[float | None]], row: int, column: int) -> float | None:
    return values[row][column] if column < len(values[row]) else None


def _framed(text: str, cell: int) -> str:
    """The chosen cell, which must be found without colour."""
    if cell < 3:
        return "[]"[:cell] if cell == 2 else "█"
    return f"[{fit(text, cell - 2, align='>')}]"


def _head(grid: Grid, columns: range, cell: int, gutter: int, at: tuple[int, int] | None) -> Line:
    """The names over the columns, as many as have room; that of the chosen one first."""
    longest = max(min(_NAME, width_of(safe(grid.columns[c]))) for c in columns)
    apart = -(-(longest + 1) // cell)
    shown = [c for c in columns if not (c - columns.start) % apart]
    words = []
    for column in [at[1], *shown] if at is not None else shown:
        text = safe(grid.columns[column])
        text = fit(text, min(width_of(text), _NAME))
        start = (column - columns.start) * cell + max(0, cell - 1 - width_of(text))
        words.append((start, text, "bold accent" if at is not None and column == at[1] else "dim"))
    return [(" " * gutter, ""), *placed(words, len(columns) * cell)]


def _foot(grid: Grid, at: tuple[int, int] | None, rows: range, columns: range, width: int) -> Line:
    """What is under the cursor, or what the shades mean; and how much is not on show."""
    hidden = (len(grid.rows) - len(rows), len(grid.columns) - len(columns))
    more = ", ".join(
        f"{count} {name}s more"
        for count, name in zip(hidden, (grid.row_name, grid.column_name), strict=True)
        if count
    )
    tail: list[Span] = [(f"  · {more}", "dim")] if more else []
    if at is None or not (0 <= at[0] < len(grid.rows) and 0 <= at[1] < len(grid.columns)):
        return [*_ramp(grid, _scale(grid)), *tail]
    row, column = at
    value = _at(grid.values, row, column)
    said = "nothing" if value is None else f"{value:.4g}" if math.isfinite(value) else str(value)
    fired: list[Span] = [(" ◆", "drift")] if at in grid.fired else []
    where = f" {safe(grid.rows[row])} · {grid.column_name} {safe(grid.columns[column])}  "
    note: list[Span] = [(f"  {grid.notes[at]}", "")] if at in grid.notes else []
    return [(fit(where, min(width_of(where), max(4, width - 14))), ""), (said, "bold"), *fired, *note, *tail]


def _ramp(grid: Grid, scale: tuple[float, float]) -> list[Span]:
    low, high = scale
    steps = [low + (high - low) * i / _STEPS for i in range(_STEPS + 1)]
    cells = [shade(value, scale, diverging=grid.diverging) for value in steps]
    return [
        (f" {short(low)} ", "dim"), *((glyph, f"{name} on-{name}") for name, glyph in cells),
        (f" {short(high)}", "dim"),
    ]  # fmt: skip
