"""Episodes that begin or end without a window: failed jobs, silences that ran out, versions that went."""

import sqlite3
from collections.abc import Iterator

from lineside.jobs.context import Context
from lineside.jobs.monitor.alerts import Observation, observe, resolve
from lineside.jobs.monitor.measuring import serves
from lineside.store.clock import Micros, after, now
from lineside.store.queries import alerts, deployments, monitors, windows
from lineside.store.queries.alerts import AlertRow
from lineside.store.states import AlertState

LOOK_BACK_S = 86_400.0
"""Jobs that failed longer ago than a day are history, not news."""


async def tick(ctx: Context) -> bool:
    """One look; it writes only where there is something to say. Only time ends a silence."""
    at = now()
    since = after(at, -LOOK_BACK_S)
    if (
        alerts.failed_jobs(ctx.db, since=since)
        or any(_overdue(alert, at) for alert in alerts.open_ones(ctx.db))
        or any(True for _ in groundless(ctx.db))
    ):
        await ctx.write(lambda db: tend(db, since=since, at=at))
    return not any(alert.state is AlertState.SILENCED for alert in alerts.open_ones(ctx.db))


def tend(db: sqlite3.Connection, *, since: Micros, at: Micros) -> None:
    """Bring every episode up to date with what it is about."""
    for alert, why in list(groundless(db)):
        resolve(db, alert, why, at=at)
    for alert in alerts.open_ones(db):
        if _overdue(alert, at):
            _wake(db, alert, at)
    for job in alerts.failed_jobs(db, since=since):
        title = f"job {job.id} {job.name}: {job.why}"
        observe(
            db, Observation(rule="job", subject=("job", job.id, job.name), firing=True, title=title), at=at
        )


def groundless(db: sqlite3.Connection) -> Iterator[tuple[AlertRow, str]]:
    """Open episodes whose ground is gone, and why: another version serves, the job was tried again."""
    for alert in alerts.open_ones(db):
        if alert.subject_kind == "monitor" and alert.window_id is not None:
            window = windows.get(db, alert.window_id)
            if not serves(db, window):
                deployment = monitors.find(db, window.monitor_id).deployment_id or 0
                yield alert, f"{deployments.get(db, deployment).serves} serves now"
    for alert in alerts.cured_jobs(db):
        yield alert, "the job was tried again"


def _overdue(alert: AlertRow, at: Micros) -> bool:
    until = alert.silenced_until_us
    return alert.state is AlertState.SILENCED and until is not None and until <= at


def _wake(db: sqlite3.Connection, alert: AlertRow, at: Micros) -> None:
    """A silence ran out: fire again where the last look still said so, else end."""
    if alert.seen:
        alerts.move(db, alert, AlertState.FIRING, at=at)
    else:
        resolve(db, alert, "clean when its silence ended", at=at)
