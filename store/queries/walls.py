"""What the wall tells besides the tables of others: what failed lately, what happened since one left."""

import sqlite3
from dataclasses import dataclass
from typing import Self

from lineside.store.clock import Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One thing that happened, in the words of people."""

    at_us: Micros
    kind: str  # "alias", "data", "retrain", "model"
    text: str
    who: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedRow:
    """A job whose newest attempt failed."""

    id: int
    name: str
    cause: str | None  # None: it never began
    detail: str | None
    run_id: int | None
    submitted_by: str
    ended_us: Micros

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


_ENDED = """
    select status, count(*) as runs from run
     where created_us >= :horizon_us and ended_us >= :since_us
     group by +status -- the index of statuses would be read from end to end: 70 ms of 100,000 runs
"""

_FAILED = """
    select j.id, j.name, a.cause, a.detail, j.run_id, j.submitted_by, j.ended_us
      from job j left join attempt a on a.job_id = j.id and a.number = j.attempt
     where j.state = 'FAILED' and j.id > :floor and j.ended_us >= :since_us
     order by j.ended_us desc
     limit :limit
"""

_EVENTS = """
    select at_us, kind, text, who from (
        select i.from_us as at_us, 'alias' as kind, i.by as who,
               m.name || ' ' || i.alias || ' → v' || v.number
                 || coalesce(', asked by ' || p.requested_by, '')
                 || coalesce(', approved by ' || (
                        select group_concat(ap.actor, ', ') from approval ap
                         where ap.promotion_id = p.id and ap.verdict = 'approve'), '') as text
          from alias_interval i
          join model m on m.id = i.model_id
          join model_version v on v.id = i.version_id
          join promotion p on p.id = i.promotion_id
         where i.from_us >= :since_us
        union all
        select v.created_us, 'data', v.created_by,
               'data ' || d.name || '@' || v.number || ', ' || v.rows || ' rows'
          from dataset_version v join dataset d on d.id = v.dataset_id
         where v.created_us >= :since_us
        union all
        select r.at_us, 'retrain', 'lineside',
               'retrain ' || r.trigger_name || ' ' || lower(r.state)
                 || iif(r.reason <> '', ': ' || r.reason, ' after alert ' || r.alert_id)
          from retrain r where r.at_us >= :since_us
        union all
        select v.created_us, 'model', v.created_by,
               m.name || '@v' || v.number || ' registered from run ' || v.run_id
          from model_version v join model m on m.id = v.model_id
         where v.created_us >= :since_us and v.status = 'READY'
    )
     order by at_us desc
     limit :limit
"""

_NEWEST_JOB = "select coalesce(max(id), 0) from job"

RECENT_JOBS = 2000
"""How far back failed jobs are looked for, so that a home of 100,000 jobs costs what a young one does."""


def ended(db: sqlite3.Connection, *, since: Micros, horizon: Micros) -> dict[str, int]:
    """How many runs ended since then, by status; only those created after `horizon` are looked at."""
    rows = db.execute(_ENDED, {"since_us": since, "horizon_us": horizon})
    return {row["status"]: row["runs"] for row in rows}


def failed_jobs(db: sqlite3.Connection, *, since: Micros, limit: int = 5) -> list[FailedRow]:
    """Jobs that failed since then and were not tried again, newest first."""
    floor = db.execute(_NEWEST_JOB).fetchone()[0] - RECENT_JOBS
    rows = db.execute(_FAILED, {"since_us": since, "floor": floor, "limit": limit})
    return [FailedRow.of(row) for row in rows]


def events(db: sqlite3.Connection, *, since: Micros, limit: int = 40) -> list[EventRow]:
    """What moved since then, newest first: aliases, data, retrains, models."""
    return [EventRow.of(row) for row in db.execute(_EVENTS, {"since_us": since, "limit": limit})]
