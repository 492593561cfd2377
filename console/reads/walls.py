"""The wall as one read: everything on it comes from one moment."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from lineside.console.reads import ends
from lineside.console.reads.achieved import METRICS, Better, betters
from lineside.console.reads.ends import End
from lineside.console.reads.kept import Kept, kept
from lineside.console.reads.needs import DAY_US, Need, needs
from lineside.store.clock import SECOND, Micros
from lineside.store.queries import endpoints, jobs, monitors, runs, walls, windows
from lineside.store.queries.endpoints import EndpointRow
from lineside.store.queries.jobs import JobRow
from lineside.store.queries.names import SYSTEM
from lineside.store.queries.runs import RunRow
from lineside.store.queries.summaries import SummaryRow
from lineside.store.queries.walls import EventRow

HOUR_US = 3600 * SECOND
RECENT_RUNS = 24
_LIVE = ("STARTING", "RUNNING", "STOPPING")
MAIN_METRICS = ("val_loss", "loss", "train_loss", "val_mae", "val_accuracy", "accuracy")
"""The metric a running job is shown by: the first of these that it logs, else its first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Working:
    """A job that runs, and how its training goes."""

    job: JobRow
    metric: SummaryRow | None  # None: it logged nothing yet, or it is no training
    end: End = ends.NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """An endpoint, its p99 over the last hour, and what has drifted before it."""

    endpoint: EndpointRow
    p99: tuple[float | None, ...]
    drift: "Drift | None" = None  # None: nobody watches it, or nothing was measured yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """The newest window that was measured."""

    monitor: str
    tested: int
    fired: int
    scores: tuple[tuple[str, float, bool], ...]  # feature, value, over its line; the farthest first
    values: tuple[float | None, ...]  # of the worst feature, by window, oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """A run that ended or runs, with the metric people look at first."""

    run: RunRow
    metric: SummaryRow | None  # None: it logged nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """All that the wall shows."""

    at_us: Micros
    since_us: Micros
    first_visit: bool
    needs: tuple[Need, ...]
    working: tuple[Working, ...]
    waiting: tuple[JobRow, ...]
    endpoints: tuple[Watched, ...]
    ended: dict[str, int]  # runs ended since, by status
    events: tuple[EventRow, ...]  # newest first
    before: tuple[EventRow, ...] = ()  # of the week before
    better: tuple[Better, ...] = ()  # what became better since
    recent: tuple[Recent, ...] = ()  # runs, the newest first
    counts: dict[str, int] = field(default_factory=dict)  # jobs that run or wait, by state
    kept: tuple[Kept, ...] = ()  # versions of models and data


def read(db: sqlite3.Connection, *, at: Micros, left: Micros | None, brief: bool = False) -> Wall:
    """The wall at this moment, for somebody who left at `left` (None: never was here).

    Args:
        brief: without what became better and what is kept, which cost most: for a first frame.
    """
    since = Micros(at - DAY_US) if left is None else left
    events = walls.events(db, since=Micros(min(since, at - 7 * DAY_US)))
    return Wall(
        at_us=at, since_us=since, first_visit=left is None,
        needs=tuple(needs(db, at=at)),
        working=working(db, jobs.live(db), at=at),
        waiting=_waiting(db),
        endpoints=tuple(_watched(db, row, at=at) for row in endpoints.every(db)),
        ended=walls.ended(db, since=since, horizon=Micros(since - 30 * DAY_US)),
        events=tuple(event for event in events if event.at_us >= since),
        before=tuple(event for event in events if event.at_us < since),
        better=() if brief else tuple(betters(db, since=since)),
        recent=tuple(_recent(db)),
        counts=jobs.counts(db),
        kept=() if brief else kept(db),
    )  # fmt: skip


def working(db: sqlite3.Connection, rows: Sequence[JobRow], *, at: Micros) -> tuple[Working, ...]:
    """These jobs, with how far each is and when it will have ended."""
    metrics = {job.id: main_metric_of(db, job) for job in rows if job.state in _LIVE}
    known = ends.of(db, rows, metrics, at=at)
    return tuple(Working(job=job, metric=metrics.get(job.id), end=known[job.id]) for job in rows)


def _waiting(db: sqlite3.Connection) -> tuple[JobRow, ...]:
    """The queue as it will be served, those held at its end."""
    rows = jobs.waiting(db)
    return tuple(sorted(rows, key=lambda job: (job.state == "HELD", -job.priority, job.id))[:50])


def _recent(db: sqlite3.Connection) -> list[Recent]:
    rows = runs.recent(db, limit=RECENT_RUNS)
    return [Recent(run=row, metric=main_metric(db, row.id)) for row in rows]


def main_metric(db: sqlite3.Connection, run: int) -> SummaryRow | None:
    """The metric that people look at first; None: it logged nothing."""
    return _main(runs.summaries(db, run), METRICS)


def _main(rows: Sequence[SummaryRow], names: Sequence[str] = MAIN_METRICS) -> SummaryRow | None:
    found = {row.metric: row for row in rows if not row.metric.startswith(SYSTEM)}
    return next((found[name] for name in names if name in found), next(iter(found.values()), None))


def main_metric_of(db: sqlite3.Connection, job: JobRow) -> SummaryRow | None:
    """How far the run of this job is, by the metric that people look at first."""
    return _main(runs.summaries(db, job.run_id)) if job.run_id is not None else None


def _watched(db: sqlite3.Connection, row: EndpointRow, *, at: Micros) -> Watched:
    scrapes = endpoints.scrapes(db, row.id, at - HOUR_US)
    return Watched(endpoint=row, p99=tuple(scrape.p99_ms for scrape in scrapes[-120:]), drift=_drift(db, row))


def _drift(db: sqlite3.Connection, row: EndpointRow) -> Drift | None:
    """What is known of the newest window before an endpoint of ours."""
    watching = [m for m in monitors.every(db) if m.deployment_id == row.deployment_id]
    if row.deployment_id is None or not watching:
        return None
    done = [w for w in windows.recent(db, watching[0].id, limit=_WINDOWS) if w.columns_tested is not None]
    if not done:
        return None
    newest = windows.judged(db, watching[0].id, after=done[0].number - 1)
    scores = sorted(newest, key=lambda s: (s.fired, s.value - (s.line or 0.0)), reverse=True)
    before = done[-1].number - 1
    past = windows.course(db, watching[0].id, scores[0].feature, after=before) if scores else []
    return Drift(
        monitor=watching[0].name, tested=done[0].columns_tested or 0, fired=done[0].columns_fired or 0,
        scores=tuple((score.feature, score.value, bool(score.fired)) for score in scores[:_SCORES]),
        values=tuple(past),
    )  # fmt: skip


_WINDOWS, _SCORES = 24, 12
