"""One firing: its row, its planner job and the next due time in one transaction, so each happens once.

The row's key is what is due (a time on the wall, a version, a commit): a second try, a second clock or a
system clock that was set back finds it taken.
"""

import contextlib
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from lineside.jobs.execution import endings, queue
from lineside.jobs.schedules import planners
from lineside.store.actors import Actor, Role
from lineside.store.clock import Micros
from lineside.store.errors import Conflict, Usage
from lineside.store.queries import queue as queued
from lineside.store.queries import schedules
from lineside.store.queries.schedules import WAITS, OpenJob, ScheduleRow
from lineside.store.states import JobState

MOST_WAITING = 1_000
"""Planner jobs of one schedule that may wait for each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """What became of one due time."""

    outcome: str
    job_id: int | None = None  # the planner; None: skipped
    ended: list[int] = field(default_factory=list)  # jobs that were replaced before they began


def fire(
    db: sqlite3.Connection, row: ScheduleRow, *, due: str, due_us: Micros | None, overlap: str, at: Micros
) -> Fired | None:
    """Start the planner job of one due time, or say why not; None: that time was taken before.

    Raises:
        Usage: the schedule's folder is gone.
    """
    if not schedules.fire(db, row.id, due, outcome="started", at=at):
        return None
    fired = _fire(db, row, due=due, due_us=due_us, overlap=overlap, at=at)
    schedules.bind(db, row.id, due, job_id=fired.job_id, outcome=fired.outcome)
    return fired


def skip(db: sqlite3.Connection, row: ScheduleRow, *, due: str, why: str, at: Micros) -> None:
    """Take a due time without starting anything."""
    schedules.fire(db, row.id, due, outcome=f"skipped: {why}", at=at)


def release(db: sqlite3.Connection, schedule_id: int) -> bool:
    """Let the oldest planner that waits for earlier firings go, if all those have ended."""
    jobs = schedules.open_jobs(db, schedule_id)
    waiting = [job for job in jobs if _waits(job)]
    if not waiting or len(waiting) < len(jobs):
        return False
    queued.move(db, waiting[0].id, old=JobState.HELD, new=JobState.QUEUED, reason=queued.TURN)
    return True


def owner(row: ScheduleRow) -> Actor:
    """In whose name a schedule acts."""
    return Actor(uid=row.owner_uid, name=row.owner, role=Role.OPERATOR)


def _fire(
    db: sqlite3.Connection, row: ScheduleRow, *, due: str, due_us: Micros | None, overlap: str, at: Micros
) -> Fired:
    if not Path(row.folder).is_dir():
        raise Usage(f"no folder {row.folder}", hint="the project's folder was moved or removed")
    jobs, ended = schedules.open_jobs(db, row.id), list[int]()
    if jobs and overlap == "skip":
        return Fired(outcome=f"skipped: {_said(jobs[0])}")
    if jobs and overlap == "replace":
        for job in jobs:
            with contextlib.suppress(Conflict):  # it ended with one before it
                ended += endings.cancel(db, job.id, owner(row), f"{row.name} fires again", at=at)
        jobs = schedules.open_jobs(db, row.id)
    if sum(_waits(job) for job in jobs) >= MOST_WAITING:
        return Fired(outcome=f"skipped: {MOST_WAITING} firings wait already")
    (made,) = queue.submit(db, owner(row), [planners.spec(row, due=due, due_us=due_us)], at)
    if not jobs:
        return Fired(outcome="started", job_id=made.job_id, ended=ended)
    queued.move(db, made.job_id, old=JobState.QUEUED, new=JobState.HELD, reason=WAITS)
    return Fired(outcome=f"queued: {_said(jobs[0])}", job_id=made.job_id, ended=ended)


def _waits(job: OpenJob) -> bool:
    return job.state == JobState.HELD and job.reason == WAITS


def _said(job: OpenJob) -> str:
    still = "still waits" if job.state in (JobState.QUEUED, JobState.HELD) else "still runs"
    return f"job {job.id} {still}"
