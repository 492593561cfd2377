"""Care of a home that only the runner may take, because it alone writes: deleting what nothing needs."""

import asyncio
import logging
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from lineside.jobs.context import Context, Json, verb
from lineside.jobs.turns import Turns
from lineside.store import garbage, sweeping, toml
from lineside.store.actors import Actor, Role
from lineside.store.clock import Micros, now
from lineside.store.db import reader
from lineside.store.errors import Usage
from lineside.store.garbage import Facts, Item, Plan
from lineside.store.homes import Home
from lineside.store.queries import audit
from lineside.store.sweeping import Kept

log = logging.getLogger(__name__)
_TURNS = Turns()
_TOLD = 100
"""Of what was kept, so many are named: an answer is one line of a socket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decided:
    """What the transaction found."""

    known: Facts
    may: list[Item]
    kept: list[Kept]
    moved: dict[str, Path]


@verb("upkeep.gc", role=Role.ADMIN, jobs_may=False)
async def gc(ctx: Context, actor: Actor, args: Json) -> Json:
    """Delete what nothing needs: found on the side, judged again in one transaction, then gone."""
    toml.reject_unknown(args, ("older_than_days",), "args", lambda _: 1)
    days = _days(args)
    async with _TURNS.take(ctx.home.path):
        plan = await asyncio.to_thread(_look, ctx.home, now(), days)
        decided = await ctx.write(lambda db: _decide(db, ctx.home, actor, plan, days))
        swept = await asyncio.to_thread(
            sweeping.sweep, ctx.home, decided.may, decided.known, moved=decided.moved
        )
    kept = [*decided.kept, *swept.kept]
    told = _told(swept.gone, swept.bytes)
    log.info("garbage deleted", extra={**told, "kept": len(kept), "failed": sum(one.failed for one in kept)})
    return {
        **told,
        "kept": [asdict(one) for one in sorted(kept, key=lambda one: not one.failed)[:_TOLD]],
        "kept_count": len(kept),
        "failed_count": sum(one.failed for one in kept),
    }


def _decide(db: sqlite3.Connection, home: Home, actor: Actor, plan: Plan, days: float | None) -> _Decided:
    """Judge the plan by what is true now, and say in the audit trail what is about to go."""
    known = garbage.facts(home, db)
    may, kept = sweeping.confirmed(plan, known)
    detail = {**_told(may, sum(item.bytes for item in may)), "older_than_days": days}
    audit.append(db, actor, "upkeep.gc", subject=("home", None), detail=detail, at=now())
    return _Decided(known=known, may=may, kept=kept, moved=sweeping.set_aside(home, may))


def _look(home: Home, at: Micros, days: float | None) -> Plan:
    db = reader(home)
    try:
        known = garbage.facts(home, db)
    finally:
        db.close()
    return garbage.survey(home, known, at=at, older_than_days=days)


def _told(items: Sequence[Item], size: int) -> Json:
    kinds = Counter(item.kind for item in items)
    return {"count": len(items), "bytes": size, "kinds": dict(sorted(kinds.items()))}


def _days(args: Json) -> float | None:
    days = args.get("older_than_days")
    if days is None:
        return None
    if not isinstance(days, int | float) or isinstance(days, bool) or not 0 <= days < 1e6:
        raise Usage(f"older_than_days must be a number of days, not {days!r}", hint="for example 30")
    return float(days)
