"""How jobs begin, end, are cancelled, skipped and tried again: steps inside the queue's transaction."""

import json
import logging
import re
import sqlite3
from dataclasses import replace

from lineside.jobs.execution.attempts import Exit, Sighting, Start
from lineside.jobs.projects import results
from lineside.store import states
from lineside.store.actors import LINESIDE, Actor
from lineside.store.clock import Micros, after
from lineside.store.errors import Conflict
from lineside.store.queries import audit, jobs, runs
from lineside.store.queries import queue as queued
from lineside.store.queries.jobs import JobRow
from lineside.store.states import Cause, JobState, RunStatus

log = logging.getLogger(__name__)
_FOR_ANOTHER = "preempted by job "
_LONGEST_S = 86_400.0
_RUN_STATUS = {
    JobState.SUCCEEDED: RunStatus.FINISHED,
    JobState.FAILED: RunStatus.FAILED,
    JobState.CANCELLED: RunStatus.KILLED,
    JobState.SKIPPED: RunStatus.KILLED,
}
_CUDA_OOM = ("CUDA out of memory", "torch.OutOfMemoryError", "CUDA_ERROR_OUT_OF_MEMORY", "RESOURCE_EXHAUSTED")
_HOST_OOM = ("MemoryError", "Cannot allocate memory", "std::bad_alloc")
_ERROR = re.compile(r"(\[?rank\d+\]?:? ?)?([A-Za-z_][\w.]*(Error|Exception)\b|terminate called)")
_ONLY_PASSED_ON = re.compile(r"\S*(ChildFailedError|CalledProcessError)\b")
"""A launcher's own words on the failure of what it launched."""


def note_start(db: sqlite3.Connection, row: JobRow, start: Start) -> None:
    """STARTING → RUNNING, once the shim wrote down what it started."""
    queued.begun(db, row.id, number=row.attempt, pid=start.pid, at=start.at_us)
    if row.state == JobState.STARTING:
        queued.move(db, row.id, old=JobState.STARTING, new=JobState.RUNNING, started=start.at_us)
        if row.run_id is not None:
            _of_run(lambda id: runs.start(db, id, at=start.at_us), row.run_id)


def finish(
    db: sqlite3.Connection, row: JobRow, sighting: Sighting, *, tail: str, at: Micros, backoff_s: float
) -> list[int]:
    """End the attempt, and the job with it unless its policy tries again; all jobs that ended by it."""
    exit = sighting.exit or _lost(sighting, at)
    cause = classify(exit, tail)
    made_room = makes_room(row) and cause in (Cause.PREEMPTED, Cause.CANCELLED)
    if made_room:
        cause, exit = Cause.PREEMPTED, replace(exit, detail=row.reason)
    elif row.state == JobState.STOPPING and cause == Cause.PREEMPTED:
        cause = Cause.CANCELLED  # by a person, while it made room
    values = {"ended_us": exit.ended_us, "detail": exit.detail, "code": exit.code, "user_s": exit.user_s,
              "system_s": exit.system_s, "max_rss_bytes": exit.max_rss_bytes}  # fmt: skip
    if not queued.end_attempt(db, row.id, number=row.attempt, cause=cause, values=values):
        return []
    if made_room or _tries_again(db, row, cause):
        wait = at if made_room else after(at, _backoff(db, row, backoff_s))
        reason = exit.detail if made_room else f"attempt {row.attempt} ended: {exit.detail}"
        _step(db, row, JobState.QUEUED, reason=reason, not_before=wait)
        if row.run_id is not None:
            _of_run(lambda id: runs.reschedule(db, id), row.run_id)
        return []
    new, ended_us = _state_after(row, cause), exit.ended_us
    made = results.note(db, row, at=ended_us) if new == JobState.SUCCEEDED else None
    if made is not None and made.cached:
        return _end(db, row, JobState.SKIPPED, cause=cause, detail=made.words, at=ended_us)
    ended = _end(db, row, new, cause=cause, detail=exit.detail, at=ended_us)
    if made is not None:
        queued.set_reason(db, row.id, state=new, reason=made.words)
    return ended


def cancel(db: sqlite3.Connection, id: int, actor: Actor, reason: str, *, at: Micros) -> list[int]:
    """A waiting job is CANCELLED now, a live one is STOPPING until it is gone; all jobs that ended by it.

    Raises:
        NotFound: no such job.
        Conflict: it has ended already.
    """
    row = jobs.get(db, id)
    if row.state in states.JOB_ENDED:
        raise Conflict(f"job {id} has ended: {row.state}", hint="nothing is left to cancel")
    if row.state == JobState.STOPPING and not makes_room(row):
        return []
    words = f"cancelled by {actor.label}" + (f": {reason}" if reason else "")
    detail = {"reason": reason, "was": row.state}
    audit.append(db, actor, "jobs.cancel", subject=("job", id), detail=detail, at=at)
    if row.state == JobState.STOPPING:  # it was only to make room: now it does not come back
        queued.set_reason(db, id, state=JobState.STOPPING, reason=words)
        return []
    if row.state in states.JOB_LIVE:
        _step(db, row, JobState.STOPPING, reason=words)
        return []
    return _end(db, row, JobState.CANCELLED, cause=Cause.CANCELLED, detail=words, at=at)


