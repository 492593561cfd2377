"""A drawing that may be longer than the screen: it is scrolled by lines and pages."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from textual.geometry import Region

from lineside.console.text import Line
from lineside.console.widgets.charts.plot import differing
from lineside.console.widgets.lines import Drawing
from lineside.console.widgets.texts.scrolled import Scrolled

M = TypeVar("M")


class Page(Scrolled, Drawing[M], can_focus=True):
    """Shows a window on all lines of its drawing; the last row says how many more there are."""

    SCOPE = "page"

    def __init__(
        self, draw: Callable[[M, int, int], Sequence[Line]], *, id: str | None = None, head: int = 1
    ) -> None:
        super().__init__(draw, id=id)
        self._head = head  # lines that stay at the top
        self._every: Sequence[Line] = ()
        self._top = 0

    def redraw(self) -> None:
        if self._model is not None and self.size.width > 0:
            self._every = self._draw(self._model, self.size.width, self.size.height)
            self._scroll(0)

    @property
    def every(self) -> Sequence[Line]:
        """All lines, those out of sight too."""
        return self._every

    @property
    def _room(self) -> int:
        return max(1, self.size.height - self._head)

    def _scroll(self, lines: int) -> None:
        head, body = self._every[: self._head], self._every[self._head :]
        room = max(1, self.size.height - len(head))
        self._top = max(0, min(self._top + lines, len(body) - room))
        seen = list(body[self._top : self._top + room])
        below = len(body) - self._top - room
        if below > 0:
            seen[-1] = [(f"  ▾ {below + 1} more lines", "dim")]
        self.set([*head, *seen])

    def set(self, lines: Sequence[Line]) -> None:
        """Show these lines instead; of each row only what differs is painted."""
        old, self._lines = self._lines, list(lines)
        changed = []
        for row in range(min(self.size.height, max(len(old), len(lines)))):
            before, now = (old[row] if row < len(old) else ()), (lines[row] if row < len(lines) else ())
            if before != now:
                first, last = differing(before, now, self.size.width)
                changed.append(Region(first, row, max(1, last - first), 1))
        if changed:
            self.refresh(*changed)

    # -- keys -------------------------------------------------------------------------------------
