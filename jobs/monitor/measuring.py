"""Closed windows are measured, labels that came are joined, and what they say becomes alerts."""

import logging
import sqlite3

from lineside.jobs.context import Context, Json
from lineside.jobs.monitor import alerts as episodes
from lineside.jobs.monitor.settings import spec_of
from lineside.jobs.monitor.verdicts import of_drift, of_labels
from lineside.store.clock import Micros, now
from lineside.store.errors import LinesideError, Refused
from lineside.store.queries import deployments, labels, monitors, windows
from lineside.store.queries.windows import Measured, ScoreRow, WindowRow

_MEASURE = "lineside.jobs.monitor.measure:measure_window"
_LABELS = "lineside.jobs.monitor.performance:measure_labels"
_TRIES = 3
log = logging.getLogger(__name__)
_failures: dict[str, int] = {}  # window uid → how often measuring it went wrong in this process


async def tick(ctx: Context) -> bool:
    """One look at what waits: windows first, labels after them."""
    for window in windows.unmeasured(ctx.db):
        await _measure(ctx, window)
    every = monitors.every(ctx.db)
    for monitor in every:
        newest = labels.newest(ctx.db, monitor.id)
        if newest is not None and windows.unlabelled(ctx.db, monitor.id, newest=newest, limit=1):
            found = await ctx.compute(_LABELS, home=str(ctx.home.path), monitor_id=monitor.id)
            await ctx.write(lambda db, f=found: settle_labels(db, f, at=now()))  # type: ignore[misc]
    return not every


async def _measure(ctx: Context, window: WindowRow) -> None:
    try:
        found = await ctx.compute(_MEASURE, home=str(ctx.home.path), window_id=window.id)
    except LinesideError as error:
        _failures[window.uid] = _failures.get(window.uid, 0) + 1
        log.warning("window not measured", extra={"window": window.id, "error": str(error)})
        if isinstance(error, Refused) or _failures[window.uid] >= _TRIES:
            detail = str(error)
            await ctx.write(lambda db: windows.failed(db, window.id, detail=detail, at=now()))
        return
    await ctx.write(lambda db: settle_drift(db, window.id, found, at=now()))


def settle_drift(db: sqlite3.Connection, window_id: int, found: Json, *, at: Micros) -> None:
    """What was measured as rows, and what it says as alerts, in one transaction."""
    measured = Measured(
        columns_tested=found["tested"], columns_fired=found["fired"], calibrated=found["calibrated"],
        domain_auc=found["domain_auc"], detail=found["detail"],
    )  # fmt: skip
    windows.measured(db, window_id, measured, [_score(window_id, score) for score in found["scores"]], at=at)
    window = windows.get(db, window_id)
    spec = spec_of(monitors.find(db, window.monitor_id))
    if serves(db, window):
        for seen in of_drift(window, windows.scores(db, window_id), spec):
            episodes.observe(db, seen, at=at)


def settle_labels(db: sqlite3.Connection, found: Json, *, at: Micros) -> None:
    """How well the model did on the windows that labels reached, oldest first."""
    for each in sorted(found["windows"], key=lambda each: int(each["id"])):
        before = windows.get(db, each["id"])
        windows.performed(
            db, before.id, labelled=each["labelled"], metric=each["metric"], value=each["value"],
            low=each["low"], high=each["high"], seen=found["seen"],
        )  # fmt: skip
        window = windows.get(db, before.id)
        if serves(db, window):
            spec = spec_of(monitors.find(db, window.monitor_id))
            for seen in of_labels(window, before.labelled, spec):
                episodes.observe(db, seen, at=at)


def serves(db: sqlite3.Connection, window: WindowRow) -> bool:
    """Whether the version of this window is the one that answers now: old news raises no alarm."""
    deployment_id = monitors.find(db, window.monitor_id).deployment_id
    if deployment_id is None:
        return True
    live = deployments.get(db, deployment_id).live_id
    return live is None or live == window.version_id


def _score(window_id: int, score: Json) -> ScoreRow:
    return ScoreRow(
        window_id=window_id, feature=score["feature"], statistic=score["statistic"], value=score["value"],
        line=score["line"], p_adjusted=score["p_adjusted"], fired=score["fired"],
        reference=tuple(score["reference"]), live=tuple(score["live"]), edges=tuple(score["edges"]),
    )  # fmt: skip
