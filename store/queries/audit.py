"""The audit trail: a hash chain that shows the first row anybody changed, removed or reordered."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from lineside.store.actors import Actor
from lineside.store.clock import Micros

GENESIS = "0" * 64
"""The previous hash of the first row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One thing that was done, by whom, and its place in the chain."""

    seq: int
    at_us: Micros
    uid: int
    name: str
    acting_as: str | None
    verb: str
    subject_kind: str
    subject_id: int | None
    detail: str  # canonical JSON
    prev_hash: str
    hash: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))

    @property
    def who(self) -> str:
        """The mask and the real name beside it, where there is a mask."""
        return f"{self.acting_as} ({self.name})" if self.acting_as else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What verifying the chain found."""

    rows: int
    head: str  # hash of the newest row that holds
    broken_seq: int | None  # None: the chain holds
    reason: str = ""


_LAST = "select seq, hash from audit order by seq desc limit 1"

_INSERT = """
    insert into audit (seq, at_us, uid, name, acting_as, verb, subject_kind, subject_id, detail,
                       prev_hash, hash)
    values (:seq, :at_us, :uid, :name, :acting_as, :verb, :subject_kind, :subject_id, :detail,
            :prev_hash, :hash)
"""

_NEWEST = """
    select seq, at_us, uid, name, acting_as, verb, subject_kind, subject_id, detail, prev_hash, hash
      from audit
     where seq < :before
     order by seq desc
     limit :limit
"""

_OF_SUBJECT = """
    select seq, at_us, uid, name, acting_as, verb, subject_kind, subject_id, detail, prev_hash, hash
      from audit
     where subject_kind = :kind and subject_id = :id
     order by seq
"""

_ALL = """
    select seq, at_us, uid, name, acting_as, verb, subject_kind, subject_id, detail, prev_hash, hash
      from audit
     order by seq
"""


def append(
    db: sqlite3.Connection,
    actor: Actor,
    verb: str,
    *,
    subject: tuple[str, int | None],
    detail: Mapping[str, Any] | None = None,
    at: Micros,
) -> int:
    """Add one row to the chain, inside the transaction of the change it tells of."""
    last = db.execute(_LAST).fetchone()
    row: dict[str, Any] = {
        "seq": last["seq"] + 1 if last else 1,
        "at_us": at,
        "uid": actor.uid,
        "name": actor.name,
        "acting_as": actor.acting_as,
        "verb": verb,
        "subject_kind": subject[0],
        "subject_id": subject[1],
        "detail": _canonical(detail or {}),
        "prev_hash": last["hash"] if last else GENESIS,
    }
    db.execute(_INSERT, {**row, "hash": _hash(row)})
    return int(row["seq"])


def newest(db: sqlite3.Connection, *, before: int = 2**62, limit: int = 200) -> list[AuditRow]:
    """The newest rows with a number below `before`: one page of the audit screen."""
    return [AuditRow.of(r) for r in db.execute(_NEWEST, {"before": before, "limit": limit})]


def of_subject(db: sqlite3.Connection, kind: str, id: int) -> list[AuditRow]:
    """All that was ever done to one thing, oldest first."""
    return [AuditRow.of(r) for r in db.execute(_OF_SUBJECT, {"kind": kind, "id": id})]


def every(db: sqlite3.Connection) -> Iterator[AuditRow]:
    """The whole chain, oldest first."""
    return (AuditRow.of(r) for r in db.execute(_ALL))


def verify(db: sqlite3.Connection, *, head: tuple[int, str] | None = None) -> Verdict:
    """Walk the chain and name the first row that does not follow from the one before.

    Args:
        head: (seq, hash) noted elsewhere; a chain whose tail was cut off no longer reaches it.
    """
    previous, count = GENESIS, 0
    for row in db.execute(_ALL):
        if reason := _fault(row, count + 1, previous, head):
            return Verdict(rows=count, head=previous, broken_seq=count + 1, reason=reason)
        previous, count = row["hash"], count + 1
    if head is not None and count < head[0]:
        return Verdict(rows=count, head=previous, broken_seq=count + 1, reason="the tail was cut off")
    return Verdict(rows=count, head=previous, broken_seq=None)


def _fault(row: sqlite3.Row, seq: int, previous: str, head: tuple[int, str] | None) -> str:
    """Why `row` cannot be row `seq` after `previous`; nothing when it can."""
    if row["seq"] != seq:
        return "a row is missing"
    if row["prev_hash"] != previous:
        return "does not follow the row before"
    if row["hash"] != _hash(row):
        return "its content was changed"
    if head is not None and seq == head[0] and row["hash"] != head[1]:
        return "differs from the noted head"
    return ""


_HASHED = (
    "seq",
    "at_us",
    "uid",
    "name",
    "acting_as",
    "verb",
    "subject_kind",
    "subject_id",
    "detail",
)


def _hash(row: Mapping[str, Any] | sqlite3.Row) -> str:
    import hashlib  # brings OpenSSL along, which who only reads does without

    body = _canonical({k: row[k] for k in _HASHED})
    return hashlib.sha256((row["prev_hash"] + body).encode()).hexdigest()


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
"""One text per value, whoever writes it: the bytes that are hashed."""
