"""Promotion requests: who asks that which version hold which alias, and how far that has come.

Reads, and the one function that moves a request from state to state. The rules (who may, when) are in
jobs/four_eyes.py and jobs/transitions.py.
"""

import sqlite3
from dataclasses import dataclass
from typing import Any, Self

from lineside.store.actors import Actor
from lineside.store.clock import Micros, new_id
from lineside.store.errors import Conflict, NotFound
from lineside.store.queries import audit
from lineside.store.queries.evidence import ApprovalRow, GateRow, approvals, gates
from lineside.store.queries.numbers import number_in
from lineside.store.states import PROMOTION, PromotionState, check

__all__ = [
    "ApprovalRow", "GateRow", "PromotionRow", "add", "approvals", "find", "gates", "get", "in_progress",
    "open_for", "overdue", "recent", "rivals", "step",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionRow:
    """One request with the names a person knows its parts by."""

    id: int
    uid: str
    model_id: int
    model: str
    version_id: int
    number: int
    alias: str
    state: str
    requested_by: str
    requester_uid: int
    reason: str
    author: str  # who trained the version
    expected_id: int | None  # the holder it was judged against; None: nobody held the alias
    expected: int | None  # that holder's version number
    pins: str  # JSON: the digests that an approval counts for; "{}" until checked
    needed: int
    given: int  # approvals so far
    created_us: Micros
    expires_us: Micros
    decided_us: Micros | None  # None until approved or ended
    applied_us: Micros | None  # None until the alias moved
    break_glass: bool
    ratify_before_us: Micros | None  # break-glass only
    ratified_by: str | None  # None: nobody yet, or nothing to ratify
    outcome: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**{**dict(row), "break_glass": bool(row["break_glass"])})

    @property
    def label(self) -> str:
        return f"{self.model}@v{self.number} → {self.alias}"

    @property
    def unratified(self) -> bool:
        """Applied by breaking the glass, and no second person has stood up for it yet."""
        return self.break_glass and self.ratified_by is None and self.state == PromotionState.APPLIED


_RECENT = """
    select p.id, p.uid, p.model_id, m.name as model, p.version_id, v.number, p.alias, p.state, p.requested_by,
           p.requester_uid, p.reason, r.author, p.expected_id, e.number as expected, p.pins, p.needed,
           (select count(*) from approval a where a.promotion_id = p.id and a.verdict = 'approve') as given,
           p.created_us, p.expires_us, p.decided_us, p.applied_us, p.break_glass, p.ratify_before_us,
           p.ratified_by, p.outcome
      from promotion p
      join model m on m.id = p.model_id
      join model_version v on v.id = p.version_id
      join run r on r.id = v.run_id
      left join model_version e on e.id = p.expected_id
     where p.id < :before and (:model is null or m.name = :model)
     order by p.id desc
     limit :limit
"""

_GET = """
    select p.id, p.uid, p.model_id, m.name as model, p.version_id, v.number, p.alias, p.state, p.requested_by,
           p.requester_uid, p.reason, r.author, p.expected_id, e.number as expected, p.pins, p.needed,
           (select count(*) from approval a where a.promotion_id = p.id and a.verdict = 'approve') as given,
           p.created_us, p.expires_us, p.decided_us, p.applied_us, p.break_glass, p.ratify_before_us,
           p.ratified_by, p.outcome
      from promotion p
      join model m on m.id = p.model_id
      join model_version v on v.id = p.version_id
      join run r on r.id = v.run_id
      left join model_version e on e.id = p.expected_id
     where p.id = :id
"""

_BY_UID = "select id from promotion where uid = :uid"

_OPEN = """
    select id from promotion
     where state in ('DRAFT', 'CHECKING', 'PENDING_MANUAL_APPROVAL', 'APPROVED', 'APPLYING')
     order by id
"""

_UNRATIFIED = """
    select id from promotion
     where break_glass = 1 and ratified_by is null and state = 'APPLIED'
     order by id
"""

_ADD = """
    insert into promotion (uid, version_id, model_id, alias, state, requested_by, requester_uid, reason,
                           expected_id, needed, created_us, expires_us, break_glass)
    values (:uid, :version_id, :model_id, :alias, 'DRAFT', :by, :by_uid, :reason,
            :expected_id, :needed, :at_us, :expires_us, :break_glass)
"""

_STEP = """
    update promotion
       set state = :new,
           outcome = coalesce(:outcome, outcome),
           pins = coalesce(:pins, pins),
           decided_us = coalesce(decided_us, :decided_us),
           applied_us = coalesce(applied_us, :applied_us),
           break_glass = max(break_glass, :break_glass),
           ratify_before_us = coalesce(:ratify_before_us, ratify_before_us)
     where id = :id and state = :old
"""

_RATIFY = """
    update promotion set ratified_by = :by
     where id = :id and break_glass = 1 and ratified_by is null and state = 'APPLIED'
"""


