"""What comes of a query: rows, or words that say why there are none."""

import time
from dataclasses import dataclass
from typing import Any

from lineside.console.querying import saved
from lineside.console.views.sql import chart as sqlchart
from lineside.console.views.sql import sql as drawing
from lineside.store.errors import LinesideError
from lineside.store.halting import Halt
from lineside.store.homes import Home

LIMIT = 10_000
"""Rows a query may bring onto the screen."""

Row = tuple[int, tuple[Any, ...]]
"""The place of a row in the answer, and its values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of the last query."""

    query: str = ""
    names: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    more: bool = False  # there were more than LIMIT
    took_s: float = 0.0
    problem: str = ""
    hint: str = ""

    @property
    def answered(self) -> sqlchart.Answered:
        return sqlchart.Answered(names=self.names, types=self.types, rows=[row for _, row in self.rows])


def ask(home: Home, query: str, halt: Halt | None = None) -> Answer:
    """One query in DuckDB; what it does not understand comes back as words."""
    from lineside.store import analytics

    begun = time.monotonic()
    try:
        own = saved.every(saved.folder())
        found = analytics.sql(home, query, limit=LIMIT, saved=own, halt=halt)
    except LinesideError as error:
        return Answer(query=query, problem=str(error), hint=error.hint)
    return Answer(
        query=query, names=found.columns, types=found.types, rows=tuple(enumerate(found.rows)),
        more=found.more, took_s=time.monotonic() - begun,
    )  # fmt: skip


def start() -> drawing.Start:
    """What there is to begin with: the views, and what this person has kept."""
    from lineside.store.queries import views

    where = saved.folder()
    known = {name: dict(view.columns) for name, view in views.VIEWS.items()}
    return drawing.Start(views=known, saved=saved.every(where), folder=str(where))
