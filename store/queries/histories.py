"""What was done to one thing around one moment: as much of it as fits a screen."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from lineside.store.queries.audit import AuditRow

_BEFORE = """
    select seq, at_us, uid, name, acting_as, verb, subject_kind, subject_id, detail, prev_hash, hash
      from audit
     where subject_kind = :kind and subject_id = :id and seq <= :seq
     order by seq desc
     limit :limit
"""

_AFTER = """
    select seq, at_us, uid, name, acting_as, verb, subject_kind, subject_id, detail, prev_hash, hash
      from audit
     where subject_kind = :kind and subject_id = :id and seq > :seq
     order by seq
     limit :limit
"""

_COUNT = "select count(*) as n from audit where subject_kind = :kind and subject_id = :id"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The rows of one subject around a row, oldest first, and how many there are in all."""

    rows: Sequence[AuditRow]
    total: int


def around(db: sqlite3.Connection, kind: str, id: int, *, seq: int, limit: int) -> History:
    """At most `limit` rows up to `seq` and as many after it."""
    key = {"kind": kind, "id": id, "seq": seq, "limit": limit}
    before = [AuditRow.of(row) for row in db.execute(_BEFORE, key)]
    after = [AuditRow.of(row) for row in db.execute(_AFTER, key)]
    total = db.execute(_COUNT, key).fetchone()["n"]
    return History(rows=[*reversed(before), *after], total=total)


_NEWEST_DATA = "select coalesce(max(id), 0) as id from dataset_version"


def newest_data(db: sqlite3.Connection) -> int:
    """The number of the newest dataset version: as versions never change, it says whether one was added."""
    return int(db.execute(_NEWEST_DATA).fetchone()["id"])
