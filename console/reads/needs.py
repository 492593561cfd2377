"""What needs a person: asked for the wall and for the numbers in the title bar, by one function."""

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lineside.store.clock import SECOND, Micros
from lineside.store.queries import alerts, audit, promotions, schedules, walls
from lineside.store.queries.promotions import PromotionRow
from lineside.store.queries.schedules import ListedRow
from lineside.store.states import AlertState, PromotionState

DAY_US = 24 * 3600 * SECOND
_FAILED_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One line of NEEDS YOU."""

    kind: str  # "ratify", "approve", "alert", "failed", "parked", "apply", "runner"
    id: int  # of the request, alert, schedule or job; which of the runner's problems
    word: str  # "APPROVE"
    mark: tuple[str, str]  # glyph and style
    text: str
    at_us: Micros
    area: str  # where `enter` looks
    target: int | str
    by: str  # who asked, submitted, or ""
    run_id: int | None = None
    model: str = ""  # "digit-reader@v3", of a request
    due_us: Micros | None = None  # before when; None: there is no such moment

    @property
    def key(self) -> tuple[str, int]:
        return self.kind, self.id


def needs(db: sqlite3.Connection, *, at: Micros) -> list[Need]:
    """All that waits for somebody, the most urgent first."""
    asked = promotions.recent(db, limit=100)
    ratify = [_ratify(p) for p in asked if _unratified(p)]
    approve = [_approve(p) for p in asked if p.state == PromotionState.PENDING_MANUAL_APPROVAL]
    broken = [
        _broken(p) for p in asked if p.state == PromotionState.APPLY_FAILED and p.created_us > at - DAY_US
    ]
    return [*ratify, *approve, *_firing(db), *broken, *_parked(db), *_failed(db, at=at)]


def of_runner(problems: Sequence[str], *, at: Micros) -> list[Need]:
    """What the runner says is wrong with itself: it stands in no table, and lasts while it says so."""
    return [
        Need(
            kind="runner", id=place, word="RUNNER", mark=("!", "bad"), text=f"{words} → lineside doctor",
            at_us=at, area="wall", target="", by="",
        )
        for place, words in enumerate(problems)
    ]  # fmt: skip


def _unratified(p: PromotionRow) -> bool:
    applied = p.state in (PromotionState.APPLIED, PromotionState.APPLYING)
    return p.break_glass and p.ratified_by is None and p.ratify_before_us is not None and applied


def _ratify(p: PromotionRow) -> Need:
    text = f"{p.model} v{p.number} break-glass by {p.requested_by}"
    need = _of_request("ratify", "RATIFY", ("!", "bad"), text, p, at=p.applied_us or p.created_us)
    return replace(need, due_us=p.ratify_before_us)


def _approve(p: PromotionRow) -> Need:
    text = f"{p.model} v{p.number} → {p.alias}, {p.requested_by} asks, gates passed"
    return _of_request("approve", "APPROVE", ("?", "ask"), text, p, at=p.created_us)


def _broken(p: PromotionRow) -> Need:
    text = f"{p.model} v{p.number} → {p.alias} could not be applied: {p.outcome}"
    return _of_request("apply", "APPLY", ("✗", "bad"), text, p, at=p.created_us)


def _of_request(
    kind: str, word: str, mark: tuple[str, str], text: str, p: PromotionRow, *, at: Micros
) -> Need:
    return Need(
        kind=kind, id=p.id, word=word, mark=mark, text=text, at_us=at, area="models",
        target=f"promotion:{p.id}", by=p.requested_by, model=f"{p.model}@v{p.number}",
    )  # fmt: skip


def _firing(db: sqlite3.Connection) -> list[Need]:
    """Open alerts that nobody has taken; failed jobs have lines of their own."""
    rows = [a for a in alerts.open_ones(db) if a.state == AlertState.FIRING and a.rule != "job"]
    return [
        Need(
            kind="alert", id=a.id, word=_WORDS.get(a.rule.partition(".")[0], "ALERT"), mark=("◆", "drift"),
            text=_short(a.title if a.subject in a.title else f"{a.subject}: {a.title}"),
            at_us=a.fired_us or a.opened_us, area="monitor", target=f"alert:{a.id}", by="",
        )
        for a in rows
    ]  # fmt: skip


def _short(title: str) -> str:
    """The title without its interval, the column that drifted most in front: the monitor has room for all.

    >>> _short("web: 2 of 4 columns drifted in window 7, temp psi_refdecile 0.41 > 0.20")
    'web: temp PSI 0.41 > 0.20, 2 of 4 columns'
    """
    said = _DRIFTED.search(title)
    if said is None:
        return _APART.sub("tells it apart", _INTERVAL.sub("", title))
    statistic = said["statistic"].partition("_")[0].upper()
    return f"{title[: said.start()]}{said['feature']} {statistic} {said['value']}, {said['share']} columns"


_INTERVAL = re.compile(r" \[[^\[\]]*\d, [^\[\]]*\]")
_APART = re.compile(r"tells window \d+ from training")
_DRIFTED = re.compile(
    r"(?P<share>\d+ of \d+) columns drifted in window \d+, (?P<feature>.+) (?P<statistic>\S+) "
    r"(?P<value>\S+ > \S+)$"
)
_WORDS = {"drift": "DRIFT", "performance": "QUALITY", "endpoint": "ENDPOINT"}


def _parked(db: sqlite3.Connection) -> list[Need]:
    """Schedules that cannot work until somebody mends and resumes them."""
    return [
        Need(
            kind="parked", id=row.id, word="PARKED", mark=("!", "bad"), at_us=_since(db, row),
            text=f"schedule {row.name}: {row.broken}", area="jobs", target=row.last_job or "", by=row.owner,
        )
        for row in schedules.listed(db)
        if row.broken
    ]  # fmt: skip


def _since(db: sqlite3.Connection, row: ListedRow) -> Micros:
    """When it was parked; in a restored home, when it last did anything."""
    done = audit.of_subject(db, "schedule", row.id)
    otherwise = row.last_us or row.created_us
    return next((each.at_us for each in reversed(done) if each.verb == "schedules.park"), otherwise)


def _failed(db: sqlite3.Connection, *, at: Micros) -> list[Need]:
    rows = walls.failed_jobs(db, since=Micros(at - DAY_US), limit=_FAILED_SHOWN)
    return [
        Need(
            kind="failed", id=j.id, word="FAILED", mark=("✗", "bad"), run_id=j.run_id,
            text=f"job {j.id} {j.name}: {why(j.cause, j.detail)}", at_us=j.ended_us, area="jobs", target=j.id,
            by=j.submitted_by,
        )
        for j in rows
    ]  # fmt: skip


def why(cause: str | None, detail: str | None) -> str:
    """Cause and detail of an end without saying the same twice: `signal 9`, `oom_cuda: at step 1,204`."""
    if not cause:
        return detail or "never began"
    if not detail:
        return cause
    return detail if detail.startswith(cause) else f"{cause}: {detail}"
