"""Choosing the columns of a table: the table behind it changes with every key."""

from dataclasses import replace
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.events import Key

from lineside.console.overlays.overlays import Overlay
from lineside.console.screens.base.events import key_name
from lineside.console.text import Line, clip, fit, heading, safe
from lineside.console.widgets.lines import Lines
from lineside.console.widgets.tables.arrangement import Arrangement
from lineside.console.widgets.tables.table import Table

_WIDTH = 40
_HELP = (("space", "show or not"), ("J K", "move"), ("0", "as it came"), ("↵", "keep"), ("esc", "leave"))


class ColumnLines(Lines):
    ground = "panel"


class Columns(Overlay[Arrangement | None]):
    """Dismisses with the arrangement to keep, or None for the one from before."""

    BINDINGS: ClassVar = []
    DEFAULT_CSS = """
    Columns { align: right middle; background: $background 0%; }
    Columns > ColumnLines { width: 42; max-width: 100%; height: auto; border: round $primary; }
    """

    def __init__(self, table: Table[Any]) -> None:
        super().__init__()
        self._table = table
        self._at = 0

    def compose(self) -> ComposeResult:
        yield ColumnLines(self._lines())

    @property
    def _order(self) -> list[str]:
        columns = self._table.columns
        return [columns[place].key for place in self._table.arrangement.places(columns, all=True)]

    def _lines(self) -> list[Line]:
        titles = {column.key: column.title for column in self._table.columns}
        hidden = self._table.arrangement.hidden
        order = self._order
        room = max(3, self.app.size.height - 6)
        top = max(0, min(self._at - room // 2, len(order) - room))
        rows: list[Line] = []
        for place in range(top, min(len(order), top + room)):
            key, here = order[place], place == self._at
            shown = key not in hidden
            rows.append([
                ("▌" if here else " ", "accent"), ("[x] " if shown else "[ ] ", "accent" if shown else "dim"),
                (fit(safe(titles[key]) or safe(key), _WIDTH - 6), _style(here, shown)),
            ])  # fmt: skip
        return [
            heading("COLUMNS", _WIDTH, right=f"{len(order) - len(hidden & set(order))} of {len(order)}"),
            *rows,
            *_help(),
        ]

    def on_key(self, event: Key) -> None:
        event.stop()
        event.prevent_default()
        key = key_name(event)
        steps = {"down": 1, "j": 1, "up": -1, "k": -1}
        moves = {"J": 1, "shift+down": 1, "K": -1, "shift+up": -1}
        if key in ("escape", "enter"):
            self.leave(self._table.arrangement if key == "enter" else None)
            return
        if key in steps:
            self._at = max(0, min(len(self._order) - 1, self._at + steps[key]))
        elif key in moves:
            self._move(moves[key])
        elif key == "space":
            self._toggle(self._order[self._at])
        elif key == "0":
            self._table.rearrange(Arrangement(sort=self._table.arrangement.sort))
        self.query_one(ColumnLines).set(self._lines())

    def _toggle(self, key: str) -> None:
        old = self._table.arrangement
        hidden = old.hidden ^ {key}
        if hidden >= set(self._order):  # a table of no columns is no table
            return
        self._table.rearrange(replace(old, hidden=hidden))

    def _move(self, step: int) -> None:
        order, to = self._order, self._at + step
        if 0 <= to < len(order):
            order[self._at], order[to] = order[to], order[self._at]
            self._at = to
            self._table.rearrange(replace(self._table.arrangement, order=tuple(order)))


def _style(here: bool, shown: bool) -> str:
    return ("bold " if here else "") + ("" if shown else "dim")


def _help() -> list[Line]:
    lines: list[Line] = [[]]
    for row in (_HELP[:2], _HELP[2:]):
        spans: list[tuple[str, str]] = [(" ", "")]
        for key, words in row:
            spans += [(key, "bold accent"), (f" {words}  ", "dim")]
        lines.append(clip(spans, _WIDTH))
    return lines
