"""Small charts beneath and beside each other: one of them is chosen with the arrows."""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from lineside.console.text import Line
from lineside.console.widgets.texts.page import Page

if TYPE_CHECKING:
    from textual import events

M = TypeVar("M")

LEAST_WIDTH, LEAST_HEIGHT = 38, 8
"""Cells that one chart needs, its title among them."""

GAP = 2
_SHAPE = 4.0
"""Cells to a row of cells in a chart that is pleasant to look at."""
_EMPTY = 2.5
"""What room without a chart counts."""


def shape(count: int, width: int, height: int) -> tuple[int, int]:
    """Columns of charts, and the height of each, for `count` charts: they fill the room, none is too small.

    >>> shape(4, 80, 20), shape(3, 200, 23), shape(12, 80, 24)
    ((2, 10), (3, 23), (2, 8))
    """
    if count < 1 or width < 1:  # nothing to show, or nowhere yet
        return 1, LEAST_HEIGHT
    most = min(count, max(1, (width + GAP) // (LEAST_WIDTH + GAP)))
    fits = [columns for columns in range(1, most) if height // -(-count // columns) >= LEAST_HEIGHT]
    columns = min([*fits, most], key=lambda columns: _ugliness(count, columns, width, height))
    return columns, max(LEAST_HEIGHT, height // -(-count // columns))


def needed(count: int, width: int) -> int:
    """Rows that so many charts take at least.

    >>> needed(2, 80), needed(3, 80), needed(3, 200)
    (8, 16, 8)
    """
    most = max(1, (width + GAP) // (LEAST_WIDTH + GAP))
    return -(-count // most) * LEAST_HEIGHT


def _ugliness(count: int, columns: int, width: int, height: int) -> float:
    """How far from four times as wide as high the charts would be, and how much would stay empty."""
    rows = -(-count // columns)
    tall = max(LEAST_HEIGHT, height // rows)
    return abs(math.log(width / columns / tall / _SHAPE)) + _EMPTY * (1.0 - count / (rows * columns))


class Gallery(Page[M]):
    """A heading and charts; `draw` gets the name of the chosen one, "" while the keys are elsewhere."""

    SCOPE = "drawing"

    def __init__(
        self,
        draw: Callable[[M, int, int, str], Sequence[Line]],
        names: Callable[[M], Sequence[str]],
        *,
        id: str,
    ) -> None:
        super().__init__(self._chosen_drawn, id=id)
        self._draw_charts, self._names = draw, names
        self._chosen = ""

    def _chosen_drawn(self, model: M, width: int, height: int) -> Sequence[Line]:
        return self._draw_charts(model, width, height, self.current if self.has_focus else "")

    @property
    def names(self) -> Sequence[str]:
        return self._names(self._model) if self._model is not None else ()

    @property
    def current(self) -> str:
        """The chosen chart; "": there is none."""
        names = self.names
        return self._chosen if self._chosen in names else next(iter(names), "")

    def _walk(self, step: int) -> None:
        names = self.names
        if names:
            at = names.index(self.current) + step
            if 0 <= at < len(names):
                self._chosen = names[at]
                self.redraw()
                self._show_row(at)

    def _show_row(self, at: int) -> None:
        """Scroll so far that all of this chart is in sight."""
        columns, tall = self._shape
        first, room = at // columns * tall, max(1, self.size.height - self._head)
        self._scroll(min(0, first - self._top) or max(0, first + tall - self._top - room))

    @property
    def _shape(self) -> tuple[int, int]:
        return shape(len(self.names), self.size.width, self.size.height - self._head)

    def cmd_left(self) -> None:
        self._walk(-1)

    def cmd_right(self) -> None:
        self._walk(1)

    def cmd_up(self) -> None:
        self._walk(-self._shape[0])

    def cmd_down(self) -> None:
        self._walk(self._shape[0])

    def on_click(self, event: "events.Click") -> None:
        """A chart that is clicked is chosen."""
        self.focus()
        columns, tall = self._shape
        row, column = (event.y - self._head + self._top) // tall, event.x * columns // max(1, self.size.width)
        at = row * columns + column
        if event.y >= self._head and 0 <= at < len(self.names):
            self._chosen = self.names[at]
            self.redraw()

    def on_focus(self) -> None:
        self.call_next(self.redraw)

    def on_blur(self) -> None:
        self.call_next(self.redraw)
