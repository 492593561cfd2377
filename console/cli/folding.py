"""Arrays as one line, ranges of jobs, and all that is to be said of one job."""

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from lineside.console.cli.output import moment
from lineside.console.format import amount
from lineside.store.errors import NotFound
from lineside.store.queries import jobs
from lineside.store.queries.jobs import AttemptRow, CommandRow, JobRow

_RANGE = re.compile(r"(\d+)\.\.(\d+)")


def folded(db: sqlite3.Connection, rows: Sequence[JobRow]) -> list[tuple[str, JobRow]]:
    """(numbers, row) of each line: of an array, those of all its jobs, and how many are in which state."""
    return [
        (str(row.id), row) if row.array_id is None else _line(row, jobs.of_array(db, row.array_id))
        for row in rows
    ]


def meant(db: sqlite3.Connection, texts: Sequence[str]) -> list[JobRow]:
    """The jobs that a person names: a number, a uid or its tail, or 57..64.

    Raises:
        NotFound: one names no job.
    """
    found: list[JobRow] = []
    for text in texts:
        span = _RANGE.fullmatch(text)
        if span is None:
            found.append(jobs.find(db, text))
            continue
        first, last = int(span[1]), int(span[2])
        among = jobs.by_ids(db, range(first, min(last, first + 100_000) + 1))
        if not among:
            raise NotFound("job", text)
        found += among
    return found


def told(row: JobRow, command: CommandRow, attempts: Sequence[AttemptRow]) -> list[str]:
    """All of one job, for eyes."""
    tries = [
        f"  attempt {a.number}: {moment(a.started_us)} to {moment(a.ended_us)}  {a.cause or 'running'}"
        + (f", {a.detail}" if a.detail else "")
        + (f"  on {', '.join(json.loads(a.gpu_uuids))}" if a.gpu_uuids != "[]" else "")
        for a in attempts
    ]
    return [
        f"job {row.id} {row.name}  {row.state}" + (f": {row.reason}" if row.reason else ""),
        f"  {' '.join(json.loads(command.argv))}",
        f"  by {row.submitted_by}, {moment(row.submitted_us)}, in {command.cwd}",
        f"  asks for {', '.join(_asked(command))}; priority {row.priority}",
        *(f"  {words}" for words in _terms(command)),
        *tries,
    ]


def _asked(job: CommandRow) -> list[str]:
    gpus = "a GPU if there is any" if job.gpus < 0 else f"{job.gpus} GPU{'' if job.gpus == 1 else 's'}"
    words = [gpus, f"{job.cpus} CPU slot{'' if job.cpus == 1 else 's'}"]
    if job.gpu_bytes is not None:
        words.append(f"{amount(job.gpu_bytes)} of each GPU")
    if job.gpu_slots is not None:
        words.append(f"{job.gpu_slots} of the slots of each GPU")
    if job.memory_bytes is not None:
        words.append(f"{amount(job.memory_bytes)} of memory")
    if job.gpu_prefer != "[]":
        words.append(f"rather GPU {', '.join(map(str, json.loads(job.gpu_prefer)))}")
    return words


def _terms(job: CommandRow) -> list[str]:
    """How it may end and begin again; what is as usual is not said."""
    words = []
    if job.time_limit_s is not None:
        words.append(f"stopped after {job.time_limit_s:g} s")
    if job.preemptible:
        words.append("may make room for a more urgent job")
    if job.checkpoint_signal is not None:
        words.append(f"gets SIG{job.checkpoint_signal} before it is stopped")
    if job.retry_max:
        words.append(f"tried again {job.retry_max} times after {', '.join(json.loads(job.retry_on))}")
    if job.outs != "[]":
        words.append(f"writes {', '.join(json.loads(job.outs))}")
    if job.array_id is not None:
        words.append(f"index {job.array_index} of array {job.array_id}")
    return words


def _line(first: JobRow, members: Sequence[JobRow]) -> tuple[str, JobRow]:
    numbers = sorted(row.id for row in members)
    states = Counter(row.state for row in members)
    waiting = next((row.reason for row in members if row.state in ("QUEUED", "HELD")), first.reason)
    ended = [row.ended_us for row in members]
    row = replace(
        first,
        name=f"{first.name.partition('[')[0]}[{len(members)}]",
        state=" ".join(f"{count} {state}" for state, count in states.items()),
        reason=waiting,
        ended_us=None if None in ended else max(at for at in ended if at is not None),
    )
    return f"{numbers[0]}..{numbers[-1]}", row
