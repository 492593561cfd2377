"""How one looks around in Jobs: its views, the output and its search, details, and where a row leads."""

from collections.abc import Mapping, Sequence
from typing import Any

from textual import on

from lineside.console.ports import Actions, Store
from lineside.console.reads.joblist import LIVE, WAITING, JobList
from lineside.console.screens.base.area import Targets
from lineside.console.screens.deeds.jobs import LISTS, JobDeeds
from lineside.console.widgets.panel import Panel
from lineside.console.widgets.tables.table import Table
from lineside.console.widgets.texts.log import Log
from lineside.store.queries.jobs import JobRow

VIEWS = ("queue", "schedules", "pipelines", "done")
_STATES = ("everything", "live", "waiting", "failed", "done")


class JobLooks(JobDeeds):
    """The part of the area that walks; what it shows is in `jobs.py`."""

    def __init__(self, store: Store, actions: Actions) -> None:
        super().__init__(store, actions)
        self._details = False
        self._searching = False  # what is typed after `/` is looked for in the output

    def main(self) -> "Table[Any]":
        shown = self.showing if self.showing in LISTS else "jobs"
        return self.query_one(f"#{shown}", Table)

    def _log(self) -> Log:
        return self.query_one("#output", Log)

    def _rows(self) -> Panel:
        return self.query_one("#rows", Panel)

    def select(self, target: int | str) -> None:
        """`57`, `log:57` to stand in its output, or the name of a view."""
        text = str(target)
        if text in VIEWS:
            self._turn_to(text)
        elif text.removeprefix("log:").isdigit():
            if self.showing != "queue":
                self._turn_to("queue")
            id = int(text.removeprefix("log:"))
            if not self._jobs().go_to(id) and self.filter_text:
                self.filtered("")
            self.call_after_refresh(self._stand_on, id, text.startswith("log:"))

    def _stand_on(self, id: int, inside: bool) -> None:
        self._jobs().go_to(id)
        if inside:
            self.cmd_open()

    def _job(self) -> JobRow | None:
        if self.showing in LISTS:
            return None
        row = self._jobs().current
        return row.job if row is not None else None

    def targets(self) -> Targets:
        job = self._job()
        if job is None or job.run_id is None:
            return {}
        return {"run": job.run_id, "lineage": f"run:{job.run_id}"}

    def copies(self) -> Mapping[str, str]:
        if self.showing == "schedules":
            row = self.main().current
            return {"command": "lineside schedules ls", "id": row.name if row else "", "value": ""}
        if self.showing == "pipelines":
            pipe = self.main().current
            named = pipe.name if pipe is not None else ""
            return {"command": f"lineside pipelines show {named}", "id": named, "value": named}
        job = self._job()
        if job is None:
            return {}
        follow = " --follow" if job.state in LIVE else ""
        inside = self._log().has_focus or self.has_class("-zoomed")
        command = f"lineside jobs logs {job.id}{follow}" if inside else f"lineside jobs show {job.id}"
        return {
            "command": command,
            "id": job.uid,
            "value": f"{job.id}\t{job.name}\t{job.state}\t{job.reason}",
        }

    def panels(self) -> Sequence[tuple[str, str, Any]]:
        if self.showing in LISTS:
            word = {"schedules": "firings", "pipelines": "stages"}[self.showing]
            return (("j", self.showing, self.main()), ("o", word, self._rows()))
        gpus = self.query_one("#gpus", Panel)
        below = [("g", "GPUs", gpus)] if gpus.display else []
        return (("j", "jobs", self.main()), ("o", "output", self._log()), *below)

    @on(Panel.Entered)
    def _entered(self) -> None:
        self.cmd_open()

    def out(self) -> bool:
        log = self._log()
        if log.has_focus and log.searched:
            log.search("")
            return True
        if self.has_class("-zoomed") or self._details or not self.main().has_focus:
            self.remove_class("-zoomed")
            self._details = False
            self.main().focus()
            self._redraw()
            return True
        if self.showing != "queue":
            self._turn_to("queue")
            return True
        return False

    def _redraw(self) -> None:
        """Show what belongs to the row again."""
        if self.view is not None and self.showing not in LISTS:
            self._show_pane(self.view)

    def _show_pane(self, view: JobList) -> None:
        raise NotImplementedError

    def _breadth(self) -> None:
        raise NotImplementedError

    def _turn_to(self, name: str) -> None:
        """Another view of the area; what was marked and filtered in it stays there."""
        if name == self.showing:
            return
        self.remove_class("-zoomed", *(f"-{view}" for view in VIEWS))
        self._details = False
        self.showing = name
        self.add_class(f"-{name}")
        self._breadth()
        if self.view is not None and name in ("queue", "done"):
            self.view = None  # the ids are others
        self.main().focus()
        self.reload()
        self.refresh_frame()

    def cmd_view(self) -> None:
        self._turn_to(VIEWS[(VIEWS.index(self.showing) + 1) % len(VIEWS)])

    def cmd_queue(self) -> None:
        self._turn_to("queue")

    def cmd_schedules(self) -> None:
        self._turn_to("schedules")

    def cmd_pipelines(self) -> None:
        self._turn_to("pipelines")

    def cmd_done(self) -> None:
        self._turn_to("done")

    def cmd_open(self) -> None:
        panel = self.focused
        if isinstance(panel, Panel):
            row = panel.current
            if row is not None and row.goes is not None and row.goes[1] is not None:
                self.select(row.goes[1])
            return
        if self.showing in LISTS:
            self._rows().focus()
            return
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
        """Beside the table where there is room, else on the whole screen."""
        self._details = not self._details
        if not self.has_class("-wide"):
            self.set_class(self._details, "-zoomed")
        self._redraw()

    def cmd_zoom(self) -> None:
        self.toggle_class("-zoomed")

    def cmd_states(self) -> None:
        self._turn_to("queue")
        self.choose("show", _STATES, lambda at: self._filter(_STATES[at] if at else ""))

    def _filter(self, text: str) -> None:
        self.filtered(text)
        self.refresh_frame()

    def cmd_filter(self) -> None:
        inside = self.has_class("-zoomed") or self._log().has_focus
        self._searching = inside and not self.has_class("-drawn") and self._log().display
        super().cmd_filter()

    def previews(self) -> bool:
        return not self._searching

    def filtered(self, text: str) -> None:
        """In the output, `/` searches; in the table it filters."""
        if self._searching:
            self._log().search(text)
            self._log().focus()
            return
        super().filtered(text)
