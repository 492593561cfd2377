"""The small menu behind `.`, `g`, `y` and `;`: press a letter, or anything else to leave."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.events import Key

from lineside.console.screens.overlays import Overlay
from lineside.console.text import Line, Span, heading
from lineside.console.widgets.lines import Lines


class MenuLines(Lines):
    ground = "panel"


class Menu(Overlay[str]):
    """Dismisses with the key that was chosen, or "" for none."""

    BINDINGS: ClassVar = []
    DEFAULT_CSS = """
    Menu { align: left bottom; background: $background 0%; }
    Menu > MenuLines { width: 100%; height: auto; margin-bottom: 1; }
    """

    def __init__(
        self, title: str, entries: Sequence[tuple[str, str]], *, empty: str = "nothing to do here"
    ) -> None:
        super().__init__()
        self._title, self._entries, self._empty = title, entries, empty

    def compose(self) -> ComposeResult:
        yield MenuLines(menu_lines(self._title, self._entries, self.app.size.width, empty=self._empty))

    def on_key(self, event: Key) -> None:
        from lineside.console.screens.events import key_name

        event.stop()
        event.prevent_default()
        key = key_name(event)
        self.leave(key if key in {k for k, _ in self._entries} else "")


def menu_lines(title: str, entries: Sequence[tuple[str, str]], width: int, *, empty: str) -> list[Line]:
    """A heading and the entries, in two columns where they are many."""
    lines: list[Line] = [heading(title, width, right="esc leaves")]
    if not entries:
        return [*lines, [("  " + empty, "dim")]]
    per = 1 if len(entries) <= 6 else 2
    rows = -(-len(entries) // per)
    for row in range(rows):
        line: list[Span] = []
        for key, words in entries[row::rows]:
            pad = max(1, width // per - len(words) - len(key) - 5)
            line += [("   ", ""), (key, "bold accent"), ("  ", ""), (words, ""), (" " * pad, "")]
        lines.append(line)
    return lines
