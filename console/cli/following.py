"""The output of a job, from its file: once, or until the job ends."""

import sqlite3
import time
from collections.abc import Iterator
from typing import TextIO

from lineside.console.cli.session import Session
from lineside.store.db import reader
from lineside.store.homes import Home
from lineside.store.queries import jobs
from lineside.store.queries.jobs import JobRow
from lineside.store.states import JOB_ENDED, JobState

_LOOK_S = 0.2


def print_log(home: Home, job: JobRow, out: TextIO) -> int:
    """Print all there is of the newest attempt's output."""
    path = home.attempt(job.id, job.attempt) / "log"
    if path.exists():
        out.write(path.read_text(errors="replace"))
    return 0


def follow_job(session: Session, job_id: int, out: TextIO) -> int:
    """Print the output as it grows; 0 when the job succeeded, 1 otherwise, when it has ended."""
    db = reader(session.home)
    try:
        for text in _grow(session.home, job_id, db=db):
            out.write(text)
            out.flush()
        return 0 if jobs.get(db, job_id).state == JobState.SUCCEEDED else 1
    finally:
        db.close()


def _grow(home: Home, job_id: int, *, db: sqlite3.Connection) -> Iterator[str]:
    seen: tuple[int, int] = (0, 0)  # attempt, offset
    while True:
        row = jobs.get(db, job_id)
        ended = JobState(row.state) in JOB_ENDED
        attempt, offset = seen if seen[0] == row.attempt else (row.attempt, 0)
        path = home.attempt(job_id, attempt) / "log"
        if path.exists():
            with path.open("rb") as file:
                file.seek(offset)
                new = file.read()
            seen = (attempt, offset + len(new))
            if new:
                yield new.decode(errors="replace")
        if ended:
            return
        time.sleep(_LOOK_S)
