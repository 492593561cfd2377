"""Jobs: the queue and what ended; below, the output of one or why it waits; then the GPUs."""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.events import DescendantFocus

from lineside.console.commands import Command
from lineside.console.format import plural
from lineside.console.logs import LogFile
from lineside.console.ports import Actions, Question, Store
from lineside.console.reads import joblist
from lineside.console.reads.joblist import WAITING, JobList
from lineside.console.reads.pipelist import Pipe
from lineside.console.reads.walls import Working
from lineside.console.screens import joblists
from lineside.console.screens.deeds.jobs import LISTS
from lineside.console.screens.job_looks import VIEWS, JobLooks
from lineside.console.text import Line, Span, safe
from lineside.console.views.grid import capped
from lineside.console.views.jobs import jobs as drawing
from lineside.console.views.jobs import lengths
from lineside.console.views.jobs import pipelines as piping
from lineside.console.views.jobs import schedules as clocks
from lineside.console.views.jobs.details import detail_lines
from lineside.console.views.jobs.gpupanel import gpu_panel
from lineside.console.views.jobs.why import blockers, why_lines
from lineside.console.widgets.lines import Drawing, Lines
from lineside.console.widgets.panel import Panel
from lineside.console.widgets.tables.rows import Cell, PagedRows
from lineside.console.widgets.tables.table import Table
from lineside.console.widgets.texts.log import Log
from lineside.store.queries.jobs import JobRow
from lineside.store.queries.schedules import ListedRow

GROW_S = 0.5
_WIDE, _ROOMY = 140, 100
"""From here on the table and what belongs to its row stand side by side."""
_FRAME = 6
"""Lines around the table and what stands below it."""
_SHARE = 57
"""Percent of a wide screen that the table has."""
_REASON, _SHORT = 40, 22
"""Cells of a reason in a table with room, and in one without."""
_LOW = 16
"""With fewer lines there are no GPUs below the output."""
_HIGH, _FACTS = 36, 18
"""From so many lines on the facts of a job stand below its output, in so many at most."""


