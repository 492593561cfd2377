"""The small menu behind `.`, `g`, `y` and `s`: press a letter, or anything else to leave."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.events import Click, Key

from lineside.console.overlays.overlays import Overlay
from lineside.console.text import Line, Span, fit, heading, width_of
from lineside.console.widgets.lines import Lines

_TALL = 6
"""Entries that stand below each other before a second column is begun."""


class MenuLines(Lines):
    ground = "panel"


class Menu(Overlay[str]):
    """Dismisses with the key that was chosen, or "" for none."""

    BINDINGS: ClassVar = []
    DEFAULT_CSS = """
    Menu { align: left bottom; background: $background 0%; }
    Menu > MenuLines { width: 100%; height: auto; max-height: 100%; margin-bottom: 1; }
    """

    def __init__(
        self, title: str, entries: Sequence[tuple[str, str]], *, empty: str = "nothing to do here"
    ) -> None:
        super().__init__()
        self._title, self._entries, self._empty = title, entries, empty

    def compose(self) -> ComposeResult:
        yield MenuLines(menu_lines(self._title, self._entries, self.app.size.width, empty=self._empty))

    def on_resize(self) -> None:
        self.query_one(MenuLines).set(
            menu_lines(self._title, self._entries, self.app.size.width, empty=self._empty)
        )

    def on_key(self, event: Key) -> None:
        from lineside.console.screens.base.events import key_name

        event.stop()
        event.prevent_default()
        key = key_name(event)
        self.leave(key if key in {k for k, _ in self._entries} else "")

    def on_click(self, event: Click) -> None:
        self.leave(self._entry_at(event.screen_x, event.screen_y))

    def _entry_at(self, x: int, y: int) -> str:
        """The key of the entry on that cell of the screen; "" for none."""
        region = self.query_one(MenuLines).region
        cell, rows = layout(self._entries, self.app.size.width)
        row, column = y - region.y - 1, x // cell
        place = column * rows + row
        return self._entries[place][0] if 0 <= row < rows and place < len(self._entries) else ""


def layout(entries: Sequence[tuple[str, str]], width: int) -> tuple[int, int]:
    """Cells that one entry takes, and rows that all of them take."""
    widest = max((width_of(key) + width_of(words) for key, words in entries), default=0) + 6
    most = max(1, width // max(1, widest))
    columns = min(most, max(1, -(-len(entries) // _TALL)))
    return width // columns if most <= columns else widest + 4, -(-len(entries) // columns)


def menu_lines(title: str, entries: Sequence[tuple[str, str]], width: int, *, empty: str) -> list[Line]:
    """A heading and the entries, down the first column and then down the next."""
    lines: list[Line] = [heading(title.upper(), width, right="esc leaves")]
    if not entries:
        return [*lines, [("  " + empty, "dim")]]
    cell, rows = layout(entries, width)
    for row in range(rows):
        line: list[Span] = []
        for key, words in entries[row::rows]:
            line += [
                ("   ", ""),
                (key, "bold accent"),
                ("  ", ""),
                (fit(words, max(1, cell - width_of(key) - 5)), ""),
            ]
        lines.append(line)
    return lines
