"""What an examination asks of the rows: is the file sound, is time in order, what should be on the disk."""

import sqlite3
from dataclasses import dataclass
from typing import Self

from lineside.store.clock import Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When something was written down, by the clock on the wall."""

    what: str  # "audit row", "run" ...
    id: int
    at_us: Micros

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class StepBack:
    """Two audit rows of which the later one says the earlier time."""

    seq: int
    at_us: Micros
    before_us: Micros

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolSight:
    """A spool, and how much of it the store has taken."""

    path: str
    run_id: int
    offset_bytes: int
    cold_bytes: int
    skipped_bytes: int

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowFile:
    """The rows of a monitor's window."""

    path: str  # inside windows/
    digest: str | None  # None: an older lineside did not note it
    monitor: str
    number: int

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


_SOUND = "pragma integrity_check(5)"

_QUICKLY_SOUND = "pragma quick_check(5)"

_REFERENCES = "pragma foreign_key_check"

_NAMES = "select type || ' ' || name as what from sqlite_master where name not like 'sqlite_%'"

_NEWEST = """
    select 'audit row' as what, seq as id, at_us from (select seq, at_us from audit order by seq desc limit 1)
    union all
    select 'run', id, created_us
      from (select id, created_us from run order by created_us desc, id desc limit 1)
    union all
    select 'run', id, ended_us from (select id, ended_us from run order by ended_us desc limit 1)
     where ended_us is not null
    union all
    select 'job', id, submitted_us from (select id, submitted_us from job order by id desc limit 1)
"""

_BACK = """
    select seq, at_us, before_us
      from (select seq, at_us, lag(at_us) over (order by seq) as before_us from audit)
     where before_us - at_us > :tolerance_us
     order by seq desc
"""

_DAMAGED = """
    select path, run_id, offset_bytes, cold_bytes, skipped_bytes from spool
     where skipped_bytes > 0 order by run_id desc, path
"""

_WARM = """
    select path, run_id, offset_bytes, cold_bytes, skipped_bytes from spool
     where offset_bytes > cold_bytes order by run_id, path
"""

_WINDOWS = """
    select w.path, w.digest, m.name as monitor, w.number
      from window w join monitor m on m.id = w.monitor_id where w.path is not null
"""


def unsound(db: sqlite3.Connection, *, quick: bool) -> list[str]:
    """What SQLite finds wrong in its own file; nothing when all is well."""
    found = [str(row[0]) for row in db.execute(_QUICKLY_SOUND if quick else _SOUND)]
    return [] if found == ["ok"] else found


def dangling(db: sqlite3.Connection) -> list[str]:
    """Rows that refer to rows that are not there: "run 7 → experiment"."""
    return [f"{row['table']} {row['rowid'] or ''} → {row['parent']}" for row in db.execute(_REFERENCES)]


def names(db: sqlite3.Connection) -> set[str]:
    """The tables, indexes and triggers there are: "index run_newest"."""
    return {row["what"] for row in db.execute(_NAMES)}


def newest(db: sqlite3.Connection) -> list[Moment]:
    """The newest moments that the store knows."""
    return [Moment.of(row) for row in db.execute(_NEWEST)]


def steps_back(db: sqlite3.Connection, *, tolerance_us: int) -> list[StepBack]:
    """Where the clock was set back while the audit trail was written, newest first."""
    return [StepBack.of(row) for row in db.execute(_BACK, {"tolerance_us": tolerance_us})]


def damaged(db: sqlite3.Connection) -> list[SpoolSight]:
    """Spools of which some bytes were no whole frames."""
    return [SpoolSight.of(row) for row in db.execute(_DAMAGED)]


def warm(db: sqlite3.Connection) -> list[SpoolSight]:
    """Spools with points that are in no segment."""
    return [SpoolSight.of(row) for row in db.execute(_WARM)]


def windows(db: sqlite3.Connection) -> list[WindowFile]:
    """The files that windows were cut into."""
    return [WindowFile.of(row) for row in db.execute(_WINDOWS)]
