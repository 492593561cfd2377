"""A schedule as somebody asks for it: checked before it is written; every change with its audit row."""

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lineside.jobs.schedules import planners, timings
from lineside.store.actors import Actor
from lineside.store.clock import Micros, new_id
from lineside.store.errors import Refused, Usage
from lineside.store.queries import audit, schedules
from lineside.store.queries.schedules import ScheduleRow
from lineside.store.toml import meant

KINDS = ("cron", "interval", "dataset", "push")
CATCH_UPS = ("latest", "all", "none")
OVERLAPS = ("skip", "queue", "replace")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What makes a schedule, before it has a number."""

    name: str
    kind: str
    spec: str
    folder: str
    argv: str  # JSON list, as `planners.packed` makes it
    time_zone: str = "UTC"
    catch_up: str = "latest"
    overlap: str = "skip"
    project: str | None = None  # None: added by hand

    def row(self, actor: Actor, at: Micros) -> ScheduleRow:
        """The row of this entry, due for the first time after `at`.

        Raises:
            Usage: something in it cannot be.
        """
        _check(self)
        row = ScheduleRow(
            id=0, uid=new_id("sched"), name=self.name, kind=self.kind, spec=_plain(self),
            time_zone=self.time_zone, folder=self.folder, argv=self.argv, owner=actor.label,
            owner_uid=actor.uid, catch_up=self.catch_up, overlap=self.overlap, paused=0, broken="",
            next_us=None, created_us=at, project=self.project,
        )  # fmt: skip
        return replace(row, next_us=timings.first(row, at))


def add(db: sqlite3.Connection, actor: Actor, entry: Entry, *, at: Micros) -> ScheduleRow:
    """Write a new schedule.

    Raises:
        Usage: something in it cannot be.
        Conflict: its name is taken.
    """
    row = entry.row(actor, at)
    id = schedules.add(db, row)
    _note(db, actor, "add", replace(row, id=id), at=at)
    return schedules.get(db, id)


def change(db: sqlite3.Connection, actor: Actor, old: ScheduleRow, entry: Entry, *, at: Micros) -> None:
    """Have a schedule say what `entry` says; a parked one gets another chance, a paused one stays paused.

    Where its times stay the same, they go on being counted from when it was added.

    Raises:
        Usage: something in it cannot be.
    """
    row = entry.row(actor, at)
    if (row.kind, row.spec, row.time_zone) == (old.kind, old.spec, old.time_zone):
        row = replace(row, created_us=old.created_us)
        row = replace(row, next_us=old.next_us or timings.first(row, at))
    schedules.change(db, old.id, row)
    _note(db, actor, "change", replace(row, id=old.id), at=at)


def pause(db: sqlite3.Connection, actor: Actor, row: ScheduleRow, *, at: Micros) -> None:
    """Fire no more until it is resumed.

    Raises:
        Conflict: it is paused.
    """
    schedules.pause(db, row)
    _note(db, actor, "pause", row, at=at)


def resume(db: sqlite3.Connection, actor: Actor, row: ScheduleRow, *, at: Micros) -> ScheduleRow:
    """Fire again from now on, paused or parked before; what fell due meanwhile is not made up for.

    Raises:
        Usage: what it was parked for still holds.
        Conflict: it is neither paused nor parked.
    """
    _folder(row.folder)
    schedules.resume(db, row, timings.first(row, at))
    schedules.write_off(db, row.id, outcome="skipped: it came while the schedule was paused", at=at)
    _note(db, actor, "resume", row, at=at)
    return schedules.get(db, row.id)


def remove(db: sqlite3.Connection, actor: Actor, row: ScheduleRow, *, at: Micros) -> None:
    """Take a schedule away; what it fired stays.

    Raises:
        Conflict: it was removed already.
    """
    schedules.remove(db, row, at=at)
    _note(db, actor, "rm", row, at=at)


def by_hand(row: ScheduleRow) -> None:
    """Refuse to remove what stands in a lineside.toml: the next `apply` would bring it back.

    Raises:
        Refused: it does.
    """
    if row.project is not None:
        raise Refused(
            f"schedule {row.name} stands in the lineside.toml of {row.project}",
            hint=f"take [schedule.{row.name}] out there and run: lineside apply   or pause it",
        )


def _note(db: sqlite3.Connection, actor: Actor, did: str, row: ScheduleRow, *, at: Micros) -> None:
    detail = {"schedule": row.name, "kind": row.kind, "spec": row.spec, "folder": row.folder}
    audit.append(db, actor, f"schedules.{did}", subject=("schedule", row.id), detail=detail, at=at)


def _check(entry: Entry) -> None:
    if not _NAME.fullmatch(entry.name):
        raise Usage(
            f"{entry.name!r} is no name for a schedule",
            hint="letters, digits, dot, dash and underscore, 100 at most",
        )
    allowed: Mapping[str, tuple[str, ...]] = {"kind": KINDS, "catch_up": CATCH_UPS, "overlap": OVERLAPS}
    for key, words in allowed.items():
        if getattr(entry, key) not in words:
            hint = meant(str(getattr(entry, key)), words)
            raise Usage(f"{key.replace('_', '-')} {getattr(entry, key)!r}", hint=hint)
    if not entry.spec.strip():
        raise Usage("what should it wait for?", hint="a cron line, an interval, a dataset or a branch")
    planners.check(entry.argv)
    _folder(entry.folder)


def _plain(entry: Entry) -> str:
    """The spec as the table holds it: an interval in seconds."""
    return f"{timings.seconds(entry.spec):.10g}" if entry.kind == "interval" else entry.spec.strip()


def _folder(folder: str) -> None:
    if not Path(folder).is_absolute() or not Path(folder).is_dir():
        raise Usage(f"no folder {folder}", hint="the whole path of the project's folder on the runner's box")
