"""Compaction: points of ended runs leave their spools for segments, and small segments become larger ones.

The compute child writes files; the runner enters them into the manifest and deletes what they replace. Killed
at any moment, either the spool or the segment counts, never both: what is left over goes at the next start.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lineside.jobs import ingesting
from lineside.jobs.context import Context, Json
from lineside.store import clock, events, laststeps, points, segments
from lineside.store.clock import Micros
from lineside.store.db import reader
from lineside.store.errors import Conflict, LinesideError
from lineside.store.homes import Home
from lineside.store.points import Part, State
from lineside.store.queries import segments as manifest
from lineside.store.queries.segments import Moved, SegmentRow, Warm

if TYPE_CHECKING:
    import polars as pl

log = logging.getLogger(__name__)
_RETRY_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When it is worth it, and how much at a time."""

    points: int = 1_000_000
    bytes: int = 64 << 20
    idle_s: float = 600.0  # since the last run ended
    batch_bytes: int = 64 << 20  # of spools, in one segment; a larger run goes alone
    small_bytes: int = 16 << 20  # a segment below this is merged with others,
    merge_files: int = 8  # once there are so many,
    merged_bytes: int = 64 << 20  # up to this


LIMITS = Limits()


@dataclass(slots=True)
class _Memory:
    """What one process knows of a home's compaction."""

    recovered: bool = False
    retry_at: float = 0.0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


_MEMORIES: dict[Path, _Memory] = {}


async def tick(ctx: Context) -> None:
    """Move or merge one batch, if one is due."""
    memory = _MEMORIES.setdefault(ctx.home.path, _Memory())
    if memory.retry_at > time.monotonic() or memory.turn.locked():
        return
    try:
        async with memory.turn:
            if not memory.recovered:
                await asyncio.to_thread(_recover, ctx.home)
                memory.recovered = True
            await advance(ctx, LIMITS, now=clock.now())
    except (LinesideError, OSError, sqlite3.Error) as error:
        memory.recovered, memory.retry_at = False, time.monotonic() + _RETRY_S
        segments.refuse_full(error)
        raise


async def advance(ctx: Context, limits: Limits, *, now: Micros) -> bool:
    """Do the next batch there is; False: none is due."""
    runs = due(manifest.warm(ctx.db), limits, now=now)
    if runs:
        made = await ctx.compute("lineside.jobs.compacting:compact", home=str(ctx.home.path), runs=runs)
        return await _enter(ctx, made)
    small = mergeable(manifest.small(ctx.db, below=limits.small_bytes), limits)
    if small:
        paths = [row.path for row in small]
        made = await ctx.compute("lineside.jobs.compacting:merge", home=str(ctx.home.path), paths=paths)
        await _replace(ctx, made, small)
    return bool(small)


def due(warm: Sequence[Warm], limits: Limits, *, now: Micros) -> list[int]:
    """The runs of the next batch; none while it is not worth it."""
    if not warm:
        return []
    idle = now - max(run.ended_us for run in warm) >= limits.idle_s * 1e6
    many = sum(run.points for run in warm) >= limits.points
    if not (idle or many or sum(run.bytes for run in warm) >= limits.bytes):
        return []
    batch: list[int] = []
    weight = 0
    for run in warm:
        if batch and weight + run.bytes > limits.batch_bytes:
            break
        batch.append(run.run_id)
        weight += run.bytes
    return batch


def mergeable(small: Sequence[SegmentRow], limits: Limits) -> list[SegmentRow]:
    """The segments of the next merge; none while there are few."""
    if len(small) < limits.merge_files and sum(row.bytes for row in small) < limits.merged_bytes:
        return []
    chosen: list[SegmentRow] = []
    for row in small:
        if sum(one.bytes for one in chosen) + row.bytes > limits.merged_bytes:
            break
        chosen.append(row)
    return chosen if len(chosen) > 1 else []


def compact(*, home: str, runs: list[int]) -> Json:
    """In the compute child: one segment of the runs' spools. Nothing is entered, and nothing deleted."""
    import polars as pl

    place = Home(Path(home))
    db = reader(place)
    try:
        names = manifest.metrics(db)
        states = {run_id: points.state(db, run_id) for run_id in runs}
        moved = [one for state in states.values() for one in _moved(place, state)]
        frames = [_frame(place, db, run_id, state, names) for run_id, state in sorted(states.items())]
    finally:
        db.close()
    frame = pl.concat(frames)
    made = segments.write(place, frame) if frame.height else None
    return {"segment": made, "moved": [asdict(one) for one in moved]}


def merge(*, home: str, paths: list[str]) -> Json:
    """In the compute child: one segment of several."""
    return segments.merge(Home(Path(home)), paths)


def _moved(home: Home, state: State) -> list[Moved]:
    found = []
    for row in state.spools:
        if row.cold_head is not None or not row.offset_bytes:
            continue
        try:
            head, missing = segments.head(home.spool / row.path, end=row.offset_bytes), False
        except FileNotFoundError:
            head, missing = "", True
        end = row.offset_bytes
        found.append(Moved(id=row.id, run_id=row.run_id, path=row.path, end=end, head=head, missing=missing))
    return found


