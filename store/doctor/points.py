"""The points of runs: every segment is what was written, every spool still holds what was read of it."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lineside.store import ingest, segments
from lineside.store.clock import SECOND, Micros
from lineside.store.doctor import house
from lineside.store.doctor.findings import Case, Finding, counted, from_backup, ok, problem, warning
from lineside.store.doctor.trail import SLACK_S, told
from lineside.store.queries import examinations, spools
from lineside.store.queries import segments as manifest
from lineside.store.queries.examinations import SpoolSight

_BEHIND = 64 << 20
"""Bytes of spools that a runner which is up leaves unread only when it cannot keep up."""


def files(case: Case, conn: sqlite3.Connection) -> Iterator[Finding]:
    """The manifest and segments/ name the same files, and each has the bytes that were written."""
    home, rows = case.home, manifest.every(conn)
    shallow = case.quick or not home.segments.is_dir()
    bad = _sizes(case, rows) if shallow else _bytes(case, conn)
    named = {row.path: row for row in manifest.every(conn)}  # merging goes on meanwhile
    bad = [(name, words) for name, words in bad if name in named]
    faults = [
        problem(
            "segments",
            f"{name} ({named[name].rows:,} points) {words}",
            hint=from_backup(home, home.segments / name),
        )
        for name, words in bad
    ]
    yield from faults
    strangers = [path for path in home.segments.glob("*.parquet") if path.name not in named]
    hint = "the runner deletes it when it starts: lineside runner start"
    for path in strangers:
        if house.settled(case, path):
            yield warning("segments", f"{path.name} is a file that the manifest does not name", hint=hint)
    if not faults:
        read = 0 if shallow else sum(row.bytes for row in rows)
        size = sum(row.bytes for row in rows)
        held = "there" if case.quick else "as written"
        words = f"{counted(len(rows), 'file')}, {size:,} bytes: {held}" if rows else "none yet"
        yield ok("segments", words, read_bytes=read)


def damaged(case: Case, conn: sqlite3.Connection) -> Iterator[Finding]:
    """What was lost to damage when spools were read: it does not come back, but it should be known."""
    for one in examinations.damaged(conn):
        lost = f"{one.skipped_bytes:,} bytes of the spool of run {one.run_id}"
        words = f"{lost} were damaged when they were read: points are missing"
        yield warning("spools", words, hint=f"see what it says of gaps: lineside runs show {one.run_id}")


def warm(case: Case, conn: sqlite3.Connection) -> Iterator[Finding]:
    """Spools whose points are nowhere else are there, and still what was read of them."""
    faults: list[Finding] = []
    read = 0
    rows = examinations.warm(conn)
    for row in rows:
        fault, size = _looked_at(case, row)
        read += size
        if fault and _stays(conn, row):
            faults.append(fault)
    yield from faults
    if not faults:
        held = "there" if case.quick else "as read"
        words = f"{len(rows):,} with points that are in no segment yet: {held}"
        yield ok("spools", words if rows else "all points are in segments", read_bytes=read)


def unread(case: Case, conn: sqlite3.Connection, *, lives: bool) -> Iterator[Finding]:
    """What scripts logged and nobody took yet."""
    waiting = {path.name: size for path in case.home.spool.glob("*.sp") if (size := _unread(conn, path))}
    size = sum(waiting.values())
    if waiting and not lives:
        words = f"{size:,} bytes in {counted(len(waiting), 'spool')} that nobody has read yet"
        yield warning("spools", words, hint="the runner reads them: lineside runner start")
    elif size > _BEHIND:
        words = f"the runner is {size:,} bytes behind in reading {counted(len(waiting), 'spool')}"
        yield warning("spools", words, hint="look for why: lineside runner logs")


def _bytes(case: Case, conn: sqlite3.Connection) -> list[tuple[str, str]]:
    said = {"missing": "is missing", "damaged": "is damaged: its bytes are not what was written"}
    return [
        (fault.path.name, said[fault.kind])
        for fault in segments.verify(case.home, conn)
        if fault.kind in said
    ]


def _sizes(case: Case, rows: list[manifest.SegmentRow]) -> list[tuple[str, str]]:
    found = []
    for row in rows:
        path = case.home.segments / row.path
        if not path.exists():
            found.append((row.path, "is missing"))
        elif (size := path.stat().st_size) != row.bytes:
            found.append((row.path, f"is damaged: it has {size:,} bytes, not {row.bytes:,}"))
    return found


def _looked_at(case: Case, row: SpoolSight) -> tuple[Finding | None, int]:
    """What is wrong with a spool, and the bytes read to know it."""
    path, whose = case.home.spool / row.path, f"the spool of run {row.run_id}"
    end, hint = row.offset_bytes, from_backup(case.home, path)
    if not path.exists():
        words = f"{whose} is gone, {row.path}: {end - row.cold_bytes:,} bytes of points are nowhere else"
        return problem("spools", words, hint=hint), 0
    if (size := path.stat().st_size) < end:
        words = f"{whose} was cut short: {size:,} bytes of {end:,}, {row.path}"
        return problem("spools", words, hint=hint), 0
    if case.quick:
        return None, 0
    seen = _read(path, end)
    if seen.lost > row.skipped_bytes:
        lost = seen.lost - row.skipped_bytes
        words = f"{whose} has changed since it was read: {lost:,} bytes are damaged, {row.path}"
        return problem("spools", words, hint=hint), end
    if seen.newest_us - case.at > SLACK_S * SECOND:
        words = f"run {row.run_id} has points from {told(seen.newest_us, case.at)} in the future"
        return problem("clock", words, hint="compare the clocks: date -u, here and where it ran"), end
    return None, end


def _stays(conn: sqlite3.Connection, row: SpoolSight) -> bool:
    """Whether it has neither been moved into a segment nor begun anew while it was looked at."""
    now = spools.find(conn, row.path)
    return now is not None and now.cold_bytes < row.offset_bytes <= now.offset_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    lost: int  # bytes in no whole frame
    newest_us: Micros


def _read(path: Path, end: int) -> _Seen:
    """Check the sum of every frame of a spool up to where it was taken."""
    from lineside.store import spool

    at, lost, newest_ns = 0, 0, 0
    shapes: spool.Shapes = {}
    while at < end:
        limit = min(spool.SLICE, end - at)
        found = spool.read(path, offset=at, limit=limit, shapes=shapes, taken=at + limit == end)
        if found.end == at:
            break
        at, lost, shapes = found.end, lost + found.skipped, found.shapes
        newest_ns = max([newest_ns, *(int(part.at_ns.max()) for part in found.steps if len(part.at_ns))])
    return _Seen(lost=lost + end - at, newest_us=Micros(newest_ns // 1_000))


def _unread(conn: sqlite3.Connection, path: Path) -> int:
    """Bytes of a spool that the store has not taken; of one that a segment replaced, none."""
    if ingest.uid_in(path.name) is None:
        return 0
    row = spools.find(conn, path.name)
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return 0
    if row is not None and (row.cold_head is not None or row.sealed):
        return 0
    return max(0, size - (row.offset_bytes if row else 0))
