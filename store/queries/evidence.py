"""What speaks for and against a promotion: what the gates measured, and what people said."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from lineside.store.actors import Actor
from lineside.store.clock import Micros
from lineside.store.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRow:
    """One gate's verdict with the numbers it was reached by."""

    gate: str
    passed: bool
    observed: str  # "0.92 against 0.83 on 100 rows: +0.09 [+0.04, +0.14]"
    required: str  # "at least 0.90"
    rows: int | None  # None: the gate looks at no rows
    at_us: Micros

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**{**dict(row), "passed": bool(row["passed"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRow:
    """What one person said about a request, and for which evidence it counts."""

    actor: str
    uid: int
    verdict: str  # approve, reject, ratify
    reason: str
    stamp: str  # "single account" when nobody else could have said it
    pins_digest: str
    at_us: Micros

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


_GATES = """
    select gate, passed, observed, required, rows, at_us from gate_result
     where promotion_id = :id order by passed, gate
"""

_ADD_GATE = """
    insert into gate_result (promotion_id, gate, passed, observed, required, rows, at_us)
    values (:promotion_id, :gate, :passed, :observed, :required, :rows, :at_us)
"""

_APPROVALS = """
    select actor, uid, verdict, reason, stamp, pins_digest, at_us from approval
     where promotion_id = :id order by id
"""

_SAY = """
    insert into approval (promotion_id, actor, uid, verdict, reason, stamp, pins_digest, at_us)
    values (:promotion_id, :actor, :uid, :verdict, :reason, :stamp, :pins_digest, :at_us)
"""


def gates(db: sqlite3.Connection, promotion_id: int) -> list[GateRow]:
    """What each gate found, failures first."""
    return [GateRow.of(r) for r in db.execute(_GATES, {"id": promotion_id})]


def approvals(db: sqlite3.Connection, promotion_id: int) -> list[ApprovalRow]:
    """What people said, oldest first."""
    return [ApprovalRow.of(r) for r in db.execute(_APPROVALS, {"id": promotion_id})]


def add_gates(db: sqlite3.Connection, promotion_id: int, found: Iterable[GateRow]) -> None:
    """Keep the verdicts of one round of checks; a request is checked once."""
    for gate in found:
        db.execute(
            _ADD_GATE,
            {"promotion_id": promotion_id, "gate": gate.gate, "passed": int(gate.passed), "rows": gate.rows,
             "observed": gate.observed, "required": gate.required, "at_us": gate.at_us},
        )  # fmt: skip


def say(
    db: sqlite3.Connection,
    promotion_id: int,
    actor: Actor,
    verdict: str,
    *,
    reason: str,
    stamp: str,
    pins_digest: str,
    at: Micros,
) -> None:
    """Keep one person's word; each person has one word per request.

    Raises:
        Refused: they have spoken already.
    """
    if any(said.actor == actor.label for said in approvals(db, promotion_id)):
        raise Refused(f"{actor.label} has already spoken on request {promotion_id}")
    db.execute(
        _SAY,
        {"promotion_id": promotion_id, "actor": actor.label, "uid": actor.uid, "verdict": verdict,
         "reason": reason, "stamp": stamp, "pins_digest": pins_digest, "at_us": at},
    )  # fmt: skip