class JobsArea(JobLooks):
    """Area 3."""

    NAME: ClassVar[str] = "jobs"
    DEFAULT_CSS = """
    JobsArea #split { height: 1fr; layout: vertical; }
    JobsArea #left { height: auto; }
    JobsArea #right { height: 1fr; }
    JobsArea #jobs { height: 4; }
    JobsArea #schedules, JobsArea #pipelines { height: auto; display: none; }
    JobsArea #output, JobsArea #pane, JobsArea #rows { height: 1fr; }
    JobsArea #pane, JobsArea #rows, JobsArea #coming { display: none; }
    JobsArea #coming { height: auto; }
    JobsArea #lengths { height: 1fr; display: none; padding-top: 1; }
    JobsArea.-few #lengths { display: block; }
    JobsArea.-schedules #coming { display: block; }
    JobsArea #gpus { height: 2; }
    JobsArea #gpus.-low { display: none; }
    JobsArea.-drawn #pane, JobsArea.-both #pane { display: block; }
    JobsArea.-drawn #output { display: none; }
    JobsArea.-schedules #schedules, JobsArea.-pipelines #pipelines { display: block; }
    JobsArea.-schedules #jobs, JobsArea.-pipelines #jobs { display: none; }
    JobsArea.-schedules #rows, JobsArea.-pipelines #rows { display: block; }
    JobsArea.-schedules #output, JobsArea.-pipelines #output { display: none; }
    JobsArea.-schedules #pane, JobsArea.-pipelines #pane { display: none; }
    JobsArea.-schedules #gpus, JobsArea.-pipelines #gpus { display: none; }
    JobsArea.-wide #split { layout: horizontal; }
    JobsArea.-wide #left { width: 57%; height: 1fr; }
    JobsArea.-wide #right { width: 1fr; padding-left: 1; }
    JobsArea.-wide #jobs, JobsArea.-wide #schedules, JobsArea.-wide #pipelines { height: 1fr; }
    JobsArea.-zoomed #left, JobsArea.-zoomed #gpus { display: none; }
    JobsArea.-zoomed.-both #pane { display: none; }
    JobsArea.-zoomed #right { padding-left: 0; }
    """

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(store, actions)
        self.showing = "queue"
        self._warm = False  # curves are read from the second time on: the first frame does not wait for them
        self._files: dict[Path, LogFile] = {}

    def body(self) -> ComposeResult:
        with Container(id="split", classes="content"):
            with Vertical(id="left"):
                yield Table[Working](
                    drawing.COLUMNS, id="jobs", empty="no jobs: press . to run a pipeline or a command"
                )
                yield Table[ListedRow](
                    clocks.COLUMNS,
                    id="schedules",
                    empty="no schedules: nothing starts by itself here",
                )
                yield Table[Pipe](
                    piping.COLUMNS,
                    id="pipelines",
                    empty="no project is applied: run  lineside apply",
                )
                yield Lines(id="coming")
                yield Drawing[JobList](lambda view, w, h: lengths.lines(view.lengths, w, h), id="lengths")
            with Vertical(id="right"):
                yield Log(id="output")
                yield Drawing[JobList](self._draw, id="pane")
                yield Panel(id="rows")
                yield Panel(id="gpus")

    def on_mount(self) -> None:
        self._breadth()
        self.set_interval(GROW_S, self._grow)

    # -- reading ------------------------------------------------------------------------------------

    def question(self) -> Question[JobList]:
        current = self._jobs().current_key
        where, home, points, at = self._where(), self.store.home, self._warm, self.now
        id = current if isinstance(current, int) else None
        known = None if self.whole else self.view
        schedule = self.query_one("#schedules", Table).current_key
        pipe, showing = self.query_one("#pipelines", Table).current_key, self.showing

        def read(db: sqlite3.Connection) -> JobList:
            view = joblist.read(db, home, where=where, current=id, points=points, known=known, at=at)
            if showing == "schedules":
                return joblist.with_schedules(db, view, schedule if isinstance(schedule, int) else None)
            return joblist.with_pipelines(db, view, pipe) if showing == "pipelines" else view

        return read

    def _where(self) -> str:
        return f"done {self.filter_text}".strip() if self.showing == "done" else self.filter_text

    def empty(self, view: JobList) -> bool:
        return self.showing == "queue" and not view.ids and not self.filter_text

    def show(self, view: JobList) -> None:
        if self.showing == "schedules":
            joblists.schedules(self, view)
        elif self.showing == "pipelines":
            joblists.pipelines(self, view)
        else:
            self._show_jobs(view)
        self._warm = True
        self._fit()

    def _show_jobs(self, view: JobList) -> None:
        me, at, gpus = self.me, self.now, self.console_app.runner.gpus

        def fetch(ids: Sequence[int]) -> Mapping[int, Working]:
            return self.store.read(lambda db: joblist.page(db, ids, at=at))

        def cells(row: Working) -> list[Cell]:
            room = _REASON if self._table_width >= _ROOMY else _SHORT
            return drawing.cells(
                row, view.curves, gpus, me, now=at, live=view.live, known=view.ends, room=room
            )

        rows = PagedRows[Working](
            view.ids, fetch=fetch, cells=cells, problem=lambda row: row.job.state == "FAILED"
        )
        if self.view is None or self.view.ids is not view.ids:
            self._jobs().show(rows)
        self._show_pane(view)
        runner = self.console_app.runner
        self.query_one("#lengths", Drawing).show(view)
        self.query_one("#gpus", Panel).show(lambda w, h: gpu_panel(runner, view, w, h, now=at))

    @property
    def _table_width(self) -> int:
        width = self.app.size.width
        return width * _SHARE // 100 if self.has_class("-wide") else width

    def on_resize(self) -> None:
        self._breadth()
        self._fit()

    def _breadth(self) -> None:
        """The table and what belongs to its row beside it; lists of few rows have it below."""
        few = self.showing in LISTS
        self.set_class(self.app.size.width >= _WIDE and not few, "-wide")

    def _fit(self) -> None:
        """How high the table and the GPUs are: all of the column where there are two, else what they need."""
        count, wide, high = len(self.console_app.runner.gpus), self.has_class("-wide"), self.app.size.height
        table = self.main()
        rows = len(self.view.ids) if self.view is not None and self.view.lengths else high
        few = wide and high - _FRAME - rows >= lengths.LEAST
        self.set_class(few, "-few")
        if wide and not few:
            table.styles.height = "1fr"
        else:
            table.fit(share=0.7 if few else 0.5)
        lines = min(count * (5 if wide and high >= 40 else 1), 24) or (1 if wide else 2)
        panel = self.query_one("#gpus", Panel)
        panel.set_class(high < _LOW, "-low")
        if panel.styles.height is None or panel.styles.height.value != 1 + lines:
            panel.styles.height = 1 + lines

    def _show_pane(self, view: JobList) -> None:
        """Output for what began, facts below it where there is room; reasons for what waits."""
        opened = view.opened
        drawn = self._details or (opened is not None and opened.job.state in WAITING)
        both = opened is not None and not drawn and self.has_class("-wide") and self.app.size.height >= _HIGH
        self.set_class(drawn, "-drawn")
        self.set_class(both, "-both")
        pane = self.query_one("#pane", Drawing)
        pane.styles.height = min(_FACTS, len(self._facts(view))) if both else "1fr"
        pane.show(view)
        if opened is None or drawn:
            self._log().show(None, title="OUTPUT")
            return
        job = opened.job
        title = f"OUTPUT {job.id} {safe(job.name)}" + (f" · try {job.attempt}" if job.attempt > 1 else "")
        self._log().show(self._file(job), title=title, note=safe(job.reason) if not job.attempt else "")

    def _file(self, job: JobRow) -> LogFile | None:
        """The log of the newest attempt; offsets that were found once are kept."""
        if not job.attempt:
            return None
        path = self.store.home.attempt(job.id, job.attempt) / "log"
        if len(self._files) > 32:
            self._files.clear()
        return self._files.setdefault(path, LogFile(path))

    def _grow(self) -> None:
        """A log grows without anybody committing: look at the file itself."""
        if self.is_current and not self.console_app.paused:
            self._log().grow()

    def _draw(self, view: JobList, width: int, height: int) -> list[Line]:
        opened, facts = view.opened, self._facts(view, width)
        if opened is None or self._details or opened.job.state not in WAITING:
            return capped(facts, height)
        having = blockers(opened, view, self.console_app.runner.gpus, self.me, now=self.now)
        reasons = why_lines(opened, width, blockers=having, brief=True)
        if len(reasons) + 1 + len(facts) <= height:
            return [*reasons, [], *facts]
        return capped(why_lines(opened, width, blockers=having), height)

    def _facts(self, view: JobList, width: int = 80) -> list[Line]:
        return detail_lines(view.opened, self.me, width, now=self.now)

    def crumb(self) -> tuple[Line, Line]:
        wide = self.app.size.width >= _ROOMY
        left: list[Span] = [(" Jobs", "bold"), (" › ", "dim")]
        if self.has_class("-zoomed") and (opened := self._whole()) is not None:
            return [*left, *opened], self._counts()
        for place, name in enumerate(VIEWS):
            here = name == self.showing
            left += [(" | " if wide else "|", "dim")] if place else []
            left.append((name, "bold accent underline" if here else "dim"))
        if self.filter_text:
            left += [("  / ", "dim"), (safe(self.filter_text), "accent")]
        return left, self._counts()

    def _whole(self) -> Line | None:
        """`55 tune bike › output` while it has the whole screen."""
        job = self._job()
        if job is None:
            return None
        word = "details" if self._details else "why it waits" if self.has_class("-drawn") else "output"
        return [(f"{job.id} {safe(job.name)}", "bold"), (" › ", "dim"), (word, "bold accent")]

    def _counts(self) -> Line:
        """`4 running · 5 waiting`, in fewer letters where there is little room."""
        view, wide = self.view, self.app.size.width >= _ROOMY
        if view is None:
            return []
        counts = view.counts
        waiting, held = counts.get("QUEUED", 0), counts.get("HELD", 0)
        right: list[Span] = [
            (f"{len(view.live)} {'running' if wide else 'run'}", "run" if view.live else "dim"),
            (f" · {waiting} {'waiting' if wide else 'wait'}", ""),
        ]
        right += [(f" · {held} held", "warn")] if held else []
        return [*right, *([(f" · {plural(len(view.ids), 'job')}", "dim")] if wide else [])]

    def _hinted(self) -> list[Command]:
        """Inside the output its own keys; without the keys for output in a view that has none."""
        found = super()._hinted()
        if self._log().has_focus:
            return [c for c in found if c.scope == "log"] + [c for c in found if c.scope == "everywhere"]
        few = self.showing in LISTS
        return [c for c in found if not few or c.id not in _OF_JOBS]

    @on(DescendantFocus)
    def _focus_moved(self) -> None:
        self.refresh_frame()

    @on(Table.Moved)
    def _moved(self) -> None:
        self.refresh_frame()
        self.follow()

    @on(Table.Marked)
    def _marked(self) -> None:
        self.refresh_frame()


_OF_JOBS = frozenset({"jobs.output", "jobs.details", "jobs.states"})
