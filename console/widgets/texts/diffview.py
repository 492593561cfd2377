"""A diff that is scrolled: only the lines in sight are made, `n` and `N` go from change to change."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from lineside.console.text import Line, heading, plain
from lineside.console.widgets.lines import look_of, strip
from lineside.console.widgets.texts.diff import Diff, Sheet
from lineside.console.widgets.texts.scrolled import Scrolled

if TYPE_CHECKING:
    from textual import events


class DiffView(Scrolled, Widget, can_focus=True):
    """A heading and the part of a `Diff` there is room for; side by side where wide."""

    SCOPE = "diff"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.title = "DIFF"
        self._diff: Diff | None = None
        self._sheet: Sheet | None = None
        self._top = 0
        self._hunk = 0  # the line of the change one went to; scrolling forgets it
        self._shown: list[Line] = []

    def show(self, diff: Diff | None, *, title: str) -> None:
        """Look at another diff from its beginning, or at an equal one where one was."""
        if diff is None or self._diff is None or diff.rows != self._diff.rows:
            self._top = self._hunk = 0
            self._diff = diff
            self._sheet = None
        self.title = title
        self._look()

    @property
    def _room(self) -> int:
        return max(0, self.size.height - 1)

    def _look(self) -> None:
        if self._diff is None or not self.size.width:
            self._shown = []
        else:
            if self._sheet is None or self._sheet.width != self.size.width:
                self._sheet = Sheet(self._diff, self.size.width)
            self._top = max(0, min(self._top, len(self._sheet) - self._room))
            self._shown = self._sheet.lines(self._top, self._room)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        look, width = look_of(self), self.size.width
        if y == 0:
            return strip(self._heading(width), width, look)
        return strip(self._shown[y - 1] if y <= len(self._shown) else [], width, look)

    def _heading(self, width: int) -> Line:
        sheet, diff = self._sheet, self._diff
        style = "head accent" if self.has_focus else "head"
        if sheet is None or diff is None:
            return heading(self.title, width, style=style)
        at = sum(hunk <= max(self._top, self._hunk) for hunk in sheet.hunks)
        place = (
            f" · {max(1, at)} of {len(sheet.hunks)}  n N · esc"
            if len(sheet.hunks) > 1 and self.has_focus
            else ""
        )
        return heading(self.title, width, right=diff.said + place, style=style)

    # -- moving ------------------------------------------------------------------------------------

    def _scroll(self, lines: int) -> None:
        self._top, self._hunk = self._top + lines, 0
        self._look()

    def cmd_next_change(self) -> None:
        """To the next change; it then stands at the top."""
        self._walk(self._sheet.hunks if self._sheet is not None else (), 1)

    def cmd_previous_change(self) -> None:
        self._walk(self._sheet.hunks if self._sheet is not None else (), -1)

    def cmd_next_part(self) -> None:
        """To the next name of a file."""
        self._walk(self._sheet.parts if self._sheet is not None else (), 1)

    def cmd_previous_part(self) -> None:
        self._walk(self._sheet.parts if self._sheet is not None else (), -1)

    def _walk(self, lines: Sequence[int], step: int) -> None:
        here = max(self._top, self._hunk)
        if step > 0:
            line = next((each for each in lines if each > here), None)
        else:
            line = next((each for each in reversed(lines) if each < here), None)
        if line is not None:
            self._top = self._hunk = line
            self._look()

    def on_resize(self) -> None:
        self._look()

    def on_focus(self) -> None:
        self.call_next(self.refresh)

    def on_blur(self) -> None:
        self.call_next(self.refresh)

    def on_click(self, event: "events.Click") -> None:
        self.focus()

    def text(self) -> str:
        """What is in sight."""
        return "\n".join(plain(line) for line in self._shown)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        return selection.extract("\n".join(["", *(plain(line) for line in self._shown)])), "\n"
