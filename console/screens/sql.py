"""SQL: one query over everything the home holds, in DuckDB's words; read-only, like every look."""

import shlex
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Key
from textual.widgets import TextArea

from lineside.console.commands import Command
from lineside.console.format import clock, count, plural, took
from lineside.console.ports import Actions, Question, Store
from lineside.console.querying import answers, saved
from lineside.console.querying.answers import Answer, Row
from lineside.console.querying.colours import coloured
from lineside.console.querying.completing import Completing
from lineside.console.querying.words import trouble
from lineside.console.screens.deeds.sql import SqlDeeds
from lineside.console.text import Line, Span
from lineside.console.views.sql import chart as sqlchart
from lineside.console.views.sql import sql as drawing
from lineside.console.widgets.charts.plot import Plot
from lineside.console.widgets.charts.window import Plotted, Window
from lineside.console.widgets.lines import Drawing, Lines
from lineside.console.widgets.tables.rows import ListRows
from lineside.console.widgets.tables.table import Table
from lineside.console.widgets.texts.editor import Editor
from lineside.store.halting import Halt

_OF_ROWS = frozenset({"sql.x_axis", "sql.again", "sql.record"})
"""What is done to an answer."""
_TALL = 34
"""From so many rows on the table leaves room for a chart or a record below it."""


