"""Alerts: one episode per rule and subject, from the first look that said so to the last that said not."""

import sqlite3
from dataclasses import dataclass
from typing import Any, Self

from lineside.store.clock import Micros, new_id
from lineside.store.errors import Conflict, NotFound
from lineside.store.queries.numbers import number_in
from lineside.store.states import ALERT, AlertState, check


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """One episode, open or past."""

    id: int
    uid: str
    rule: str
    subject_kind: str
    subject_id: int
    subject: str
    state: AlertState
    title: str
    value: float | None  # None: the rule has no number
    line: float | None
    window_id: int | None  # the newest window that says so; None: not about a window
    opened_us: Micros
    fired_us: Micros | None
    acked_us: Micros | None
    acked_by: str | None
    silenced_until_us: Micros | None
    resolved_us: Micros | None
    seen: int
    clean: int
    resolution: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**{**dict(row), "state": AlertState(row["state"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedJob:
    """A job that nobody was told of."""

    id: int
    name: str
    cause: str | None  # None: it never came to an attempt
    detail: str | None

    @property
    def why(self) -> str:
        return f"{self.cause or 'failed'} ({self.detail})" if self.detail else self.cause or "failed"


_ROWS = """
    select id, uid, rule, subject_kind, subject_id, subject, state, title, value, line, window_id, opened_us,
           fired_us, acked_us, acked_by, silenced_until_us, resolved_us, seen, clean, resolution
      from alert
"""

_OPEN = _ROWS + " where state <> 'RESOLVED' order by id desc"

_OPEN_OF = (
    _ROWS
    + """
     where rule = :rule and subject_kind = :subject_kind and subject_id = :subject_id and state <> 'RESOLVED'
"""
)

_RECENT = _ROWS + " order by opened_us desc, id desc limit :limit"

_GET = _ROWS + " where id = :id"

_UID = _ROWS + " where uid = :uid"

_LAST_OF = (
    _ROWS
    + """
     where rule = :rule and subject_kind = :subject_kind and subject_id = :subject_id
     order by id desc limit 1
"""
)

_INSERT = """
    insert into alert (uid, rule, subject_kind, subject_id, subject, state, title, value, line, window_id,
                       opened_us, fired_us)
    values (:uid, :rule, :subject_kind, :subject_id, :subject, :state, :title, :value, :line, :window_id,
            :at_us, :fired_us)
    returning id
"""

_SEEN = """
    update alert set seen = seen + 1, clean = 0, title = :title, value = :value, line = :line,
           window_id = coalesce(:window_id, window_id)
     where id = :id
"""

_CLEAN = "update alert set clean = clean + 1, seen = 0 where id = :id"

_MOVE = """
    update alert
       set state = :new, fired_us = coalesce(fired_us, :fired_us), acked_us = coalesce(:acked_us, acked_us),
           acked_by = coalesce(:acked_by, acked_by), silenced_until_us = :silenced_until_us,
           resolved_us = :resolved_us, resolution = :resolution
     where id = :id and state = :old
"""

_DRIFTING = """
    select e.id
      from alert a
      join monitor o on o.id = a.subject_id
      join endpoint e on e.deployment_id = o.deployment_id and e.removed_us is null
     where a.subject_kind = 'monitor' and a.rule in ('drift.columns', 'drift.domain', 'performance')
       and a.state in ('FIRING', 'ACKED')
"""

_FAILED_JOBS = """
    select j.id, j.name, a.cause, a.detail
      from job j
      left join attempt a on a.job_id = j.id and a.number = j.attempt
     where j.state = 'FAILED' and j.ended_us >= :since_us
       and not exists (select 1 from alert
                        where rule = 'job' and subject_kind = 'job' and subject_id = j.id
                          and opened_us >= j.ended_us)
     order by j.id
"""

_CURED_JOBS = (
    _ROWS
    + """
     where rule = 'job' and subject_kind = 'job' and state <> 'RESOLVED'
       and not exists (select 1 from job where job.id = subject_id and job.state = 'FAILED')
"""
)


def open_ones(db: sqlite3.Connection) -> list[AlertRow]:
    """Every episode that has not ended, newest first."""
    return [AlertRow.of(r) for r in db.execute(_OPEN)]


def recent(db: sqlite3.Connection, *, limit: int = 200) -> list[AlertRow]:
    """The newest episodes, open and past."""
    return [AlertRow.of(r) for r in db.execute(_RECENT, {"limit": limit})]


def find(db: sqlite3.Connection, key: int | str) -> AlertRow:
    """One episode by number or uid.

    Raises:
        NotFound: no such alert.
    """
    number = key if isinstance(key, int) else number_in(key)
    row = db.execute(_UID if number is None else _GET, {"id": number, "uid": key}).fetchone()
    if row is None:
        raise NotFound("alert", key)
    return AlertRow.of(row)


def open_of(db: sqlite3.Connection, *, rule: str, subject_kind: str, subject_id: int) -> AlertRow | None:
    """The open episode of this rule about this subject; there is at most one."""
    return _one(db, _OPEN_OF, rule, subject_kind, subject_id)


def last_of(db: sqlite3.Connection, *, rule: str, subject_kind: str, subject_id: int) -> AlertRow | None:
    """The newest episode of this rule about this subject, open or past."""
    return _one(db, _LAST_OF, rule, subject_kind, subject_id)


def drifting_endpoints(db: sqlite3.Connection) -> set[int]:
    """Endpoints of ours about whose windows an alert is open."""
    return {int(row[0]) for row in db.execute(_DRIFTING)}


def failed_jobs(db: sqlite3.Connection, *, since: Micros) -> list[FailedJob]:
    """Jobs that failed at `since` or later and that no alert tells of yet."""
    return [FailedJob(**dict(r)) for r in db.execute(_FAILED_JOBS, {"since_us": since})]


def cured_jobs(db: sqlite3.Connection) -> list[AlertRow]:
    """Open alerts about jobs that were tried again since."""
    return [AlertRow.of(r) for r in db.execute(_CURED_JOBS)]


def begin(
    db: sqlite3.Connection,
    *,
    rule: str,
    subject: tuple[str, int, str],
    state: AlertState,
    title: str,
    value: float | None,
    line: float | None,
    window_id: int | None,
    at: Micros,
) -> int:
    """Open an episode; `subject` is (kind, number, name). Returns its number."""
    kind, number, name = subject
    values = {
        "uid": new_id("alert"), "rule": rule, "subject_kind": kind, "subject_id": number, "subject": name,
        "state": state, "title": title, "value": value, "line": line, "window_id": window_id, "at_us": at,
        "fired_us": at if state == AlertState.FIRING else None,
    }  # fmt: skip
    return int(db.execute(_INSERT, values).fetchone()[0])


def saw(
    db: sqlite3.Connection,
    alert_id: int,
    *,
    title: str,
    value: float | None,
    line: float | None,
    window_id: int | None,
) -> None:
    """One more look in a row says so."""
    values: dict[str, Any] = {"id": alert_id, "title": title, "value": value, "line": line}
    db.execute(_SEEN, {**values, "window_id": window_id})


def saw_nothing(db: sqlite3.Connection, alert_id: int) -> None:
    """One more look in a row says not."""
    db.execute(_CLEAN, {"id": alert_id})


def move(
    db: sqlite3.Connection,
    alert: AlertRow,
    new: AlertState,
    *,
    at: Micros,
    by: str | None = None,
    until: Micros | None = None,
    resolution: str = "",
) -> None:
    """Take one step of the state machine.

    Raises:
        Conflict: the machine has no such step, or the alert moved meanwhile.
    """
    check(ALERT, alert.state, new, what=f"alert {alert.id}")
    values = {
        "id": alert.id, "old": alert.state, "new": new, "silenced_until_us": until, "resolution": resolution,
        "fired_us": at if new == AlertState.FIRING else None,
        "acked_us": at if new == AlertState.ACKED else None,
        "acked_by": by if new == AlertState.ACKED else None,
        "resolved_us": at if new == AlertState.RESOLVED else None,
    }  # fmt: skip
    if db.execute(_MOVE, values).rowcount != 1:
        raise Conflict(f"alert {alert.id} is no longer {alert.state}")


def _one(db: sqlite3.Connection, sql: str, rule: str, subject_kind: str, subject_id: int) -> AlertRow | None:
    key = {"rule": rule, "subject_kind": subject_kind, "subject_id": subject_id}
    row = db.execute(sql, key).fetchone()
    return AlertRow.of(row) if row else None
