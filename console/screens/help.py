"""All keys, made from the one command table: what is here first, then what is everywhere."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.events import Key

from lineside.console.commands import TITLES, Command, of_scope, shown
from lineside.console.screens.overlays import Overlay
from lineside.console.text import Line, clip, fit, heading, width_of
from lineside.console.widgets.lines import Lines

_HEADS = {"table": "in tables", "log": "in output", "drawing": "in drawings", "everywhere": "everywhere"}
_COLUMN = 40


class HelpLines(Lines):
    ground = "panel"


class Help(Overlay[None]):
    """Pages with the arrows; any other key leaves."""

    BINDINGS: ClassVar = []
    DEFAULT_CSS = """
    Help { background: $background 0%; }
    Help > HelpLines { width: 100%; height: 1fr; margin: 1 0 1 0; }
    """

    def __init__(self, area: str, scopes: Sequence[str]) -> None:
        super().__init__()
        self._area, self._scopes = area, scopes
        self._top = 0

    def compose(self) -> ComposeResult:
        yield HelpLines(id="keys")

    def on_mount(self) -> None:
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        width, height = self.app.size.width, max(3, self.app.size.height - 2)
        lines = help_lines(self._scopes, width)
        self._top = max(0, min(self._top, len(lines) - height + 2))
        more = "↓ more   esc leaves" if len(lines) > self._top + height - 2 else "esc leaves"
        head = heading(f"KEYS IN {TITLES[self._area].upper()}", width, right=more)
        law = clip([("  letters look; ", "dim"), (".", "key"), (" does", "dim")], width)
        self.query_one("#keys", Lines).set([head, law, *lines[self._top : self._top + height - 2]])

    def on_key(self, event: Key) -> None:
        event.stop()
        event.prevent_default()
        page = max(1, self.app.size.height - 6)
        steps = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": page, "pageup": -page, "space": page}
        if event.key in steps:
            self._top = max(0, self._top + steps[event.key])
            self._draw()
        else:
            self.leave(None)


def help_lines(scopes: Sequence[str], width: int) -> list[Line]:
    """Every command of these scopes under its scope's name, in as many columns as there is room for."""
    lines: list[Line] = []
    per = max(1, width // _COLUMN)
    for scope in scopes:
        entries = [entry(command, width // per) for command in of_scope(scope)]
        if entries:
            lines += [[], [("  " + _HEADS.get(scope, f"in {TITLES.get(scope, scope)}"), "head")]]
            lines += _columns(entries, per)
    return lines[1:]


def _columns(entries: Sequence[Line], per: int) -> list[Line]:
    """Down the first column, then down the next."""
    rows = -(-len(entries) // per)
    return [[span for line in entries[row::rows] for span in line] for row in range(rows)]


def entry(command: Command, width: int) -> Line:
    """`  x            what differs between the marked`."""
    keys = ", ".join(shown(key) for key in command.keys)
    room = max(11, width_of(keys) + 1)
    return [
        ("  ", ""),
        (fit(keys, room), "key"),
        (fit(command.title, max(1, width - room - 3)), ""),
        (" ", ""),
    ]
