"""Segments: the points of ended runs in Parquet, sorted by run, metric, step and place; every bit kept.

A file appears whole: written aside, synced, renamed; then the manifest names it; only then what it replaces
is deleted. A file that the manifest does not name is an orphan of a crash.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineside.store import clock, ingest
from lineside.store.errors import BadData, HomeProblem
from lineside.store.folders import sha256, sync
from lineside.store.homes import Home
from lineside.store.queries import segments, spools
from lineside.store.queries.segments import Moved

if TYPE_CHECKING:
    import polars as pl

_HEAD = 4_096
_ROWS = 131_072
_KIND = ".parquet"
_SPILL = ".spill"
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "memory_limit": "1GB",
    "threads": "2",
}
_COPY = f"""
    copy ({{rows}}) to '{{path}}'
    (format parquet, compression zstd, compression_level 1, row_group_size {_ROWS}, parquet_version v2)
"""
_MERGED = "select * from read_parquet([{files}]) order by run_id, metric_id, step, seq"
_SHARES = """
    select run_id, min(file_row_number) as row_lo, max(file_row_number) + 1 as row_hi,
           max(seq) + 1 as places, max(opening) as openings
      from read_parquet('{path}', file_row_number = true) group by run_id order by run_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something wrong with what is stored."""

    kind: str  # "missing", "damaged" or "orphan"
    path: Path
    detail: str
    hint: str


class Stream:
    """A frame as DuckDB can read it without pyarrow: the Arrow C stream and nothing more."""

    def __init__(self, frame: "pl.DataFrame") -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


def write(home: Home, frame: "pl.DataFrame") -> dict[str, Any]:
    """Make a segment of sorted rows; what `queries.segments.add` wants to know of it."""
    return _made(home, "select * from incoming", frame)


def merge(home: Home, paths: Sequence[str]) -> dict[str, Any]:
    """Make one segment of several; those stay.

    Raises:
        BadData: one is missing or damaged.
    """
    for path in paths:
        if not (home.segments / path).exists():
            raise BadData(f"segment {path} is missing", hint="restore it from a backup")
    files = ", ".join(_quoted(home.segments / path) for path in paths)
    return _made(home, _MERGED.format(files=files), None)


def refuse_full(error: Exception) -> None:
    """Say in words that a disk without room is why no segment was made.

    Raises:
        HomeProblem: that is what the error says.
    """
    words = (os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT))
    if ingest.no_room(error) or any(said in str(error) for said in words):  # DuckDB's has no number
        raise HomeProblem(
            "no room on the disk for a new segment: the points stay where they are, none is lost",
            hint="make room; it is tried again by itself",
        ) from error


def _made(home: Home, rows: str, frame: "pl.DataFrame | None") -> dict[str, Any]:
    import duckdb

    path = home.segments / (clock.new_id("seg") + _KIND)
    fresh = path.with_name(f".{path.name}.tmp")
    config = {**_CONFIG, "temp_directory": str(home.segments / _SPILL)}
    try:
        with duckdb.connect(":memory:", config=config) as con:
            if frame is not None:
                con.register("incoming", Stream(frame))
            con.execute(_COPY.format(rows=rows, path=_escaped(fresh)))
            shares = con.execute(_SHARES.format(path=_escaped(fresh))).fetchall()
        digest = sha256(fresh)
        sync(fresh)
        os.rename(fresh, path)
        sync(home.segments)
    except (duckdb.Error, OSError) as error:
        refuse_full(error)
        raise
    finally:
        fresh.unlink(missing_ok=True)
    keys = ("run_id", "row_lo", "row_hi", "places", "openings")
    runs = [dict(zip(keys, share, strict=True)) for share in shares]
    size = path.stat().st_size
    rows_in = sum(run["row_hi"] - run["row_lo"] for run in runs)
    return {"path": path.name, "rows": rows_in, "bytes": size, "sha256": digest, "runs": runs}


def rows(home: Home, path: str, run_ids: Sequence[int], metric_ids: Sequence[int]) -> "pl.DataFrame":
    """Some runs' points of some metrics, sorted.

    Raises:
        FileNotFoundError: merged into another since the manifest was read, or lost.
        BadData: it cannot be read.
    """
    import polars as pl

    wanted = pl.col("run_id").is_in(list(run_ids)) & pl.col("metric_id").is_in(list(metric_ids))
    try:
        return pl.scan_parquet(home.segments / path, glob=False).filter(wanted).collect()
    except pl.exceptions.PolarsError as error:
        if not (home.segments / path).exists():  # merged into another between two looks of polars
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from error
        raise BadData(f"segment {path} cannot be read: {error}", hint="look with: lineside doctor") from error


def head(path: Path, *, end: int) -> str:
    """How a file of at least `end` bytes begins, in a word; a shorter one begins otherwise.

    Raises:
        FileNotFoundError: it is gone.
    """
    wanted = min(_HEAD, end)
    with path.open("rb") as file:
        data = file.read(wanted)
    return hashlib.sha256(data).hexdigest()[:32] if len(data) == wanted else ""


@contextlib.contextmanager
def held(home: Home, moved: Sequence[Moved]) -> Iterator[bool]:
    """Lock spools against scripts that would go on with them; False: one is in use, or has grown."""
    with contextlib.ExitStack() as stack:
        free = True
        for one in moved:
            with contextlib.suppress(FileNotFoundError):
                file = stack.enter_context((home.spool / one.path).open("rb"))
                free = free and not one.missing and _locked(file.fileno())
                free = free and os.fstat(file.fileno()).st_size == one.end
        yield free


def recover(home: Home, db: sqlite3.Connection) -> list[str]:
    """Delete what a crash left: files that no manifest names, spools whose points are in segments."""
    known, gone = {row.path for row in segments.every(db)}, []
    for path in home.segments.iterdir():
        if path.is_file() and path.name not in known:
            path.unlink(missing_ok=True)
            gone.append(path.name)
    shutil.rmtree(home.segments / _SPILL, ignore_errors=True)
    for name in os.listdir(home.spool):
        row = spools.find(db, name) if ingest.uid_in(name) else None
        if row is None or row.cold_head is None:
            continue
        moved = Moved(
            id=row.id, run_id=row.run_id, path=name, end=row.cold_bytes, head=row.cold_head, missing=False
        )
        with held(home, [moved]) as free:
            path = home.spool / name
            if free and head(path, end=row.cold_bytes) == row.cold_head:
                path.unlink()
                gone.append(name)
    return gone


def verify(home: Home, db: sqlite3.Connection) -> list[Fault]:
    """Compare every segment with what the manifest says of it, byte by byte; and name the orphans."""
    rows, found = segments.every(db), []
    restore = "restore the file from a backup: lineside restore"
    for row in rows:
        path = home.segments / row.path
        try:
            size, digest = path.stat().st_size, sha256(path)
        except FileNotFoundError:
            found.append(Fault(kind="missing", path=path, detail=f"{row.rows:,} points", hint=restore))
            continue
        if digest != row.sha256:
            detail = f"{size:,} bytes, not what was written ({row.bytes:,})"
            found.append(Fault(kind="damaged", path=path, detail=detail, hint=restore))
    known = {row.path for row in rows}
    orphans = [path for path in home.segments.iterdir() if path.is_file() and path.name not in known]
    hint = "the runner deletes it when it starts, or with the next compaction"
    found += [
        Fault(kind="orphan", path=path, detail="the manifest does not name it", hint=hint) for path in orphans
    ]
    return found


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")


def _quoted(path: Path) -> str:
    return f"'{_escaped(path)}'"
