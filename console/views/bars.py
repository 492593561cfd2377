"""Series as bars of several lines: for panels with room, where one line of a sparkline says little."""

import math
from collections.abc import Sequence

from lineside.console.widgets.charts.sparkline import shrink

_EIGHTHS = " ▁▂▃▄▅▆▇█"


def block(
    values: Sequence[float | None], *, width: int, height: int, low: float | None = None,
    high: float | None = None,
) -> list[str]:  # fmt: skip
    """`height` lines of `width` cells, the top one first; a gap stays blank, what is no number is `!`.

    >>> block([0.0, 1.0, 2.0], width=3, height=2, low=0.0)
    ['  █', '▁██']
    """
    cells = shrink(_stretched(values, width), width)
    finite = [v for v in cells if v is not None and math.isfinite(v)]
    bottom = min(finite, default=0.0) if low is None else low
    top = max(finite, default=1.0) if high is None else high
    columns = [_column(value, bottom, top, height) for value in cells]
    return ["".join(column[row] for column in columns) for row in range(height)]


def _stretched(values: Sequence[float | None], width: int) -> Sequence[float | None]:
    """A short series over the whole width, each value as often as its share."""
    return [values[i * len(values) // width] for i in range(width)] if 0 < len(values) < width else values


def _column(value: float | None, low: float, high: float, height: int) -> str:
    """One column, its top cell first."""
    if value is None:
        return " " * height
    if not math.isfinite(value):
        return " " * (height - 1) + "!"
    share = (value - low) / (high - low) if high > low else 0.5
    eighths = max(1, min(8 * height, round(share * 8 * height)))
    full, part = divmod(eighths, 8)
    cells = "█" * full + (_EIGHTHS[part] if part else "")
    return cells.ljust(height)[::-1]
