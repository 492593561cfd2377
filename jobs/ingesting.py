"""The runner's hand on the spools: takes what is new, keeps it on the disk, and notices scripts that died.

Reading and adopting happen on a thread, writing on the writer's; the loop only decides. Scripts never wait
for the disk: it is this side that asks it, once a second, to keep what they wrote. When there is no room,
nothing is taken and nothing is lost: points wait in their spools.
"""

import asyncio
import logging
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lineside.jobs import sealing
from lineside.jobs.context import Context
from lineside.jobs.tailing import Tail, Watch
from lineside.jobs.watching import watching
from lineside.store import clock, ingest, spool
from lineside.store.errors import HomeProblem, LinesideError
from lineside.store.homes import Home
from lineside.store.ingest import Slice, Taken
from lineside.store.queries import spools
from lineside.store.spool import Shapes

log = logging.getLogger(__name__)
_KEEP_S = 1.0
"""How much a power loss may cost; and how often ends are looked for."""
_TURN_S = 1.0
"""How long one tick goes on while there is more."""
_RETRY_S = 2.0
"""How long a spool that cannot be ingested is left alone."""
_AT_ONCE = 32
"""Spools whose slices become one transaction."""
_BYTES_AT_ONCE = 1 << 20

_WATCHES: dict[Path, Watch] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A spool to be read, and from where."""

    tail: Tail
    offset: int
    shapes: Shapes


def watch_of(home: Home) -> Watch:
    """What this process remembers of a home's spools."""
    return _WATCHES.get(home.path) or _WATCHES.setdefault(home.path, Watch(home))


async def tick(ctx: Context) -> None:
    """Take what is new from every spool; once a second keep it, and look for ends.

    Raises:
        HomeProblem: something cannot be ingested now; it is tried again.
    """
    watch = watch_of(ctx.home)
    waiting = await asyncio.to_thread(watch.look) if watch.stirs else []
    if watch.new:
        sealing.meet(ctx.db, watch)
        await sealing.check(ctx, watch)
        waiting = await asyncio.to_thread(watch.look)
    until = time.monotonic() + _TURN_S
    while waiting and time.monotonic() < until:
        waiting = [tail for group in _groups(waiting) for tail in await _take(ctx, group)]
    if sealing.due(watch, _KEEP_S):
        if watch.tails:
            _keep(watch)
        await sealing.look(ctx, watch)
    troubles = [
        f"spool {tail.name}: {words}" for tail in watch.tails.values() if (words := tail.shut or tail.problem)
    ]
    if troubles:
        raise HomeProblem(f"{len(troubles)} not ingested, {troubles[0]}", hint="look into the runner's log")


def _keep(watch: Watch) -> None:
    """Have the spools synced, beside all else: a disk that takes seconds for it holds up nothing.

    Raises:
        OSError: the disk could not, the last time.
    """
    if watch.keeping is not None and not watch.keeping.done():
        return
    before = watch.keeping
    watch.keeping = asyncio.ensure_future(asyncio.to_thread(watch.keep))
    if before is not None and not before.cancelled() and (error := before.exception()) is not None:
        raise error


async def drain(ctx: Context, run_uid: str) -> None:
    """Take all that a run has written; asked before the end of its job is told."""
    names = await asyncio.to_thread(_of_run, ctx.home, run_uid)
    waiting = [Tail(name=name) for name in names]
    while waiting:
        waiting = await _take(ctx, waiting)


async def _take(ctx: Context, tails: Sequence[Tail]) -> list[Tail]:
    """One slice of each: read on a thread, written on the writer's, in one transaction; those with more.

    Raises:
        HomeProblem: there is no room.
    """
    for tail in [tail for tail in tails if tail.afresh]:
        await sealing.begin_again(ctx, tail)
    asked = [_asked(ctx, tail) for tail in tails]
    read = await asyncio.to_thread(_read, ctx.home, asked)
    try:
        taken = await _write(ctx, [piece for piece in read if piece is not None])
    except (LinesideError, sqlite3.Error, ValueError) as error:
        _refuse_full(error)
        return await _one_by_one(ctx, tails, error)
    await watching.feed(ctx, [piece for piece in read if piece is not None and taken[piece.path].took])
    return [each.tail for each, piece in zip(asked, read, strict=True) if _note(each, piece, taken)]


