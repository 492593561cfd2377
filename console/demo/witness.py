"""Tells what the store newly knows, each thing once, and lets Ben approve the first retrained version."""

import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from lineside.console.demo.tables import Plan
from lineside.jobs import commands
from lineside.jobs.context import Json
from lineside.store.homes import Home
from lineside.store.queries import alerts, evidence, monitors, promotions, retrains, windows
from lineside.store.queries.windows import WindowRow
from lineside.store.states import AlertState, PromotionState

Tell = Callable[[str, str | None], None]
"""Says one line, with the console key that shows it."""

_LOOK_S = 0.25


class Witness:
    """Looks a few times a second and says each new thing once."""

    def __init__(self, home: Home, db: sqlite3.Connection, plan: Plan, *, tell: Tell, approver: str) -> None:
        self._home, self._db, self._plan, self._tell, self._approver = home, db, plan, tell, approver
        self._monitor = monitors.find(db, plan.name).id
        self._said: set[object] = {("request", p.id, p.state) for p in promotions.recent(db)}
        self._next = 0.0
        self._hand = ThreadPoolExecutor(1)  # approving must not hold up the traffic
        self._approving: Future[Json] | None = None
        self.retrained = False  # a retrained version was applied

    def close(self) -> None:
        self._hand.shutdown()

    def look(self, *, now: bool = False) -> None:
        """Say what is new, unless it was looked a moment ago and nobody needs to know `now`."""
        if time.monotonic() < self._next and not now:
            return
        self._next = time.monotonic() + _LOOK_S
        if self._approving and self._approving.done():
            self._approving.result()
        self._say_windows()
        self._say_alerts()
        self._say_retrains()
        self._say_requests()

    @property
    def retraining(self) -> bool:
        """A retraining has begun and its version neither serves nor waits for anybody."""
        return any(r.state in ("STARTED", "REGISTERED") for r in retrains.recent(self._db)) or (
            self._approving is not None and not self._approving.done()
        )

    def settled(self, expected: int) -> bool:
        """All `expected` windows are measured and labelled, no retraining is under way, and all is said."""
        self.look(now=True)
        found = windows.recent(self._db, self._monitor)
        done = [w for w in found if w.state in ("MEASURED", "FAILED") and w.labelled >= w.rows]
        return len(done) >= expected and not self.retraining

    def _new(self, key: object) -> bool:
        if key in self._said:
            return False
        self._said.add(key)
        return True

    def _say_windows(self) -> None:
        for w in reversed(windows.recent(self._db, self._monitor)):
            if w.state == "MEASURED" and self._new(("window", w.id)):
                self._tell(f"window {w.number}, served by v{w.version}: {_drift(w)}", "7")
            if w.value is not None and w.labelled == w.rows and self._new(("labels", w.id)):
                self._tell(f"the labels of window {w.number} say: {_performance(w)}", "7")

    def _say_alerts(self) -> None:
        for a in reversed(alerts.recent(self._db)):
            if a.state in (AlertState.FIRING, AlertState.RESOLVED) and self._new(("alert", a.id, a.state)):
                told = a.title if a.state == AlertState.FIRING else a.resolution
                self._tell(f"alert {a.id} {a.rule} {a.state.lower()}: {told}", "1")

    def _say_retrains(self) -> None:
        for r in reversed(retrains.recent(self._db)):
            if not self._new(("retrain", r.id, r.state)):
                continue
            if r.state == "STARTED":
                self._tell(
                    f"the retrain trigger answers alert {r.alert_id}: job {r.job_id} learns from all so far",
                    "3",
                )
            elif r.state in ("SUPPRESSED", "FAILED"):
                self._tell(f"retrain {r.state.lower()}: {r.reason}", "1")

    def _say_requests(self) -> None:
        for p in reversed(promotions.recent(self._db)):
            if not self._new(("request", p.id, p.state)):
                continue
            name = f"{p.model}@v{p.number}"
            if p.state == PromotionState.PENDING_MANUAL_APPROVAL:
                self._answer(p, name)
            elif p.state == PromotionState.CHECKS_FAILED:
                self._tell(f"{name} does not pass its gates: {self._failures(p.id)}", "5")
            elif p.state == PromotionState.APPLIED:
                self.retrained = True
                self._tell(f"ben approves request {p.id}: {name} is champion, swapped in under traffic", "5")

    def _answer(self, p: promotions.PromotionRow, name: str) -> None:
        """Ben approves the first retrained version; what comes later waits for the newcomer."""
        duel = next((g for g in evidence.gates(self._db, p.id) if g.gate == "beats_champion"), None)
        rows = f" on {duel.rows} recent rows" if duel and duel.rows else ""
        self._tell(f"{name} asks to be {p.alias}: {duel.observed if duel else 'no gate'}{rows}", "5")
        if self.retrained or self._approving is not None:
            self._tell(f"request {p.id} waits for you: . a approves {name}, . r rejects it", "5")
            return
        args = {"request": p.id, "reason": "better on what is served now"}
        self._approving = self._hand.submit(
            commands.ask, self._home, "promotions.approve", args, acting_as=self._approver, timeout_s=120.0
        )

    def _failures(self, request: int) -> str:
        return "; ".join(f"{g.gate} {g.observed}" for g in evidence.gates(self._db, request) if not g.passed)


def _performance(w: WindowRow) -> str:
    against = "" if w.baseline is None else f", {w.baseline:.3g} on its hold-out"
    return f"{w.metric} {w.value:.3g} [{w.low:.3g}, {w.high:.3g}]{against}"


def _drift(w: WindowRow) -> str:
    if w.columns_tested is None:
        return w.detail
    domain = "" if w.domain_auc is None else f", domain AUC {w.domain_auc:.2f}"
    return f"{w.columns_fired} of {w.columns_tested} columns drift{domain}"
