"""What may be done in the jobs area: to the jobs marked there, to a schedule, with a pipeline."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lineside.console.commands import Command
from lineside.console.deeds import asking, starting
from lineside.console.deeds.deed import Deed
from lineside.console.overlays.startform import StartForm
from lineside.console.reads.joblist import LIVE, WAITING, JobList
from lineside.console.reads.pipelist import Pipe
from lineside.console.reads.walls import Working
from lineside.console.screens.base.following import Following
from lineside.console.screens.deeds import schedules as scheduling
from lineside.console.widgets.tables.table import Table
from lineside.store.queries.jobs import JobRow
from lineside.store.queries.projects import ProjectRow

LISTS = ("schedules", "pipelines")
"""The views that list no jobs."""


class JobDeeds(Following[JobList]):
    """The part of the area that asks; what it looks like is in `jobs.py`."""

    showing = "queue"

    def _jobs(self) -> Table[Working]:
        return self.query_one("#jobs", Table)

    def offers(self, command: Command) -> bool:
        if command.id in _ALWAYS:
            return True
        if self.showing in LISTS:
            return False
        states = {row.job.state for row in self._jobs().chosen()}
        able = _ABLE.get(command.id, frozenset())
        return bool(states) and states <= able

    def _chosen(self) -> list[JobRow]:
        if self.showing in LISTS:
            return []
        return [row.job for row in self._jobs().chosen()]

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
        """The form of the pipeline under the cursor, else of one that is chosen."""
        known = self.store.read(starting.known)
        if not known:
            words = "no project is applied: run  lineside apply  in its folder"
            self.notify(words, severity="warning", markup=False)
            return
        pipe = self.query_one("#pipelines", Table).current if self.showing == "pipelines" else None
        if isinstance(pipe, Pipe):
            self._start(
                *next(each for each in known if each[0] == pipe.name and each[1].name == pipe.project)
            )
            return
        names = starting.told(known)
        self.choose("run pipeline", names, lambda at: self._start(*known[at]))

    def _start(self, name: str, row: ProjectRow) -> None:
        who, home = self.me.name, self.store.home
        form = self.store.read(lambda db: starting.pipeline(db, home, name, row, who=who))

        def filled(deed: Deed | None) -> None:
            if deed is not None:
                self.propose(deed)

        self.app.push_screen(StartForm(form), filled)


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
