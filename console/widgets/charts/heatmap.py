"""A heat map that is walked with the arrow keys, or by mouse, and reads the cell it stands on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from lineside.console.text import Line
from lineside.console.widgets.charts import heat
from lineside.console.widgets.charts.heat import Grid
from lineside.console.widgets.lines import Lines

if TYPE_CHECKING:
    from textual import events


class Heatmap(Lines, can_focus=True):
    """Shows a `Grid`; `Moved` says which cell the cursor came to."""

    SCOPE = "drawing"

    @dataclass
    class Moved(Message):
        """The cursor stands on another cell."""

        heatmap: "Heatmap"
        row: int
        column: int

        @property
        def control(self) -> "Heatmap":
            return self.heatmap

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.grid: Grid | None = None
        self.at = (0, 0)
        self.heads: tuple[Line, ...] = ()

    def show(self, grid: Grid, *heads: Line) -> None:
        """Show this grid below some lines; the cursor stays where its row and column are still called so."""
        old, self.heads = self.grid, heads
        if old is not None and old.rows and old.columns:
            row, column = (min(i, len(n) - 1) for i, n in zip(self.at, (old.rows, old.columns), strict=True))
            self.at = _place(grid.rows, old.rows[row], row), _place(grid.columns, old.columns[column], column)
        self.grid = grid
        self.redraw()

    def stand(self, row: str, column: str) -> None:
        """The cursor goes to the cell of these names, where there is one."""
        if self.grid is not None and row in self.grid.rows and column in self.grid.columns:
            self.at = self.grid.rows.index(row), self.grid.columns.index(column)
            self.redraw()

    def redraw(self) -> None:
        if self.grid is not None and self.size.width:
            at = self.at if self.has_focus else None
            room = self.size.height - len(self.heads)
            self.set([*self.heads, *heat.draw(self.grid, width=self.size.width, height=room, at=at)])

    def _step(self, right: int, down: int) -> None:
        if self.grid is None or not self.grid.rows or not self.grid.columns:
            return
        row = max(0, min(self.at[0] + down, len(self.grid.rows) - 1))
        column = max(0, min(self.at[1] + right, len(self.grid.columns) - 1))
        if (row, column) != self.at:
            self.at = row, column
            self.redraw()
            self.post_message(self.Moved(self, row, column))

    def cmd_left(self) -> None:
        self._step(-1, 0)

    def cmd_right(self) -> None:
        self._step(1, 0)

    def cmd_up(self) -> None:
        self._step(0, -1)

    def cmd_down(self) -> None:
        self._step(0, 1)

    def on_click(self, event: "events.Click") -> None:
        self.focus()
        found = None if self.grid is None else heat.cell_at(
            self.grid, event.x, event.y - len(self.heads), width=self.size.width,
            height=self.size.height - len(self.heads), at=self.at if self.has_focus else None,
        )  # fmt: skip
        if found is not None:
            self._step(found[1] - self.at[1], found[0] - self.at[0])

    def on_resize(self) -> None:
        self.redraw()

    def on_focus(self) -> None:
        self.call_next(self.redraw)

    def on_blur(self) -> None:
        self.call_next(self.redraw)


def _place(names: Sequence[str], name: str, at: int) -> int:
    """Where the name stands now; one that is gone leaves the cursor at its place."""
    return names.index(name) if name in names else max(0, min(at, len(names) - 1))
