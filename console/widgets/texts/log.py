"""The output of a job: the newest lines while it runs, any line one scrolls to, any word one looks for."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from lineside.console.format import amount, clock, count
from lineside.console.logs import LogFile
from lineside.console.text import Line, Span, clip, heading, line_width, plain, width_of
from lineside.console.widgets.lines import look_of, strip
from lineside.console.widgets.texts.scrolled import Scrolled
from lineside.store.clock import Micros, now

if TYPE_CHECKING:
    from textual import events

_ROOMY = 100
"""With fewer cells, what a search came to stands instead of when the file was written."""
_SIDE = 16
"""Cells that one arrow scrolls to the side."""


class Log(Scrolled, Widget, can_focus=True):
    """Follows the end until one scrolls up; `end` follows again. Holds places of lines, not text."""

    SCOPE = "log"

    @dataclass
    class Sought(Message):
        """A search in the whole file has gone so far, or has ended."""

        log: "Log"
        number: int  # of the search: a later one has overtaken it
        share: float
        ended: bool = False
        line: int | None = None

    @dataclass
    class Counted(Message):
        """Which of how many lines was found."""

        log: "Log"
        number: int
        words: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.title = "OUTPUT"
        self.note = ""  # what to say instead of lines
        self.following = True
        self.wrapped = False
        self.searched = ""
        self._file: LogFile | None = None
        self._top = self._left = 0
        self._shown: list[tuple[int, Line]] = []  # number of the line, what is seen of it
        self._hit: int | None = None  # the line that was found last
        self._search = 0
        self._sought: float | None = None  # how much of the file was searched; None: no search goes on
        self._said = ""  # what a search came to

    @property
    def file(self) -> LogFile | None:
        return self._file

    def show(self, file: LogFile | None, *, title: str, note: str = "") -> None:
        """Look at another file, or at the same one again."""
        if file is not self._file:
            self._file, self.following, self._top, self._left = file, True, 0, 0
            self._hit, self._said, self._sought = None, "", None
            self._search += 1
        self.title, self.note = title, note
        if file is not None:
            file.grow()
        self._look()

    def grow(self) -> None:
        """Show what was written since; costs one `stat` when nothing was."""
        if self._file is not None and self._file.grow():
            self._look()

    # -- drawing -----------------------------------------------------------------------------------

    @property
    def _room(self) -> int:
        return max(0, self.size.height - 1)

    @property
    def _last_top(self) -> int:
        return max(0, len(self._file) - self._room) if self._file is not None else 0

    def _look(self) -> None:
        """Read the lines in sight, and no others."""
        file = self._file
        if file is None:
            self._shown = []
        else:
            last = self._last_top
            self._top = last if self.following else max(0, min(self._top, last))
            rows = [
                (self._top + place, part)
                for place, line in enumerate(file.coloured(self._top, self._room))
                for part in self._parts(line)
            ]
            self._shown = rows[-self._room :] if self.following else rows[: self._room]
            if self._top == 0 and file.skipped_bytes and self._room > 1 and not self.following:
                self._shown = [(-1, _gap(file)), *self._shown][: self._room]
        self.refresh()

    def _parts(self, line: Line) -> list[Line]:
        width = max(8, self.size.width - 1)
        if not self.wrapped:
            return [_from(line, self._left)] if self._left else [line]
        parts: list[Line] = []
        while line_width(line) > width:
            parts.append(_until(line, width))
            line = _from(line, width)
        return [*parts, line]

    def render_line(self, y: int) -> Strip:
        look, width = look_of(self), self.size.width
        if y == 0:
            return strip(self._heading(width), width, look)
        if y - 1 < len(self._shown):
            number, line = self._shown[y - 1]
            return strip([self._bar(number), *clip(self._toned(line), width - 1)], width, look)
        said = self.note or ("no output yet" if self._file is not None else "")
        return strip([("  " + said, "dim")] if y == 1 and not self._shown else [], width, look)

    def _bar(self, number: int) -> Span:
        return ("▌", "ask") if number == self._hit else (" ", "")

    def _heading(self, width: int) -> Line:
        style = "head accent" if self.has_focus else "head"
        return heading(self.title, width, right=self._place() if width > 40 else "", style=style)

    def _place(self) -> str:
        """`following`, or `hit 3 of 12 · line 4,120 of 10,334 · 39 %`; then `written 14:01:58`."""
        file = self._file
        if file is None or not len(file):
            return ""
        if self._sought is not None:
            return f"searching {100 * self._sought:.0f} % · esc stops"
        seen = next((number for number, _ in reversed(self._shown) if number >= 0), 0) + 1
        share = f" · {100 * seen // max(1, len(file))} %"
        place = "following" if self.following else f"line {count(seen)} of {count(len(file))}{share}"
        if self._said and self.size.width < _ROOMY:
            return f"{self._said} · {place}"
        parts = [self._said, place, f"written {clock(file.written_us, now=_now(file.written_us))}"]
        if file.skipped_bytes:
            parts.append(f"{amount(file.skipped_bytes)} before not shown")
        return " · ".join(part for part in parts if part)

    def _toned(self, line: Line) -> Line:
        """The line with what was searched for set off; one without colours by what it speaks of."""
        text = plain(line)
        if not any(style for _, style in line):
            line = [(text, tone(text))]
        return _marked(line, self.searched) if self.searched else line

    # -- scrolling ---------------------------------------------------------------------------------

    def _scroll(self, lines: int) -> None:
        if self._file is None:
            return
        self._top = max(0, min(self._last_top, self._top + lines))
        self.following = self._top >= self._last_top
        self._look()

    def cmd_right(self) -> None:
        self._left = 0 if self.wrapped else self._left + _SIDE
        self._look()

    def cmd_left(self) -> None:
        self._left = max(0, self._left - _SIDE)
        self._look()

    def cmd_wrap(self) -> None:
        """Long lines in several rows, or cut at the edge."""
        self.wrapped, self._left = not self.wrapped, 0
        self._look()

    # -- searching ---------------------------------------------------------------------------------

    def search(self, text: str) -> None:
        """Go to the newest line that holds `text`; an empty one ends all searching."""
        self.searched, self._said = text, ""
        self._search += 1
        if not text:
            self._hit = self._sought = None
            self._look()
            return
        self._seek_from(self._top + self._room, -1)

    def cmd_search(self) -> None:
        """Type what to look for, in the area's field."""
        area: Any = self.screen
        area.cmd_filter()

    def cmd_next_match(self) -> None:
        self._seek_from(self._top + self._room // 2 if self._hit is None else self._hit, 1)

    def cmd_previous_match(self) -> None:
        self._seek_from(self._top + self._room // 2 if self._hit is None else self._hit, -1)

    def _seek_from(self, line: int, step: int) -> None:
        """Search the whole file in a thread; the heading says how far it is."""
        file, text = self._file, self.searched
        if file is None or not text:
            return
        self._search += 1
        number, self._sought = self._search, 0.0

        def told(share: float) -> bool:
            if int(share * 20) != int((share - 0.01) * 20):
                self.post_message(self.Sought(self, number, share))
            return number == self._search

        def seek() -> None:
            found = file.find(text, start=line, step=step, told=told)
            self.post_message(self.Sought(self, number, 1.0, ended=True, line=found))
            if found is not None:
                lines = file.hits(text, most=_MOST_HITS, told=lambda share: number == self._search)
                self.post_message(self.Counted(self, number, _which(found, lines or [])))

        self.run_worker(seek, thread=True, group="search", exit_on_error=False)

    def on_log_sought(self, message: Sought) -> None:
        message.stop()
        if message.number != self._search:
            return
        if not message.ended:
            self._sought = message.share
            self.refresh()
            return
        self._sought = None
        self._said = "" if message.line is not None else f"nothing holds {self.searched!r}"
        self._go(message.line)

    def on_log_counted(self, message: Counted) -> None:
        message.stop()
        if message.number == self._search:
            self._said = message.words
            self.refresh()

    def _go(self, line: int | None) -> None:
        """Put the line in the middle."""
        self._hit = line
        if line is not None:
            self.following = False
            self._top = max(0, line - self._room // 2)
        self._look()

    # -- Textual -----------------------------------------------------------------------------------

    def on_resize(self, event: "events.Resize") -> None:
        self._look()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def text(self) -> str:
        """What is in sight."""
        return "\n".join(plain(line) for _, line in self._shown)


def _which(line: int, lines: list[int]) -> str:
    """`hit 3 of 12`; nothing where it stands beyond those that were counted."""
    if line not in lines:
        return ""
    many = f"more than {count(_MOST_HITS)}" if len(lines) > _MOST_HITS else count(len(lines))
    return f"hit {count(lines.index(line) + 1)} of {many}"


_MOST_HITS = 5_000
"""So many are counted, at most."""

_ALARMS = ("error", "traceback", "exception", "killed", "out of memory")


def tone(text: str) -> str:
    """Red for lines that speak of failure, quiet for lineside's own, plain for all others."""
    if text.startswith("lineside:"):
        return "accent"
    lower = text[:200].lower()
    return "bad" if any(word in lower for word in _ALARMS) else ""


def _gap(file: LogFile) -> Line:
    """What stands where the front of a log is missing."""
    if file.dropped_bytes:
        return [(f"⋯ {amount(file.dropped_bytes)} before this were dropped: the log is capped ⋯", "warn")]
    return [(f"⋯ {amount(file.skipped_bytes)} before this are in the file, and not opened here ⋯", "warn")]


def _now(written: Micros | None) -> Micros:
    return max(written or Micros(0), now())


def _marked(line: Line, word: str) -> list[Span]:
    """Every place that holds the word set off, whatever styles it goes through."""
    lower, wanted = plain(line).lower(), word.lower()
    cuts: list[tuple[int, int]] = []
    at = lower.find(wanted)
    while at >= 0:
        cuts.append((at, at + len(wanted)))
        at = lower.find(wanted, at + len(wanted))
    out: list[Span] = []
    place = 0
    for text, style in line:
        for piece, inside in _split(text, place, cuts):
            out.append((piece, "reverse ask" if inside else style))
        place += len(text)
    return out


def _split(text: str, start: int, cuts: list[tuple[int, int]]) -> list[tuple[str, bool]]:
    """The pieces of a text that begins at `start`, each with whether it lies inside a cut."""
    edges = sorted({0, len(text), *(min(max(edge - start, 0), len(text)) for cut in cuts for edge in cut)})
    return [(text[a:b], any(low <= start + a < high for low, high in cuts)) for a, b in pairwise(edges)]


def _until(line: Line, width: int) -> Line:
    """The first `width` cells; a character of two cells that would not fit whole goes to what comes after."""
    out: list[Span] = []
    for text, style in line:
        cells = 0
        for place, char in enumerate(text):
            if cells + width_of(char) > width:
                return [*out, (text[:place], style)]
            cells += width_of(char)
        out.append((text, style))
        width -= cells
    return out


def _from(line: Line, width: int) -> Line:
    """What comes after those."""
    skip = sum(len(text) for text, _ in _until(line, width))
    out: list[Span] = []
    for text, style in line:
        out.append((text[skip:], style))
        skip = max(0, skip - len(text))
    return [span for span in out if span[0]]
