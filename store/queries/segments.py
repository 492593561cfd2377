"""The manifest: which files inside segments/ hold which runs' points, and which spools may go there."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from lineside.store.clock import Micros
from lineside.store.errors import Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRow:
    """One Parquet file."""

    id: int
    path: str  # file name inside segments/
    rows: int
    bytes: int
    sha256: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The rows of one run in one file."""

    run_id: int
    path: str
    row_lo: int
    row_hi: int
    places: int  # used by the run so far: what comes later is numbered from here
    openings: int  # how often the run had been begun

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class Warm:
    """An ended run whose spools are all sealed, and not in a segment."""

    run_id: int
    bytes: int
    points: int  # of the whole run
    ended_us: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A spool whose points a new segment holds."""

    id: int
    run_id: int
    path: str
    end: int  # bytes of it
    head: str  # how it begins
    missing: bool  # its file was gone


_EVERY = "select id, path, rows, bytes, sha256 from segment order by id"

_SMALL = "select id, path, rows, bytes, sha256 from segment where bytes < :bytes order by id"

_SHARES = """
    select a.run_id, s.path, a.row_lo, a.row_hi, a.places, a.openings
      from run_segment a join segment s on s.id = a.segment_id
     where a.run_id = :run_id order by s.id
"""

_WARM = """
    select s.run_id, sum(s.offset_bytes) as bytes,
           (select coalesce(sum(m.count), 0) from summary m where m.run_id = s.run_id) as points,
           coalesce(max(r.ended_us), 0) as ended_us
      from spool s cross join run r on r.id = s.run_id
     where s.sealed = 1 and s.cold_head is null and s.offset_bytes > 0
       and r.status not in ('SCHEDULED', 'RUNNING')
       and not exists (select 1 from spool o where o.run_id = s.run_id and o.sealed = 0)
     group by s.run_id order by s.run_id
"""

_ADD = """
    insert into segment (path, rows, bytes, run_lo, run_hi, sha256, created_us)
    values (:path, :rows, :bytes, :run_lo, :run_hi, :sha256, :created_us)
"""

_ADD_SHARE = """
    insert into run_segment (run_id, segment_id, row_lo, row_hi, places, openings)
    values (:run_id, :segment_id, :row_lo, :row_hi, :places, :openings)
"""

_COOL = """
    update spool set cold_bytes = :end, cold_head = :head
     where id = :id and offset_bytes = :end and sealed = 1 and cold_head is null
       and not exists (select 1 from spool o where o.run_id = :run_id and o.sealed = 0)
       and (select status from run where id = :run_id) not in ('SCHEDULED', 'RUNNING')
"""

_LAST_STEPS = """
    select r.uid, max(s.last_step) as step
      from json_each(:runs) j
      cross join run r on r.id = j.value
      cross join summary s on s.run_id = r.id
      cross join name n on n.id = s.metric_id
     where n.name not glob 'sys.*'
     group by r.id
"""

_COLD_RUNS = "select distinct run_id from spool where cold_head is not null"

_DROP_SHARES = "delete from run_segment where segment_id = :id"

_DROP = "delete from segment where id = :id and sha256 = :sha256"

_NAMES = "select id, name from name where kind = 'metric'"


def every(db: sqlite3.Connection) -> list[SegmentRow]:
    """All files that there should be."""
    return [SegmentRow.of(row) for row in db.execute(_EVERY)]


def small(db: sqlite3.Connection, *, below: int) -> list[SegmentRow]:
    """Files of fewer bytes, oldest first."""
    return [SegmentRow.of(row) for row in db.execute(_SMALL, {"bytes": below})]


def shares(db: sqlite3.Connection, run_id: int) -> list[Share]:
    """Where a run's compacted points are, in the order in which they came there."""
    return [Share.of(row) for row in db.execute(_SHARES, {"run_id": run_id})]


def warm(db: sqlite3.Connection) -> list[Warm]:
    """The runs that could be compacted."""
    return [Warm(**dict(row)) for row in db.execute(_WARM)]


def metrics(db: sqlite3.Connection) -> dict[str, int]:
    """The number of every metric name, as segments hold it."""
    return {row["name"]: row["id"] for row in db.execute(_NAMES)}


def last_steps(db: sqlite3.Connection, run_ids: Sequence[int]) -> list[tuple[str, int]]:
    """Uid and highest step of runs whose scripts logged any."""
    rows = db.execute(_LAST_STEPS, {"runs": json.dumps(list(run_ids))})
    return [(row["uid"], row["step"]) for row in rows]


def cold_runs(db: sqlite3.Connection) -> list[int]:
    """The runs of which something was moved into a segment."""
    return [row["run_id"] for row in db.execute(_COLD_RUNS)]


def add(db: sqlite3.Connection, made: dict[str, Any], *, at: Micros) -> None:
    """Enter a file; `made` is what `store.segments.write` says of it."""
    runs: Sequence[dict[str, int]] = made["runs"]
    lo, hi = (pick(run["run_id"] for run in runs) for pick in (min, max))
    row = {key: made[key] for key in ("path", "rows", "bytes", "sha256")}
    id = db.execute(_ADD, {**row, "run_lo": lo, "run_hi": hi, "created_us": at}).lastrowid
    db.executemany(_ADD_SHARE, [{**run, "segment_id": id} for run in runs])


def cool(db: sqlite3.Connection, moved: Sequence[Moved]) -> None:
    """Say of spools that their points are in segments.

    Raises:
        Conflict: one has changed since it was read; nothing may be entered then.
    """
    for one in moved:
        row = {"id": one.id, "run_id": one.run_id, "end": one.end, "head": one.head}
        if db.execute(_COOL, row).rowcount != 1:
            raise Conflict(f"spool {one.path} has changed while it was compacted", hint="it is tried again")


def drop(db: sqlite3.Connection, gone: Sequence[SegmentRow]) -> None:
    """Take files out of the manifest whose rows another one holds.

    Raises:
        Conflict: one is not there any more.
    """
    for one in gone:
        db.execute(_DROP_SHARES, {"id": one.id})
        if db.execute(_DROP, {"id": one.id, "sha256": one.sha256}).rowcount != 1:
            raise Conflict(f"segment {one.path} is gone", hint="it is tried again")
