"""Following payload logs: what was served since the last look goes into windows."""

import asyncio
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lineside.jobs.context import Context
from lineside.jobs.monitor.cutting import Cut, Cutter, Position
from lineside.jobs.monitor.settings import spec_of
from lineside.jobs.monitor.windowfiles import SLICE
from lineside.store import spool
from lineside.store.clock import SECOND, Micros, now
from lineside.store.errors import NotFound
from lineside.store.homes import Home
from lineside.store.queries import lineage, models, monitors, windows
from lineside.store.queries.lineage import Node
from lineside.store.queries.monitors import MonitorRow


@dataclass(slots=True, kw_only=True)
class Follower:
    """How far one monitor's payload log was read; rebuilt from the database after a restart."""

    path: Path
    deployment_id: int | None
    settings: str
    cutter: Cutter
    read: int  # bytes
    skip: int  # rows behind `read` that earlier windows took
    shown: int = 0  # rows of the open window that the database knows of

    def more(self) -> list[Cut]:
        """Read on by one slice."""
        found = spool.read(self.path, offset=self.read, limit=SLICE)
        cuts = self.cutter.take(self.read, found.requests, skip=self.skip)
        if found.end > self.read:
            self.read, self.skip = found.end, 0
        return cuts

    def behind(self) -> bool:
        """Whether the log has grown."""
        return self.path.exists() and self.path.stat().st_size > self.read

    def idle_s(self, at: Micros) -> float:
        """Seconds since somebody wrote to the log."""
        return at / SECOND - self.path.stat().st_mtime


_followers: dict[tuple[Home, int], Follower] = {}


async def tick(ctx: Context) -> bool:
    """Look at every monitor's payload log once."""
    every = monitors.every(ctx.db)
    for monitor in every:
        serving = monitors.serving(ctx.db, monitor)
        if serving is None and monitor.deployment_id is None:
            continue
        if serving is not None and serving != monitor.deployment_id:
            await ctx.write(lambda db, m=monitor.id, d=serving: monitors.attach(db, m, deployment_id=d))  # type: ignore[misc]
            continue  # the next look reads from there
        await follow(ctx, monitor, at=now())
    return not every


async def follow(ctx: Context, monitor: MonitorRow, *, at: Micros) -> None:
    """Read what is new of one log, close the windows that are full, show the one that gathers."""
    follower = _follower(ctx, monitor)
    if not follower.path.exists():
        return
    try:
        for _ in range(64):  # 64 MiB, then the others have their turn
            if not follower.behind():
                break
            before = follower.read
            for cut in await asyncio.to_thread(follower.more):
                await _close(ctx, monitor, follower, cut)
            if follower.read == before:
                break  # a torn tail: somebody is writing it just now
        await _let_it_rest(ctx, monitor, follower, at)
    except BaseException:
        _followers.pop((ctx.home, monitor.id), None)  # begin again from what the database knows
        raise


def _follower(ctx: Context, monitor: MonitorRow) -> Follower:
    known = _followers.get((ctx.home, monitor.id))
    if known and (known.deployment_id, known.settings) == (monitor.deployment_id, monitor.settings):
        return known
    spec = spec_of(monitor)
    start = Position(monitor.payload_bytes, monitor.payload_rows)
    made = Follower(
        path=ctx.home.payloads / f"{monitor.deployment}.sp",
        deployment_id=monitor.deployment_id,
        settings=monitor.settings,
        cutter=Cutter(
            start=start,
            size=spec.window_rows,
            span_us=int(spec.window_span_s * SECOND) if spec.window_span_s else None,
            origin_us=windows.origin(ctx.db, monitor.id),
        ),
        read=start.bytes,
        skip=start.rows,
    )
    _followers[ctx.home, monitor.id] = made
    return made


async def _let_it_rest(ctx: Context, monitor: MonitorRow, follower: Follower, at: Micros) -> None:
    """Close a window that nobody fills any more, or show how far it has come."""
    cutter = follower.cutter
    if cutter.rows and follower.idle_s(at) > spec_of(monitor).idle_close_s:
        await _close(ctx, monitor, follower, cutter.close(Position(follower.read, follower.skip)))
    elif cutter.rows != follower.shown and cutter.rows:
        start, end, rows = cutter.first_us, cutter.last_us, cutter.rows
        await ctx.write(
            lambda db: windows.show_open(db, monitor.id, start=start, end=end, rows=rows), durable=False
        )
        follower.shown = rows


async def _close(ctx: Context, monitor: MonitorRow, follower: Follower, cut: Cut) -> None:
    """Write the rows of a full window, then say so in one transaction with the reading position."""
    number = windows.next_number(ctx.db, monitor.id)
    name = f"{monitor.name}-{number}.parquet"
    written = await ctx.compute(
        "lineside.jobs.monitor.windowfiles:write",
        payloads=str(follower.path),
        at_bytes=cut.start.bytes,
        at_rows=cut.start.rows,
        rows=cut.rows,
        path=str(ctx.home.windows / name),
    )
    await ctx.write(lambda db: record(db, monitor, cut, name=name, written=written, at=now()))
    follower.shown = 0


def record(
    db: sqlite3.Connection, monitor: MonitorRow, cut: Cut, *, name: str, written: dict[str, Any], at: Micros
) -> int:
    """The closed window as a row, the edge from its deployment, and the reading position moved on."""
    versions: dict[str, int] = written["versions"]
    version = _version(db, monitor.model, max(versions, key=lambda v: versions[v], default=""))
    package = version.meta if version else {}
    window_id = windows.close(
        db, monitor.id, start=cut.start_us, end=cut.end_us, rows=written["rows"],
        version_id=version.id if version else None, path=name, digest=written["digest"],
        metric=package.get("metric"), baseline=version.holdout if version else None,
        detail=_mixed(versions),
    )  # fmt: skip
    monitors.advance(db, monitor.id, start=cut.start, end=cut.end)
    if monitor.deployment_id is not None:
        src, dst = Node("deployment", monitor.deployment_id), Node("window", window_id)
        lineage.link(db, src=src, dst=dst, relation="watched", at=at)
    return window_id


def _version(db: sqlite3.Connection, model: str, number: str) -> models.VersionRow | None:
    """The version of ours that a payload names; None: it names none."""
    try:
        return models.find_version(db, f"{model}@{number}") if number.isdigit() else None
    except NotFound:
        return None


def _mixed(versions: dict[str, int]) -> str:
    """Words for a window that more than one version served."""
    if len(versions) < 2:
        return ""
    return "served by " + ", ".join(f"v{number} ({rows} rows)" for number, rows in versions.items())
