"""A query being written: several lines, undo, paste; enter asks, and the arrows leave it at its ends."""

from collections.abc import Callable
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.widgets import TextArea

from lineside.console.text import Line
from lineside.console.widgets.lines import look_of

_BREAKS = ("ctrl+j", "alt+enter", "shift+enter")


class Editor(TextArea):
    """A text of as many rows as it has lines, up to eight; the cursor does not blink."""

    SCOPE = "editor"
    DEFAULT_CSS = """
    Editor, Editor:focus {
        border: none; padding: 0; height: auto; max-height: 8; background: $panel; color: $foreground;
        scrollbar-size: 0 0;
    }
    """

    @dataclass
    class Submitted(Message):
        """Enter: ask this."""

        text: str

    @dataclass
    class Older(Message):
        """Up in the first line, or down in the last: another one of those asked before."""

        step: int

    @dataclass
    class Completed(Message):
        """Tab: what could the word become?"""

        step: int

    def __init__(
        self, colours: Callable[[str], Line] | None = None, *, placeholder: str = "", id: str | None = None
    ) -> None:  # fmt: skip
        super().__init__(id=id, placeholder=placeholder, highlight_cursor_line=False, compact=True)
        self.cursor_blink = False
        self._colours = colours

    def get_line(self, line_index: int) -> Text:
        """The line in the colours of its words."""
        line = super().get_line(line_index)
        if self._colours is None:
            return line
        look, at = look_of(self), 0
        for text, name in self._colours(line.plain):
            if name:
                style = look.style(name)
                line.stylize(Style(color=style.color, bold=style.bold, dim=style.dim), at, at + len(text))
            at += len(text)
        return line

    @property
    def offset_of_cursor(self) -> int:
        """The cursor as a place in the text."""
        row, column = self.cursor_location
        return sum(len(line) + 1 for line in self.text.split("\n")[:row]) + column

    def put(self, text: str, *, at: tuple[int, int] | None = None) -> None:
        """Another text, with the cursor at its end or at (row, column)."""
        if text != self.text:
            self.load_text(text)
        self.move_cursor(at if at is not None else self.document.end)

    def replace_word(self, start: int, word: str) -> None:
        """What stands from `start` to the cursor becomes `word`."""
        row, column = self.cursor_location
        first = column - (self.offset_of_cursor - start)
        self.replace(word, (row, first), (row, column))

    async def _on_key(self, event: events.Key) -> None:
        message = self._meaning(event.key)
        if event.key in _BREAKS:
            self.insert("\n")
        elif message is not None:
            self.post_message(message)
        else:
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()

    def _meaning(self, key: str) -> Message | None:
        row = self.cursor_location[0]
        if key == "enter":
            return self.Submitted(self.text)
        if key in ("tab", "shift+tab"):
            return self.Completed(1 if key == "tab" else -1)
        if key == "up" and row == 0:
            return self.Older(-1)
        if key == "down" and row == self.document.line_count - 1:
            return self.Older(1)
        return None