class SqlArea(SqlDeeds):
    """Area 9."""

    NAME: ClassVar[str] = "sql"
    DEFAULT_CSS = """
    SqlArea #ask { height: auto; max-height: 8; }
    SqlArea #prompt { width: 7; height: 1; }
    SqlArea #query { width: 1fr; max-height: 3; }
    SqlArea.-writing #query, SqlArea.-roomy #query { max-height: 8; }
    SqlArea #words { height: 1; display: none; }
    SqlArea.-writing #words { display: block; }
    SqlArea #rows { height: 1fr; }
    SqlArea #pane { height: 1fr; }
    SqlArea #chart { height: 1fr; }
    """

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(store, actions)
        self._halt = Halt()
        self._running_since: int | None = None
        self._past: list[str] = []
        self._place = 0
        self._pane = "start"
        self._axes: sqlchart.Axes | None = None
        self._completing = Completing()

    def body(self) -> ComposeResult:
        with Vertical(id="body"):
            with Horizontal(id="ask"):
                yield Lines([[(" sql ", "bold accent"), ("› ", "dim")]], id="prompt")
                yield Editor(coloured, placeholder="e writes: select … from runs", id="query")
            yield Lines(id="words")
            yield Table[Row]((), id="rows", empty="no rows")
            yield Drawing[Answer](self._draw, id="pane")
            yield Plot[Answer](self._draw_chart, id="chart")

    @property
    def editor(self) -> Editor:
        return self.query_one("#query", Editor)

    @property
    def chart(self) -> Plot[Answer]:
        return self.query_one("#chart", Plot)

    @property
    def writing(self) -> bool:
        return self.focused is self.editor

    def main(self) -> Table[Row]:
        return self.query_one("#rows", Table)

    def first_focus(self) -> None:
        """Nothing: digits and letters go on doing what they do everywhere until `e` begins a query."""

    # -- asking -------------------------------------------------------------------------------------

    def question(self) -> Question[Answer]:
        """The query, when it is a new one; a store that changed is no reason to ask again."""
        query, known, home, halt = self._query, self._asked, self.store.home, self._halt

        def read(db: sqlite3.Connection) -> Answer:
            if known is not None and known.query == query:
                return known
            found = answers.ask(home, query, halt) if query else Answer()
            return found if halt is self._halt else Answer()  # it was stopped for the next one

        return read

    def _run(self, query: str) -> None:
        query = query.strip().rstrip(";").rstrip()
        if not query:
            return
        self._past = [*[each for each in self._past if each != query], query][-100:]
        self._place = len(self._past)
        self._halt.stop()
        self._query, self._asked, self._halt = query, None, Halt()
        self._running_since = self.now
        self.editor.put(query)
        self.reload()
        self.refresh_frame()

    def show(self, view: Answer) -> None:
        if view is self._asked or view.query != self._query:
            return
        self._asked, self._axes, self._running_since = view, None, None
        table = self.main()
        rows = ListRows[Row](
            view.rows, key=lambda row: row[0], cells=lambda row: [drawing.cell(v) for v in row[1]]
        )
        table.show(rows, columns=drawing.columns(view.names, view.types))
        table.cmd_top()
        self._show_pane("problem" if view.problem else "rows" if view.query else "start")
        if view.problem:
            self._point_at(view)
        elif view.query:
            table.focus()
            self.call_after_refresh(self._from_its_top)

    def _point_at(self, view: Answer) -> None:
        found = trouble(view.problem, view.query)
        if found.row is not None:
            self.editor.put(view.query, at=(found.row, found.column))

    @on(Editor.Submitted)
    def _submitted(self, event: Editor.Submitted) -> None:
        event.stop()
        self._run(event.text)

    @on(Editor.Older)
    def _older(self, event: Editor.Older) -> None:
        """Up and down walk through what was asked before."""
        event.stop()
        self._place = max(0, min(len(self._past), self._place + event.step))
        self.editor.put(self._past[self._place] if self._place < len(self._past) else "")

    @on(Editor.Completed)
    def _complete(self, event: Editor.Completed) -> None:
        event.stop()
        self._completing.complete(self.editor, event.step)
        self._tell_words()

    @on(TextArea.Changed)
    @on(TextArea.SelectionChanged)
    def _written(self) -> None:
        if self.writing:
            self._tell_words()

    def _tell_words(self) -> None:
        self.query_one("#words", Lines).set([self._completing.told(self.editor, self.app.size.width)])

    def on_descendant_focus(self) -> None:
        self.set_class(self.writing, "-writing")
        if self.writing:
            self._completing.know(saved.every(saved.folder()))
            self._tell_words()
        self._redraw()

    def on_descendant_blur(self) -> None:
        self.set_class(self.writing, "-writing")
        self.call_after_refresh(self._from_its_top)

    def _from_its_top(self) -> None:
        """A query that is not written on shows how it begins."""
        if not self.writing:
            self.editor.scroll_home(animate=False)

    def on_key(self, event: Key) -> None:
        """While a query is written, the area's keys do nothing but escape; the editor's own go on."""
        if self.writing and event.key != "escape":
            event.prevent_default()

    # -- panes --------------------------------------------------------------------------------------

    def _draw(self, view: Answer, width: int, height: int) -> list[Line]:
        if self._pane == "problem":
            key = "enter asks again" if self.writing else "e goes to the place"
            return drawing.problem_lines(view.query, view.problem, view.hint, width, height, key=key)
        if self._pane == "start":
            return drawing.start_lines(answers.start(), width, height)
        row = self.main().current
        return drawing.record_lines(view.names, view.types, row[1], width, height) if row is not None else []

    def _draw_chart(self, view: Answer, width: int, height: int, window: Window) -> Plotted:
        if self._axes is None:
            return Plotted(rows=[])
        return sqlchart.draw(view.answered, self._axes, width, height, window)

    def _show_pane(self, pane: str) -> None:
        self._pane = pane
        view = self._asked or Answer()
        tall, whole = self.app.size.height >= _TALL, pane in ("start", "problem")
        if self._axes is None and view.rows:
            self._axes = sqlchart.axes(view.answered)
        below = pane
        if pane == "rows" and tall:
            below = "chart" if self._axes is not None and len(view.rows) > 1 else "record"
        table = self.main()
        table.display = not whole and (tall or pane == "rows")
        self.chart.display = below == "chart"
        self.query_one("#pane", Drawing).display = whole or below == "record"
        if tall and table.display:
            table.fit(share=0.5)
        else:
            table.styles.height = "1fr"
        self._redraw()

    def _redraw(self) -> None:
        view = self._asked or Answer()
        for widget in (self.query_one("#pane", Drawing), self.chart):
            if widget.display:
                widget.show(view)
            else:
                widget.set([])

    def on_resize(self) -> None:
        self.set_class(self.app.size.height >= _TALL, "-roomy")
        self._show_pane(self._pane)

    @on(Table.Moved)
    def _moved(self) -> None:
        self._redraw()

    def crumb(self) -> tuple[Line, Line]:
        left: list[Span] = [(" SQL", "bold"), ("  read-only", "dim")]
        if self._running_since is not None:
            since = clock(self._running_since, now=self.now)  # type: ignore[arg-type]
            return left, [(f"asking since {since} · ", "run"), ("esc", "key"), (" stops it", "dim")]
        view = self._asked
        if view is None or not view.query or view.problem:
            return left, []
        if view.more:
            told: list[Span] = [
                (f"cut at the first {count(len(view.rows))} rows", "warn"),
                (", . e takes all", "dim"),
            ]
        else:
            told = [(plural(len(view.rows), "row"), "")]
        return left, [*told, (f" · {plural(len(view.names), 'column')} · {took(view.took_s)}", "dim")]

    # -- looking ------------------------------------------------------------------------------------

    def filtered(self, text: str) -> None:
        """`:sql select …` and `/` both ask."""
        self._run(text)

    def select(self, target: int | str) -> None:
        """Somebody came here with a query."""
        self._run(str(target))

    def cmd_filter(self) -> None:
        self.cmd_query()

    def cmd_query(self) -> None:
        self.editor.focus()
        if self._asked is not None and self._asked.problem:
            self._point_at(self._asked)

    def cmd_open(self) -> None:
        own = saved.every(saved.folder())
        queries = [*own.values(), *(query for _, query in drawing.EXAMPLES)]
        names = [*(f"{name}  (yours)" for name in own), *(title for title, _ in drawing.EXAMPLES)]
        self.choose("start from", names, lambda at: self._run(queries[at]))

    def cmd_again(self) -> None:
        if self._query:
            self._run(self._query)

    def cmd_record(self) -> None:
        if self.main().current is not None and self._pane != "start":
            self._show_pane("record")

    def cmd_views(self) -> None:
        back = "rows" if self._asked and self._asked.query and not self._asked.problem else "start"
        self._show_pane(back if self._pane == "start" else "start")

    def cmd_x_axis(self) -> None:
        """The chart; in it, another column for x."""
        if self._pane == "chart" and self._asked is not None:
            view = self._asked.answered
            every = list(range(len(view.names)))
            self.choose("x of the chart", list(view.names), lambda at: self._draw_by(x=every[at]))
        else:
            self._draw_by()

    def cmd_y_axis(self) -> None:
        if self._asked is None or not self._asked.rows:
            return
        view = self._asked.answered
        numbers = view.of_kind("number")
        names = [view.names[at] for at in numbers]
        self.choose("what the chart measures", names, lambda at: self._draw_by(y=numbers[at]))

    def _draw_by(self, *, x: int | None = None, y: int | None = None) -> None:
        if self._asked is None or not self._asked.rows:
            return
        old = self._axes
        given = (
            x if x is not None else old.x if old else None,
            y if y is not None else old.y if old else None,
        )
        self._axes = sqlchart.axes(self._asked.answered, x=given[0], y=given[1])
        if self._axes is None:
            self.notify("no number among these columns measures anything", severity="warning", markup=False)
            return
        self._show_pane("chart")
        self.chart.focus()

    def inside(self) -> bool:
        return super().inside() or self._pane != "start"

    def typing(self) -> bool:
        return super().typing() or self.writing

    def _hinted(self) -> list[Command]:
        """What is done to an answer only where there is one."""
        found = super()._hinted()
        answered = self._pane in ("rows", "record", "chart")
        return [c for c in found if answered or c.id not in _OF_ROWS]

    def out(self) -> bool:
        if self._running_since is not None:
            self._halt.stop()
        elif self.writing:
            self._leave_editor()
        elif self._pane in ("record", "chart"):
            self._show_pane("rows")
            self.main().focus()
        elif self._pane in ("rows", "problem"):
            self._show_pane("start")
        else:
            return False
        return True

    def _leave_editor(self) -> None:
        if self.main().display:
            self.main().focus()
        else:
            self.set_focus(None)
        self._redraw()

    def panels(self) -> Sequence[tuple[str, str, Any]]:
        shown = [("r", "rows", self.main()), ("c", "chart", self.chart)]
        return (("q", "query", self.editor), *(each for each in shown if each[2].display))

    def copies(self) -> Mapping[str, str]:
        row = self.main().current
        value = "\t".join("" if v is None else str(v) for v in row[1]) if row is not None else ""
        command = f"lineside sql {shlex.quote(self._query)}" if self._query else ""
        return {
            "command": command,
            "id": str(row[1][0]) if row is not None and row[1] else "",
            "value": value,
        }
