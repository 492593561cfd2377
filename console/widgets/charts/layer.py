"""Lines of one brightness on their way to the canvas: their dots add up where they share a cell."""

import numpy as np

from lineside.console.widgets.charts import braille
from lineside.console.widgets.charts.braille import Box, Floats
from lineside.console.widgets.charts.canvas import Canvas


class Layer:
    """The dots of several lines; where they share a cell, the last one gives the style."""

    def __init__(self, box: Box) -> None:
        self._box, self._styles = box, [""]
        self._codes = np.zeros((box.rows, box.columns), dtype=np.int64)
        self._of = np.zeros_like(self._codes)  # the place of each cell's style

    def add(self, x: Floats, y: Floats, style: str) -> None:
        """Draw one more line, in raised units."""
        codes = braille.codes(braille.line(x, y, self._box))
        self._codes |= codes
        self._of[codes > 0] = len(self._styles)
        self._styles.append(style)

    def onto(self, canvas: Canvas) -> None:
        """Cover what lies beneath, in the cells that hold a dot."""
        rows, columns = np.nonzero(self._codes)
        found = zip(
            rows.tolist(), columns.tolist(), self._codes[rows, columns].tolist(),
            self._of[rows, columns].tolist(), strict=True,
        )  # fmt: skip
        for row, column, code, of in found:
            canvas.paint(column, row, braille.glyph(code), self._styles[of])
