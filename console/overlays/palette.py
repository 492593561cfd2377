"""`:` and ctrl+p: say where to go or what to do; the list below follows what is typed."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Key
from textual.suggester import Suggester

from lineside.console.commands import TITLES, Command, by_id, matching, shown
from lineside.console.memory import Memory
from lineside.console.overlays.overlays import Overlay
from lineside.console.spoken import LEAVES, Spoken, completed, nearest, understood
from lineside.console.text import Line, Span, clip, line_width, safe, spread
from lineside.console.widgets.lines import Lines
from lineside.console.widgets.texts.field import Field

WIDEST = 100
_SCOPES = {"table": "in tables", "log": "in output", "drawing": "in drawings", "plot": "in charts"}
Said = Spoken | Command | None


class PaletteLines(Lines):
    ground = "panel"


class Ghost(Suggester):
    """The rest of the line in grey: tab or → takes it."""

    def __init__(self, memory: Memory, commands: Sequence[Command]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._memory, self._commands = memory, commands

    async def get_suggestion(self, value: str) -> str | None:
        found = completed(value, self._memory.said(), self._commands)
        return found if found is not None and found.startswith(value) else None


class Palette(Overlay[Said]):
    """Dismisses with what was chosen."""

    BINDINGS: ClassVar = []
    DEFAULT_CSS = """
    Palette { align: center top; background: $background 30%; }
    Palette > Vertical {
        width: 100%; max-width: 100; height: auto; max-height: 90%; margin-top: 2; background: $panel;
        border: round $primary;
    }
    Palette PaletteLines { height: auto; }
    Palette #line { height: 1; }
    Palette #colon { width: 3; height: 1; }
    Palette #said { width: 1fr; }
    """

    def __init__(self, commands: Sequence[Command], memory: Memory, resting: Sequence[Command] = ()) -> None:
        """Args:
        resting: what this person may do, but not to the row they are on.
        """
        super().__init__()
        self._commands, self._memory, self._resting = commands, memory, resting
        self._at = 0
        self._back = 0  # how many lines back in what was typed before; 0: the one being typed
        self._typed = ""  # that one
        self._complaint = ""

    def compose(self) -> ComposeResult:
        with Vertical():
            with Horizontal(id="line"):
                yield PaletteLines([[(" : ", "bold accent")]], id="colon")
                field = Field(placeholder="runs lr<=1e-2 · job 57 · or words of a command", id="said")
                field.suggester = Ghost(self._memory, self._commands)
                yield field
            yield PaletteLines([], id="hits")

    def on_mount(self) -> None:
        self._field.focus()
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    @property
    def _field(self) -> Field:
        return self.query_one("#said", Field)

    # -- what is shown -----------------------------------------------------------------------------

    @property
    def _width(self) -> int:
        return min(self.app.size.width, WIDEST) - 2

    def _hits(self) -> list[Command]:
        text = self._field.value
        if not text.strip():
            return [c for c in self._commands if c.group not in ("move", "areas")]
        return matching(text, self._commands)

    def _draw(self) -> None:
        said = understood(self._field.value)
        hits = [] if said else self._hits()
        self._at = max(0, min(self._at, len(hits) - 1))
        width = self._width
        lines: list[Line] = [[("─" * width, "rule")]]
        if self._complaint:
            lines.append(clip([(f" {self._complaint}", "warn")], width))
        elif said:
            lines.append(going(said))
        elif not hits:
            lines.append(self._nothing(width))
        room = max(3, self.app.size.height - 11)
        lines += listed(hits, self._at, width=width, room=room)
        self.query_one("#hits", Lines).set([*lines, [], ways(width)])

    def _nothing(self, width: int) -> Line:
        resting = matching(self._field.value, self._resting)
        if resting:
            said = f"  {resting[0].title}"
            return clip([(said, "bold"), ("  is not for what the cursor is on, or is marked", "dim")], width)
        near = nearest(self._field.value, self._commands)
        spans: list[Span] = [("  nothing is called that", "dim")]
        if near:
            spans += [
                ("; did you mean  ", "dim"),
                (safe(near), "bold"),
                ("  tab", "key"),
                (" takes it", "dim"),
            ]
        return clip(spans, width)

    # -- what is typed -----------------------------------------------------------------------------

    @on(Field.Changed)
    def _changed(self, event: Field.Changed) -> None:
        event.stop()
        self._at, self._complaint = 0, ""
        self._draw()

    def on_key(self, event: Key) -> None:
        ways = {"escape": self._escape, "down": self._down, "up": self._up, "tab": self._complete}
        if event.key in ways:
            event.stop()
            event.prevent_default()
            ways[event.key]()

    def _escape(self) -> None:
        self.leave(None)

    def _down(self) -> None:
        if self._back:
            self._recall(self._back - 1)
        else:
            self._at += 1
            self._draw()

    def _up(self) -> None:
        """Up the list; from its top, back through what was typed before."""
        if self._at and not self._back:
            self._at -= 1
            self._draw()
        else:
            self._recall(self._back + 1)

    def _recall(self, back: int) -> None:
        said = self._memory.said()
        if not 0 <= back <= len(said):
            return
        if not self._back:
            self._typed = self._field.value
        self._back = back
        self._put(said[-back] if back else self._typed)

    def _complete(self) -> None:
        text = self._field.value
        hits = self._hits()
        line = completed(text, self._memory.said(), self._commands) or nearest(text, self._commands)
        self._put(line or (hits[self._at].title if hits else text))

    def _put(self, text: str) -> None:
        self._field.value = text
        self._field.cursor_position = len(text)

    @on(Field.Submitted)
    def _submitted(self, event: Field.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        hits = self._hits()
        chosen: Said = by_id("everywhere.quit") if text in LEAVES else understood(text)
        chosen = chosen or (hits[self._at] if hits else None)
        if chosen is None and text:
            if matching(text, self._resting):
                return  # it is said already
            near = nearest(text, self._commands)
            self._complaint = f"nothing is called {safe(text)!r}" + (
                f"; did you mean {near}?" if near else ""
            )
            self._draw()
            return
        if text:
            self._memory.say(text)
        self.leave(chosen)


def listed(hits: Sequence[Command], at: int, *, width: int, room: int) -> list[Line]:
    """The commands under what they belong to, `room` lines of them, the chosen one among these."""
    lines: list[Line] = []
    place_of_chosen = 0
    groups = dict.fromkeys(belongs(command) for command in hits)
    ordered = [
        (command, hits.index(command)) for group in groups for command in hits if belongs(command) == group
    ]
    before = ""
    for command, place in ordered:
        if belongs(command) != before:
            before = belongs(command)
            lines.append([("  " + before, "head")])
        if place == at:
            place_of_chosen = len(lines)
        lines.append(hit(command, width, here=place == at))
    top = max(0, min(place_of_chosen - room // 2, len(lines) - room))
    more = len(lines) - top - room
    shown_lines = lines[top : top + room]
    if more > 0:
        shown_lines[-1] = [(f"  … {more + 1} more: type some letters", "dim")]
    return shown_lines


def belongs(command: Command) -> str:
    """Under which heading a command stands."""
    if command.scope in TITLES:
        return f"in {TITLES[command.scope]}"
    return _SCOPES.get(command.scope, command.group if command.group != "look" else "everywhere")


def hit(command: Command, width: int, *, here: bool) -> Line:
    """One command with its keys; the chosen one is set off by a bar and weight."""
    keys = " ".join(shown(key) for key in command.keys)
    left: list[Span] = [
        ("▌ " if here else "  ", "accent"),
        ("  " + command.title, "bold accent" if here else ""),
    ]
    return spread(left, [(keys, "key"), ("  ", "")], width)


def ways(width: int) -> Line:
    """How the line is used, as far as it fits."""
    out: list[Span] = [(" ", "")]
    for key, words in (
        ("↵", "do it"),
        ("tab", "complete"),
        ("↓", "choose"),
        ("↑", "earlier"),
        ("esc", "leave"),
    ):
        more: list[Span] = [(f" {key}", "key"), (f" {words} ", "dim")]
        if line_width(out) + line_width(more) <= width:
            out += more
    return out


def going(said: Spoken) -> Line:
    """Where `enter` would lead."""
    tail = (
        f", filtered by {said.where}" if said.where else f", {said.target}" if said.target is not None else ""
    )
    return [("▌ ", "accent"), (f"go to {TITLES[said.area]}", "bold"), (safe(tail), "")]
