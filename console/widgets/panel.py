"""A panel of a few rows, each of one or more lines: it takes the focus, and each row leads somewhere."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message
from textual.strip import Strip

from lineside.console.widgets.filled import Fill as Fill
from lineside.console.widgets.filled import Filled as Filled
from lineside.console.widgets.filled import Row as Row
from lineside.console.widgets.filled import lines_of as lines_of
from lineside.console.widgets.lines import Lines, look_of, strip

if TYPE_CHECKING:
    from textual import events


class Panel(Lines, can_focus=True):
    """Arrows move its cursor, which is seen while it has the focus; the area answers `enter`."""

    SCOPE = "drawing"
    DEFAULT_CSS = "Panel { height: 1fr; }"

    @dataclass
    class Entered(Message):
        """A row was clicked twice."""

        panel: "Panel"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._fill: Fill | None = None
        self._filled = Filled(title="", rows=())
        self._key: Hashable | None = None
        self._here: list[bool] = []

    def show(self, fill: Fill) -> None:
        """Show what this draws; the cursor stays on its row."""
        self._fill = fill
        self.redraw()

    @property
    def _cursor(self) -> int:
        keys = [row.key for row in self._filled.rows]
        return keys.index(self._key) if self._key in keys else 0

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        rows = self._filled.rows
        return rows[self._cursor] if rows else None

    def redraw(self) -> None:
        if self._fill is None or self.size.width < 2 or self.size.height < 1:
            return
        self._filled = self._fill(self.size.width - 1, self.size.height - 1)
        cursor = self._cursor if self.has_focus and self._filled.rows else None
        drawn = lines_of(self._filled, self.size.width, self.size.height, cursor=cursor)
        here = [on for _, on in drawn]
        if here != self._here:
            self._here = here
            self.refresh()
        self.set([line for line, _ in drawn])

    def render_line(self, y: int) -> Strip:
        on = y < len(self._here) and self._here[y]
        line = self._lines[y] if y < len(self._lines) else ()
        return strip(line, self.size.width, look_of(self), ground="cursor" if on else self.ground)

    # -- moving ------------------------------------------------------------------------------------

    def _move(self, step: int) -> None:
        rows = self._filled.rows
        if rows:
            self._key = rows[max(0, min(len(rows) - 1, self._cursor + step))].key
            self.redraw()

    def cmd_down(self) -> None:
        self._move(1)

    def cmd_up(self) -> None:
        self._move(-1)

    def cmd_left(self) -> None:
        self._move(-(10**6))

    def cmd_right(self) -> None:
        self._move(10**6)

    # -- Textual -----------------------------------------------------------------------------------

    def on_resize(self, event: "events.Resize") -> None:
        self.redraw()

    def on_focus(self) -> None:
        self.call_next(self.redraw)

    def on_blur(self) -> None:
        self.call_next(self.redraw)

    def on_click(self, event: "events.Click") -> None:
        self.focus()
        if event.chain >= 2:
            self.post_message(self.Entered(self))

    def on_mouse_scroll_down(self, event: "events.MouseScrollDown") -> None:
        event.stop()
        self._move(1)

    def on_mouse_scroll_up(self, event: "events.MouseScrollUp") -> None:
        event.stop()
        self._move(-1)
