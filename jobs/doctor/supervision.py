"""Jobs and what they leave: each live one has a shim, each ended one took its secrets along."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from lineside.jobs.execution import attempts
from lineside.jobs.execution.attempts import Phase
from lineside.store.clock import SECOND
from lineside.store.doctor.findings import Case, Finding, counted, ok, problem, warning
from lineside.store.queries import jobs
from lineside.store.queries.jobs import JobRow
from lineside.store.states import JobState

_PATIENCE_S = 60.0
"""How much longer than its grace a job may take to end."""


def live(case: Case, conn: sqlite3.Connection, *, lives: bool) -> Iterator[Finding]:
    """Jobs that the store believes to be running."""
    rows = jobs.live(conn)
    faults = [fault for row in rows for fault in _judged(case, conn, row, lives=lives)]
    yield from faults
    waiting = len(jobs.waiting(conn))
    if waiting and not lives:
        words = f"{counted(waiting, 'job')} in the queue, and no runner is up to start them"
        yield warning("jobs", words, hint="lineside runner start")
    elif not faults:
        running = f"{len(rows)} running, each with its supervisor" if rows else "none running"
        yield ok("jobs", f"{running}, {waiting} waiting")


def environments(case: Case, conn: sqlite3.Connection, *, lives: bool) -> Iterator[Finding]:
    """The variables of a job may hold secrets: they go when it ends."""
    found = attempts.environments(case.home.path / "jobs")
    ended = {
        row.id
        for row in jobs.by_ids(conn, sorted(found))
        if row.ended_us is not None and case.at - row.ended_us >= case.settle_s * SECOND
    }
    left = [path for id in sorted(ended) for path in found[id]]
    if left:
        again = "lineside runner stop; lineside runner start" if lives else "lineside runner start"
        where = _inside(case, left)
        words = f"variables of ended jobs, maybe secrets, still lie in {where}"
        yield problem("jobs", words, hint=f"the runner deletes them when it starts: {again}")


def _judged(case: Case, conn: sqlite3.Connection, row: JobRow, *, lives: bool) -> Iterator[Finding]:
    folder = case.home.attempt(row.id, row.attempt)
    phase = attempts.look(folder).phase
    job = f"job {row.id} ({row.name})"
    if phase == Phase.GONE and not lives:
        words = f"{job} is {row.state} in the store, but nothing supervises it: its shim was killed"
        yield problem("jobs", words, hint="the runner sees to it: lineside runner start")
    elif phase == Phase.UNCLAIMED and not lives and row.state != JobState.STARTING:
        words = f"{job} is {row.state} in the store, but {_inside(case, [folder])} says nothing of it"
        yield problem("jobs", words, hint="the runner sees to it: lineside runner start")
    elif phase == Phase.ENDED and not lives:
        words = f"{job} has ended while no runner was up"
        yield warning("jobs", words, hint="the runner notes it: lineside runner start")
    elif phase == Phase.RUNNING and (late_s := _overdue(case, conn, row, folder)) > 0:
        words = f"{job}, pid {row.pid}, was told to stop and is still there, {late_s:.0f} s after its grace"
        hint = f"see what it waits for: ps -o pid,stat,wchan:30,cmd -p {row.pid}   (D: a disk or a driver)"
        yield warning("jobs", words, hint=hint)


def _overdue(case: Case, conn: sqlite3.Connection, row: JobRow, folder: Path) -> float:
    """Seconds since a job that was told to stop should have been gone; 0: it was not told, or has time."""
    try:
        told_s = (folder / "stop").stat().st_mtime
    except OSError:
        return 0.0
    grace_s = jobs.command(conn, row.id).grace_s + _PATIENCE_S
    return max(0.0, case.at / SECOND - told_s - grace_s)


def _inside(case: Case, paths: list[Path]) -> str:
    names = [path.relative_to(case.home.path).as_posix() for path in paths[:3]]
    return ", ".join(names) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
