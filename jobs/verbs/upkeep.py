"""Care of a home that only the runner may take, because it alone writes: deleting what nothing needs."""

import asyncio
import sqlite3
from collections import Counter

from lineside.jobs.context import Context, Json, verb
from lineside.store import garbage, sweeping, toml
from lineside.store.actors import Actor, Role
from lineside.store.clock import Micros, now
from lineside.store.db import reader
from lineside.store.errors import Usage
from lineside.store.garbage import Facts, Item, Plan
from lineside.store.homes import Home
from lineside.store.queries import audit


@verb("upkeep.gc", role=Role.ADMIN, jobs_may=False)
async def gc(ctx: Context, actor: Actor, args: Json) -> Json:
    """Delete what nothing needs: found on the side, judged again in one transaction, then gone."""
    toml.reject_unknown(args, ("older_than_days",), "args", lambda _: 1)
    days = _days(args)
    plan = await asyncio.to_thread(_look, ctx.home, now(), days)

    def decide(db: sqlite3.Connection) -> tuple[Facts, list[Item], list[Item]]:
        known = garbage.facts(ctx.home, db)
        may, kept = sweeping.confirmed(plan, known)
        detail = {**_told(may), "older_than_days": days}
        audit.append(db, actor, "upkeep.gc", subject=("home", None), detail=detail, at=now())
        sweeping.set_aside(ctx.home, may)
        return known, may, kept

    known, may, kept = await ctx.write(decide)
    swept = await asyncio.to_thread(_sweep, ctx.home, may, known)
    return {**_told(swept.gone), "kept": [item.path for item in (*kept, *swept.kept)][:100]}


def _look(home: Home, at: Micros, days: float | None) -> Plan:
    db = reader(home)
    try:
        known = garbage.facts(home, db)
    finally:
        db.close()
    return garbage.survey(home, known, at=at, older_than_days=days)


def _sweep(home: Home, items: list[Item], known: Facts) -> sweeping.Swept:
    sweeping.restore_aside(home, known)
    return sweeping.sweep(home, items, known)


def _told(items: list[Item] | tuple[Item, ...]) -> Json:
    kinds = Counter(item.kind for item in items)
    return {
        "count": len(items),
        "bytes": sum(item.bytes for item in items),
        "kinds": dict(sorted(kinds.items())),
    }


def _days(args: Json) -> float | None:
    days = args.get("older_than_days")
    if days is None:
        return None
    if not isinstance(days, int | float) or isinstance(days, bool) or not 0 <= days < 1e6:
        raise Usage(f"older_than_days must be a number of days, not {days!r}", hint="for example 30")
    return float(days)
