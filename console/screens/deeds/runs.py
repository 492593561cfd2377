"""What may be done to runs: named, noted, tagged, registered, tried again, cancelled."""

from collections.abc import Callable, Sequence

from lineside.console.commands import Command
from lineside.console.deeds import asking
from lineside.console.deeds.deed import Answer, Ask, Deed, FormField
from lineside.console.format import plural
from lineside.console.reads.leaderboard import RunLine
from lineside.console.screens.groups import GroupedRuns
from lineside.console.text import Line, safe
from lineside.store.queries import jobs
from lineside.store.queries.jobs import JobRow

_OF_ONE = frozenset({"runs.rename", "runs.note", "runs.register"})
"""Not offered while several are marked: nobody should wonder which of them it was done to."""

_NAMED = 6
"""So many runs are named in a question; of more it says how many."""


class RunDeeds(GroupedRuns):
    """The commands behind `.` of the runs area."""

    def _current(self) -> RunLine | None:
        """The run under the cursor; None: there is none, or a group."""
        line = self.main().current
        return line if isinstance(line, RunLine) else None

    def _chosen(self) -> list[RunLine]:
        return [line for line in self.main().chosen() if isinstance(line, RunLine)]

    def offers(self, command: Command) -> bool:
        """What the row, or at least one of the marked, can have done to it."""
        line = self._current()
        if line is None:
            return False
        run, several = line.run, len(self._chosen()) > 1
        if several and command.id in _OF_ONE:
            return False
        return {
            "runs.cancel": bool(self._jobs("RUNNING", "SCHEDULED")),
            "runs.retry": bool(self._jobs("FAILED", "KILLED")),
            "runs.register": run.status == "FINISHED",
        }.get(command.id, True)

    def says(self, command: Command) -> str:
        """With how many runs it would be done to."""
        many = {
            "runs.tag": len(self._chosen()),
            "runs.cancel": len(self._jobs("RUNNING", "SCHEDULED")),
            "runs.retry": len(self._jobs("FAILED", "KILLED")),
        }.get(command.id, 0)
        if many > 1:
            return {"runs.tag": f"tag {many} runs, or take a tag away",
                    "runs.cancel": f"cancel the jobs of {many} runs",
                    "runs.retry": f"run the jobs of {many} runs again"}[command.id]  # fmt: skip
        return command.title

    def _jobs(self, *states: str) -> list[int]:
        """The jobs of the chosen runs that are in one of these states."""
        lines = self._chosen()
        return [
            line.run.job_id for line in lines if line.run.job_id is not None and line.run.status in states
        ]

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

    def cmd_tag(self) -> None:
        """One tag on all that are chosen; an empty value takes it away."""
        lines = self._chosen()
        if not lines:
            return

        def then(answer: Answer) -> Sequence[Ask]:
            key, value = answer.values["key"].strip(), answer.values["value"].strip()
            if not key:
                return []
            said = f"tag {key}" if value else f"tag {key} taken away"
            return [
                Ask(verb="runs.tag", args={"run": line.run.id, "tags": {key: value or None}},
                    said=f"run {line.run.id}: {said}")
                for line in lines
            ]  # fmt: skip

        fields = [
            FormField(key="key", label="tag", hint="baseline"),
            FormField(key="value", label="value", value="yes", hint="empty: take the tag away"),
        ]
        self.propose(Deed(title=f"Tag {plural(len(lines), 'run')}?", lines=_names(lines), fields=fields,
                          yes=f"tag {plural(len(lines), 'run')}", then=then))  # fmt: skip

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
        self._on_jobs(asking.retry, self._jobs("FAILED", "KILLED"))

    def cmd_cancel(self) -> None:
        self._on_jobs(asking.cancel, self._jobs("RUNNING", "SCHEDULED"))

    def _on_jobs(self, make: Callable[[Sequence[JobRow]], Deed], ids: Sequence[int]) -> None:
        if ids:
            self.propose(make(self.store.read(lambda db: jobs.by_ids(db, ids))))


def _names(lines: Sequence[RunLine]) -> list[Line]:
    """`run 812  bike-mlp-1`, one below the other."""
    named: list[Line] = [
        [(f"run {line.run.id}  ", "bold"), (safe(line.run.name), "")] for line in lines[:_NAMED]
    ]
    hidden = len(lines) - _NAMED
    return [*named, [(f"and {hidden} more", "dim")]] if hidden > 0 else named
