"""Pipelines of all applied projects, each with the newest job of every stage."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from lineside.jobs.projects import project
from lineside.jobs.projects.declared import PipelineSpec
from lineside.store.clock import Micros
from lineside.store.errors import LinesideError
from lineside.store.queries import paces, projects
from lineside.store.queries.paces import StageRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipe:
    """One pipeline."""

    name: str
    project: str
    folder: str
    spec: PipelineSpec
    stages: Mapping[str, StageRow]  # stage → its newest job; none of one that never ran

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
    def at_us(self) -> Micros:
        newest = self.newest
        return newest.submitted_us if newest is not None else Micros(0)


def stage_state(row: StageRow) -> str:
    """The state of a stage's job; `cached` of one that an earlier result stood in for."""
    if row.state == "SKIPPED":
        return "cached" if row.cause == "ok" else "skipped"
    return row.state


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
            for stage in paces.stages(db, name):
                newest.setdefault(stage.stage, stage)
            found.append(Pipe(name=name, project=row.name, folder=row.folder, spec=spec, stages=newest))
    return tuple(sorted(found, key=lambda pipe: (-pipe.at_us, pipe.name)))
