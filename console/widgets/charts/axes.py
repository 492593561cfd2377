"""The axes of a chart: which range stands on which cells, and the labels beside them.

An axis of values is stretched a little, so that its round numbers fall into the middle of cells that lie
evenly apart. It imports numpy, so import it late.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lineside.console.text import Line as Row
from lineside.console.text import fit, width_of
from lineside.console.widgets.charts import ticks
from lineside.console.widgets.charts.braille import Box, Floats

LEAST = 1e-300
"""What is smaller has no logarithm worth drawing."""

_CELL = 4
"""Dots of a cell, from top to bottom."""

_MIDDLE = (1, 2)
"""Dots of a cell in which a label's value may lie."""

_AIR = 0.03
"""Share of the range left free above and below the lines."""

_FLAT = 0.1
"""Share of a value that never changes, left free above and below it."""

_WIDE_ENOUGH = 1.3
"""Decades from which a log axis is labelled at powers of ten only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heights:
    """The range of values on show, as they are drawn (logarithms on a log scale), and its labels."""

    low: float
    high: float
    labels: Mapping[float, str]  # drawn height → text

    @property
    def width(self) -> int:
        return max((width_of(text) for text in self.labels.values()), default=0)


def raised(values: Floats, log: bool) -> Floats:
    """What is drawn: on a log scale, what is not positive has no place."""
    if not log:
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(values > LEAST, np.log10(np.where(values > LEAST, values, 1.0)), np.nan)


def raise_one(value: float, log: bool) -> float:
    return float(raised(np.array([value]), log)[0])


def heights(low: float, high: float, *, rows: int, log: bool = False, exact: bool = False) -> Heights:
    """An axis for drawn values in [low, high] on `rows` cells, a little wider than they are.

    Args:
        exact: the range was asked for: it gets no air.
    """
    span = high - low
    air = 0.0 if exact and span > 0 else span * _AIR or (abs(high) * _FLAT if high and not log else 0.5)
    bottom, high = low - air, high + air
    low = bottom if log or not bottom < 0 <= low else low
    if log and high - low < _WIDE_ENOUGH:
        return _uneven(low, high, rows=rows)
    found = _even(low, high, rows=rows, steps=_decades if log else _round)
    if found is None:
        return _uneven(low, high, rows=rows) if log else _fallback(low, high, rows=rows)
    low, high, values = found
    if log:
        return Heights(low=low, high=high, labels={v: ticks.text(10**v, [10**v]) for v in values})
    return Heights(low=low, high=high, labels={v: ticks.text(v, values) for v in values})


def _even(
    low: float, high: float, *, rows: int, steps: Callable[[float], Iterator[float]]
) -> tuple[float, float, list[float]] | None:
    """The range nearest to [low, high] whose round numbers lie a whole number of rows apart."""
    last = rows * _CELL - 1
    best: tuple[float, float, float, float] | None = None
    for apart in range(min(2, rows), max(3, min(9, rows // 2 + 1))):
        for step in steps((high - low) * _CELL * apart / last):
            dot = step / (_CELL * apart)
            top = _top(low, high, step=step, dot=dot, last=last)
            if top is None:
                continue
            below = top - last * dot
            cost = last * dot / (high - low) + 0.04 * abs(apart - 3)
            if best is None or cost < best[0]:
                best = cost, below, top, step
    if best is None:
        return None
    _, low, high, step = best
    digits = 12 - math.floor(math.log10(step))
    places = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    return low, high, [round(i * step, digits) + 0.0 for i in places]


def _top(low: float, high: float, *, step: float, dot: float, last: int) -> float | None:
    """The upper end that puts multiples of `step` into the middle of cells and has [low, high] in sight."""
    slack = last - (high - low) / dot
    if slack < 0 or not math.isfinite(slack):
        return None
    top = high + slack / 2 * dot
    if 0 <= low < slack / 2 * dot:  # nothing lies below nought: it stands on the lowest row
        return (last - 2) * dot if (last - 2) * dot >= high else None
    off = (top / step - math.floor(top / step)) * step / dot
    shifts = [(middle - off + 2) % _CELL - 2 for middle in _MIDDLE]
    shift = min(shifts, key=abs)
    return top + shift * dot if abs(shift) <= slack / 2 + 1e-9 else None


def _round(least: float) -> Iterator[float]:
    """The two next numbers of the kind 1, 2, 2.5, 5 times a power of ten."""
    if not least > 0 or not math.isfinite(least):
        return
    power = 10.0 ** math.floor(math.log10(least))
    yield from [d * power for d in (1, 2, 2.5, 5, 10, 20) if d * power >= least * (1 - 1e-9)][:2]


def _decades(least: float) -> Iterator[float]:
    """The two next whole numbers of decades that lie evenly."""
    yield from [float(n) for n in (1, 2, 3, 5, 10, 20, 50, 100, 200) if n >= least * (1 - 1e-9)][:2]


def _uneven(low: float, high: float, *, rows: int) -> Heights:
    """A log axis within about a decade: 1, 2, 5 lie where they lie."""
    values = ticks.nice_log(10**low, 10**high, most=min(8, max(3, rows // 2)))
    return Heights(low=low, high=high, labels={raise_one(v, True): ticks.text(v, values) for v in values})


def _fallback(low: float, high: float, *, rows: int) -> Heights:
    values = ticks.nice(low, high, most=max(2, rows // 2))
    return Heights(low=low, high=high, labels={v: ticks.text(v, values) for v in values})


def row_of(box: Box, height: float) -> int:
    """The row of cells of a drawn height."""
    return int(box.dot_rows(np.array([height]))[0]) // _CELL


def column_of(box: Box, x: float) -> int:
    """The column of cells of a drawn x; what lies outside is outside."""
    return int(box.dot_columns(np.array([x]))[0]) // 2


def gutter(box: Box, axis: Heights, width: int) -> list[Row]:
    """The labels at the left and the axis line, one row each."""
    at = {row_of(box, height): text for height, text in axis.labels.items()}
    return [
        [(fit(at.get(row, ""), width - 1, align=">") + (" ┤" if row in at else " │"), "dim")]
        for row in range(box.rows)
    ]


def x_line(box: Box, columns: Sequence[int], *, before: bool, after: bool, style: str) -> Row:
    """The line under the plot with its marks; an arrow at an end says that there is more that way."""
    line = ["─"] * box.columns
    for column in columns:
        if 0 <= column < box.columns:
            line[column] = "┬"
    ends = ("◂" if before else "└"), ("▸" if after else line[-1])
    return [
        (ends[0], "accent" if before else style), ("".join(line[:-1]), style),
        (ends[1], "accent" if after else style),
    ]  # fmt: skip