def recent(
    db: sqlite3.Connection, *, model: str | None = None, before: int = 2**62, limit: int = 200
) -> list[PromotionRow]:
    """The newest requests, of one model or of all."""
    key = {"model": model, "before": before, "limit": limit}
    return [PromotionRow.of(r) for r in db.execute(_RECENT, key)]


def get(db: sqlite3.Connection, id: int) -> PromotionRow:
    """One request by its number.

    Raises:
        NotFound: there is none.
    """
    row = db.execute(_GET, {"id": id}).fetchone()
    if row is None:
        raise NotFound("promotion", id)
    return PromotionRow.of(row)


def find(db: sqlite3.Connection, text: str) -> PromotionRow:
    """The request a person means: its number or its uid.

    Raises:
        NotFound: there is none.
    """
    if (number := number_in(text)) is not None:
        return get(db, number)
    row = db.execute(_BY_UID, {"uid": text}).fetchone()
    if row is None:
        raise NotFound("promotion", text)
    return get(db, row["id"])


def in_progress(db: sqlite3.Connection) -> list[PromotionRow]:
    """Every request that has not ended, oldest first."""
    return [get(db, r["id"]) for r in db.execute(_OPEN).fetchall()]


def overdue(db: sqlite3.Connection, *, at: Micros) -> list[PromotionRow]:
    """Broken glass that nobody ratified in time: the header stays red until somebody does."""
    return [p for p in _unratified(db) if p.ratify_before_us is not None and p.ratify_before_us < at]


def open_for(db: sqlite3.Connection, actor: Actor) -> list[PromotionRow]:
    """What waits for this person: requests of others to approve, broken glass of others to ratify."""
    waiting = [p for p in in_progress(db) if p.state == PromotionState.PENDING_MANUAL_APPROVAL]
    return [
        p
        for p in (*waiting, *_unratified(db))
        if p.requested_by != actor.label and all(a.actor != actor.label for a in approvals(db, p.id))
    ]


def rivals(db: sqlite3.Connection, request: PromotionRow) -> list[PromotionRow]:
    """The other open requests for the same alias of the same model."""
    key = (request.model_id, request.alias)
    return [p for p in in_progress(db) if (p.model_id, p.alias) == key and p.id != request.id]


def add(
    db: sqlite3.Connection,
    *,
    version_id: int,
    model_id: int,
    alias: str,
    by: Actor,
    reason: str,
    expected_id: int | None,
    needed: int,
    break_glass: bool,
    at: Micros,
    expires: Micros,
) -> PromotionRow:
    """A DRAFT; the caller audits it and moves it on in the same transaction."""
    made = db.execute(
        _ADD,
        {"uid": new_id("promo"), "version_id": version_id, "model_id": model_id, "alias": alias,
         "by": by.label, "by_uid": by.uid, "reason": reason, "expected_id": expected_id, "needed": needed,
         "at_us": at, "expires_us": expires, "break_glass": int(break_glass)},
    ).lastrowid  # fmt: skip
    assert made is not None
    return get(db, made)


def step(
    db: sqlite3.Connection,
    request: PromotionRow,
    new: PromotionState,
    *,
    by: Actor,
    verb: str,
    at: Micros,
    outcome: str | None = None,
    pins: str | None = None,
    decided: bool = False,
    applied: bool = False,
    break_glass: bool = False,
    ratify_before: Micros | None = None,
    detail: dict[str, Any] | None = None,
) -> PromotionRow:
    """Move a request to its next state, with its audit row: the only way its state changes.

    Raises:
        Conflict: the machine has no such step, or the request moved since it was read.
    """
    old = PromotionState(request.state)
    check(PROMOTION, old, new, what=f"request {request.id}")
    key = {"id": request.id, "old": old, "new": new, "outcome": outcome, "pins": pins,
           "decided_us": at if decided else None, "applied_us": at if applied else None,
           "break_glass": int(break_glass), "ratify_before_us": ratify_before}  # fmt: skip
    if db.execute(_STEP, key).rowcount != 1:
        raise Conflict(f"request {request.id} is no longer {old}", hint="look at it again, then decide")
    said = {"from": old, "to": new, "model": request.model, "version": request.number,
            "alias": request.alias, **(detail or {})}  # fmt: skip
    if outcome:
        said["outcome"] = outcome
    audit.append(db, by, verb, subject=("promotion", request.id), detail=said, at=at)
    return get(db, request.id)


def ratified(db: sqlite3.Connection, request: PromotionRow, *, by: str) -> None:
    """Note that a second person stands up for broken glass.

    Raises:
        Conflict: there is nothing to ratify.
    """
    if db.execute(_RATIFY, {"id": request.id, "by": by}).rowcount != 1:
        raise Conflict(f"request {request.id} has nothing to ratify")


def _unratified(db: sqlite3.Connection) -> list[PromotionRow]:
    return [get(db, r["id"]) for r in db.execute(_UNRATIFIED).fetchall()]
