"""The runner's hand on the spools: takes what is new, keeps it on the disk, and notices scripts that died.

Reading and adopting happen on a thread, writing on the writer's; the loop only decides. Scripts never wait
for the disk: it is this side that asks it, once a second, to keep what they wrote.
"""

import asyncio
import fcntl
import logging
import os
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from lineside.jobs.context import Context
from lineside.store import clock, ingest
from lineside.store.errors import LinesideError
from lineside.store.homes import Home
from lineside.store.ingest import Taken
from lineside.store.queries import runs, spools
from lineside.store.queries.spools import SpoolRow
from lineside.store.states import Cause, RunStatus

log = logging.getLogger(__name__)
_KEEP_S = 1.0
"""How much a power loss may cost."""
_QUIET_S = 2.0
"""How long a spool must be still before its lock is tried: a script that opens it must not find it taken."""
_TURN_S = 1.0
"""How long one tick goes on while there is more."""
_LIVE = frozenset({RunStatus.SCHEDULED, RunStatus.RUNNING})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """One spool file, as the folder shows it."""

    name: str
    size: int
    quiet: bool  # nothing was written for a while


@dataclass(slots=True, kw_only=True)
class _Watch:
    """What is remembered of one home's spools between two ticks."""

    sealed: set[str] = field(default_factory=set)
    kept: dict[str, int] = field(default_factory=dict)  # sizes that are safe on the disk
    kept_at: float = 0.0


_WATCHES: dict[Path, _Watch] = {}


async def tick(ctx: Context) -> None:
    """Take what is new from every spool; keep it; seal or bury those that will not grow any more."""
    watch = _WATCHES.setdefault(ctx.home.path, _Watch())
    watch.sealed -= spools.open_names(ctx.db)
    seen = await asyncio.to_thread(_look, ctx.home, watch)
    rows = {each.name: spools.find(ctx.db, each.name) for each in seen}
    watch.sealed |= {name for name, row in rows.items() if row and row.sealed}
    until = time.monotonic() + _TURN_S
    waiting = [each.name for each in seen if each.size > _offset(rows[each.name])]
    while waiting and time.monotonic() < until:
        waiting = [name for name in waiting if (await _take_safely(ctx, name)).more]
    for each in seen:
        if each.quiet and not waiting:
            await _settle(ctx, each)


async def drain(ctx: Context, run_uid: str) -> None:
    """Take all that a run has written; asked before the end of its job is told."""
    for name in await asyncio.to_thread(_of_run, ctx.home, run_uid):
        while (await _take_safely(ctx, name)).more:
            pass


async def _take_safely(ctx: Context, name: str) -> Taken:
    """One spool that cannot be ingested must not keep the others from it."""
    try:
        return await _take(ctx, name)
    except (LinesideError, sqlite3.Error, OSError, ValueError):
        log.exception("spool not ingested", extra={"spool": name})
        return Taken(run_id=None, points=0, frames=0, end=0, more=False)


async def _take(ctx: Context, name: str) -> Taken:
    """One slice: read on a thread, written on the writer's."""
    row = spools.find(ctx.db, name)
    shapes = spools.shapes(ctx.db, row.id) if row else {}
    piece = await asyncio.to_thread(ingest.take, ctx.home, name, offset=_offset(row), shapes=shapes)
    if piece is None:
        return Taken(run_id=row.run_id if row else None, points=0, frames=0, end=_offset(row), more=False)
    taken = await ctx.write(lambda db: ingest.apply(db, piece, at=clock.now()), durable=False)
    if taken.boxes:
        await asyncio.to_thread(ingest.clear, ctx.home, taken.boxes)
    return taken


async def _settle(ctx: Context, seen: _Seen) -> None:
    """A still spool that nobody holds: of an ended run it is sealed; without a verdict the script died."""
    row = spools.find(ctx.db, seen.name)
    if row is None or row.sealed or not await asyncio.to_thread(_let_go, ctx.home.spool / seen.name):
        return
    run = runs.get(ctx.db, row.run_id)
    if run.status not in _LIVE:
        await ctx.write(partial(_seal, row, seen.size), durable=False)
    elif run.job_id is None and row.rank == 0:
        await ctx.write(partial(_bury, row.run_id), durable=False)


def _seal(row: SpoolRow, size: int, db: sqlite3.Connection) -> None:
    """Nothing comes any more; a torn tail counts as skipped."""
    rest = size - row.offset_bytes
    spools.advance(db, row.id, start=row.offset_bytes, end=size, frames=0, skipped=rest)
    spools.seal(db, row.id, end=size)


def _bury(run_id: int, db: sqlite3.Connection) -> None:
    """A run without a job, whose script is gone without a word."""
    if runs.get(db, run_id).status == RunStatus.RUNNING:
        detail = "the script ended without saying so"
        runs.end(db, run_id, status=RunStatus.FAILED, cause=Cause.LOST, detail=detail, at=clock.now())


def _look(home: Home, watch: _Watch) -> list[_Seen]:
    """The spools that are not sealed, the runs' own before those of their other processes; and keep them."""
    seen = []
    with os.scandir(home.spool) as entries:
        for entry in entries:
            if entry.name not in watch.sealed and ingest.uid_in(entry.name):
                stat = entry.stat()
                quiet = time.time() - stat.st_mtime > _QUIET_S
                seen.append(_Seen(name=entry.name, size=stat.st_size, quiet=quiet))
    if time.monotonic() - watch.kept_at > _KEEP_S:
        _keep(home, watch, seen)
    return sorted(seen, key=lambda each: (each.name.count("."), each.name))


def _keep(home: Home, watch: _Watch, seen: Sequence[_Seen]) -> None:
    for each in seen:
        if watch.kept.get(each.name) != each.size:
            file = os.open(home.spool / each.name, os.O_RDONLY)
            os.fdatasync(file)
            os.close(file)
    watch.kept, watch.kept_at = {each.name: each.size for each in seen}, time.monotonic()


def _of_run(home: Home, run_uid: str) -> list[str]:
    names = [name for name in os.listdir(home.spool) if ingest.uid_in(name) == run_uid]
    return sorted(names, key=lambda name: (name.count("."), name))


def _let_go(path: Path) -> bool:
    """Whether no process holds the spool's lock."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(file)
    return True


def _offset(row: SpoolRow | None) -> int:
    return row.offset_bytes if row else 0
