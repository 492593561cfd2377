"""What an area shows while its module is missing."""

import sqlite3

from textual.app import ComposeResult

from lineside.console.ports import Actions, Question, Store
from lineside.console.screens.base.area import Area
from lineside.console.widgets.lines import Lines


class Placeholder(Area[None]):
    """An area without rows."""

    def __init__(self, name: str, store: Store, actions: Actions) -> None:
        self.NAME = name  # type: ignore[misc]
        super().__init__(store, actions)

    def body(self) -> ComposeResult:
        yield Lines([[], [("   this area is not here yet", "dim")]], id="body")

    def question(self) -> Question[None]:
        def nothing(db: sqlite3.Connection) -> None:
            return None

        return nothing

    def show(self, view: None) -> None:
        pass
