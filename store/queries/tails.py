"""Spools that may have come to their end: of ended runs, and of scripts that no job watches."""

import sqlite3
from dataclasses import dataclass
from typing import Self

from lineside.store.clock import Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class TailRow:
    """An open spool, and what decides whether it may be closed."""

    id: int
    run_id: int
    path: str
    rank: int
    offset_bytes: int
    status: str  # of the run
    job_id: int | None  # None: a script outside the runner, whose death nobody else would notice

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


_ENDING = """
    select s.id, s.run_id, s.path, s.rank, s.offset_bytes, r.status, r.job_id
      from spool s cross join run r on r.id = s.run_id
     where s.sealed = 0
       and (r.status not in ('SCHEDULED', 'RUNNING') or (r.job_id is null and s.rank = 0))
"""

_BEGIN_AGAIN = """
    update spool set offset_bytes = 0, sealed = 0, cold_bytes = 0, cold_head = null
     where id = :id and offset_bytes = :offset_bytes
"""

_GO_BACK = """
    update spool set offset_bytes = :end, cold_bytes = min(cold_bytes, :end), cold_head = null, sealed = 0
     where id = :id and offset_bytes = :offset_bytes
"""

_SKIP = "update spool set skipped_bytes = skipped_bytes + :bytes where id = :id"

_NEWEST = """
    select coalesce(max(s.last_us), r.started_us, r.created_us) as at_us
      from run r left join summary s on s.run_id = r.id
     where r.id = :run_id
"""


def ending(db: sqlite3.Connection) -> list[TailRow]:
    """Open spools of runs that have a verdict, and of scripts that may have died without one."""
    return [TailRow.of(row) for row in db.execute(_ENDING)]


def begin_again(db: sqlite3.Connection, id: int, *, offset_bytes: int) -> bool:
    """Another file has taken the name of one that is gone; False: somebody else saw it first."""
    return db.execute(_BEGIN_AGAIN, {"id": id, "offset_bytes": offset_bytes}).rowcount == 1


def go_back(db: sqlite3.Connection, id: int, *, offset_bytes: int, end: int) -> bool:
    """What stands behind `end` was not taken, or is gone; False: somebody else saw it first."""
    row = {"id": id, "offset_bytes": offset_bytes, "end": end}
    return db.execute(_GO_BACK, row).rowcount == 1


def skip(db: sqlite3.Connection, id: int, *, bytes: int) -> None:
    """So many bytes of what was taken are no whole frames."""
    db.execute(_SKIP, {"id": id, "bytes": bytes})


def newest(db: sqlite3.Connection, run_id: int) -> Micros:
    """When the run's newest point was written; of one without points, when it began."""
    at: Micros = db.execute(_NEWEST, {"run_id": run_id}).fetchone()["at_us"]
    return at
