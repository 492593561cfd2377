"""Changing the version a deployment serves: plan, apply, verify, and roll back when that fails.

The old version stays loaded until the new one has answered its golden questions through the live path, so a
swap that fails costs nothing but its own row in the audit.
"""

import asyncio
import logging
import sqlite3
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lineside.jobs.context import Context
from lineside.jobs.packaging.packages import Package
from lineside.jobs.serving import tokens
from lineside.store import objects
from lineside.store.actors import LINESIDE
from lineside.store.clock import Micros, now
from lineside.store.errors import LinesideError, Refused
from lineside.store.homes import Home
from lineside.store.queries import audit, deployments, lineage
from lineside.store.queries.deployments import DeploymentRow, TargetRow
from lineside.store.queries.lineage import Node

if TYPE_CHECKING:
    from lineside.jobs.serving.client import ModelClient

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be loaded, from where, and how to know that it answers."""

    target: TargetRow
    folder: Path
    package: Package

    @property
    def version(self) -> str:
        """The version's number, as the server says it."""
        return str(self.target.number)


def folder_of(home: Home, row: DeploymentRow) -> Path:
    """The deployment's own folder: token and unpacked versions."""
    return home.serving / row.name


def plan(home: Home, row: DeploymentRow, target: TargetRow) -> Plan:
    """Unpack the version beside the server; reads every byte, so call it in a thread.

    Raises:
        Refused: the version is not READY, or its bytes are not what was registered.
    """
    digest = target.artifact_digest
    if digest is None or target.status != "READY":
        raise Refused(f"{target.label} is {target.status}", hint="only a READY version can be served")
    if not objects.verify(home, digest):
        raise Refused(f"the bytes of {target.label} are not what was registered", hint="restore a backup")
    folder = folder_of(home, row) / f"{target.number}-{digest[:12]}"
    objects.materialise(home, digest, folder)
    try:
        return Plan(target=target, folder=folder, package=Package.read(folder))
    except (OSError, ValueError) as error:
        raise Refused(
            f"{target.label} is no package: {error}", hint="register a model the trainers packed"
        ) from error


async def swap(ctx: Context, row: DeploymentRow, target: TargetRow) -> None:
    """Make `target` the version that answers. The caller holds the deployment's lock.

    Raises:
        Refused: the new version failed; what was served before is served again, or the deployment is FAILED.
        Unreachable: the server did not answer; nothing is decided.
    """
    if row.state == "LIVE":
        await ctx.write(lambda db: deployments.move(db, row, to="SWAPPING", live_id=row.live_id))
        row = deployments.get(ctx.db, row.id)
    try:
        ready = await asyncio.to_thread(plan, ctx.home, row, target)
        async with client_of(ctx.home, row) as client:
            await _apply(client, ready, row)
    except Refused as error:
        await _give_up(ctx, row, target, error)
        raise
    await ctx.write(lambda db: _served(db, row, target, now()))
    log.info("a version went live", extra={"deployment": row.name, "version": target.number})


async def check(ctx: Context, row: DeploymentRow, target: TargetRow) -> bool:
    """Whether the server answers with `target`, golden rows and all. Used when a runner finds it running."""
    async with client_of(ctx.home, row) as client:
        if await client.live_version() != str(target.number):
            return False
        ready = await asyncio.to_thread(plan, ctx.home, row, target)
        await client.check(ready.version, ready.package.golden)
    return True


def client_of(home: Home, row: DeploymentRow) -> "AbstractAsyncContextManager[ModelClient]":
    """A client for the deployment's server."""
    from lineside.jobs.serving.client import talking_to  # httpx: not before somebody serves

    return talking_to(row.url, model=row.model, token=tokens.ensure(folder_of(home, row)))


async def _apply(client: "ModelClient", ready: Plan, row: DeploymentRow) -> None:
    """Load, verify on its own path, route, verify on everybody's; on a refusal after routing, route back."""
    golden = ready.package.golden
    await client.load(ready.version, ready.folder)
    await client.check(ready.version, golden, live=False)
    await client.route(ready.version)
    try:
        await client.check(ready.version, golden)
    except Refused:
        if row.live_number is not None:
            await client.route(str(row.live_number))
        raise


async def _give_up(ctx: Context, row: DeploymentRow, target: TargetRow, error: LinesideError) -> None:
    """Write down that the new version was not taken, and what is served instead."""
    state = "FAILED" if row.live_id is None else "LIVE"
    words = f"{target.label} was not taken: {error}"
    detail = {"version": target.label, "serves": row.serves, "error": str(error)}

    def change(db: sqlite3.Connection) -> None:
        deployments.move(db, row, to=state, live_id=row.live_id, detail=words)
        audit.append(
            db, LINESIDE, "serving.not_taken", subject=("deployment", row.id), detail=detail, at=now()
        )

    await ctx.write(change)
    log.warning("a version was not taken", extra={"deployment": row.name, "error": str(error)})


def _served(db: sqlite3.Connection, row: DeploymentRow, target: TargetRow, at: Micros) -> None:
    deployments.move(db, row, to="LIVE", live_id=target.version_id)
    if row.live_id == target.version_id:
        return  # the same version in a new process: nothing new was decided
    detail = {"from": row.serves, "to": target.label, "digest": target.artifact_digest}
    audit.append(db, LINESIDE, "serving.live", subject=("deployment", row.id), detail=detail, at=at)
    src, dst = Node("model_version", target.version_id), Node("deployment", row.id)
    lineage.link(db, src=src, dst=dst, relation="served", at=at)