def _note(asked: _Asked, piece: Slice | None, taken: Mapping[str, Taken]) -> bool:
    """Remember how far a spool is taken; whether there is more."""
    tail = asked.tail
    if piece is None:
        if tail.retry_at <= time.monotonic():
            tail.taken_at, tail.offset, tail.shapes = tail.size, asked.offset, asked.shapes
        return False
    result = taken[piece.path]
    if result.took:
        tail.size = max(tail.size, piece.end)  # it has grown since the look
        tail.offset, tail.shapes, tail.problem = piece.end, {**asked.shapes, **piece.shapes}, ""
    else:
        tail.shapes = None
        tail.retry_at = 0.0 if result.more else time.monotonic() + _RETRY_S
    return result.more


async def _one_by_one(ctx: Context, tails: Sequence[Tail], error: Exception) -> list[Tail]:
    """One spool that cannot be ingested must not keep the others from it."""
    if len(tails) > 1:
        return [more for tail in tails for more in await _take(ctx, [tail])]
    _fail(tails[0], error)
    return []


async def _write(ctx: Context, pieces: Sequence[Slice]) -> dict[str, Taken]:
    if not pieces:
        return {}
    at = clock.now()
    taken = await ctx.write(
        lambda db: {piece.path: ingest.apply(db, piece, at=at) for piece in pieces}, durable=False
    )
    boxes = tuple(box for each in taken.values() for box in each.boxes)
    if boxes:
        await asyncio.to_thread(ingest.clear, ctx.home, boxes)
    return taken


def _asked(ctx: Context, tail: Tail) -> _Asked:
    row = spools.find(ctx.db, tail.name)
    if row is None:
        return _Asked(tail=tail, offset=0, shapes={})
    known = tail.shapes if tail.offset == row.offset_bytes else None
    shapes = spools.shapes(ctx.db, row.id) if known is None else known
    return _Asked(tail=tail, offset=row.offset_bytes, shapes=shapes)


def _read(home: Home, asked: Sequence[_Asked]) -> list[Slice | None]:
    """The next slice of each; None: nothing whole is there.

    Raises:
        HomeProblem: there is no room for the files they speak of.
    """
    found: list[Slice | None] = []
    for each in asked:
        piece = None
        try:
            piece = ingest.take(home, each.tail.name, offset=each.offset, shapes=each.shapes)
        except FileNotFoundError:
            each.tail.retry_at = time.monotonic() + _RETRY_S  # gone: the next look for ends says so
        except (LinesideError, OSError, ValueError) as error:
            _refuse_full(error)
            _fail(each.tail, error)
        found.append(piece)
    return found


def _fail(tail: Tail, error: Exception) -> None:
    """Leave a spool alone for a while, and say why: once, not five times a second."""
    words = f"{type(error).__name__}: {error}"
    if tail.problem != words:
        log.error("spool not ingested", extra={"spool": tail.name}, exc_info=error)
    tail.problem, tail.retry_at = words, time.monotonic() + _RETRY_S


def _refuse_full(error: Exception) -> None:
    """A disk without room is not the spool's fault.

    Raises:
        HomeProblem: that is what the error says.
    """
    if ingest.no_room(error):
        raise HomeProblem(
            f"no room on the disk ({error}): points wait in their spools, none is lost",
            hint="make room; ingest goes on by itself",
        ) from error


def _groups(tails: Sequence[Tail]) -> Iterator[list[Tail]]:
    """Small spools together, so that a thousand of them are not a thousand transactions."""
    group: list[Tail] = []
    weight = 0
    for tail in tails:
        size = min(tail.size - tail.offset, spool.SLICE)
        if group and (len(group) == _AT_ONCE or weight + size > _BYTES_AT_ONCE):
            yield group
            group, weight = [], 0
        group.append(tail)
        weight += size
    if group:
        yield group


def _of_run(home: Home, run_uid: str) -> list[str]:
    names = [name for name in os.listdir(home.spool) if ingest.uid_in(name) == run_uid]
    return sorted(names, key=lambda name: (name.count("."), name))
