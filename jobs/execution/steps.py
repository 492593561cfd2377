"""What a person does to a waiting or an ended job: each one step of its machine, with its audit row."""

import sqlite3
from collections.abc import Collection

from lineside.store import states
from lineside.store.actors import Actor
from lineside.store.clock import Micros
from lineside.store.errors import Conflict
from lineside.store.queries import audit, jobs, runs
from lineside.store.queries import queue as queued
from lineside.store.states import JobState


def hold(db: sqlite3.Connection, id: int, actor: Actor, *, at: Micros) -> None:
    """QUEUED → HELD.

    Raises:
        Conflict: it is not queued.
    """
    _step(db, id, JobState.HELD, reason=f"held by {actor.label}")
    audit.append(db, actor, "jobs.hold", subject=("job", id), at=at)


def release(db: sqlite3.Connection, id: int, actor: Actor, *, at: Micros) -> None:
    """HELD → QUEUED.

    Raises:
        Conflict: it is not held.
    """
    row = jobs.get(db, id)
    if row.state != JobState.HELD:
        raise Conflict(f"job {id} is {row.state}, not held", hint="only held jobs can be released")
    _step(db, id, JobState.QUEUED, reason=queued.TURN, not_before=at)  # it has waited from now on
    audit.append(db, actor, "jobs.release", subject=("job", id), at=at)


def retry(db: sqlite3.Connection, id: int, actor: Actor, *, at: Micros) -> list[int]:
    """FAILED or CANCELLED → QUEUED, and its run with it; so is what was skipped for it: all those.

    Raises:
        Conflict: it has not ended, or it succeeded.
    """
    row = jobs.get(db, id)
    if row.state not in (JobState.FAILED, JobState.CANCELLED):
        raise Conflict(f"job {id} is {row.state}", hint="only failed and cancelled jobs can be tried again")
    again = _again(db, id, at)
    detail = {"attempt": row.attempt + 1, "with": again[1:]}
    audit.append(db, actor, "jobs.retry", subject=("job", id), detail=detail, at=at)
    return again


def _again(db: sqlite3.Connection, id: int, at: Micros) -> list[int]:
    """Let a job wait once more, then what never began because it had failed, and what needed that in turn."""
    _step(db, id, JobState.QUEUED, reason=queued.TURN, not_before=at)
    if (run_id := jobs.get(db, id).run_id) is not None:
        runs.reschedule(db, run_id)
    again = [id]
    for other in queued.skipped_for(db, id):
        if other not in again:
            again += _again(db, other, at)
    return again


def move(
    db: sqlite3.Connection, id: int, actor: Actor, *, priority: int | None, to: str | None, at: Micros
) -> int:
    """Give a waiting job another priority, which comes back.

    Raises:
        Conflict: it does not wait.
    """
    low, high = queued.priorities(db)
    placed = priority if priority is not None else high + 1 if to == "front" else low - 1
    queued.set_priority(db, id, priority=placed)
    audit.append(db, actor, "jobs.move", subject=("job", id), detail={"priority": placed}, at=at)
    return placed


def of_array(
    db: sqlite3.Connection,
    array: int,
    done: str,
    *,
    among: Collection[str] = (),
    without: Collection[str] = (),
) -> list[int]:
    """Those jobs of an array that a step is for.

    Raises:
        Conflict: it is for none of them.
    """
    rows = jobs.of_array(db, array)
    found = [row.id for row in rows if row.state not in without and (not among or row.state in among)]
    if not found:
        hint = "look at them: lineside jobs ls --all" if rows else "name the first job of an array"
        raise Conflict(f"no job of array {array} can be {done}", hint=hint)
    return found


def _step(
    db: sqlite3.Connection, id: int, new: JobState, *, reason: str = "", not_before: Micros | None = None
) -> None:
    old = JobState(jobs.get(db, id).state)
    states.check(states.JOB, old, new, what=f"job {id}")
    queued.move(db, id, old=old, new=new, reason=reason, not_before=not_before)
