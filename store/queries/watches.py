"""Live runs of jobs and the rules they carry: what the runner watches while points come in."""

import sqlite3
from dataclasses import dataclass
from typing import Self

from lineside.store.clock import Micros
from lineside.store.queries.alerts import AlertRow


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedRow:
    """One attempt that runs, and what is asked of its run's metrics."""

    job_id: int
    attempt: int
    begun_us: Micros
    run_id: int
    uid: str  # of the run
    name: str
    watch: str  # JSON list of rules
    grace_s: float

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


_LIVE = """
    select j.id as job_id, j.attempt, a.started_us as begun_us, r.id as run_id, r.uid, r.name, j.watch,
           j.grace_s
      from job j join attempt a on a.job_id = j.id and a.number = j.attempt join run r on r.id = j.run_id
     where j.state in ('STARTING', 'RUNNING', 'STOPPING') and j.state <> 'STOPPING'
     order by j.id
"""

_OF_RUN = """
    select j.id as job_id, j.attempt, a.started_us as begun_us, r.id as run_id, r.uid, r.name, j.watch,
           j.grace_s
      from run r join job j on j.id = r.job_id join attempt a on a.job_id = j.id and a.number = j.attempt
     where r.uid = :uid and j.state in ('STARTING', 'RUNNING')
"""

_GROUNDLESS = """
    select id, uid, rule, subject_kind, subject_id, subject, state, title, value, line, window_id, opened_us,
           fired_us, acked_us, acked_by, silenced_until_us, resolved_us, seen, clean, resolution
      from alert
     where subject_kind = 'run' and state <> 'RESOLVED'
       and not exists (select 1 from run where run.id = subject_id and run.status = 'RUNNING')
"""


def live(db: sqlite3.Connection) -> list[WatchedRow]:
    """Every attempt that runs and has a run; most have no rule of their own, and the home's count."""
    return [WatchedRow.of(r) for r in db.execute(_LIVE)]


def of_run(db: sqlite3.Connection, uid: str) -> WatchedRow | None:
    """The attempt that writes to a run now; None: no job of ours does."""
    row = db.execute(_OF_RUN, {"uid": uid}).fetchone()
    return WatchedRow.of(row) if row else None


def groundless(db: sqlite3.Connection) -> list[AlertRow]:
    """Open alerts about runs that run no longer."""
    return [AlertRow.of(r) for r in db.execute(_GROUNDLESS)]
