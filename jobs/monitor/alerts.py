"""From what was seen to episodes: opened, counted, resolved, always by the state machine."""

import sqlite3
from dataclasses import dataclass

from lineside.store.actors import LINESIDE
from lineside.store.clock import Micros
from lineside.store.queries import alerts, audit, lineage
from lineside.store.queries.alerts import AlertRow
from lineside.store.queries.lineage import Node
from lineside.store.states import AlertState

CLEAN_LOOKS = 3
"""Looks in a row that must say "no" before an episode ends by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one look says about one rule and subject."""

    rule: str
    subject: tuple[str, int, str]  # kind, number, name
    firing: bool
    title: str
    value: float | None = None
    line: float | None = None
    window_id: int | None = None
    looks: int = 1  # in a row, before it fires
    clean_looks: int = CLEAN_LOOKS


def observe(db: sqlite3.Connection, seen: Observation, *, at: Micros) -> int | None:
    """Count one look; returns the alert's number if it fires because of it."""
    kind, number, _ = seen.subject
    alert = alerts.open_of(db, rule=seen.rule, subject_kind=kind, subject_id=number)
    if not seen.firing:
        if alert is not None:
            _clean(db, alert, seen, at)
        return None
    if alert is None:
        return _begin(db, seen, at)
    alerts.saw(db, alert.id, title=seen.title, value=seen.value, line=seen.line, window_id=seen.window_id)
    _link(db, alert.id, seen, at)
    if alert.state is AlertState.PENDING and alert.seen + 1 >= seen.looks:
        alerts.move(db, alert, AlertState.FIRING, at=at)
        _tell(db, "alerts.fired", alert.id, seen.title, at)
        return alert.id
    return None


def resolve(db: sqlite3.Connection, alert: AlertRow, why: str, *, at: Micros) -> None:
    """End an episode, and say why; one that never fired ends without a word in the audit trail."""
    alerts.move(db, alert, AlertState.RESOLVED, at=at, resolution=why)
    if alert.state is not AlertState.PENDING:
        _tell(db, "alerts.resolved", alert.id, why, at)


def _begin(db: sqlite3.Connection, seen: Observation, at: Micros) -> int | None:
    state = AlertState.PENDING if seen.looks > 1 else AlertState.FIRING
    alert_id = alerts.begin(
        db, rule=seen.rule, subject=seen.subject, state=state, title=seen.title, value=seen.value,
        line=seen.line, window_id=seen.window_id, at=at,
    )  # fmt: skip
    _link(db, alert_id, seen, at)
    if state is AlertState.PENDING:
        return None
    _tell(db, "alerts.fired", alert_id, seen.title, at)
    return alert_id


def _clean(db: sqlite3.Connection, alert: AlertRow, seen: Observation, at: Micros) -> None:
    """One look that says no: a pending episode ends at once, a fired one after several."""
    alerts.saw_nothing(db, alert.id)
    if alert.state is AlertState.PENDING:
        resolve(db, alert, "gone before it fired", at=at)
    elif alert.clean + 1 >= seen.clean_looks and alert.state is not AlertState.SILENCED:
        times = "1 look" if seen.clean_looks == 1 else f"{seen.clean_looks} looks in a row"
        resolve(db, alert, f"clean for {times}", at=at)


def _tell(db: sqlite3.Connection, what: str, alert_id: int, words: str, at: Micros) -> None:
    audit.append(db, LINESIDE, what, subject=("alert", alert_id), detail={"words": words}, at=at)


def _link(db: sqlite3.Connection, alert_id: int, seen: Observation, at: Micros) -> None:
    if seen.window_id is not None:
        src, dst = Node("window", seen.window_id), Node("alert", alert_id)
        lineage.link(db, src=src, dst=dst, relation="raised", at=at)
