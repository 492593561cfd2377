"""`:` and ctrl+p: say where to go or what to do; the list below follows what is typed."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Key

from lineside.console.commands import Command, matching, shown
from lineside.console.screens.overlays import Overlay
from lineside.console.spoken import Spoken, understood
from lineside.console.text import Line, Span, spread
from lineside.console.widgets.field import Field
from lineside.console.widgets.lines import Lines

ROWS = 10


class PaletteLines(Lines):
    ground = "panel"


class Palette(Overlay[Spoken | Command | None]):
    """Dismisses with what was chosen."""

    BINDINGS: ClassVar = []
    DEFAULT_CSS = """
    Palette { align: left bottom; background: $background 0%; }
    Palette > Vertical { width: 100%; height: auto; margin-bottom: 1; background: $panel; }
    Palette PaletteLines { height: auto; }
    Palette #line { height: 1; }
    Palette #colon { width: 3; height: 1; }
    Palette #said { width: 1fr; }
    """

    def __init__(self, commands: Sequence[Command]) -> None:
        super().__init__()
        self._commands = commands
        self._at = 0

    def compose(self) -> ComposeResult:
        with Vertical():
            yield PaletteLines([], id="hits")
            with Horizontal(id="line"):
                yield PaletteLines([[(" : ", "bold accent")]], id="colon")
                yield Field(placeholder="runs status:FAILED · job 57 · or words of a command", id="said")

    def on_mount(self) -> None:
        self.query_one("#said", Field).focus()
        self._draw()

    def _hits(self) -> list[Command]:
        return matching(self.query_one("#said", Field).value, self._commands)[:ROWS]

    def _draw(self) -> None:
        text = self.query_one("#said", Field).value
        said = understood(text)
        hits = [] if said else self._hits()
        self._at = max(0, min(self._at, len(hits) - 1))
        width = self.app.size.width
        lines: list[Line] = [going(said)] if said else []
        lines += [hit(command, width, here=place == self._at) for place, command in enumerate(hits)]
        self.query_one("#hits", Lines).set(lines or [[("  nothing is called that", "dim")]])

    @on(Field.Changed)
    def _changed(self, event: Field.Changed) -> None:
        event.stop()
        self._at = 0
        self._draw()

    def on_key(self, event: Key) -> None:
        if event.key in ("escape", "down", "up"):
            event.stop()
            event.prevent_default()
        if event.key == "escape":
            self.leave(None)
        elif event.key in ("down", "up"):
            self._at += 1 if event.key == "down" else -1
            self._draw()

    @on(Field.Submitted)
    def _submitted(self, event: Field.Submitted) -> None:
        event.stop()
        hits = self._hits()
        self.leave(understood(event.value) or (hits[self._at] if hits else None))


def hit(command: Command, width: int, *, here: bool) -> Line:
    """One command with its keys; the chosen one is set off by a bar and weight."""
    left: list[Span] = [("▌ " if here else "  ", "accent"), (command.title, "bold" if here else ""),
                        (f"   {command.scope}", "dim")]  # fmt: skip
    return spread(left, [(" ".join(shown(key) for key in command.keys), "key"), (" ", "")], width)


def going(said: Spoken) -> Line:
    """Where `enter` would lead."""
    tail = (
        f", filtered by {said.where}" if said.where else f", {said.target}" if said.target is not None else ""
    )
    return [("▌ ", "accent"), (f"go to {said.area}", "bold"), (tail, "dim")]
