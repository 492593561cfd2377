"""Retrains: what an alert led to: a new training on what was seen since, or the reason why not."""

import sqlite3
from dataclasses import dataclass
from typing import Self

from lineside.store.clock import Micros
from lineside.store.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainRow:
    """One time a trigger was asked, and how far it came."""

    id: int
    trigger_name: str
    alert_id: int
    rule: str
    state: str
    reason: str  # what it learns from, or why it was suppressed or failed
    dataset_version_id: int | None  # None here and below: it did not come so far
    job_id: int | None
    run_id: int | None
    version_id: int | None
    promotion_id: int | None
    at_us: Micros

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


_ROWS = """
    select t.id, t.trigger_name, t.alert_id, a.rule, t.state, t.reason, t.dataset_version_id, t.job_id,
           j.run_id, t.version_id, t.promotion_id, t.at_us
      from retrain t
      join alert a on a.id = t.alert_id
      left join job j on j.id = t.job_id
"""

_RECENT = _ROWS + " order by t.id desc limit :limit"

_GET = _ROWS + " where t.id = :id"

_LIVE = _ROWS + " where t.state in ('STARTED', 'REGISTERED') order by t.id"

_LAST_STARTED = (
    _ROWS
    + """
     where t.trigger_name = :trigger_name and t.state <> 'SUPPRESSED' order by t.id desc limit 1
"""
)

_OF_ALERT = _ROWS + " where t.alert_id = :alert_id and t.trigger_name = :trigger_name order by t.id desc"

_TRAINED_ON = """
    select e.src_id
      from model_version v
      join edge e on e.dst_kind = 'run' and e.dst_id = v.run_id
     where v.id = :version_id and e.src_kind = 'dataset_version'
     order by e.id limit 1
"""

_INSERT = """
    insert into retrain (trigger_name, alert_id, state, reason, dataset_version_id, job_id, at_us)
    values (:trigger_name, :alert_id, :state, :reason, :dataset_version_id, :job_id, :at_us)
    returning id
"""

_MOVE = """
    update retrain
       set state = :new, reason = coalesce(:reason, reason), version_id = coalesce(:version_id, version_id),
           promotion_id = coalesce(:promotion_id, promotion_id)
     where id = :id and state = :old
"""


def recent(db: sqlite3.Connection, *, limit: int = 100) -> list[RetrainRow]:
    """The newest ones first, suppressed ones included."""
    return [RetrainRow.of(r) for r in db.execute(_RECENT, {"limit": limit})]


def get(db: sqlite3.Connection, retrain_id: int) -> RetrainRow:
    """One retrain.

    Raises:
        NotFound: no such retrain.
    """
    row = db.execute(_GET, {"id": retrain_id}).fetchone()
    if row is None:
        raise NotFound("retrain", retrain_id, hint="list them with: lineside retrain ls")
    return RetrainRow.of(row)


def live(db: sqlite3.Connection) -> list[RetrainRow]:
    """Those that have not come to their end, oldest first."""
    return [RetrainRow.of(r) for r in db.execute(_LIVE)]


def last_started(db: sqlite3.Connection, trigger: str) -> RetrainRow | None:
    """The newest one of a trigger that was not suppressed."""
    row = db.execute(_LAST_STARTED, {"trigger_name": trigger}).fetchone()
    return RetrainRow.of(row) if row else None


def of_alert(db: sqlite3.Connection, alert_id: int, *, trigger: str) -> list[RetrainRow]:
    """What one trigger made of one alert, newest first."""
    key = {"alert_id": alert_id, "trigger_name": trigger}
    return [RetrainRow.of(r) for r in db.execute(_OF_ALERT, key)]


def trained_on(db: sqlite3.Connection, version_id: int) -> int | None:
    """The dataset version that a model version's run read; None: it read none that is known."""
    row = db.execute(_TRAINED_ON, {"version_id": version_id}).fetchone()
    return int(row[0]) if row else None


def add(
    db: sqlite3.Connection,
    *,
    trigger: str,
    alert_id: int,
    state: str,
    reason: str = "",
    dataset_version_id: int | None = None,
    job_id: int | None = None,
    at: Micros,
) -> int:
    """Write down that a trigger was asked; returns the row's number."""
    values = {"trigger_name": trigger, "alert_id": alert_id, "state": state, "reason": reason,
              "dataset_version_id": dataset_version_id, "job_id": job_id, "at_us": at}  # fmt: skip
    return int(db.execute(_INSERT, values).fetchone()[0])


def move(
    db: sqlite3.Connection,
    row: RetrainRow,
    new: str,
    *,
    reason: str | None = None,
    version_id: int | None = None,
    promotion_id: int | None = None,
) -> None:
    """One step further; what is None stays as it was.

    Raises:
        Conflict: it moved meanwhile.
    """
    values = {"id": row.id, "old": row.state, "new": new, "reason": reason, "version_id": version_id,
              "promotion_id": promotion_id}  # fmt: skip
    if db.execute(_MOVE, values).rowcount != 1:
        raise Conflict(f"retrain {row.id} is no longer {row.state}")
