"""A home from a backup. What ran when it was made does not run here: its end is written down.

The home the backup is of may still be alive, on this very box: a restored home must not start its jobs a
second time, nor signal the processes that the attempts' files name.
"""

import contextlib
import shutil
import sqlite3
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lineside.jobs.execution import attempts
from lineside.store import backups
from lineside.store.actors import Actor
from lineside.store.backups import Manifest
from lineside.store.clock import Micros
from lineside.store.db import writer
from lineside.store.homes import Home
from lineside.store.migrations import migrate
from lineside.store.queries import audit, jobs, queue, restoring, schedules
from lineside.store.queries.jobs import JobRow
from lineside.store.states import Cause, JobState

_WORDS = "it ran when the backup was made, and does not run in this home"
_PARKED = "restored from a backup, and the home it is of may fire it still"
_HELD = "restored from a backup; if it is to run here: lineside jobs release {id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restored home holds."""

    home: str
    made_us: Micros  # when the backup was
    files: int
    bytes: int
    missing: list[str]  # already so in the backup
    lost: list[int]  # jobs that ran
    held: list[int]  # jobs that waited
    audit_rows: int
    audit_broken: int | None  # the row where the chain breaks; None: it holds


def restore(source: Path, home: Home, actor: Actor, *, at: Micros) -> Restored:
    """Make a new home of a backup; it appears whole or not at all.

    Raises:
        BadData: `source` is no backup.
        Refused: the home is not empty, or the backup is damaged.
        SchemaTooNew: a newer lineside made it.
    """
    told: list[Restored] = []
    settle = partial(_settle, target=home, actor=actor, at=at, told=told)
    backups.restore(source.absolute(), home, settle=settle)
    return told[0]


def _settle(
    fresh: Home, manifest: Manifest, *, target: Home, actor: Actor, at: Micros, told: list[Restored]
) -> None:
    """Bring the database up to date and make it say what is true in this home."""
    with contextlib.closing(writer(fresh.db)) as db:
        migrate(db)
        db.execute("begin immediate")
        lost, held = jobs.live(db), restoring.waiting(db)
        _forget_later(fresh, restoring.attempts(db))
        for row in lost:
            _write_end(fresh, row, at)
        restoring.try_no_more(db)
        _stop_schedules(db)
        for id in held:
            queue.move(db, id, old=JobState.QUEUED, new=JobState.HELD, reason=_HELD.format(id=id))
        ids = [row.id for row in lost]
        detail = {"made_us": manifest.made_us, "lost": ids, "held": held, "missing": len(manifest.missing)}
        audit.append(db, actor, "home.restore", subject=("home", None), detail=detail, at=at)
        db.execute("commit")
        verdict = audit.verify(db)
    told.append(
        Restored(
            home=str(target.path),
            made_us=manifest.made_us,
            files=len(manifest.files),
            bytes=manifest.bytes,
            missing=manifest.missing,
            lost=ids,
            held=held,
            audit_rows=verdict.rows,
            audit_broken=verdict.broken_seq,
        )
    )


def _stop_schedules(db: sqlite3.Connection) -> None:
    """The old home may fire them still: park them here, and hold what waited for an earlier firing."""
    for row in schedules.every(db):
        if not row.paused:
            schedules.park(db, row.id, _PARKED)
    for id in schedules.waiting_planners(db):
        queue.set_reason(db, id, state=JobState.HELD, reason=_HELD.format(id=id))


def _forget_later(home: Home, known: set[tuple[int, int]]) -> None:
    """Delete folders of attempts that began after the database was copied: here they never did."""
    for folder in home.path.glob("jobs/*/*"):
        if folder.is_dir() and (int(folder.parent.name), int(folder.name)) not in known:
            shutil.rmtree(folder)


def _write_end(home: Home, row: JobRow, at: Micros) -> None:
    """What the attempt's shim would have written; the next runner reads it as it reads any end."""
    folder = home.attempt(row.id, row.attempt)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "claim").touch(mode=0o600)
    (folder / "start").unlink(missing_ok=True)  # it names processes of the other home
    if not (folder / "exit").exists():
        nothing = dict.fromkeys(("code", "user_s", "system_s", "max_rss_bytes", "started_us"))
        attempts.put(folder / "exit", {"cause": Cause.LOST, "detail": _WORDS, "ended_us": at, **nothing})
