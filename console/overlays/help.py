"""All keys, made from the one command table: what is here first, then what is everywhere."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.events import Key

from lineside.console.commands import AREAS, TITLES, Command, chosen, of_scope, shown
from lineside.console.overlays.overlays import Overlay, keys_line
from lineside.console.text import Line, fit, heading, line_width, spread, width_of
from lineside.console.widgets.lines import Lines

_HEADS = {
    "table": "in tables", "log": "in output", "drawing": "in drawings", "plot": "in charts",
    "page": "in pages", "diff": "in differences",
}  # fmt: skip
_NARROWEST = 60
"""Cells that one column of keys takes at least."""
_KEYS = 14
_OWN = "*"
"""Stands behind keys that this person has chosen."""


class HelpLines(Lines):
    ground = "panel"


class Help(Overlay[None]):
    """Pages with the arrows; any other key leaves."""

    BINDINGS: ClassVar = []
    DEFAULT_CSS = """
    Help { background: $background 0%; }
    Help > HelpLines { width: 100%; height: 1fr; margin: 1 0 0 0; }
    """

    def __init__(
        self, area: str, scopes: Sequence[str], may: Callable[[Command], bool] = lambda _: True
    ) -> None:
        super().__init__()
        self._area, self._scopes, self._may = area, scopes, may
        self._top = 0

    def compose(self) -> ComposeResult:
        yield HelpLines(id="keys")

    def on_mount(self) -> None:
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        width, room = self.app.size.width, max(3, self.app.size.height - 4)
        lines = help_lines(self._scopes, width, self._may)
        self._top = max(0, min(self._top, len(lines) - room))
        seen = f"{self._top + 1}–{min(len(lines), self._top + room)} of {len(lines)}"
        pages = len(lines) > room
        head = heading(f"KEYS IN {TITLES[self._area].upper()}", width, right=seen if pages else "")
        own = any(chosen(c) for scope in self._scopes for c in of_scope(scope))
        law = spread(
            [
                ("  Letters look; only what stands behind ", "dim"),
                (".", "key"),
                (" changes anything.", "dim"),
            ],
            [(f"{_OWN} chosen by you ", "warn")] if own else [],
            width,
        )
        shown_now = lines[self._top : self._top + room]
        below: list[Line] = [[]] * (room - len(shown_now))
        keys = [*([("↓ ↑", "line"), ("PgDn PgUp", "page")] if pages else []), ("esc", "leave")]
        self.query_one("#keys", Lines).set([head, law, *shown_now, *below, keys_line(keys, width)])

    def on_key(self, event: Key) -> None:
        event.stop()
        event.prevent_default()
        page = max(1, self.app.size.height - 6)
        steps = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": page, "pageup": -page, "space": page,
                 "home": -10_000, "end": 10_000}  # fmt: skip
        if event.key in steps:
            self._top = max(0, self._top + steps[event.key])
            self._draw()
        else:
            self.leave(None)

    def on_mouse_scroll_down(self) -> None:
        self._top += 3
        self._draw()

    def on_mouse_scroll_up(self) -> None:
        self._top = max(0, self._top - 3)
        self._draw()


def help_lines(
    scopes: Sequence[str], width: int, may: Callable[[Command], bool] = lambda _: True
) -> list[Line]:
    """Every command of these scopes in sections, in as many columns as there is room for."""
    columns = max(1, width // _NARROWEST)
    cell = width // columns
    blocks = [
        [[("  " + title, "head underline")], *(entry(command, cell) for command in entries), []]
        for title, entries in sections(
            [command for scope in scopes for command in of_scope(scope) if may(command)]
        )
    ]
    stacks = balanced(blocks, columns)
    rows = max(map(len, stacks), default=0)
    return [[span for stack in stacks for span in _padded(stack, row, cell)] for row in range(rows)]


def sections(commands: Sequence[Command]) -> list[tuple[str, list[Command]]]:
    """The commands under headings: what looks and what does in the area, its widgets, what is everywhere."""
    out: dict[str, list[Command]] = {}
    for command in commands:
        out.setdefault(_section(command), []).append(command)
    return list(out.items())


def _section(command: Command) -> str:
    if command.scope in AREAS:
        return f"in {TITLES[command.scope]}" + (": change things, behind  ." if command.does else "")
    if command.scope in _HEADS:
        return _HEADS[command.scope] + {"mark": ": marks", "look": ": columns"}.get(command.group, "")
    return "everywhere" if command.group in ("look", "move", "do") else f"everywhere: {command.group}"


def balanced(blocks: Sequence[Sequence[Line]], columns: int) -> list[list[Line]]:
    """Whole blocks in so many columns, in their order, as even as they go."""
    most = sum(map(len, blocks))
    least = max([-(-most // columns), *map(len, blocks)], default=0)
    for height in range(least, most + 1):
        stacks: list[list[Line]] = [[]]
        for block in blocks:
            if stacks[-1] and len(stacks[-1]) + len(block) > height:
                stacks.append([])
            stacks[-1] += block
        if len(stacks) <= columns:
            return stacks
    return [[line for block in blocks for line in block]]


def _padded(stack: Sequence[Line], row: int, width: int) -> Line:
    line = list(stack[row]) if row < len(stack) else []
    return [*line, (" " * max(0, width - line_width(line)), "")]


def entry(command: Command, width: int) -> Line:
    """`  x            what differs between the marked`."""
    keys = ", ".join(shown(key) for key in command.keys) + (f" {_OWN}" if chosen(command) else "")
    room = max(min(_KEYS, width // 4), width_of(keys) + 1)
    return [
        ("  ", ""),
        (fit(keys, room), "warn" if chosen(command) else "key"),
        (fit(command.title, max(1, width - room - 2)), ""),
    ]
