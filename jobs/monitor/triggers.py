"""When an alert leads to a retrain, and when not: cooldown, too few labels, one at a time."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from lineside.jobs.projects.declared import RetrainSpec
from lineside.store import states
from lineside.store.errors import NotFound, Refused
from lineside.store.queries import artifacts, jobs, labels, promotions, retrains, windows
from lineside.store.queries.alerts import AlertRow
from lineside.store.queries.retrains import RetrainRow
from lineside.store.states import AlertState


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a trigger makes of an alert now."""

    reason: str | None  # why not; None: start
    new: bool  # False: this alert led to something already, and no window came since
    say: bool  # whether a "no" is worth a row: the first one about a window


def heard(waiting: Sequence[AlertRow], spec: RetrainSpec) -> list[AlertRow]:
    """The alerts that a trigger listens to."""
    return [
        alert
        for alert in waiting
        if alert.rule in spec.on
        and (alert.subject_kind, alert.subject) == ("monitor", spec.monitor)
        and alert.state in (AlertState.FIRING, AlertState.ACKED)
    ]


def decide(db: sqlite3.Connection, spec: RetrainSpec, alert: AlertRow) -> Decision:
    """Whether to start now; the alert's newest window is what counts as news."""
    before = retrains.of_alert(db, alert.id, trigger=spec.name)
    news = not before or _measured_us(db, alert) > before[0].at_us
    waits = bool(before) and before[0].state == "SUPPRESSED"
    return Decision(reason=_objection(db, spec, alert), new=news or waits, say=news)


def trained_on(db: sqlite3.Connection, alert: AlertRow) -> int:
    """The dataset version from which the version that the alert is about was trained.

    Raises:
        Refused: it came from no dataset of this home.
    """
    window = windows.get(db, alert.window_id) if alert.window_id is not None else None
    found = retrains.trained_on(db, window.version_id) if window and window.version_id is not None else None
    if found is None:
        raise Refused("the serving version was trained on no dataset of this home")
    return found


def ended_without_run(db: sqlite3.Connection, retrain: RetrainRow) -> str:
    """Why a job ended whose run never did; "" while it may still run."""
    job = jobs.get(db, retrain.job_id) if retrain.job_id is not None else None
    return f"job {job.id} is {job.state}: {job.reason}" if job and job.state in states.JOB_ENDED else ""


def has_model(db: sqlite3.Connection, run_id: int) -> bool:
    try:
        artifacts.model_of(db, run_id)
    except NotFound:
        return False
    return True


def _objection(db: sqlite3.Connection, spec: RetrainSpec, alert: AlertRow) -> str | None:
    """Why not to start now; None: nothing speaks against it."""
    last = retrains.last_started(db, spec.name)
    if last is not None:
        if last.state in ("STARTED", "REGISTERED"):
            return f"retrain {last.id} is under way"
        if last.promotion_id is not None:
            request = promotions.get(db, last.promotion_id)
            if request.state not in states.PROMOTION_ENDED and request.applied_us is None:
                return f"request {request.id} waits for a decision"
        seen = windows.measured_since(db, alert.subject_id, last.at_us)
        if seen < spec.cooldown_windows:
            return f"cooldown: {seen} of {spec.cooldown_windows} windows since retrain {last.id}"
    have = labels.coverage(db, alert.subject_id).labelled
    if have < spec.min_labels:
        return f"too few labels: {have} of {spec.min_labels}"
    return None


def _measured_us(db: sqlite3.Connection, alert: AlertRow) -> int:
    """When the newest window of an alert came."""
    if alert.window_id is None:
        return alert.opened_us
    return windows.get(db, alert.window_id).measured_us or 0
