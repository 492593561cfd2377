"""The wall as one read: everything on it comes from one moment."""

import sqlite3
from dataclasses import dataclass

from lineside.console.reads.needs import DAY_US, Need, needs
from lineside.store.clock import SECOND, Micros
from lineside.store.queries import endpoints, jobs, runs, walls
from lineside.store.queries.endpoints import EndpointRow
from lineside.store.queries.jobs import JobRow
from lineside.store.queries.summaries import SummaryRow
from lineside.store.queries.walls import EventRow

HOUR_US = 3600 * SECOND
MAIN_METRICS = ("val_loss", "loss", "train_loss", "val_mae", "val_accuracy", "accuracy")
"""The metric a running job is shown by: the first of these that it logs, else its first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Working:
    """A job that runs, and how its training goes."""

    job: JobRow
    metric: SummaryRow | None  # None: it logged nothing yet, or it is no training


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """An endpoint, and its p99 over the last hour."""

    endpoint: EndpointRow
    p99: tuple[float | None, ...]


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
    before: tuple[EventRow, ...] = ()  # of the day before one left


def read(db: sqlite3.Connection, *, at: Micros, left: Micros | None) -> Wall:
    """The wall at this moment, for somebody who left at `left` (None: never was here)."""
    since = Micros(at - DAY_US) if left is None else left
    events = walls.events(db, since=Micros(min(since, at - DAY_US)))
    return Wall(
        at_us=at, since_us=since, first_visit=left is None,
        needs=tuple(needs(db, at=at)),
        working=tuple(Working(job=job, metric=main_metric_of(db, job)) for job in jobs.live(db)),
        waiting=tuple(jobs.waiting(db)[:50]),
        endpoints=tuple(_watched(db, row, at=at) for row in endpoints.every(db)),
        ended=walls.ended(db, since=since, horizon=Micros(since - 30 * DAY_US)),
        events=tuple(event for event in events if event.at_us >= since),
        before=tuple(event for event in events if event.at_us < since),
    )  # fmt: skip


def main_metric_of(db: sqlite3.Connection, job: JobRow) -> SummaryRow | None:
    """How far the run of this job is, by the metric that people look at first."""
    found = {row.metric: row for row in runs.summaries(db, job.run_id)} if job.run_id is not None else {}
    return next((found[name] for name in MAIN_METRICS if name in found), next(iter(found.values()), None))


def _watched(db: sqlite3.Connection, row: EndpointRow, *, at: Micros) -> Watched:
    scrapes = endpoints.scrapes(db, row.id, at - HOUR_US)
    return Watched(endpoint=row, p99=tuple(scrape.p99_ms for scrape in scrapes[-120:]))
