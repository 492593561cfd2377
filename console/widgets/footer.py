"""The last line: the keys that matter here, from the command table; and in a demo, the story above it."""

from collections.abc import Sequence

from lineside.console.commands import Command, shown
from lineside.console.text import Line, Span, joined, line_width, safe, spread
from lineside.console.widgets.lines import Lines

FIRM = ("everywhere.do", "everywhere.help")
"""Shown however narrow the screen."""


def hints(commands: Sequence[Command], width: int) -> Line:
    """As many `key word` pairs as fit, in the order of the table; those of `FIRM` always."""
    offered = [c for c in commands if c.footer]
    while True:
        pairs: list[Line] = [[(shown(c.keys[0]), "bold accent"), (f" {c.footer}", "dim")] for c in offered]
        line: list[Span] = [(" ", ""), *joined(pairs)]
        loose = [c for c in offered if c.id not in FIRM]
        if line_width(line) <= width or not loose:
            return line
        offered.remove(loose[-1])


class Footer(Lines):
    ground = "panel"
    DEFAULT_CSS = "Footer { height: 1; }"


class Story(Lines):
    """What is happening in a demo home, and which key shows it."""

    DEFAULT_CSS = "Story { height: 1; }"

    def tell(self, text: str, key: str | None, width: int) -> None:
        """The text gives way where both do not fit: the key is what a newcomer needs."""
        left: list[Span] = [(" ▸ ", "bold accent"), (safe(text), "")]
        right: list[Span] = [("press ", "dim"), (f" {key} ", "reverse bold accent"), (" ", "")] if key else []
        self.set([spread(left, right, width)])
