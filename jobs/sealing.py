"""How a spool's life ends: sealed after its run, given up with its script, or deleted under a living one."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from lineside.jobs import mending, tailing
from lineside.jobs.context import Context
from lineside.jobs.tailing import Gone, Tail, Watch
from lineside.store import clock, events, segments
from lineside.store.queries import runs, spools, tails
from lineside.store.queries.spools import SpoolRow
from lineside.store.queries.tails import TailRow
from lineside.store.states import Cause, RunStatus

_NEW_AT_ONCE = 500
_PATIENCE_S = 60.0
"""How long a missing spool is waited for when nobody can tell whether a script still holds it."""
_LIVE = frozenset({RunStatus.SCHEDULED, RunStatus.RUNNING})
Change = Callable[[sqlite3.Connection], None]


def due(watch: Watch, period_s: float) -> bool:
    """Whether it is time to look for ends again."""
    if time.monotonic() - watch.looked_at < period_s:
        return False
    watch.looked_at = time.monotonic()
    return True


def meet(db: sqlite3.Connection, watch: Watch) -> None:
    """Look new names up: those that are sealed already, and have nothing more, are let alone."""
    for name in watch.new[:_NEW_AT_ONCE]:
        row = spools.find(db, name)
        if row is not None and row.cold_head is not None:
            _meet_again(watch, row)
        elif row is not None and row.sealed and _size(watch.folder / name) == row.offset_bytes:
            watch.over.add(name)
        else:
            watch.admit(name, offset=row.offset_bytes if row else 0)
            if row is not None and row.offset_bytes:
                watch.doubted.add(name)
    watch.new = watch.new[_NEW_AT_ONCE:]


def _meet_again(watch: Watch, row: SpoolRow) -> None:
    """A file under the name of one whose points are in a segment: that one, or the run goes on."""
    path = watch.folder / row.path
    try:
        same = segments.head(path, end=row.cold_bytes) == row.cold_head
    except OSError:  # gone, or shut
        return
    watch.admit(row.path, offset=row.offset_bytes)  # a crash left it, and a script may go on with it
    watch.tails[row.path].replaced = not same


async def look(ctx: Context, watch: Watch) -> None:
    """Seal, bury and report, all in one transaction."""
    if watch.resumed:
        uids = [name.removesuffix(tailing.RESUME) for name in watch.resumed]
        await ctx.write(partial(_go_on, uids), durable=False)
        for name in watch.resumed:
            with contextlib.suppress(OSError):  # gone, or no file: the next one is looked at all the same
                (watch.folder / name).unlink()
        watch.resumed = set()
    open_names = spools.open_names(ctx.db)
    for name in watch.over & open_names:  # the run goes on
        watch.over.discard(name)
        watch.admit(name, offset=0)
    changes = [*await _ended(ctx, watch), *await _deleted(ctx, watch, open_names)]
    if changes:
        await ctx.write(lambda db: [change(db) for change in changes], durable=False)


async def begin_again(ctx: Context, tail: Tail) -> None:
    """Another file stands under the name: it is read from its beginning, and the run says what is missing.

    Or a power loss has made it shorter: then it is the same one, and what was taken is not taken again.
    """
    row, loss = spools.find(ctx.db, tail.name), None
    if row is not None and row.offset_bytes:
        if not tail.replaced:
            known = tails.newest(ctx.db, row.run_id)
            loss = await asyncio.to_thread(mending.shortened, ctx.home, row, known)
        again = partial(_begin_again, row) if loss is None else partial(mending.note, row, loss)
        await ctx.write(again, durable=False)
    tail.replaced, tail.offset, tail.taken_at, tail.shapes = False, loss.end if loss else 0, -1, None


async def check(ctx: Context, watch: Watch) -> None:
    """Look once, before anything is taken, whether what was taken before is still there."""
    doubted, watch.doubted = sorted(watch.doubted), set()
    rows = [row for name in doubted if (row := spools.find(ctx.db, name)) is not None]
    asked = [(row, tails.newest(ctx.db, row.run_id)) for row in rows]
    losses = await asyncio.to_thread(lambda: [mending.damaged(ctx.home, *each) for each in asked])
    changes = [partial(mending.note, row, loss) for row, loss in zip(rows, losses, strict=True) if loss]
    if changes:
        await ctx.write(lambda db: [change(db) for change in changes], durable=False)


async def _ended(ctx: Context, watch: Watch) -> list[Change]:
    """What is to be done with still spools that nobody holds."""
    at = time.monotonic()
    rows = {row.path: row for row in tails.ending(ctx.db)}
    still = [tail for name, tail in watch.tails.items() if name in rows and tail.still(at)]
    if not still:
        return []
    free = await asyncio.to_thread(tailing.let_go, ctx.home.spool, still)
    changes: list[Change] = []
    for tail in still:
        row = rows[tail.name]
        if tail.name not in free:
            continue
        if row.status not in _LIVE:
            changes.append(partial(_seal, row, tail.size))
            watch.forget(tail.name)
        else:
            words = "the script ended without saying so"
            changes.append(partial(_bury, row.run_id, words))
            tail.ask_at = 0.0  # sealed at the next look
    return changes


async def _deleted(ctx: Context, watch: Watch, open_names: set[str]) -> list[Change]:
    """Open spools without a file: once nobody can write them again, their runs say what happened.

    A script that finds its spool deleted writes all of it again; so what somebody still holds is waited for.
    """
    missing = open_names - watch.tails.keys() - set(watch.new)
    watch.gone = {name: watch.gone.get(name, Gone()) for name in missing}
    if not missing:
        return []
    at, held = time.monotonic(), await asyncio.to_thread(tailing.locked_inodes)
    changes: list[Change] = []
    for name, gone in watch.gone.items():
        patience_s = tailing.QUIET_S if gone.inode else _PATIENCE_S
        if at - gone.since >= patience_s and gone.inode not in held and not _in_a_job(ctx.db, name):
            changes.append(partial(_give_up, name))
    return changes


def _in_a_job(db: sqlite3.Connection, name: str) -> bool:
    """Whether its run has a job that still goes on."""
    row = spools.find(db, name)
    run = runs.get(db, row.run_id) if row else None
    return run is not None and run.job_id is not None and run.status in _LIVE


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1


def _go_on(uids: list[str], db: sqlite3.Connection) -> None:
    """The spools of resumed runs are looked at again."""
    for uid in uids:
        run_id = runs.find_uid(db, uid)
        if run_id is not None:
            spools.unseal(db, run_id)


def _seal(row: TailRow, size: int, db: sqlite3.Connection) -> None:
    """Nothing comes any more; a torn tail counts as skipped."""
    rest = size - row.offset_bytes
    if rest > 0:
        events.gap(db, row.run_id, spool=row.path, at_byte=row.offset_bytes, lost=rest, why="torn")
    spools.advance(db, row.id, start=row.offset_bytes, end=size, frames=0, skipped=rest)
    spools.seal(db, row.id, end=size)


def _bury(run_id: int, detail: str, db: sqlite3.Connection) -> None:
    """A run without a job, whose script is gone without a word."""
    if runs.get(db, run_id).status == RunStatus.RUNNING:
        runs.end(db, run_id, status=RunStatus.FAILED, cause=Cause.LOST, detail=detail, at=clock.now())


def _give_up(name: str, db: sqlite3.Connection) -> None:
    """The file was deleted under its writer."""
    row = spools.find(db, name)
    if row is None or row.sealed:
        return
    events.gap(db, row.run_id, spool=name, at_byte=row.offset_bytes, lost=None, why="deleted")
    spools.seal(db, row.id, end=row.offset_bytes)
    run = runs.get(db, row.run_id)
    if run.job_id is None and row.rank == 0:
        _bury(row.run_id, "its spool was deleted: nothing more can be seen of it", db)


def _begin_again(row: SpoolRow, db: sqlite3.Connection) -> None:
    """What a segment holds of the former file is not missing."""
    offset = row.offset_bytes
    if tails.begin_again(db, row.id, offset_bytes=offset) and offset > row.cold_bytes:
        events.gap(db, row.run_id, spool=row.path, at_byte=offset, lost=None, why="replaced")
