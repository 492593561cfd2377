"""The last line: the keys that matter here, from the command table; and in a demo, the story above it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from lineside.console.commands import Command, shown
from lineside.console.text import Line, Span, joined, line_width, safe, spread, width_of
from lineside.console.widgets.lines import Lines

if TYPE_CHECKING:
    from textual import events

FIRM = ("everywhere.do", "everywhere.help")
"""Shown however narrow the screen."""
_GAP = "  "


def fitting(commands: Sequence[Command], width: int) -> list[Command]:
    """As many as fit, in the order of the table; those of `FIRM` always."""
    offered = [c for c in commands if c.footer]
    while True:
        loose = [c for c in offered if c.id not in FIRM]
        if line_width(_line(offered)) <= width or not loose:
            return offered
        offered.remove(loose[-1])


def hints(commands: Sequence[Command], width: int) -> Line:
    """`↵ open  . do  ? keys`."""
    return _line(fitting(commands, width))


def _line(commands: Sequence[Command]) -> list[Span]:
    return [(" ", ""), *joined((_pair(command) for command in commands), _GAP)]


def _pair(command: Command) -> Line:
    return [(shown(command.keys[0]), "bold accent"), (f" {command.footer}", "dim")]


class Footer(Lines):
    """The keys that matter; a click does what the key does."""

    ground = "panel"
    DEFAULT_CSS = "Footer { height: 1; }"

    @dataclass
    class Pressed(Message):
        """Somebody clicked on what a key does."""

        command: Command

    _shown: Sequence[Command] = ()

    def show_keys(self, commands: Sequence[Command], width: int) -> None:
        self._shown = fitting(commands, width)
        self.set([_line(self._shown)])

    def on_click(self, event: "events.Click") -> None:
        left = 1
        for command in self._shown:
            width = line_width(_pair(command))
            if left <= event.x < left + width:
                self.post_message(self.Pressed(command))
                return
            left += width + width_of(_GAP)


class Story(Lines):
    """What is happening in a demo home, and which key shows it."""

    DEFAULT_CSS = "Story { height: 1; }"

    def tell(self, text: str, key: str | None, width: int) -> None:
        """The text gives way where both do not fit: the key is what a newcomer needs."""
        left: list[Span] = [(" ▸ ", "bold accent"), (safe(text), "")]
        right: list[Span] = [("press ", "dim"), (f" {key} ", "reverse bold accent"), (" ", "")] if key else []
        self.set([spread(left, right, width)])
