"""Runs: a leaderboard, and below it the chart of what is marked, what differs, or one run opened."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult

from lineside.console import asking
from lineside.console.commands import Command
from lineside.console.deeds import Ask, Deed, FormField
from lineside.console.format import count
from lineside.console.ports import Actions, Question, Store
from lineside.console.reads import leaderboard
from lineside.console.reads.charts import Look
from lineside.console.reads.leaderboard import Leaderboard, RunLine
from lineside.console.screens.area import Targets
from lineside.console.screens.choosing import choose_or_type
from lineside.console.screens.groups import GroupedRuns
from lineside.console.text import Line, Span, plain, safe
from lineside.console.views import groups as grouped
from lineside.console.views import runs as drawing
from lineside.console.widgets.lines import Drawing
from lineside.console.widgets.rows import Cell, PagedRows
from lineside.console.widgets.table import Table
from lineside.store import bests
from lineside.store.queries import jobs
from lineside.store.queries.groups import GroupRow
from lineside.store.queries.jobs import JobRow

ENDED = ("FINISHED", "FAILED", "KILLED")


class RunsArea(GroupedRuns):
    """Area 2."""

    NAME: ClassVar[str] = "runs"
    DEFAULT_CSS = """
    RunsArea #runs { height: 5; }
    RunsArea #pane { height: 1fr; }
    RunsArea.-zoomed #runs { display: none; }
    """

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(store, actions)
        self._board: Leaderboard | None = None
        self._rows: PagedRows[RunLine] | None = None
        self._pane = "chart"
        self._log_y = False

    def body(self) -> ComposeResult:
        yield Table[Any](drawing.columns("", ()), id="runs", empty="no runs: start one with  . in Jobs")
        yield Drawing[Leaderboard](self._draw, id="pane")

    def _current(self) -> RunLine | None:
        """The run under the cursor; None: there is none, or a group."""
        line = self.main().current
        return line if isinstance(line, RunLine) else None

    def _chosen(self) -> list[RunLine]:
        return [line for line in self.main().chosen() if isinstance(line, RunLine)]

    # -- reading ----------------------------------------------------------------------------------

    def question(self) -> Question[Leaderboard]:
        table = self.main()
        current = self._run_of(table.current_key)
        charted = [run for key in table.marks if (run := self._run_of(key)) is not None]
        if not charted and current is not None:
            charted = [current]
        asked = replace(
            self._asked, where=self.filter_text, seen=tuple(self._seen()), charted=tuple(charted[:8]),
            detail=current if self._pane == "detail" else None,
            points=self.view is not None,
        )  # fmt: skip
        home, known = self.store.home, None if self.whole else self._board

        def read(db: sqlite3.Connection) -> Leaderboard:
            return leaderboard.read(db, home, asked, known=known)

        return read

    def _seen(self) -> Sequence[int]:
        return [run for key in self.main().keys_in_sight() if (run := self._run_of(key)) is not None]

    def empty(self, view: Leaderboard) -> bool:
        return not view.total and not view.problem

    def show(self, view: Leaderboard) -> None:
        if self._rows is None or self._board is None or self._board.ids is not view.ids:
            self._rows = PagedRows[RunLine](view.ids, fetch=self._fetch, cells=self._cells, problem=_failed)
        self._board = view
        if view.groups is not None:
            self._show_groups(view, view.groups)
        else:
            columns = drawing.columns(
                view.column.title, view.params, holdout=view.measured, families=view.families
            )
            self.main().show(self._rows, columns=columns, sort=view.asked.sort)
        self.main().fit(share=0.4)
        self.query_one("#pane", Drawing).show(view)
        if view.asked.points and not set(view.asked.seen) >= set(self._seen()):
            self.reload(whole=False)  # rows came into sight that have no curve yet

    def on_resize(self) -> None:
        super().on_resize()
        self.main().fit(share=0.4)

    def _fetch(self, ids: Sequence[int]) -> Mapping[int, RunLine]:
        board = self._board
        assert board is not None
        return self.store.read(lambda db: leaderboard.page(db, ids, board.column))

    def _cells(self, line: RunLine) -> list[Cell]:
        board = self._board
        assert board is not None
        return drawing.cells(
            line, board.params, board.curves, self.me, now=self.now, holdout=board.measured,
            families=board.families, bests=board.bests if board.column.best else None,
        )  # fmt: skip

    def _draw(self, view: Leaderboard, width: int, height: int) -> list[Line]:
        if self._pane == "compare":
            return drawing.compare_lines(view.comparison, width, height)
        if self._pane == "detail":
            return drawing.detail_lines(view.detail, self.me, width, height, now=self.now)
        marks = self.main().marks.items()
        letters = {run: letter for key, letter in marks if (run := self._run_of(key)) is not None}
        return drawing.chart_lines(view, letters, width, height, log_y=self._log_y, now=self.now)

    def crumb(self) -> tuple[Line, Line]:
        view = self.view
        left: list[Span] = [(" Runs", "bold")]
        if self.filter_text:
            left += [(" › / ", "dim"), (safe(self.filter_text), "accent")]
        if view is None:
            return left, []
        if view.problem:
            return [*left, ("  ", ""), (safe(view.problem.splitlines()[0]), "bad")], []
        marks = len(self.main().marks)
        if view.groups is not None:
            return [*left, (" › by ", "dim"), (safe(view.groups.key), "accent")], grouped.in_sum(view.groups)
        shown = f"{count(len(view.ids))} of {count(view.total)}" if self.filter_text else count(view.total)
        return left, [(shown, ""), (f" · {marks} marked" if marks else "", "accent")]

    @on(Table.Moved)
    @on(Table.Marked)
    def _moved(self) -> None:
        self.refresh_frame()
        self.reload(whole=False)

    # -- what g, y and the wall need ------------------------------------------------------------------

    def targets(self) -> Targets:
        line = self._current()
        if line is None:
            return {}
        id = line.run.id
        version, data = self.store.read(lambda db: leaderboard.kin(db, id))
        return {"job": line.run.job_id, "lineage": f"run:{id}", "model": version, "data": data}

    def copies(self) -> Mapping[str, str]:
        line = self._current()
        if line is None:
            return self._group_copies()
        marked = " ".join(str(item.run.id) for item in self._chosen())
        command = f"lineside runs compare {marked}" if " " in marked else f"lineside runs show {line.run.id}"
        return {"command": command, "id": line.run.uid, "value": self._row_text(line)}

    def _row_text(self, line: RunLine) -> str:
        view = self.view
        assert view is not None
        row = self._cells(line)
        return "\t".join(plain([c if isinstance(c, tuple) else (c, "")]) for c in row)

    def panels(self) -> Sequence[tuple[str, str, Any]]:
        return (("r", "runs", self.main()), ("p", "chart, compare, details", self.query_one("#pane")))

    def out(self) -> bool:
        if self.has_class("-zoomed"):
            self.remove_class("-zoomed")
            self.main().focus()
            return True
        if self._pane != "chart":
            self._show_pane("chart")
            return True
        return self._leave_group()

    # -- looking ------------------------------------------------------------------------------------

    def _show_pane(self, pane: str) -> None:
        self._pane = pane
        self.reload()
        self.query_one("#pane", Drawing).redraw()

    def cmd_open(self) -> None:
        row = self.main().current
        if isinstance(row, GroupRow):
            self._open_group(row)
        elif row is not None:
            self.add_class("-zoomed")
            self._show_pane("detail")

    def cmd_details(self) -> None:
        self._show_pane("chart" if self._pane == "detail" else "detail")

    def cmd_compare(self) -> None:
        self._show_pane("chart" if self._pane == "compare" else "compare")

    def cmd_zoom(self) -> None:
        self.toggle_class("-zoomed")

    def cmd_log(self) -> None:
        self._log_y = not self._log_y
        self.query_one("#pane", Drawing).redraw()

    def cmd_axis(self) -> None:
        self._look(self._asked.look.along_next())

    def cmd_smooth(self) -> None:
        self._look(self._asked.look.smoother())

    def cmd_branch(self) -> None:
        openings = max((line.openings for line in self.view.lines), default=1) if self.view else 1
        if openings == 1 and self._asked.look.branch is None:
            self.notify("it was begun once: there is no older branch", markup=False)
        else:
            self._look(self._asked.look.older(openings))

    def _look(self, look: Look) -> None:
        self._asked = replace(self._asked, look=look)
        self.reload(whole=False)

    def cmd_output(self) -> None:
        line = self._current()
        if line is not None and line.run.job_id is not None:
            self.console_app.go("jobs", f"log:{line.run.job_id}")
        else:
            self.notify(
                "this run has no job: it was started outside the runner", severity="warning", markup=False
            )

    def cmd_metric(self) -> None:
        names = self.view.metrics if self.view else ()
        hint = "min(loss), acc@best(loss)"
        choose_or_type(self, "metric", names, self._set_metric, hint=hint)

    def _set_metric(self, text: str) -> None:
        self.store.read(lambda db: leaderboard.chosen(db, text))
        self._set(metric=text)

    def cmd_sort(self) -> None:
        view = self.view
        if view is None:
            return
        if view.groups is not None:
            self._choose_group_sort()
            return
        keys = ["created", "id", "status", "name", "author", "duration"]
        keys += [f"metric:{view.column.title}"] if view.metric else []
        keys += [f"param:{key}" for key in view.params]
        choose_or_type(self, "sort by", keys, self._sort, hint="min(loss), -acc@best(loss)")

    def _sort(self, key: str) -> None:
        """The same key again turns the order round."""
        self.store.read(lambda db: bests.check(db, key))
        if key.startswith("-"):  # typed: the way was said
            self._set(sort=key)
            return
        falling = key if self._asked.sort == "-" + key else "-" + key
        rising_first = key.startswith(("param:", "name", "status", "author", "metric:"))
        turned = {key: "-" + key, "-" + key: key}.get(self._asked.sort, key if rising_first else falling)
        self._set(sort=turned)

    # -- doing --------------------------------------------------------------------------------------

    def offers(self, command: Command) -> bool:
        line = self._current()
        if line is None:
            return False
        run = line.run
        return {
            "runs.cancel": run.job_id is not None and run.status in ("RUNNING", "SCHEDULED"),
            "runs.retry": run.job_id is not None and run.status in ("FAILED", "KILLED"),
            "runs.register": run.status == "FINISHED",
        }.get(command.id, True)

    def cmd_rename(self) -> None:
        self._fill("rename", "runs.rename", "name", lambda line: line.run.name)

    def cmd_note(self) -> None:
        self._fill("note on", "runs.note", "note", lambda line: line.run.note)

    def _fill(self, title: str, verb: str, key: str, value: Callable[[RunLine], str]) -> None:
        line = self._current()
        if line is not None:
            asks = [Ask(verb=verb, args={"run": line.run.id}, said=f"run {line.run.id}: {key} kept")]
            fields = [FormField(key=key, label=key, value=value(line))]
            self.propose(Deed(title=f"{title} run {line.run.id}", asks=asks, fields=fields, yes="keep it"))

    def cmd_register(self) -> None:
        line = self._current()
        if line is None:
            return
        asks = [
            Ask(verb="models.register", args={"run": line.run.id}, said=f"run {line.run.id}: registering")
        ]
        fields = [
            FormField(
                key="name", label="model", value=line.run.experiment, hint="the registered model's name"
            )
        ]
        self.propose(
            Deed(title=f"Register the model of run {line.run.id}", asks=asks, fields=fields, yes="register")
        )

    def cmd_retry(self) -> None:
        self._on_job(asking.retry)

    def cmd_cancel(self) -> None:
        self._on_job(asking.cancel)

    def _on_job(self, make: Callable[[Sequence[JobRow]], Deed]) -> None:
        ids = [line.run.job_id for line in self._chosen() if line.run.job_id is not None]
        if ids:
            self.propose(make(self.store.read(lambda db: jobs.by_ids(db, ids))))


def _failed(line: RunLine) -> bool:
    return line.run.status == "FAILED"