def make_room(db: sqlite3.Connection, id: int, *, words: str, at: Micros) -> None:
    """RUNNING → STOPPING for a more urgent job; it waits again once it is gone."""
    _step(db, jobs.get(db, id), JobState.STOPPING, reason=words)
    audit.append(db, LINESIDE, "jobs.preempt", subject=("job", id), detail={"reason": words}, at=at)


def makes_room(row: JobRow) -> bool:
    """Whether it is being stopped for another job, and nobody wants it to end for good.

    The row says so and not the order to the shim: a new runner has to know it too.
    """
    return row.state == JobState.STOPPING and row.reason.startswith(_FOR_ANOTHER)


def skip(db: sqlite3.Connection, id: int, *, because: int, at: Micros) -> list[int]:
    """A job that needed `because` to succeed never starts, nor does what needs it in turn: all those."""
    row, failed = jobs.get(db, id), jobs.get(db, because)
    if row.state == JobState.HELD:
        queued.move(db, id, old=JobState.HELD, new=JobState.QUEUED)
        row = jobs.get(db, id)
    if row.state != JobState.QUEUED:
        return []  # skipped a moment ago, over another path
    words = f"job {failed.id} ({failed.name}) ended {failed.state}"
    return _end(db, row, JobState.SKIPPED, cause=Cause.CANCELLED, detail=words, at=at)


def classify(exit: Exit, tail: str) -> Cause:
    """The cause, with memory told apart where the job's own last words show it."""
    if exit.cause not in (Cause.EXIT, Cause.SIGNAL):
        return exit.cause
    last = _last_error(tail)
    if any(word in last for word in _CUDA_OOM):
        return Cause.OOM_CUDA
    if any(word in last for word in _HOST_OOM):
        return Cause.OOM_HOST
    return exit.cause


def _last_error(tail: str) -> str:
    """The log from its last error on: what a job caught and went on from did not end it."""
    lines = tail.splitlines()
    errors = [n for n, line in enumerate(lines) if _ERROR.match(line) and not _ONLY_PASSED_ON.match(line)]
    return "\n".join(lines[errors[-1] :]) if errors else tail


def _lost(sighting: Sighting, at: Micros) -> Exit:
    """What is known of an attempt whose shim died without a word."""
    from lineside.jobs.execution.processes import boot_id

    start = sighting.start
    rebooted = start is not None and start.boot != boot_id()
    return Exit(
        cause=Cause.LOST,
        detail="the machine was restarted" if rebooted else "its supervisor was killed",
        code=None, user_s=None, system_s=None, max_rss_bytes=None,
        started_us=start.at_us if start else None, ended_us=at,
    )  # fmt: skip


def _tries_again(db: sqlite3.Connection, row: JobRow, cause: Cause) -> bool:
    """By its policy; attempts that made room for others are not counted."""
    if row.state == JobState.STOPPING and not makes_room(row):
        return False
    policy = jobs.command(db, row.id)
    return cause in json.loads(policy.retry_on) and queued.tries(db, row.id) <= policy.retry_max > 0


def _backoff(db: sqlite3.Connection, row: JobRow, home_s: float) -> float:
    """Doubles with each attempt that was a failure, up to a day."""
    own_s = jobs.command(db, row.id).retry_backoff_s
    doubled = min(20, max(0, queued.tries(db, row.id) - 1))
    return float(min(_LONGEST_S, (home_s if own_s is None else own_s) * 2**doubled))


def _state_after(row: JobRow, cause: Cause) -> JobState:
    if cause == Cause.OK:
        return JobState.SUCCEEDED
    stopped = row.state == JobState.STOPPING and cause in (Cause.LOST, Cause.SIGNAL, Cause.EXIT)
    return JobState.CANCELLED if stopped or cause == Cause.CANCELLED else JobState.FAILED


def _end(
    db: sqlite3.Connection, row: JobRow, new: JobState, *, cause: Cause, detail: str, at: Micros
) -> list[int]:
    """The last step of a job, of its run, and of those that needed it to succeed; all that ended."""
    by_whom = row.reason if row.state == JobState.STOPPING else detail
    reasons = {JobState.SUCCEEDED: "", JobState.CANCELLED: by_whom}
    _step(db, row, new, reason=reasons.get(new, detail), ended=at)
    if row.run_id is not None:
        status = RunStatus.FINISHED if cause == Cause.OK else _RUN_STATUS[new]  # a cached stage's is whole
        _of_run(lambda id: runs.end(db, id, status=status, cause=cause, detail=detail, at=at), row.run_id)
    ended = [row.id]
    for id in queued.dependents(db, row.id) if new != JobState.SUCCEEDED else ():
        ended += skip(db, id, because=row.id, at=at)
    return ended


def _step(
    db: sqlite3.Connection, row: JobRow, new: JobState, *, reason: str,
    ended: Micros | None = None, not_before: Micros | None = None,
) -> None:  # fmt: skip
    old = JobState(row.state)
    states.check(states.JOB, old, new, what=f"job {row.id}")
    queued.move(db, row.id, old=old, new=new, reason=reason, ended=ended, not_before=not_before)


def _of_run(step, run_id: int) -> None:  # type: ignore[no-untyped-def]
    """A run that has a verdict of its own keeps it; the queue goes on."""
    try:
        step(run_id)
    except Conflict as error:
        log.warning("a run did not follow its job", extra={"run": run_id, "error": str(error)})
