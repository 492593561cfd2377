"""The tick that asks the table what is due. APScheduler only says when to look.

Our table is the truth, so none of the faults that APScheduler's own job stores have can happen. Nothing is
pickled, and nothing deleted: a row that cannot be read is parked. A firing knows its time and takes it
under a key, so a crash, a second clock or a clock set back doubles none. A locked database fails one look,
and the next one finds the same row due. A runner that ends takes nothing that it does not start. What was
missed is found by halving, never by walking it. Asking the table twice a second costs one read by index,
and needs no second copy of the due times that could disagree with it.
"""

import logging
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path

from lineside.jobs.context import Context
from lineside.jobs.execution import queue
from lineside.jobs.schedules import firing, timings
from lineside.jobs.schedules.firing import Fired
from lineside.jobs.schedules.timings import ON_TIME_US, Timing
from lineside.store.actors import LINESIDE
from lineside.store.clock import SECOND, Micros, now
from lineside.store.errors import Conflict, NotFound, Usage
from lineside.store.queries import audit, schedules
from lineside.store.queries.schedules import ScheduleRow, UnfiredRow

log = logging.getLogger(__name__)
_AT_ONCE = 50
"""Firings of one transaction: the writer has other work, and goes on with the rest at the next look."""
_SOON_US = 15 * SECOND
"""Longer than the clock ever leaves this tick alone."""
_looked: dict[Path, Micros] = {}
"""When each home was looked at last; nothing of a home that this process never looked at."""


async def tick(ctx: Context) -> bool:
    """Fire all that is due; True: nothing more comes of it soon, unless the database changes."""
    at = now()
    await look(ctx, at=at)
    coming = schedules.next_due(ctx.db)
    return coming is None or coming > at + _SOON_US


async def look(ctx: Context, *, at: Micros) -> None:
    """Fire what is due at `at`: by time, by new versions, and what waited for an earlier firing."""
    await _notice_step(ctx, at)
    for row in schedules.due(ctx.db, at):
        await _guarded(ctx, row, partial(by_time, row=row, at=at))
    for id, versions in groupby(schedules.unfired(ctx.db), key=lambda each: each.schedule_id):
        fresh = list(versions)
        row = schedules.get(ctx.db, id)
        await _guarded(ctx, row, partial(_by_data, row=row, fresh=fresh, at=at))
    for id in schedules.held_back(ctx.db):
        if await ctx.write(partial(firing.release, schedule_id=id)):
            ctx.wake()


async def fire_now(ctx: Context, row: ScheduleRow, due: str, *, at: Micros) -> bool:
    """Fire by hand or for a push, under the key `due`; False: it was taken before, or the folder is gone."""
    return await _guarded(
        ctx, row, lambda db: _all(firing.fire(db, row, due=due, due_us=None, overlap=row.overlap, at=at))
    )


def by_time(db: sqlite3.Connection, row: ScheduleRow, *, at: Micros) -> list[Fired]:
    """Take what is due of one schedule, by its rule for what was missed, and note the next due time.

    Raises:
        Usage: its line, its zone or its folder is gone.
        Conflict: it was changed meanwhile.
    """
    timing = timings.of(row)
    assert timing is not None
    assert row.next_us is not None
    if row.catch_up == "all":
        return _every_missed(db, row, timing, row.next_us, at)
    last = timings.newest(timing, row.next_us, at)
    schedules.advance(db, row, timing.next_after(at))
    if row.catch_up == "none" and at - last > ON_TIME_US:
        firing.skip(db, row, due=timing.due(last), why=f"missed, {_late(at - last)} late", at=at)
        return []
    return _all(firing.fire(db, row, due=timing.due(last), due_us=last, overlap=row.overlap, at=at))


def _every_missed(
    db: sqlite3.Connection, row: ScheduleRow, timing: Timing, first: Micros, at: Micros
) -> list[Fired]:
    """Fire all the missed times, fifty at a look; those that come late wait for each other.

    Who asks for all of them does not mean to skip all but the first because that one still runs.
    """
    dues, cut = timings.missed(timing, first, at)
    schedules.advance(db, row, dues[_AT_ONCE] if len(dues) > _AT_ONCE else timing.next_after(at))
    if cut:
        why = f"missed with all before {timing.due(dues[0])}: more than {timings.MOST:,}"
        firing.skip(db, row, due=timing.due(first), why=why, at=at)
    found = []
    for due in dues[:_AT_ONCE]:
        late = at - due > ON_TIME_US
        overlap = "queue" if late and row.overlap == "skip" else row.overlap
        found += _all(firing.fire(db, row, due=timing.due(due), due_us=due, overlap=overlap, at=at))
    return found


def _by_data(
    db: sqlite3.Connection, row: ScheduleRow, fresh: Sequence[UnfiredRow], *, at: Micros
) -> list[Fired]:
    """Fire for new versions: for each with `all`, else for the newest."""
    older = () if row.catch_up == "all" else fresh[:-1]
    for each in older:
        firing.skip(db, row, due=each.due, why=f"{fresh[-1].due} is newer", at=at)
    found = []
    for each in fresh[len(older) :]:
        late = at - each.created_us > ON_TIME_US
        if late and row.catch_up == "none":
            firing.skip(db, row, due=each.due, why=f"missed, {_late(at - each.created_us)} late", at=at)
            continue
        overlap = "queue" if row.catch_up == "all" and row.overlap == "skip" else row.overlap
        found += _all(firing.fire(db, row, due=each.due, due_us=None, overlap=overlap, at=at))
    return found


async def _guarded(
    ctx: Context, row: ScheduleRow, change: Callable[[sqlite3.Connection], list[Fired]]
) -> bool:
    """Make one change; a schedule that cannot work is parked, one that changed is looked at again."""
    try:
        done = await ctx.write(change)
    except (Conflict, NotFound) as error:
        log.info("a schedule changed under the look", extra={"schedule": row.name, "error": str(error)})
        return False
    except Usage as error:
        why = str(error)
        await ctx.write(lambda db: park(db, row, why, at=now()))
        return False
    for id in (id for fired in done for id in fired.ended):
        queue.forget_environment(ctx.home, id)
    if done:
        ctx.wake()
    return bool(done)


def park(db: sqlite3.Connection, row: ScheduleRow, why: str, *, at: Micros) -> None:
    """Keep a schedule that cannot work, and say why, until somebody resumes it."""
    if schedules.park(db, row.id, why):
        log.warning("a schedule is parked", extra={"schedule": row.name, "reason": why})
        detail = {"schedule": row.name, "reason": why}
        audit.append(db, LINESIDE, "schedules.park", subject=("schedule", row.id), detail=detail, at=at)


async def _notice_step(ctx: Context, at: Micros) -> None:
    """After a start, and when the system clock went back: nobody waits for a time that was reckoned ahead.

    What fell due before the step keeps its key, so it does not fire again.
    """
    before = _looked.get(ctx.home.path)
    _looked[ctx.home.path] = at
    if before is None or at < before - SECOND:
        for row in schedules.every(ctx.db):
            if row.next_us is not None:
                await _guarded(ctx, row, partial(_retime, row=row, at=at))


def _retime(db: sqlite3.Connection, row: ScheduleRow, *, at: Micros) -> list[Fired]:
    first = timings.first(row, at)
    if first is not None and row.next_us is not None and first < row.next_us:
        schedules.advance(db, row, first)
    return []


def _all(fired: Fired | None) -> list[Fired]:
    return [fired] if fired is not None else []


def _late(us: int) -> str:
    minutes = us // (60 * SECOND)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
