"""The [schedule.NAME] tables of a project made real: added, changed, and removed when they vanish."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from lineside.jobs.projects import pipelines
from lineside.jobs.projects.declared import Project, ScheduleSpec
from lineside.jobs.schedules import entries, planners
from lineside.jobs.schedules.entries import Entry
from lineside.store.actors import Actor
from lineside.store.clock import Micros
from lineside.store.queries import schedules


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and with what the planner jobs of a project run."""

    folder: str
    python: str
    env: Mapping[str, str]


def apply(db: sqlite3.Connection, actor: Actor, found: Project, place: Place, *, at: Micros) -> None:
    """Have the table say what the project says; a schedule whose table did not change is left alone.

    Raises:
        Conflict: a name is taken by a schedule that was added by hand, or by another project.
        Usage: something in one of them cannot be.
    """
    old = {row.name: row for row in schedules.every(db) if row.project == found.name}
    for name, row in old.items():
        if name not in found.schedules:
            entries.remove(db, actor, row, at=at)
    for spec in found.schedules.values():
        entry = entry_of(spec, found, place)
        if spec.name in old:
            entries.change(db, actor, old[spec.name], entry, at=at)
        else:
            entries.add(db, actor, entry, at=at)


def entry_of(spec: ScheduleSpec, found: Project, place: Place) -> Entry:
    """What one table asks for.

    Raises:
        Usage: its pipeline does not take these params.
    """
    params = {name: _text(value) for name, value in spec.params.items()}
    pipelines.check(found, spec.pipeline, params)
    argv = planners.command(place.python, spec.pipeline, params)
    kind, what = _timing(spec)
    return Entry(
        name=spec.name, kind=kind, spec=what, folder=place.folder, argv=planners.packed(place.env, argv),
        time_zone=spec.tz, catch_up=spec.catch_up, overlap=spec.overlap, project=found.name,
    )  # fmt: skip


def _timing(spec: ScheduleSpec) -> tuple[str, str]:
    if spec.every_s is not None:
        return "interval", f"{spec.every_s:.10g}"
    given = {"cron": spec.cron, "dataset": spec.on_data, "push": spec.on_push}
    return next((kind, what) for kind, what in given.items() if what is not None)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
