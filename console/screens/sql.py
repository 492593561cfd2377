"""SQL: one query over everything the home holds, in DuckDB's words; read-only, like every look."""

import shlex
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Key

from lineside.console.format import count, plural, took
from lineside.console.ports import Actions, Question, Store
from lineside.console.screens.area import Area
from lineside.console.text import Line, Span, safe
from lineside.console.views import sql as drawing
from lineside.console.widgets.field import Field
from lineside.console.widgets.lines import Drawing, Lines
from lineside.console.widgets.rows import ListRows
from lineside.console.widgets.table import Table
from lineside.store.errors import LinesideError
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


class SqlArea(Area[Answer]):
    """Area 9."""

    NAME: ClassVar[str] = "sql"
    DEFAULT_CSS = """
    SqlArea #ask { height: 1; }
    SqlArea #prompt { width: 7; height: 1; }
    SqlArea #query { width: 1fr; }
    SqlArea #rows { height: 1fr; }
    SqlArea #pane { height: 1fr; }
    SqlArea.-drawn #rows { display: none; }
    SqlArea.-plain #pane { display: none; }
    """

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(store, actions)
        self._query = ""
        self._asked: Answer | None = None
        self._past: list[str] = []
        self._place = 0
        self._pane = "views"

    def body(self) -> ComposeResult:
        with Horizontal(id="ask"):
            yield Lines([[("  sql ", "bold accent"), ("›", "dim")]], id="prompt")
            yield Field(placeholder="select … from runs", id="query")
        yield Table[Row]((), id="rows", empty="no rows")
        yield Drawing[Answer](self._draw, id="pane")

    def main(self) -> Table[Row]:
        return self.query_one("#rows", Table)

    def first_focus(self) -> None:
        """Nothing: digits and letters go on doing what they do everywhere until `e` begins a query."""

    # -- asking -------------------------------------------------------------------------------------

    def question(self) -> Question[Answer]:
        """The query, when it is a new one; a store that changed is no reason to ask again."""
        query, known, home = self._query, self._asked, self.store.home

        def read(db: sqlite3.Connection) -> Answer:
            if known is not None and known.query == query:
                return known
            return ask(home, query) if query else Answer()

        return read

    def show(self, view: Answer) -> None:
        if view is self._asked:
            return
        self._asked = view
        table = self.main()
        rows = ListRows[Row](
            view.rows, key=lambda row: row[0], cells=lambda row: [drawing.cell(v) for v in row[1]]
        )
        table.show(rows, columns=drawing.columns(view.names, view.types))
        table.cmd_top()
        self._show_pane("problem" if view.problem else "rows" if view.query else "views")
        if view.rows:
            table.focus()

    def _draw(self, view: Answer, width: int, height: int) -> list[Line]:
        if self._pane == "problem":
            return drawing.problem_lines(view.problem, view.hint, width, height)
        current = self.main().current
        if self._pane == "record" and current is not None:
            return drawing.record_lines(view.names, current[1], width, height)
        return drawing.view_lines(_views(), width, height)

    def _show_pane(self, pane: str) -> None:
        self._pane = pane
        self.set_class(pane != "rows", "-drawn")
        self.set_class(pane == "rows", "-plain")
        self.query_one("#pane", Drawing).show(self._asked or Answer())

    def crumb(self) -> tuple[Line, Line]:
        view = self._asked
        left: list[Span] = [(" SQL", "bold"), ("  read-only, DuckDB", "dim")]
        if view is None or not view.query or view.problem:
            return left, []
        told = f"the first {count(len(view.rows))} rows" if view.more else plural(len(view.rows), "row")
        return left, [(told, ""), (f" · {took(view.took_s)}", "dim")]

    @on(Field.Submitted, "#query")
    def _submitted(self, event: Field.Submitted) -> None:
        event.stop()
        self._run(event.value.strip().rstrip(";"))

    def _run(self, query: str) -> None:
        if not query:
            return
        self._past = [*[each for each in self._past if each != query], query][-100:]
        self._place = len(self._past)
        self._query, self._asked = query, None
        self.query_one("#query", Field).value = query
        self.reload()

    def on_key(self, event: Key) -> None:
        """In the query, up and down walk through what was asked before."""
        field = self.query_one("#query", Field)
        if self.focused is field and event.key in ("up", "down"):
            event.stop()
            event.prevent_default()
            self._place = max(0, min(len(self._past), self._place + (1 if event.key == "down" else -1)))
            field.value = self._past[self._place] if self._place < len(self._past) else ""
            field.cursor_position = len(field.value)
        elif self.focused is field and event.key == "tab":
            event.stop()
            event.prevent_default()
            self.main().focus()

    # -- looking ------------------------------------------------------------------------------------

    def filtered(self, text: str) -> None:
        """`:sql select …` and `/` both ask."""
        self._run(text.strip().rstrip(";"))

    def cmd_filter(self) -> None:
        self.cmd_query()

    def cmd_query(self) -> None:
        self.query_one("#query", Field).focus()

    def cmd_examples(self) -> None:
        names = [name for name, _ in drawing.EXAMPLES]
        self.choose("examples", names, lambda at: self._run(drawing.EXAMPLES[at][1]))

    def cmd_again(self) -> None:
        self._asked = None
        self.reload()

    def cmd_record(self) -> None:
        if self.main().current is not None:
            self._show_pane("record")

    def cmd_views(self) -> None:
        self._show_pane("rows" if self._pane == "views" and self._asked and self._asked.rows else "views")

    def out(self) -> bool:
        if self.focused is self.query_one("#query", Field):
            self.main().focus()
            return True
        if self._pane in ("record", "views") and self._asked is not None and self._asked.rows:
            self._show_pane("rows")
            return True
        return False

    def panels(self) -> Sequence[tuple[str, str, Any]]:
        return (("q", "query", self.query_one("#query")), ("r", "rows", self.main()))

    def copies(self) -> Mapping[str, str]:
        row = self.main().current
        value = "\t".join("" if v is None else str(v) for v in row[1]) if row is not None else ""
        command = f"lineside sql {shlex.quote(self._query)}" if self._query else ""
        return {
            "command": command,
            "id": str(row[1][0]) if row is not None and row[1] else "",
            "value": value,
        }


def ask(home: Home, query: str) -> Answer:
    """One query in DuckDB; what it does not understand comes back as words."""
    from lineside.store import analytics

    start = time.monotonic()
    try:
        found = analytics.sql(home, query, limit=LIMIT)
    except LinesideError as error:
        return Answer(query=query, problem=str(error), hint=error.hint)
    return Answer(
        query=query, names=found.columns, types=found.types, rows=tuple(enumerate(found.rows)),
        more=found.more, took_s=time.monotonic() - start,
    )  # fmt: skip


def _views() -> Mapping[str, Sequence[str]]:
    from lineside.store.queries import views

    return {name: tuple(safe(column) for column in view.columns) for name, view in views.VIEWS.items()}
