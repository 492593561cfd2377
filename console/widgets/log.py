"""The output of a job: the newest lines while it runs, any line one scrolls to."""

from typing import TYPE_CHECKING

from textual.strip import Strip
from textual.widget import Widget

from lineside.console.format import amount, count
from lineside.console.logs import LogFile
from lineside.console.text import Line, Span, heading
from lineside.console.widgets.lines import look_of, strip

if TYPE_CHECKING:
    from textual import events


class Log(Widget, can_focus=True):
    """Follows the end until one scrolls up; `end` follows again. Holds line offsets, not text."""

    SCOPE = "log"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.title = "OUTPUT"
        self.note = ""  # what to say instead of lines
        self.following = True
        self.searched = ""
        self._file: LogFile | None = None
        self._top = 0
        self._shown: list[str] = []

    @property
    def file(self) -> LogFile | None:
        return self._file

    def show(self, file: LogFile | None, *, title: str, note: str = "") -> None:
        """Look at another file, or at the same one again."""
        if file is not self._file:
            self._file, self.following, self._top = file, True, 0
        self.title, self.note = title, note
        if file is not None:
            file.grow()
        self._look()

    def grow(self) -> None:
        """Show what was written since; costs one `stat` when nothing was."""
        if self._file is not None and self._file.grow():
            self._look()

    @property
    def _room(self) -> int:
        return max(0, self.size.height - 1)

    def _look(self) -> None:
        file = self._file
        if file is None:
            self._shown = []
        else:
            last = max(0, len(file) - self._room)
            self._top = last if self.following else max(0, min(self._top, last))
            self._shown = file.lines(self._top, self._room)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        look, width = look_of(self), self.size.width
        if y == 0:
            return strip(self._heading(width), width, look)
        if y - 1 < len(self._shown):
            return strip(self._marked(self._shown[y - 1]), width, look)
        said = self.note or ("no output yet" if self._file is not None else "")
        return strip([("  " + said, "dim")] if y == 1 and not self._shown else [], width, look)

    def _heading(self, width: int) -> Line:
        file = self._file
        if file is None or not len(file):
            return heading(self.title, width, style="head accent" if self.has_focus else "head")
        place = (
            "following"
            if self.following
            else f"line {count(self._top + len(self._shown))} of {count(len(file))}"
        )
        cut = f" · {amount(file.skipped_bytes)} before not shown" if file.skipped_bytes else ""
        return heading(
            self.title, width, right=place + cut, style="head accent" if self.has_focus else "head"
        )

    def _marked(self, text: str) -> list[Span]:
        """The line with what was searched for set off."""
        word = self.searched.lower()
        at = text.lower().find(word) if word else -1
        if at < 0:
            return [(" " + text, tone(text))]
        end = at + len(word)
        return [(" " + text[:at], tone(text)), (text[at:end], "reverse ask"), (text[end:], tone(text))]

    # -- keys -------------------------------------------------------------------------------------

    def _scroll(self, lines: int) -> None:
        if self._file is None:
            return
        last = max(0, len(self._file) - self._room)
        self._top = max(0, min(last, self._top + lines))
        self.following = self._top >= last
        self._look()

    def cmd_down(self) -> None:
        self._scroll(1)

    def cmd_up(self) -> None:
        self._scroll(-1)

    def cmd_page_down(self) -> None:
        self._scroll(max(1, self._room - 1))

    def cmd_page_up(self) -> None:
        self._scroll(-max(1, self._room - 1))

    def cmd_top(self) -> None:
        self._scroll(-(10**12))

    def cmd_bottom(self) -> None:
        self._scroll(10**12)

    def search(self, text: str) -> bool:
        """Go to the newest line that holds `text`; False when none does."""
        self.searched = text
        found = self._file.find(text, start=self._top + self._room, step=-1) if self._file and text else None
        self._go(found)
        return found is not None or not text

    def cmd_next_match(self) -> None:
        self._seek(1)

    def cmd_previous_match(self) -> None:
        self._seek(-1)

    def _seek(self, step: int) -> None:
        if self._file is not None and self.searched:
            self._go(self._file.find(self.searched, start=self._top + self._room // 2, step=step))

    def _go(self, line: int | None) -> None:
        """Put the line in the middle."""
        if line is not None:
            self.following = False
            self._top = max(0, line - self._room // 2)
        self._look()

    # -- Textual ----------------------------------------------------------------------------------

    def on_resize(self, event: "events.Resize") -> None:
        self._look()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_mouse_scroll_down(self, event: "events.MouseScrollDown") -> None:
        event.stop()
        self._scroll(3)

    def on_mouse_scroll_up(self, event: "events.MouseScrollUp") -> None:
        event.stop()
        self._scroll(-3)

    def text(self) -> str:
        """What is in sight."""
        return "\n".join(self._shown)


_ALARMS = ("error", "traceback", "exception", "killed", "out of memory")


def tone(text: str) -> str:
    """Red for lines that speak of failure, quiet for lineside's own, plain for all others."""
    if text.startswith("lineside:"):
        return "accent"
    lower = text[:200].lower()
    return "bad" if any(word in lower for word in _ALARMS) else ""
