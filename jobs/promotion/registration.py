"""From a run's model to a version people can promote: hashed, tried on its golden rows, then READY."""

import contextlib
import sqlite3

from lineside.jobs.context import Context, Json
from lineside.jobs.turns import Turns
from lineside.store.actors import LINESIDE, Actor
from lineside.store.clock import now
from lineside.store.errors import LinesideError, Refused
from lineside.store.queries import artifacts, audit, lineage, models, runs
from lineside.store.queries.lineage import Node
from lineside.store.queries.models import VersionRow
from lineside.store.states import RunStatus, VersionStatus

_TURNS = Turns()
_HINT = "a package is the folder a built-in trainer logs; look at the run: lineside runs show"


async def register(ctx: Context, actor: Actor, run_id: int, name: str) -> int:
    """Make the model of a finished run the next version of `name`; the version's row number.

    Asked again for the same run and name, the version that is there already is given back.

    Raises:
        NotFound: no such run, or it logged no model.
        Refused: the run has not FINISHED; or the package is not sound: the version says why it failed.
    """
    run = runs.get(ctx.db, run_id)
    if run.status != RunStatus.FINISHED:
        raise Refused(
            f"run {run_id} is {run.status}; only a FINISHED one can be registered",
            hint=f"lineside runs show {run_id}",
        )
    artifacts.model_of(ctx.db, run_id)
    for there in models.of_run(ctx.db, run_id):
        if there.model == name and there.status != VersionStatus.FAILED_REGISTRATION:
            return (await _settle(ctx, actor, there)).id
    version = await ctx.write(lambda db: _begin(db, actor, run_id, name))
    return (await _settle(ctx, actor, version)).id


async def tick(ctx: Context) -> bool:
    """End the registrations that a crash left open."""
    pending = models.pending(ctx.db)
    for id in pending:
        if not _TURNS.taken((ctx.home.path, id)):
            with contextlib.suppress(Refused):  # the version says why
                await _settle(ctx, LINESIDE, models.get_version(ctx.db, id))
    return not pending


def _begin(db: sqlite3.Connection, actor: Actor, run_id: int, name: str) -> VersionRow:
    """PENDING_REGISTRATION, with the name taken."""
    at = now()
    models.create(db, name, at=at)
    version = models.add_version(db, name, run_id=run_id, by=actor.label, at=at)
    detail = {"model": name, "version": version.number, "run": run_id}
    audit.append(db, actor, "models.register", subject=("model_version", version.id), detail=detail, at=at)
    return version


async def _settle(ctx: Context, actor: Actor, version: VersionRow) -> VersionRow:
    """READY or FAILED_REGISTRATION, by looking at the bytes; or as somebody else found them meanwhile.

    Raises:
        Refused: it failed.
    """
    async with _TURNS.take((ctx.home.path, version.id)):
        version = models.get_version(ctx.db, version.id)
        if version.status == VersionStatus.PENDING_REGISTRATION:
            version = await _look(ctx, actor, version)
    if version.status == VersionStatus.FAILED_REGISTRATION:
        raise Refused(f"{version.label} cannot be registered: {version.failure}", hint=_HINT)
    return version


async def _look(ctx: Context, actor: Actor, version: VersionRow) -> VersionRow:
    """Verify, load and try the package in the compute child, and keep what that found."""
    try:
        artifact = artifacts.model_of(ctx.db, version.run_id).digest
        told = await ctx.compute(
            "lineside.jobs.promotion.evaluation:inspect", home=str(ctx.home.path), artifact=artifact
        )
    except LinesideError as error:
        why = str(error)
        return await ctx.write(lambda db: _fail(db, actor, version, why))
    return await ctx.write(lambda db: _ready(db, actor, version, artifact, told))


def _ready(
    db: sqlite3.Connection, actor: Actor, version: VersionRow, artifact: str, told: Json
) -> VersionRow:
    at = now()
    models.ready(db, version.id, artifact=artifact, package=told["package"], profile=told["profile"])
    src, dst = Node("run", version.run_id), Node("model_version", version.id)
    lineage.link(db, src=src, dst=dst, relation="registered", at=at)
    detail = {"model": version.model, "version": version.number, "artifact": artifact}
    audit.append(db, actor, "models.ready", subject=("model_version", version.id), detail=detail, at=at)
    return models.get_version(db, version.id)


def _fail(db: sqlite3.Connection, actor: Actor, version: VersionRow, why: str) -> VersionRow:
    models.fail(db, version.id, why=why)
    detail = {"model": version.model, "version": version.number, "why": why}
    subject = ("model_version", version.id)
    audit.append(db, actor, "models.fail", subject=subject, detail=detail, at=now())
    return models.get_version(db, version.id)
