"""The output of a job, from its file: once, or until the job ends."""

import codecs
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from lineside.console.cli.session import Session
from lineside.console.format import amount
from lineside.store import outputs
from lineside.store.db import reader
from lineside.store.homes import Home
from lineside.store.queries import jobs
from lineside.store.queries.jobs import JobRow
from lineside.store.states import JOB_ENDED, Cause, JobState

_LOOK_S = 0.2
_CHUNK = 1024 * 1024
_COLOUR = re.compile(r"(\x1b\[[0-9;:]*m)")
_HARMLESS = {
    **{n: chr(0x2400 + n) for n in range(0x20) if chr(n) not in "\n\r\t"},
    **{n: "�" for n in range(0x80, 0xA0)},
    0x7F: "␡",
}
"""Control characters as their pictures: what a job prints must not type into anybody's terminal."""


class _Output:
    """One attempt's output as text, piece by piece."""

    def __init__(self, path: Path) -> None:
        self._path, self._offset = path, 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def more(self) -> Iterator[str]:
        """What was written since; says how much of it was dropped before it could be read."""
        try:
            file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        try:
            while True:
                start, data = outputs.read(file, self._offset, _CHUNK)
                if start > self._offset:
                    yield dropped(start - self._offset, first=not self._offset)
                self._offset = start + len(data)
                if not data:
                    return
                yield self._decoder.decode(data)
        finally:
            os.close(file)


def dropped(size: int, *, first: bool) -> str:
    """The line that stands for what is not there any more."""
    return f"… the first {amount(size)} were dropped\n" if first else f"\n… {amount(size)} were dropped\n"


def print_log(home: Home, job: JobRow, out: TextIO) -> int:
    """Print all there is of the newest attempt's output."""
    for text in _Output(home.attempt(job.id, job.attempt) / "log").more():
        out.write(_fit(text, out))
    return 0


def follow_job(session: Session, job_id: int, out: TextIO) -> int:
    """Print the output as it grows; 0 when the job succeeded, 1 otherwise, when it has ended."""
    db = reader(session.home)
    try:
        for text in _grow(session.home, job_id, db=db):
            out.write(_fit(text, out))
            out.flush()
        row = jobs.get(db, job_id)
        cached = row.state == JobState.SKIPPED and row.cause == Cause.OK
        return 0 if cached or row.state == JobState.SUCCEEDED else 1
    finally:
        db.close()


def _grow(home: Home, job_id: int, *, db: sqlite3.Connection) -> Iterator[str]:
    attempt, output = 0, _Output(home.attempt(job_id, 0) / "log")
    while True:
        row = jobs.get(db, job_id)
        ended = JobState(row.state) in JOB_ENDED
        if row.attempt != attempt:
            yield from output.more()  # its last words
            attempt, output = row.attempt, _Output(home.attempt(job_id, row.attempt) / "log")
        yield from output.more()
        if ended:
            return
        time.sleep(_LOOK_S)


def _fit(text: str, out: TextIO) -> str:
    """As it is for a program; for a terminal, colours and progress bars and nothing else it would obey."""
    return _for_terminal(text) if out.isatty() else text


def _for_terminal(text: str) -> str:
    parts = _COLOUR.split(text)  # every second one is a colour
    return "".join(part if number % 2 else part.translate(_HARMLESS) for number, part in enumerate(parts))