def _frame(
    home: Home, db: sqlite3.Connection, run_id: int, state: State, names: dict[str, int]
) -> "pl.DataFrame":
    """The points of a run as a segment holds them."""
    import polars as pl

    by_metric: dict[int, list[Part]] = {}
    for each in points.hot(home, db, state):
        for name, part in points.parts(each):
            by_metric.setdefault(names[name], []).append(part)
    columns: list[list[NDArray[Any]]] = [[], [], [], [], [], []]
    for metric, parts in sorted(by_metric.items()):
        for column, values in zip(columns, _sorted(metric, parts), strict=True):
            column.append(values)
    kinds = {"metric_id": np.int32, "step": np.int64, "seq": np.int64, "opening": np.int16,
             "at_us": np.int64, "value": np.float64}  # fmt: skip
    whole = {
        name: np.concatenate(column) if column else np.empty(0, kind)
        for (name, kind), column in zip(kinds.items(), columns, strict=True)
    }
    run = np.full(len(whole["step"]), run_id, np.int64)
    return pl.DataFrame({"run_id": run, **whole})


def _sorted(metric: int, parts: Sequence[Part]) -> tuple[NDArray[Any], ...]:
    """One metric's columns, by step and place."""
    steps = np.concatenate([part.steps for part in parts])
    opening = np.concatenate([np.broadcast_to(part.opening, part.steps.shape) for part in parts])
    rest = [np.concatenate([getattr(part, name) for part in parts]) for name in ("seq", "at_us", "values")]
    seq, at_us, values = rest
    found = (np.full(len(steps), metric, np.int32), steps, seq, opening.astype(np.int16), at_us, values)
    if bool((steps[1:] > steps[:-1]).all()):
        return found
    order = np.lexsort((seq, steps))
    return tuple(column[order] for column in found)


async def _enter(ctx: Context, made: Json) -> bool:
    """The manifest's transaction, under the locks of the spools; then the spools go.

    Returns:
        False: a script has begun to use one of them; nothing was changed.
    """
    moved = [Moved(**one) for one in made["moved"]]
    lock = segments.held(ctx.home, moved)
    free = await asyncio.to_thread(lock.__enter__)
    try:
        if not free:
            raise Conflict("a spool is in use again", hint="it is tried again")
        await asyncio.to_thread(_note_steps, ctx.home, sorted({one.run_id for one in moved}))
        await ctx.write(lambda db: enter(db, made["segment"], moved, at=clock.now()))
        await asyncio.to_thread(_unlink, [ctx.home.spool / one.path for one in moved])
    except Conflict as error:
        log.info("compaction put off", extra={"why": str(error)})
        await _discard(ctx, made["segment"])
        return False
    except (OSError, sqlite3.Error):
        await _discard(ctx, made["segment"])
        raise
    finally:
        await asyncio.to_thread(lock.__exit__, None, None, None)
        over = ingesting.watch_of(ctx.home).over
        over.difference_update(one.path for one in moved)  # a new file of the name is a new one
    return True


def enter(db: sqlite3.Connection, segment: Json | None, moved: Sequence[Moved], *, at: Micros) -> None:
    """Say in the manifest that a segment holds what spools held.

    Raises:
        Conflict: one of the spools has changed meanwhile.
    """
    manifest.cool(db, moved)
    if segment:
        manifest.add(db, segment, at=at)
    for one in moved:
        if one.missing:
            events.gap(db, one.run_id, spool=one.path, at_byte=0, lost=None, why="deleted")


def replace(db: sqlite3.Connection, segment: Json, gone: Sequence[SegmentRow], *, at: Micros) -> None:
    """Say in the manifest that one segment holds what several held.

    Raises:
        Conflict: one of them is gone.
    """
    manifest.drop(db, gone)
    manifest.add(db, segment, at=at)


async def _replace(ctx: Context, made: Json, gone: Sequence[SegmentRow]) -> None:
    try:
        await ctx.write(lambda db: replace(db, made, gone, at=clock.now()))
    except (Conflict, sqlite3.Error):
        await _discard(ctx, made)
        raise
    await asyncio.to_thread(_unlink, [ctx.home.segments / row.path for row in gone])


async def _discard(ctx: Context, made: Json | None) -> None:
    """A file that was not entered takes no room until the next start; one that was stays, whatever failed."""
    if made is not None and made["path"] not in {row.path for row in manifest.every(ctx.db)}:
        await asyncio.to_thread(_unlink, [ctx.home.segments / made["path"]])


def _note_steps(home: Home, run_ids: list[int]) -> None:
    db = reader(home)
    try:
        laststeps.note(home, db, run_ids)
    finally:
        db.close()


def _recover(home: Home) -> None:
    db = reader(home)
    try:
        gone = segments.recover(home, db)
        laststeps.rebuild(home, db)
    finally:
        db.close()
    if gone:
        log.info("left over from a crash, and deleted", extra={"files": gone[:20], "count": len(gone)})


def _unlink(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
