"""Deployments inside the runner: each follows its alias, through crashes of the server and of the runner.

The row says what was verified to answer; the server is asked, never believed to be what it was.
"""

import asyncio
import collections
import logging
import sqlite3
from pathlib import Path
from typing import Any

from lineside.jobs.context import Context
from lineside.jobs.execution import queue
from lineside.jobs.serving import swaps
from lineside.store.actors import LINESIDE
from lineside.store.clock import now
from lineside.store.errors import LinesideError, Refused
from lineside.store.queries import alerts, audit, deployments, endpoints
from lineside.store.queries.deployments import DeploymentRow, TargetRow
from lineside.store.states import JOB_ENDED, AlertState, EndpointState, JobState

log = logging.getLogger(__name__)

_Key = tuple[Path, int]
_LOCKS: dict[_Key, asyncio.Lock] = collections.defaultdict(asyncio.Lock)
_PROVEN: dict[_Key, tuple[int | None, int]] = {}
"""Deployment → (attempt of its job, version) that this runner itself has seen answer."""
_REFUSED: dict[_Key, tuple[int | None, int]] = {}
"""Deployment → (attempt, version) that failed; it is not tried again until one of the two changes."""


async def tick(ctx: Context) -> bool:
    """Look at every deployment that should be up; one that hangs holds up no other."""
    rows = deployments.unfinished(ctx.db)
    await asyncio.gather(*(_take_turn(ctx, row) for row in rows))
    return not rows


async def _take_turn(ctx: Context, row: DeploymentRow) -> None:
    lock = _LOCKS[_key(ctx, row)]
    if not lock.locked():  # a swap is under way: it will say how it ended
        async with lock:
            await _look(ctx, deployments.get(ctx.db, row.id))


async def swap_for(ctx: Context, model_id: int, alias: str) -> list[str]:
    """Have every deployment of an alias serve its holder now; the names of those that changed.

    Raises:
        Refused: one of them would not take it, and serves what it served before.
    """
    changed, trouble = [], []
    for row in deployments.of_alias(ctx.db, model_id=model_id, alias=alias):
        async with _LOCKS[_key(ctx, row)]:
            row = deployments.get(ctx.db, row.id)
            target = deployments.target(ctx.db, model_id=model_id, alias=alias)
            if row.state not in ("LIVE", "SWAPPING") or target is None or row.live_id == target.version_id:
                continue  # one that is starting takes the holder anyway
            try:
                await _swap(ctx, row, target)
                changed.append(row.name)
            except LinesideError as error:
                trouble.append(f"{row.name}: {error}")
    if trouble:
        raise Refused("; ".join(trouble), hint="look at it with: lineside endpoints ls")
    return changed


async def _look(ctx: Context, row: DeploymentRow) -> None:
    """One deployment: ended, still starting, or to be brought to its alias' holder."""
    if row.job_state in JOB_ENDED:
        await _ended(ctx, row)
    elif row.job_state in (JobState.QUEUED, JobState.STARTING) and row.state != "STARTING":
        await _lost(ctx, row)
    elif row.job_state == JobState.RUNNING:
        target = deployments.target(ctx.db, model_id=row.model_id, alias=row.alias)
        wanted = None if target is None else (row.job_attempt, target.version_id)
        known = _PROVEN.get(_key(ctx, row)) if row.state == "LIVE" else None
        if target is not None and wanted not in (known, _REFUSED.get(_key(ctx, row))):
            await _bring_up(ctx, row, target)


async def _bring_up(ctx: Context, row: DeploymentRow, target: TargetRow) -> None:
    """Prove that the holder answers, or make it answer; try again later when the server is not there."""
    from lineside.jobs.serving.client import Unreachable

    try:
        async with swaps.client_of(ctx.home, row) as client:
            if not await client.alive():
                return
        if row.state == "LIVE" and row.live_id == target.version_id and await swaps.check(ctx, row, target):
            _PROVEN[_key(ctx, row)] = (row.job_attempt, target.version_id)
        else:
            await _swap(ctx, row, target)
    except Unreachable as error:
        log.info("a server went silent", extra={"deployment": row.name, "error": str(error)})
    except Refused as error:
        log.warning(
            "a deployment is not as it should be", extra={"deployment": row.name, "error": str(error)}
        )


async def _swap(ctx: Context, row: DeploymentRow, target: TargetRow) -> None:
    key, what = _key(ctx, row), (row.job_attempt, target.version_id)
    try:
        await swaps.swap(ctx, row, target)
    except Refused:
        _REFUSED[key] = what
        if row.live_id is None and row.job_id is not None:  # a server with nothing to serve is no use
            await queue.cancel(ctx, row.job_id, LINESIDE, f"{target.label} cannot be served")
        raise
    _PROVEN[key] = what
    _REFUSED.pop(key, None)


async def _ended(ctx: Context, row: DeploymentRow) -> None:
    """The service job is over: stopped when somebody wanted that, failed otherwise."""
    wanted = row.job_state == JobState.CANCELLED
    to, words = "STOPPED", ""
    if not wanted:
        to = "FAILED"
        words = f"job {row.job_id} is {row.job_state}; read why with: lineside jobs logs {row.job_id}"
    detail: dict[str, Any] = {"job": row.job_id, "job_state": row.job_state}

    def change(db: sqlite3.Connection) -> None:
        deployments.move(db, row, to=to, live_id=None, detail=words)
        audit.append(db, LINESIDE, "serving.ended", subject=("deployment", row.id), detail=detail, at=now())
        if wanted:
            _rest(db, row)

    await ctx.write(change)


async def _lost(ctx: Context, row: DeploymentRow) -> None:
    """The server died and its job is tried again: until then nothing answers."""
    words = f"{row.serves} went down with attempt {row.job_attempt}; it is started again"
    await ctx.write(lambda db: deployments.move(db, row, to="STARTING", live_id=None, detail=words))


def _rest(db: sqlite3.Connection, row: DeploymentRow) -> None:
    """Nobody looks at a server that was stopped on purpose; what was seen of it stays to be read."""
    for endpoint in endpoints.every(db):
        if endpoint.deployment_id == row.id:
            endpoints.looked(
                db, endpoint.id, state=EndpointState.STOPPED, detail="", served_version=None, good=False,
                at=now(),
            )  # fmt: skip
            open_one = alerts.open_of(db, rule="endpoint", subject_kind="endpoint", subject_id=endpoint.id)
            if open_one is not None:
                alerts.move(db, open_one, AlertState.RESOLVED, at=now(), resolution="it was stopped")


def _key(ctx: Context, row: DeploymentRow) -> _Key:
    return ctx.home.path, row.id
