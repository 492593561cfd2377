"""The small menu behind `.`, `g`, `y` and `s`: press a letter, or go there with the arrows; else leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.events import Click, Key

from lineside.console.overlays.overlays import Overlay, keys_line
from lineside.console.text import Line, Span, fit, heading, width_of
from lineside.console.widgets.lines import Lines

Entries = Sequence[tuple[str, str]]
"""Key and words of each thing that can be chosen."""

_TALL = 6
"""Entries that stand below each other before a second column is begun."""
_AROUND = 3
"""Rows that are no entries: the tabs above it stay in sight, its heading, its keys."""


class MenuLines(Lines):
    ground = "panel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Where the entries of a menu stand: down the first column, then down the next.

    >>> sheet = Sheet.of([("a", "one"), ("b", "two")], (80, 24))
    >>> sheet.columns, sheet.rows, sheet.moved(0, "down"), sheet.moved(1, "down")
    (1, 2, 1, 1)
    """

    count: int
    cell: int  # cells that one entry takes
    rows: int  # that all of them take
    room: int  # rows that are in sight at once

    @classmethod
    def of(cls, entries: Entries, size: tuple[int, int]) -> "Sheet":
        width, height = size
        widest = max((width_of(key) + width_of(words) for key, words in entries), default=0) + 6
        room, most = max(1, height - _AROUND), max(1, width // max(1, widest))
        wanted = max(-(-len(entries) // _TALL), 1)
        columns = min(most, wanted)
        cell = width // columns if most <= columns else widest + 4
        return cls(count=len(entries), cell=cell, rows=-(-len(entries) // columns), room=room)

    @property
    def columns(self) -> int:
        return -(-self.count // self.rows) if self.rows else 0

    def moved(self, at: int, key: str) -> int:
        """The entry an arrow leads to; the same one at the edge."""
        step = {"up": -1, "down": 1, "left": -self.rows, "right": self.rows}[key]
        to = at + step
        if key == "right" and to >= self.count and at // self.rows < self.columns - 1:
            return self.count - 1  # the last column is shorter
        return to if 0 <= to < self.count else at

    def top(self, at: int) -> int:
        """The first row in sight, so that the entry is among them."""
        return max(0, min(at % self.rows - self.room // 2, self.rows - self.room)) if self.rows else 0

    def entry(self, row: int, column: int) -> int | None:
        """Which one stands there."""
        place = column * self.rows + row
        return place if 0 <= row < self.rows and column >= 0 and place < self.count else None


class Menu(Overlay[str]):
    """Dismisses with the key that was chosen, or "" for none."""

    BINDINGS: ClassVar = []
    DEFAULT_CSS = """
    Menu { align: left bottom; background: $background 0%; }
    Menu > MenuLines { width: 100%; height: auto; max-height: 100%; }
    """

    def __init__(self, title: str, entries: Entries, *, empty: str = "nothing to do here") -> None:
        super().__init__()
        self._title, self._entries, self._empty = title, entries, empty
        self._at = 0

    @property
    def _sheet(self) -> Sheet:
        return Sheet.of(self._entries, (self.app.size.width, self.app.size.height))

    def _lines(self) -> list[Line]:
        return menu_lines(
            self._title, self._entries, self._sheet, self._at, self.app.size.width, empty=self._empty
        )

    def compose(self) -> ComposeResult:
        yield MenuLines(self._lines())

    def on_resize(self) -> None:
        self.query_one(MenuLines).set(self._lines())

    def on_key(self, event: Key) -> None:
        from lineside.console.screens.base.events import key_name

        event.stop()
        event.prevent_default()
        key = key_name(event)
        if key in ("up", "down", "left", "right") and self._entries:
            self._at = self._sheet.moved(self._at, key)
            self.query_one(MenuLines).set(self._lines())
        elif key == "enter" and self._entries:
            self.leave(self._entries[self._at][0])
        else:
            self.leave(key if key in {k for k, _ in self._entries} else "")

    def on_click(self, event: Click) -> None:
        self.leave(self._entry_at(event.screen_x, event.screen_y))

    def _entry_at(self, x: int, y: int) -> str:
        """The key of the entry on that cell of the screen; "" for none."""
        sheet, row = self._sheet, y - self.query_one(MenuLines).region.y - 1
        if not 0 <= row < sheet.room:
            return ""
        place = sheet.entry(row + sheet.top(self._at), x // sheet.cell)
        return "" if place is None else self._entries[place][0]


def menu_lines(title: str, entries: Entries, sheet: Sheet, at: int, width: int, *, empty: str) -> list[Line]:
    """A heading, the rows of entries that are in sight, and the keys of a menu."""
    if not entries:
        return [heading(title.upper(), width), [("  " + empty, "dim")], keys_line([("esc", "leave")], width)]
    top = sheet.top(at)
    rows = range(top, min(sheet.rows, top + sheet.room))
    part = f"{top + 1}–{rows.stop} of {sheet.rows}" if len(rows) < sheet.rows else ""
    keys = [("a letter, ↵", "take it"), ("↓ ↑", "choose"), ("esc", "leave")]
    lines: list[Line] = [heading(title.upper(), width, right=part)]
    for row in rows:
        places = [sheet.entry(row, column) for column in range(sheet.columns)]
        cells = [_entry(entries[p], sheet.cell, here=p == at) for p in places if p is not None]
        lines.append([span for cell in cells for span in cell])
    return [*lines, keys_line(keys, width)]


def _entry(entry: tuple[str, str], cell: int, *, here: bool) -> list[Span]:
    key, words = entry
    return [
        (" ▌ " if here else "   ", "accent"),
        (key, "bold accent"),
        ("  ", ""),
        (fit(words, max(1, cell - width_of(key) - 5)), "bold" if here else ""),
    ]
