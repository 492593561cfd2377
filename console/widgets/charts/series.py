"""What a chart shows: lines, moments, and levels they are held against. Import it late, for numpy."""

from dataclasses import dataclass

import numpy as np

from lineside.console.widgets.charts.braille import Floats

SERIES = ("a", "b", "c", "d", "e", "f", "g", "h")
"""Styles of the lines, by their place: the letters of marks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One series; `x` must not decrease. Values that are not finite break the line and are marked."""

    name: str
    x: Floats
    y: Floats
    style: str = ""  # empty: the letter of its place
    points: bool = False  # mark each point: for few values that are counts of something, like windows
    behind: Floats | None = None  # the same line before it was smoothed, drawn faintly beneath
    letter: str = ""  # written on the line here and there: colour alone must not tell lines apart
    note: str = ""  # a quiet word behind its value: "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A moment to remember: a swap, an alert."""

    x: float
    text: str
    style: str = "dim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A value the lines are held against: a baseline, a threshold."""

    y: float
    text: str
    style: str = "warn"


def value_at(line: Line, x: float, *, slack: float = 0.0) -> float | None:
    """The value of the point nearest to x; None: the line ends more than `slack` before it."""
    if not len(line.x) or not line.x[0] - slack <= x <= line.x[-1] + slack:
        return None
    after = min(int(np.searchsorted(line.x, x, side="right")), len(line.x) - 1)
    before = max(0, after - 1)
    if line.x[after] <= x:
        return float(line.y[after])
    nearer = before if x - line.x[before] <= line.x[after] - x else after
    return float(line.y[nearer])
