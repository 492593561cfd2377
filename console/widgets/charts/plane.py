"""The cells inside the frame of a chart, and all that is drawn on them. Import it late, for numpy."""

import math
from collections.abc import Sequence

import numpy as np

from lineside.console.widgets.charts import axes
from lineside.console.widgets.charts.braille import Box, Floats
from lineside.console.widgets.charts.canvas import Canvas
from lineside.console.widgets.charts.layer import Layer
from lineside.console.widgets.charts.series import SERIES, Level, Line, Mark, value_at

_NAN, _ABOVE, _BELOW, _POINT = "!", "▲", "▼", "●"
_CROSSES = 10
"""Cells of the crosshair's line, about: each costs bytes at each step, so in a high chart it is dotted."""

_FAINT = "faint-"
"""Before the name of a style: half way to the ground, as look.py makes it."""

_PARTS = 4
"""Of the x axis, in each of which a line says its letter."""


class Plane:
    """Draw on it in any order but: what is drawn later lies above."""

    def __init__(self, box: Box, *, gaps: bool, log_y: bool, log_x: bool) -> None:
        self.box, self.gaps, self.log_y, self.log_x = box, gaps, log_y, log_x
        self.canvas = Canvas(box.columns, box.rows)

    def draw(self, lines: Sequence[Line], marks: Sequence[Mark], levels: Sequence[Level]) -> None:
        """Everything, what matters most last."""
        for level in levels:
            self.level(level)
        for mark in marks:
            self.upright(self._column(mark.x), "┊", mark.style)
        styles = [line.style or SERIES[place % len(SERIES)] for place, line in enumerate(lines)]
        behind, front = Layer(self.box), Layer(self.box)
        for line, style in zip(lines, styles, strict=True):
            x = axes.raised(line.x, self.log_x)
            if line.behind is not None:
                behind.add(x, axes.raised(line.behind, self.log_y), _FAINT + style)
            front.add(x, axes.raised(line.y, self.log_y), style)
        behind.onto(self.canvas)
        front.onto(self.canvas)
        for place, (line, style) in enumerate(zip(lines, styles, strict=True)):
            self.words(line, style, share=(place + 1) / (len(lines) + 1))

    def words(self, line: Line, style: str, *, share: float) -> None:
        """What is written over the lines: values that went wrong, points, letters."""
        x, y = axes.raised(line.x, self.log_x), axes.raised(line.y, self.log_y)
        self._bad(x, line.y, y)
        if line.points or len(line.y) == 1:
            self._points(x, y, style)
        if line.letter:
            self._letters(x, y, line.letter, style, share=share)

    def _letters(self, x: Floats, y: Floats, letter: str, style: str, *, share: float) -> None:
        """In each part of the axis one, that of the next line a little further along, and one at the end."""
        good = np.isfinite(x) & np.isfinite(y)
        x, y = x[good], y[good]
        if not len(x):
            return
        wanted = self.box.x0 + (np.arange(_PARTS) + share) * (self.box.x1 - self.box.x0) / _PARTS
        wanted = wanted[(wanted >= x[0]) & (wanted <= x[-1])]
        for at in [*np.searchsorted(x, wanted).tolist(), len(x) - 1]:
            if self.box.y0 <= y[at] <= self.box.y1:
                self.canvas.put(axes.column_of(self.box, x[at]), axes.row_of(self.box, y[at]), letter, style)

    def level(self, level: Level) -> None:
        height = axes.raise_one(level.y, self.log_y)
        if self.box.y0 <= height <= self.box.y1:
            self.canvas.put(0, axes.row_of(self.box, height), "┄" * self.box.columns, level.style)

    def upright(self, column: int, glyph: str, style: str, *, every: int = 1) -> None:
        """A line from top to bottom where nothing else is drawn."""
        for row in range(0, self.box.rows, every):
            if 0 <= column < self.box.columns and self.canvas.at(column, row)[0] in (" ", "┄", "┊"):
                self.canvas.paint(column, row, glyph, style)

    def crosshair(self, lines: Sequence[Line], cursor: float, anchor: float | None, *, slack: float) -> None:
        """The line under the cursor, the points on it, and the span up to where the mouse was pressed."""
        column = self._column(cursor)
        if anchor is not None:
            ends = sorted((column, self._column(anchor)))
            for end in ends:
                self.upright(end, "│", "accent")
            self.canvas.put(ends[0], 0, "├" + "─" * (ends[1] - ends[0] - 1) + "┤", "accent")
        self.upright(column, "│", "dim", every=max(1, self.box.rows // _CROSSES))
        for place, line in enumerate(lines):
            value = value_at(line, cursor, slack=slack)
            height = math.nan if value is None else axes.raise_one(value, self.log_y)
            if self.box.y0 <= height <= self.box.y1:
                style = line.style or SERIES[place % len(SERIES)]
                self.canvas.put(column, axes.row_of(self.box, height), _POINT, f"bold {style}")

    def _column(self, x: float) -> int:
        return axes.column_of(self.box, axes.raise_one(x, self.log_x))

    def _bad(self, x: Floats, given: Floats, y: Floats) -> None:
        there = np.isfinite(x)
        columns = self.box.dot_columns(np.where(there, x, self.box.x0)) // 2
        for wrong, row, glyph in (
            (np.isnan(given) & (not self.gaps), self.box.rows - 1, _NAN),
            (np.isposinf(y), 0, _ABOVE),
            (np.isneginf(y), self.box.rows - 1, _BELOW),
        ):
            for column in np.unique(columns[wrong & there]).tolist():
                self.canvas.put(column, row, glyph, "bad")

    def _points(self, x: Floats, y: Floats, style: str) -> None:
        good = np.isfinite(x) & (y >= self.box.y0) & (y <= self.box.y1)
        columns, rows = self.box.dot_columns(x[good]) // 2, self.box.dot_rows(y[good]) // 4
        for column, row in zip(columns.tolist(), rows.tolist(), strict=True):
            self.canvas.put(column, row, _POINT, style)
