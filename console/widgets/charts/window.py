"""Which part of a chart is looked at, and where a chart was drawn: what zoom, pan and crosshair work on.

Pure and light: the widget that has the keys needs no numpy.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lineside.console.text import Line

if TYPE_CHECKING:
    from lineside.console.widgets.charts.braille import Floats

_CLOSEST = 1e-9
"""The least share of all data that can be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The part of the plane that is wanted, in the units of the data; None: as far as the points go."""

    x0: float | None = None
    x1: float | None = None
    y0: float | None = None
    y1: float | None = None
    cursor: float | None = None  # where the crosshair stands
    anchor: float | None = None  # the other end of a span that is being chosen
    focused: bool = False  # the chart has the keys
    low: float | None = None  # as far as all points go, where only those in sight were read
    high: float | None = None

    @property
    def zoomed(self) -> bool:
        """Is less than everything looked at along x?"""
        return self.x0 is not None and self.x1 is not None


ALL = Window()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The cells a chart was drawn on, and the values that they show."""

    left: int
    top: int
    columns: int
    rows: int
    x0: float
    x1: float
    y0: float
    y1: float
    low: float  # x of the first point of all, whether shown or not
    high: float
    xs: "Floats" = field(compare=False, repr=False)  # every x that has a point, increasing
    log_x: bool = False
    log_y: bool = False

    def column_of(self, x: float) -> int:
        """The column of cells, counted from the left end of the frame; what lies outside is outside."""
        span = self._up(self.x1) - self._up(self.x0)
        if not span > 0:
            return (self.columns * 2 - 1) // 4
        share = (self._up(x) - self._up(self.x0)) / span
        return math.floor(max(-1e6, min(1e6, share)) * (self.columns * 2 - 1) + 0.5) // 2

    def x_of(self, column: float) -> float:
        """The x in the middle of a column of cells."""
        share = (column * 2 + 0.5) / max(1, self.columns * 2 - 1)
        low, high = self._up(self.x0), self._up(self.x1)
        return self._down(low + min(1.0, max(0.0, share)) * (high - low))

    def nearest(self, x: float) -> float:
        """The x of the point that lies nearest."""
        if not len(self.xs):
            return x
        at = bisect_left(self.xs, x)
        around = [float(self.xs[i]) for i in (at - 1, at) if 0 <= i < len(self.xs)]
        return min(around, key=lambda near: abs(self._up(near) - self._up(x)))

    def beside(self, x: float, cells: int) -> float:
        """The x of the next point that stands at least so many cells to the right (negative: to the left)."""
        if not len(self.xs):
            return x
        here = self.nearest(x)
        span, up = self._up(self.x1) - self._up(self.x0), self._up(here)
        target = self._down(up + cells * span / max(1.0, self.columns - 0.5))
        if cells > 0:
            at = max(bisect_right(self.xs, here), bisect_left(self.xs, target))
        else:
            at = min(bisect_left(self.xs, here), bisect_right(self.xs, target)) - 1
        return float(self.xs[max(0, min(at, len(self.xs) - 1))])

    def meets(self, window: Window) -> bool:
        """Do the points reach into this window?"""
        if window.x0 is None or window.x1 is None or not len(self.xs):
            return True
        return bool(window.x1 >= self.xs[0] and window.x0 <= self.xs[-1])

    def _up(self, x: float) -> float:
        return math.log10(max(x, 1e-300)) if self.log_x else x

    def _down(self, value: float) -> float:
        return float(10.0 ** max(-300.0, min(300.0, value))) if self.log_x else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Plotted:
    """A chart as lines, and where in them it stands; no frame: nothing that could be looked into."""

    rows: Sequence[Line]
    frame: Frame | None = None
    reading: str = ""  # what the crosshair reads, in one line, to copy

    def under(self, *heads: Line, indent: int = 0) -> "Plotted":
        """The same below some lines and so many cells to the right."""
        pad: Line = [(" " * indent, "")]
        rows = [*heads, *([*pad, *row] if indent else row for row in self.rows)]
        frame = self.frame
        if frame is not None:
            frame = replace(frame, top=frame.top + len(heads), left=frame.left + indent)
        return replace(self, rows=rows, frame=frame)


def zoom(window: Window, frame: Frame, factor: float, *, around: float | None = None) -> Window:
    """The same with `factor` of the span along x (0.5: closer), `around` staying in its place."""
    low, high = frame._up(frame.x0), frame._up(frame.x1)
    at = (low + high) / 2 if around is None else min(high, max(low, frame._up(around)))
    return _spanned(window, frame, at - (at - low) * factor, at + (high - at) * factor)


def pan(window: Window, frame: Frame, share: float) -> Window:
    """Moved along x by a share of what is seen, never past the first or last point."""
    low, high = frame._up(frame.x0), frame._up(frame.x1)
    first, last = frame._up(frame.low), frame._up(frame.high)
    by = max(first - low, min((high - low) * share, last - high))
    return _spanned(window, frame, low + by, high + by) if window.zoomed else window


def span(window: Window, frame: Frame, a: float, b: float) -> Window:
    """From `a` to `b`, whichever comes first."""
    low, high = sorted((frame._up(a), frame._up(b)))
    return _spanned(window, frame, low, high)


def stretch(window: Window, frame: Frame, factor: float, *, around: float | None = None) -> Window:
    """The same with `factor` of the height, around a value or the middle."""
    log = frame.log_y and frame.y0 > 0
    y0, y1 = frame.y0, frame.y1
    if window.y0 is not None and window.y1 is not None:  # the frame may be a little wider than asked
        y0, y1 = window.y0, window.y1
    low, high = (math.log10(y0), math.log10(y1)) if log else (y0, y1)
    held = math.log10(around) if log and around is not None and around > 0 else None if log else around
    at = (low + high) / 2 if held is None or not low <= held <= high else held
    low, high = at - (at - low) * factor, at + (high - at) * factor
    if not high - low > 1e-12 * max(abs(low), abs(high), 1e-290) or high - low > 1e300:
        return window
    return replace(window, y0=10**low if log else low, y1=10**high if log else high)


def _spanned(window: Window, frame: Frame, low: float, high: float) -> Window:
    """Both ends in raised units; as wide as everything is everything."""
    first, last = frame._up(frame.low), frame._up(frame.high)
    least = max((last - first) * _CLOSEST, 4e-16 * max(abs(first), abs(last)))
    if high - low < least:
        return window
    low, high = max(first, low), min(last, high)
    if low <= first and high >= last:
        return replace(window, x0=None, x1=None)
    return replace(window, x0=frame._down(low), x1=frame._down(high)) if high > low else window
