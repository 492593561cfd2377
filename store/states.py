"""The state machines: the only place that knows which state may follow which.

The picture of each machine is in docs/states.md; a test walks every legal and illegal step.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from lineside.store.errors import Conflict


class JobState(StrEnum):
    QUEUED = "QUEUED"
    HELD = "HELD"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    STOPPING = "STOPPING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    SKIPPED = "SKIPPED"


class Cause(StrEnum):
    """Why an attempt ended: the words that `retry.on` takes."""

    OK = "ok"
    EXIT = "exit"
    SIGNAL = "signal"
    OOM_CUDA = "oom_cuda"
    OOM_HOST = "oom_host"
    NAN = "nan"
    TIMEOUT = "timeout"
    LOST = "lost"
    PREEMPTED = "preempted"
    CANCELLED = "cancelled"


class RunStatus(StrEnum):
    SCHEDULED = "SCHEDULED"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"


class VersionStatus(StrEnum):
    PENDING_REGISTRATION = "PENDING_REGISTRATION"
    READY = "READY"
    FAILED_REGISTRATION = "FAILED_REGISTRATION"


class PromotionState(StrEnum):
    DRAFT = "DRAFT"
    CHECKING = "CHECKING"
    CHECKS_FAILED = "CHECKS_FAILED"
    PENDING_MANUAL_APPROVAL = "PENDING_MANUAL_APPROVAL"
    APPROVED = "APPROVED"
    APPLYING = "APPLYING"
    APPLIED = "APPLIED"
    APPLY_FAILED = "APPLY_FAILED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    SUPERSEDED = "SUPERSEDED"
    VOIDED = "VOIDED"
    ROLLED_BACK = "ROLLED_BACK"


class AlertState(StrEnum):
    PENDING = "PENDING"
    FIRING = "FIRING"
    ACKED = "ACKED"
    SILENCED = "SILENCED"
    RESOLVED = "RESOLVED"


class EndpointState(StrEnum):
    """What the newest look at an endpoint says; the five kinds of "no data" stay apart."""

    NEW = "new"
    OK = "ok"
    STOPPED = "stopped"  # on purpose; what was seen stays
    NO_TRAFFIC = "no traffic"
    STALE = "stale"
    POLLER_DOWN = "poller down"
    UNPARSEABLE = "unparseable"
    DRIFTED = "drifted"
    MISMATCH = "mismatch"


S = TypeVar("S", bound=StrEnum)

_J, _P, _A, _R = JobState, PromotionState, AlertState, RunStatus

_OVER = (_J.SUCCEEDED, _J.FAILED, _J.CANCELLED, _J.SKIPPED)
"""SKIPPED too: whether a stage is cached is known only when its turn has come."""

JOB: Mapping[JobState, frozenset[JobState]] = {
    _J.QUEUED: frozenset({_J.HELD, _J.STARTING, _J.CANCELLED, _J.SKIPPED}),
    _J.HELD: frozenset({_J.QUEUED, _J.CANCELLED}),
    _J.STARTING: frozenset({_J.RUNNING, _J.STOPPING, *_OVER, _J.QUEUED}),
    _J.RUNNING: frozenset({_J.STOPPING, *_OVER, _J.QUEUED}),
    _J.STOPPING: frozenset({*_OVER, _J.QUEUED}),
    _J.SUCCEEDED: frozenset(),
    _J.FAILED: frozenset({_J.QUEUED}),  # `jobs retry`: same job, new attempt
    _J.CANCELLED: frozenset({_J.QUEUED}),
    _J.SKIPPED: frozenset({_J.QUEUED}),  # what it needed is tried again
}  # fmt: skip

RUN: Mapping[RunStatus, frozenset[RunStatus]] = {
    _R.SCHEDULED: frozenset({_R.RUNNING, _R.FINISHED, _R.FAILED, _R.KILLED}),
    _R.RUNNING: frozenset({_R.FINISHED, _R.FAILED, _R.KILLED, _R.SCHEDULED}),
    _R.FINISHED: frozenset(),
    _R.FAILED: frozenset({_R.SCHEDULED, _R.RUNNING}),  # retried, or resumed outside the runner
    _R.KILLED: frozenset({_R.SCHEDULED, _R.RUNNING}),
}

PROMOTION: Mapping[PromotionState, frozenset[PromotionState]] = {
    _P.DRAFT: frozenset({_P.CHECKING, _P.WITHDRAWN}),
    _P.CHECKING: frozenset({_P.CHECKS_FAILED, _P.PENDING_MANUAL_APPROVAL, _P.WITHDRAWN, _P.VOIDED}),
    _P.CHECKS_FAILED: frozenset({_P.APPLYING}),  # break-glass only
    _P.PENDING_MANUAL_APPROVAL: frozenset(
        {_P.APPROVED, _P.REJECTED, _P.WITHDRAWN, _P.EXPIRED, _P.SUPERSEDED, _P.VOIDED, _P.APPLYING}
    ),
    _P.APPROVED: frozenset({_P.APPLYING, _P.EXPIRED, _P.SUPERSEDED, _P.VOIDED}),
    _P.APPLYING: frozenset({_P.APPLIED, _P.APPLY_FAILED, _P.VOIDED}),
    _P.APPLIED: frozenset({_P.ROLLED_BACK}),
    **dict.fromkeys(
        (_P.APPLY_FAILED, _P.REJECTED, _P.WITHDRAWN, _P.EXPIRED, _P.SUPERSEDED, _P.VOIDED, _P.ROLLED_BACK),
        frozenset(),
    ),
}  # fmt: skip

ALERT: Mapping[AlertState, frozenset[AlertState]] = {
    _A.PENDING: frozenset({_A.FIRING, _A.SILENCED, _A.RESOLVED}),
    _A.FIRING: frozenset({_A.ACKED, _A.SILENCED, _A.RESOLVED}),
    _A.ACKED: frozenset({_A.SILENCED, _A.RESOLVED}),
    _A.SILENCED: frozenset({_A.FIRING, _A.RESOLVED}),
    _A.RESOLVED: frozenset(),
}

JOB_ENDED = frozenset({_J.SUCCEEDED, _J.FAILED, _J.CANCELLED, _J.SKIPPED})
JOB_LIVE = frozenset({_J.STARTING, _J.RUNNING, _J.STOPPING})
PROMOTION_ENDED = frozenset(state for state, nexts in PROMOTION.items() if not nexts) | {_P.CHECKS_FAILED}


def check(machine: Mapping[S, frozenset[S]], old: S, new: S, *, what: str) -> None:
    """Refuse a step the machine does not have.

    Raises:
        Conflict: `what` cannot go from `old` to `new`.
    """
    if new not in machine[old]:
        raise Conflict(f"{what} is {old} and cannot become {new}")
