"""Jobs: the queue and what ended; below, the output of one or why it waits; then the GPUs."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult

from lineside.console import asking, starting
from lineside.console.commands import Command
from lineside.console.deeds import Deed
from lineside.console.format import plural
from lineside.console.logs import LogFile
from lineside.console.ports import Actions, Question, Store
from lineside.console.reads import joblist
from lineside.console.reads.joblist import LIVE, WAITING, JobList
from lineside.console.reads.walls import Working
from lineside.console.screens import scheduling
from lineside.console.screens.area import Area, Targets
from lineside.console.text import Line, Span, heading, safe
from lineside.console.views import jobs as drawing
from lineside.console.views.gpus import gpu_lines
from lineside.console.views.grid import capped
from lineside.console.widgets.lines import Drawing
from lineside.console.widgets.log import Log
from lineside.console.widgets.rows import Cell, PagedRows
from lineside.console.widgets.table import Table
from lineside.store.queries.jobs import JobRow

GROW_S = 0.5
_STATES = ("everything", "live", "waiting", "failed", "done")


class JobsArea(Area[JobList]):
    """Area 3."""

    NAME: ClassVar[str] = "jobs"
    DEFAULT_CSS = """
    JobsArea #jobs { height: 4; }
    JobsArea #output, JobsArea #pane { height: 1fr; }
    JobsArea #pane { display: none; }
    JobsArea #gpus { height: 2; }
    JobsArea.-drawn #pane { display: block; }
    JobsArea.-drawn #output { display: none; }
    JobsArea.-zoomed #jobs, JobsArea.-zoomed #gpus { display: none; }
    """

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(store, actions)
        self._details = False
        self._files: dict[Path, LogFile] = {}

    def body(self) -> ComposeResult:
        yield Table[Working](
            drawing.COLUMNS, id="jobs", empty="no jobs: press . to run a pipeline or a command"
        )
        yield Log(id="output")
        yield Drawing[JobList](self._draw, id="pane")
        yield Drawing[JobList](self._draw_gpus, id="gpus")

    def on_mount(self) -> None:
        self.set_interval(GROW_S, self._grow)

    def main(self) -> Table[Working]:
        return self.query_one("#jobs", Table)

    def _log(self) -> Log:
        return self.query_one("#output", Log)

    # -- reading ------------------------------------------------------------------------------------

    def question(self) -> Question[JobList]:
        current = self.main().current_key
        where, home, points = self.filter_text, self.store.home, self.view is not None
        id = current if isinstance(current, int) else None
        known = None if self.whole else self.view

        def read(db: sqlite3.Connection) -> JobList:
            return joblist.read(db, home, where=where, current=id, points=points, known=known)

        return read

    def empty(self, view: JobList) -> bool:
        return not view.ids and not self.filter_text

    def show(self, view: JobList) -> None:
        me, at, gpus = self.me, self.now, self.console_app.runner.gpus

        def fetch(ids: Sequence[int]) -> Mapping[int, Working]:
            return self.store.read(lambda db: joblist.page(db, ids))

        def cells(row: Working) -> list[Cell]:
            return drawing.cells(row, view.curves, gpus, me, now=at)

        rows = PagedRows[Working](
            view.ids, fetch=fetch, cells=cells, problem=lambda row: row.job.state == "FAILED"
        )
        if self.view is None or self.view.ids is not view.ids:
            self.main().show(rows)
        self.main().fit(share=0.5)
        self._show_pane(view)
        height = 1 + max(1, min(len(gpus), 4 if self.app.size.height < 40 else 8))
        panel = self.query_one("#gpus", Drawing)
        if panel.styles.height is None or panel.styles.height.value != height:
            panel.styles.height = height
        panel.show(view)

    def on_resize(self) -> None:
        super().on_resize()
        self.main().fit(share=0.5)

    def _show_pane(self, view: JobList) -> None:
        """Output for what began, reasons for what waits, facts where they were asked for."""
        opened = view.opened
        drawn = self._details or (opened is not None and opened.job.state in WAITING)
        self.set_class(drawn, "-drawn")
        self.query_one("#pane", Drawing).show(view)
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
        opened = view.opened
        if opened is not None and not self._details and opened.job.state in WAITING:
            return drawing.why_lines(opened, width, height)
        return drawing.detail_lines(opened, self.me, width, height, now=self.now)

    def _draw_gpus(self, view: JobList, width: int, height: int) -> list[Line]:
        runner = self.console_app.runner
        slots = (
            f"{sum(job.cpus for job in view.live)} of {runner.slots} CPU slots taken" if runner.slots else ""
        )
        lines = gpu_lines(runner.gpus, view.live, self.me, words=runner.gpu_words, width=width, now=self.now)
        return [heading("GPUS", width, right=slots), *capped(lines, height - 1)]

    def crumb(self) -> tuple[Line, Line]:
        left: list[Span] = [(" Jobs", "bold")]
        if self.filter_text:
            left += [(" › / ", "dim"), (safe(self.filter_text), "accent")]
        view = self.view
        if view is None:
            return left, []
        counts = view.counts
        waiting, held = counts.get("QUEUED", 0), counts.get("HELD", 0)
        right: list[Span] = [
            (f"{len(view.live)} running", "run" if view.live else "dim"),
            (f" · {waiting} waiting", ""),
        ]
        right += [(f" · {held} held", "warn")] if held else []
        return left, [*right, (f" · {plural(len(view.ids), 'job')}", "dim")]

    @on(Table.Moved)
    def _moved(self) -> None:
        self.reload(whole=False)

    @on(Table.Marked)
    def _marked(self) -> None:
        self.refresh_frame()

    def select(self, target: int | str) -> None:
        """`57`, or `log:57` to stand in its output."""
        text = str(target)
        if text.removeprefix("log:").isdigit():
            if self.filter_text and not self.main().go_to(int(text.removeprefix("log:"))):
                self.filtered("")
            self.main().go_to(int(text.removeprefix("log:")))
            if text.startswith("log:"):
                self.cmd_open()

    def _job(self) -> JobRow | None:
        row = self.main().current
        return row.job if row is not None else None

    def targets(self) -> Targets:
        job = self._job()
        if job is None or job.run_id is None:
            return {}
        return {"run": job.run_id, "lineage": f"run:{job.run_id}"}

    def copies(self) -> Mapping[str, str]:
        job = self._job()
        if job is None:
            return {}
        command = f"lineside jobs logs {job.id}" if self._log().has_focus else f"lineside jobs show {job.id}"
        return {
            "command": command,
            "id": job.uid,
            "value": f"{job.id}\t{job.name}\t{job.state}\t{job.reason}",
        }

    def panels(self) -> Sequence[tuple[str, str, Any]]:
        return (("j", "jobs", self.main()), ("o", "output", self._log()))

    # -- looking ------------------------------------------------------------------------------------

    def out(self) -> bool:
        if self.has_class("-zoomed") or self._details or self._log().has_focus:
            self.remove_class("-zoomed")
            self._details = False
            self.main().focus()
            self._redraw()
            return True
        return False

    def _redraw(self) -> None:
        if self.view is not None:
            self._show_pane(self.view)

    def cmd_open(self) -> None:
        job = self._job()
        if job is not None:
            self.add_class("-zoomed")
            if job.state not in WAITING:
                self._details = False
                self._log().focus()
            self._redraw()

    def cmd_output(self) -> None:
        (self.main() if self._log().has_focus else self._log()).focus()

    def cmd_details(self) -> None:
        self._details = not self._details
        self._redraw()

    def cmd_zoom(self) -> None:
        self.toggle_class("-zoomed")

    def cmd_states(self) -> None:
        self.choose("show", _STATES, lambda at: self._filter(_STATES[at] if at else ""))

    def cmd_schedules(self) -> None:
        scheduling.look(self)

    def _filter(self, text: str) -> None:
        self.filtered(text)
        self.refresh_frame()

    def filtered(self, text: str) -> None:
        """In the output, `/` searches; in the table it filters."""
        if self.has_class("-zoomed") and not self._details:
            if not self._log().search(text):
                self.notify(f"nothing holds {text!r}", severity="warning", markup=False)
            self._log().focus()
            return
        super().filtered(text)

    # -- doing --------------------------------------------------------------------------------------

    def offers(self, command: Command) -> bool:
        if command.id in _ALWAYS:
            return True
        states = {row.job.state for row in self.main().chosen()}
        able = _ABLE.get(command.id, frozenset())
        return bool(states) and states <= able

    def _chosen(self) -> list[JobRow]:
        return [row.job for row in self.main().chosen()]

    def _ask(self, make: Callable[[Sequence[JobRow]], Deed]) -> None:
        chosen = self._chosen()
        if chosen:
            self.propose(make(chosen))

    def cmd_cancel(self) -> None:
        self._ask(asking.cancel)

    def cmd_retry(self) -> None:
        self._ask(asking.retry)

    def cmd_hold(self) -> None:
        self._ask(asking.hold)

    def cmd_release(self) -> None:
        self._ask(asking.release)

    def cmd_front(self) -> None:
        self._ask(lambda chosen: asking.move(chosen, to="front"))

    def cmd_rear(self) -> None:
        self._ask(lambda chosen: asking.move(chosen, to="back"))

    def cmd_schedule_fire(self) -> None:
        scheduling.fire(self)

    def cmd_schedule_pause(self) -> None:
        scheduling.pause(self)

    def cmd_schedule_resume(self) -> None:
        scheduling.resume(self)

    def cmd_shell(self) -> None:
        self.propose(starting.command(Path.cwd()))

    def cmd_pipeline(self) -> None:
        known = self.store.read(starting.known)
        if not known:
            self.notify(
                "no project is applied: run  lineside apply  in its folder", severity="warning", markup=False
            )
            return

        def chosen(at: int) -> None:
            name, row = known[at]
            self.propose(self.store.read(lambda db: starting.pipeline(db, self.store.home, name, row)))

        self.choose("run pipeline", [f"{safe(name)}   of {safe(row.name)}" for name, row in known], chosen)


_ALWAYS = frozenset({
    "jobs.pipeline", "jobs.shell", "jobs.schedule_fire", "jobs.schedule_pause", "jobs.schedule_resume",
})  # fmt: skip
"""What needs no job under the cursor."""

_ABLE: Mapping[str, frozenset[str]] = {
    "jobs.cancel": frozenset({*LIVE, *WAITING}), "jobs.retry": frozenset({"FAILED", "CANCELLED"}),
    "jobs.hold": frozenset({"QUEUED"}), "jobs.release": frozenset({"HELD"}),
    "jobs.front": frozenset(WAITING), "jobs.rear": frozenset(WAITING),
}  # fmt: skip
"""In which states a job can have this done to it; with several marked, all of them must be."""
