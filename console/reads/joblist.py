"""What the jobs area shows, as one read."""

import json
import shlex
import sqlite3
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lineside.console.reads import ends, pipelist
from lineside.console.reads.ends import End
from lineside.console.reads.pipelist import Pipe
from lineside.console.reads.walls import Working, main_metric_of, working
from lineside.jobs.devices.predicting import Predicted, predicted
from lineside.store.clock import Micros, now
from lineside.store.homes import Home
from lineside.store.queries import jobs, paces, queues, schedules
from lineside.store.queries.jobs import AttemptRow, CommandRow, JobRow
from lineside.store.queries.queues import NeedRow
from lineside.store.queries.schedules import FiringRow, ListedRow
from lineside.store.queries.summaries import SummaryRow
from lineside.store.states import JobState

WAITING = (JobState.QUEUED, JobState.HELD)
LIVE = (JobState.STARTING, JobState.RUNNING, JobState.STOPPING)
_NICKNAMES = {
    "live": LIVE,
    "waiting": WAITING,
    "done": ("SUCCEEDED", "FAILED", "CANCELLED", "SKIPPED"),
    "ok": ("SUCCEEDED",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Everything about the job under the cursor."""

    job: JobRow
    command: CommandRow
    attempts: tuple[AttemptRow, ...]
    needs: tuple[NeedRow, ...]
    expected: Predicted | None = None  # of GPU memory, while it waits; None: nothing like it was measured
    end: End = ends.NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class JobList:
    """The answer."""

    ids: Sequence[int]
    counts: Mapping[str, int]  # of those that run or wait
    live: tuple[JobRow, ...]
    curves: Mapping[int, tuple[float, ...]]  # run → its main metric
    opened: Opened | None
    ends: Mapping[int, End] = field(default_factory=dict)  # of those that run
    loads: Mapping[str, tuple[float, ...]] = field(default_factory=dict)  # GPU → percent used
    lengths: Mapping[str, tuple[float, ...]] = field(default_factory=dict)  # name → seconds, the newest first
    schedules: tuple[ListedRow, ...] = ()
    firings: tuple[FiringRow, ...] = ()  # of the schedule under the cursor, the newest first
    fired: tuple[FiringRow, ...] = ()  # of all schedules
    argv: str = ""  # what the schedule under the cursor runs, as a shell would be told
    pipes: tuple[Pipe, ...] = ()
    measured: Mapping[int, SummaryRow] = field(
        default_factory=dict
    )  # run → metric, of the pipe under the cursor


def read(
    db: sqlite3.Connection,
    home: Home,
    *,
    where: str,
    current: int | None,
    points: bool,
    known: JobList | None = None,
    at: Micros | None = None,
) -> JobList:
    """The list as `where` filters it, and the job `current` in full.

    Args:
        at: the moment ends are told against; None: now.
        known: the list on screen, when only its cursor moved.
    """
    at = now() if at is None else at
    if known is not None:
        return replace(known, opened=_open(db, current, at) if current is not None else None)
    live = jobs.live(db)
    ids = matching(db, where) if where else queues.in_order(db)
    if current is None and ids:
        current = ids[0]
    return JobList(
        ids=ids,
        counts=jobs.counts(db),
        live=tuple(live),
        curves=_curves(db, home, live) if points else {},
        opened=_open(db, current, at) if current is not None else None,
        ends={work.job.id: work.end for work in working(db, live, at=at)},
        loads=_loads(db, home, live) if points else {},
        lengths=_lengths(db, ids) if points and len(ids) <= FEW else {},
    )


def with_schedules(db: sqlite3.Connection, view: JobList, current: int | None) -> JobList:
    """The same with all schedules, and what the one under the cursor did."""
    rows = tuple(schedules.listed(db))
    here = current if any(row.id == current for row in rows) else next((row.id for row in rows), None)
    if here is None:
        return replace(view, schedules=rows, firings=(), fired=(), argv="")
    each = {row.id: schedules.firings(db, row.id, limit=_FIRINGS) for row in rows}
    fired = sorted((one for ones in each.values() for one in ones), key=lambda one: -one.at_us)[:_FIRINGS]
    argv = shlex.join(json.loads(schedules.get(db, here).argv))
    return replace(view, schedules=rows, firings=tuple(each[here]), fired=tuple(fired), argv=argv)


_FIRINGS = 30


def with_pipelines(db: sqlite3.Connection, view: JobList, current: Hashable = None) -> JobList:
    """The same with all pipelines, and what the runs of the one under the cursor came to."""
    pipes = pipelist.read(db)
    here = next((pipe for pipe in pipes if pipe.key == current), pipes[0] if pipes else None)
    return replace(view, pipes=pipes, measured=pipelist.measured(db, here))


def matching(db: sqlite3.Connection, where: str) -> list[int]:
    """`failed forest`: states by name (or live, waiting, done), all other words looked for in names."""
    states: list[str] = []
    words: list[str] = []
    for word in where.split():
        named = word.lower().removeprefix("status:").removeprefix("state:")
        if named in _NICKNAMES:
            states.extend(_NICKNAMES[named])
        elif named.upper() in JobState.__members__:
            states.append(named.upper())
        else:
            words.append(named)
    return queues.matching(db, states=states, words=words)


def page(db: sqlite3.Connection, ids: Sequence[int], *, at: Micros | None = None) -> dict[int, Working]:
    """The rows of one page; a job that trains has its main metric beside it."""
    rows = working(db, jobs.by_ids(db, ids), at=now() if at is None else at)
    return {work.job.id: work for work in rows}


def _curves(db: sqlite3.Connection, home: Home, live: Sequence[JobRow]) -> dict[int, tuple[float, ...]]:
    metrics = {job.run_id: main_metric_of(db, job) for job in live if job.run_id is not None}
    wanted = {run: metric.metric for run, metric in metrics.items() if metric is not None}
    if not wanted:
        return {}
    from lineside.console.reads.curves import sparks

    return sparks(db, home, wanted)


def _loads(db: sqlite3.Connection, home: Home, live: Sequence[JobRow]) -> dict[str, tuple[float, ...]]:
    if not any(job.devices for job in live):
        return {}
    from lineside.console.reads.traces import gpu_loads

    return gpu_loads(db, home, live)


FEW = 20
"""So many jobs leave room below them on a large screen."""


def _lengths(db: sqlite3.Connection, ids: Sequence[int]) -> dict[str, tuple[float, ...]]:
    """How long the newest jobs took that are called as these are."""
    names = dict.fromkeys(job.name for job in jobs.by_ids(db, ids) if job.kind != "service")
    return {name: tuple(paces.lengths(db, name, limit=FEW)) for name in names}


def _open(db: sqlite3.Connection, id: int, at: Micros) -> Opened | None:
    found = jobs.by_ids(db, [id])
    if not found:
        return None
    job = found[0]
    return Opened(
        job=job, command=jobs.command(db, id), attempts=tuple(jobs.attempts(db, id)),
        needs=tuple(queues.needs(db, id)),
        expected=predicted(db, id) if job.gpus and job.state in WAITING else None,
        end=working(db, [job], at=at)[0].end,
    )  # fmt: skip
