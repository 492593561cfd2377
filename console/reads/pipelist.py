"""Pipelines of all applied projects, each with the newest job of every stage."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from lineside.console.reads.walls import main_metric
from lineside.jobs.projects import project
from lineside.jobs.projects.declared import PipelineSpec
from lineside.store.clock import Micros
from lineside.store.errors import LinesideError
from lineside.store.queries import paces, projects
from lineside.store.queries.paces import StageRow
from lineside.store.queries.summaries import SummaryRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipe:
    """One pipeline."""

    name: str
    project: str
    folder: str
    spec: PipelineSpec
    stages: Mapping[str, StageRow]  # stage → its newest job; none of one that never ran
    past: tuple[StageRow, ...] = ()  # jobs of its stages, the newest first

    @property
    def key(self) -> str:
        return f"{self.project}/{self.name}"

    @property
    def newest(self) -> StageRow | None:
        """The job that was submitted last."""
        return max(self.stages.values(), key=lambda row: (row.submitted_us, row.id), default=None)

    @property
    def state(self) -> str:
        """In a word: what fails first, then what runs, then what waits."""
        states = {stage_state(row) for row in self.stages.values()}
        order = ("FAILED", "RUNNING", "STARTING", "STOPPING", "QUEUED", "HELD", "CANCELLED", "skipped")
        return next((state for state in order if state in states), "SUCCEEDED" if states else "never ran")

    @property
    def turns(self) -> list[dict[str, StageRow]]:
        """The times it was started, the newest first: stage → its job; of a matrix the newest job."""
        found: dict[Micros, dict[str, StageRow]] = {}
        for row in self.past:
            found.setdefault(row.submitted_us, {}).setdefault(row.stage, row)
        return [found[at] for at in sorted(found, reverse=True)]

    @property
    def at_us(self) -> Micros:
        newest = self.newest
        return newest.submitted_us if newest is not None else Micros(0)


def stage_state(row: StageRow) -> str:
    """The state of a stage's job; `cached` of one that an earlier result stood in for."""
    if row.state == "SKIPPED":
        return "cached" if row.cause == "ok" else "skipped"
    return row.state


def measured(db: sqlite3.Connection, pipe: Pipe | None) -> dict[int, SummaryRow]:
    """What people look at first of the runs that its newest jobs made: run → its metric."""
    rows = pipe.past[:_MEASURED] if pipe is not None else ()
    made = {row.run_id: main_metric(db, row.run_id) for row in rows if row.run_id is not None}
    return {run: metric for run, metric in made.items() if metric is not None}


_MEASURED = 60
"""Jobs of a pipeline whose runs are asked for their metric."""


def read(db: sqlite3.Connection) -> tuple[Pipe, ...]:
    """All of them, what ran last first. A project that cannot be read any more has none."""
    found: list[Pipe] = []
    for row in projects.every(db):
        try:
            parsed = project.parse(row.text, name=row.name)
        except LinesideError:
            continue
        for name, spec in parsed.pipelines.items():
            newest: dict[str, StageRow] = {}
            past = paces.stages(db, name)
            for stage in past:
                newest.setdefault(stage.stage, stage)
            found.append(Pipe(name=name, project=row.name, folder=row.folder, spec=spec, stages=newest,
                              past=tuple(past)))  # fmt: skip
    return tuple(sorted(found, key=lambda pipe: (-pipe.at_us, pipe.name)))
