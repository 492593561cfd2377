"""What may be asked of schedules."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from lineside.jobs import arguments
from lineside.jobs.context import Args, Context, Json, verb
from lineside.jobs.schedules import entries, looking
from lineside.jobs.schedules.entries import Entry
from lineside.store import toml
from lineside.store.actors import Actor, Role
from lineside.store.clock import SECOND, Micros, now
from lineside.store.errors import NotFound, Refused
from lineside.store.queries import audit, schedules
from lineside.store.queries.schedules import ScheduleRow

_TEXTS = ("name", "kind", "spec", "folder", "argv", "time_zone", "catch_up", "overlap")


@verb("schedules.add", role=Role.OPERATOR)
async def add(ctx: Context, actor: Actor, args: Json) -> Json:
    """Start `argv` (as `planners.packed` makes it) in `folder` whenever `spec` of `kind` says so."""
    toml.reject_unknown(args, _TEXTS, "args")
    defaults = {"time_zone": "UTC", "catch_up": "latest", "overlap": "skip"}
    entry = Entry(**{key: arguments.text(args, key, default=defaults.get(key)) for key in _TEXTS})
    at = now()
    row = await ctx.write(lambda db: entries.add(db, actor, entry, at=at))
    return {"schedule": row.name, "id": row.id, "next_us": row.next_us}


@verb("schedules.pause", role=Role.OPERATOR)
async def pause(ctx: Context, actor: Actor, args: Json) -> Json:
    """Fire no more until it is resumed."""
    row = _one(ctx, args)
    await ctx.write(lambda db: entries.pause(db, actor, row, at=now()))
    return {"schedule": row.name}


@verb("schedules.resume", role=Role.OPERATOR)
async def resume(ctx: Context, actor: Actor, args: Json) -> Json:
    """Fire again from now on, whether it was paused or parked."""
    row = _one(ctx, args)
    fresh = await ctx.write(lambda db: entries.resume(db, actor, row, at=now()))
    return {"schedule": row.name, "next_us": fresh.next_us}


@verb("schedules.rm", role=Role.OPERATOR)
async def remove(ctx: Context, actor: Actor, args: Json) -> Json:
    """Take it away; what it fired stays."""
    row = _one(ctx, args)
    entries.by_hand(row)
    await ctx.write(lambda db: entries.remove(db, actor, row, at=now()))
    return {"schedule": row.name}


@verb("schedules.fire", role=Role.OPERATOR)
async def fire(ctx: Context, actor: Actor, args: Json) -> Json:
    """Fire one now; with a `key`, only the first time that key is heard."""
    toml.reject_unknown(args, ("schedule", "key"), "args")
    row, at = schedules.find(ctx.db, arguments.text(args, "schedule")), now()
    if row.broken:
        hint = f"when it is mended: lineside schedules resume {row.name}"
        raise Refused(f"schedule {row.name} is parked: {row.broken}", hint=hint)
    due = arguments.text(args, "key", default=f"by hand {_instant(at)}")
    await ctx.write(lambda db: _note(db, actor, row, due, at=at))
    return await _fired(ctx, row, due, at=at)


@verb("schedules.pushed", role=Role.OPERATOR)
async def pushed(ctx: Context, actor: Actor, args: Json) -> Json:
    """Fire all that wait for a push of `branch`, in `folder` where one is given; each once per `commit`."""
    toml.reject_unknown(args, ("branch", "commit", "folder"), "args")
    branch, commit = arguments.text(args, "branch"), arguments.text(args, "commit")
    folder = arguments.text(args, "folder", default="")
    waiting = [
        row for row in schedules.every(ctx.db)
        if row.kind == "push" and row.spec == branch and not row.paused and not row.broken
        and (not folder or Path(row.folder).is_relative_to(folder))
    ]  # fmt: skip
    at = now()
    return {"fired": [await _fired(ctx, row, commit, at=at) for row in waiting]}


@verb("schedules.park", role=Role.OPERATOR)
async def park(ctx: Context, actor: Actor, args: Json) -> Json:
    """A planner job that found its pipeline gone says so: the schedule stays, and shows the reason."""
    toml.reject_unknown(args, ("job", "reason"), "args")
    of = schedules.of_job(ctx.db, arguments.number(args, "job"))
    if of.schedule_id is None or of.kind != "planner":
        raise NotFound("schedule", f"of job {args['job']}")
    row, why = schedules.get(ctx.db, of.schedule_id), arguments.text(args, "reason")[:500]
    await ctx.write(lambda db: looking.park(db, row, why, at=now()))
    return {"schedule": row.name}


async def _fired(ctx: Context, row: ScheduleRow, due: str, *, at: Micros) -> Json:
    fired = await looking.fire_now(ctx, row, due, at=at)
    found = schedules.fired(ctx.db, row.id, due)
    if found is None:  # it was parked instead
        raise Refused(f"schedule {row.name} is parked: {schedules.get(ctx.db, row.id).broken}")
    return {"schedule": row.name, "due": due, "fired": fired, "job": found.job_id, "outcome": found.outcome}


def _note(db: sqlite3.Connection, actor: Actor, row: ScheduleRow, due: str, *, at: Micros) -> None:
    detail = {"schedule": row.name, "due": due}
    audit.append(db, actor, "schedules.fire", subject=("schedule", row.id), detail=detail, at=at)


def _one(ctx: Context, args: Args) -> ScheduleRow:
    toml.reject_unknown(args, ("schedule",), "args")
    return schedules.find(ctx.db, arguments.text(args, "schedule"))


def _instant(at: Micros) -> str:
    return datetime.fromtimestamp(at / SECOND, UTC).isoformat(timespec="milliseconds")
