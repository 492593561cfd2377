"""Drain: nothing new starts, what runs goes on. It is written down, so that the next runner knows it too."""

import sqlite3

from lineside.jobs import arguments
from lineside.jobs.context import Context, Json, verb
from lineside.store import toml
from lineside.store.actors import Actor, Role
from lineside.store.clock import now
from lineside.store.errors import Conflict
from lineside.store.queries import audit, jobs, settings


@verb("runner.drain", role=Role.ADMIN, jobs_may=False)
async def drain(ctx: Context, actor: Actor, args: Json) -> Json:
    """Start nothing any more; asked again, it has a new reason. Says what still runs."""
    toml.reject_unknown(args, ("reason",), "args")
    reason = arguments.text(args, "reason", default="")
    at = now()
    words = f"drained by {actor.label}" + (f", {reason}" if reason else "")

    def change(db: sqlite3.Connection) -> None:
        settings.put(db, settings.DRAIN, value=words, at=at, by=actor.label)
        audit.append(db, actor, "runner.drain", subject=("runner", None), detail={"reason": reason}, at=at)

    await ctx.write(change)
    ctx.wake()
    return {"words": words, "running": [row.id for row in jobs.live(ctx.db)]}


@verb("runner.undrain", role=Role.ADMIN, jobs_may=False)
async def undrain(ctx: Context, actor: Actor, args: Json) -> Json:
    """Start again what waits.

    Raises:
        Conflict: it was not drained.
    """
    toml.reject_unknown(args, (), "args")
    at = now()

    def change(db: sqlite3.Connection) -> None:
        if not settings.forget(db, settings.DRAIN):
            raise Conflict("the runner is not drained", hint="see: lineside runner status")
        audit.append(db, actor, "runner.undrain", subject=("runner", None), at=at)

    await ctx.write(change)
    ctx.wake()
    return {"waiting": len(jobs.waiting(ctx.db))}
