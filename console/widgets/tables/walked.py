"""The keys that move the cursor of a table: by rows, by pages, to its ends, to what is wrong."""

from typing import Any

from lineside.console.widgets.tables.rows import RowSource

_FURTHEST = 2048
"""Rows that are looked at for a problem: far ones are not fetched for it."""


class Walked:
    """A table under it has rows, a window on them and a cursor, and moves that."""

    cursor: int
    _rows: RowSource[Any]
    _top: int
    _held: bool

    @property
    def _height(self) -> int:
        raise NotImplementedError

    def _move_to(self, index: int, *, top: int | None = None) -> None:
        raise NotImplementedError

    def cmd_down(self) -> None:
        self._move_to(self.cursor + 1)

    def cmd_up(self) -> None:
        self._move_to(self.cursor - 1)

    def cmd_page_down(self) -> None:
        self._turn(1)

    def cmd_page_up(self) -> None:
        self._turn(-1)

    def _turn(self, step: int) -> None:
        """A page on: the rows and the cursor on them; one row of the old page stays."""
        page = max(1, self._height - 1) * step
        top = max(0, min(self._top + page, len(self._rows) - self._height))
        self._move_to(self.cursor + page, top=top)

    def cmd_top(self) -> None:
        self._move_to(0)
        self._held = False

    def cmd_bottom(self) -> None:
        self._move_to(len(self._rows) - 1)

    def cmd_next_problem(self) -> None:
        self._seek(1)

    def cmd_previous_problem(self) -> None:
        self._seek(-1)

    def _seek(self, step: int) -> None:
        """To the next row that is a problem, round the end."""
        total = len(self._rows)
        for distance in range(1, min(total, _FURTHEST) + 1):
            index = (self.cursor + step * distance) % total
            if self._rows.problem(index):
                self._move_to(index)
                return
