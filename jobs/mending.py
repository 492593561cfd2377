"""What a power loss did to spools: shorter files, or ends that hold what nobody wrote.

Ingest runs ahead of the disk by a second at most, so after a power loss the store may know more of a spool
than is left of it. What was counted stays counted; nothing is taken twice.
"""

import sqlite3
from pathlib import Path

from lineside.store import events, spool
from lineside.store.clock import Micros
from lineside.store.homes import Home
from lineside.store.queries import tails
from lineside.store.queries.spools import SpoolRow

_NEAR = 1 << 17
"""Bytes before the offset that are looked at: two frames of any size."""


def end_of_same(home: Home, row: SpoolRow, known: Micros) -> int | None:
    """Where the whole frames of a spool end that has become shorter; None: another file has taken its name.

    Args:
        known: when the run's newest point was written. A file that was begun later is another one; those of
            further processes carry their pid in the name, and are always the same.
    """
    path = home.spool / row.path
    try:
        if row.rank == 0 and not any(at <= known for at in _moments(path)):
            return None
        return _end(path, path.stat().st_size)[0]
    except FileNotFoundError:
        return None


def unsound(home: Home, row: SpoolRow) -> int:
    """How many bytes of what was taken are no whole frames any more; looked for at its end."""
    path, begin = home.spool / row.path, max(0, row.offset_bytes - _NEAR)
    try:
        with path.open("rb") as file:
            file.seek(begin)
            data = file.read(row.offset_bytes - begin)
        if begin + len(data) < row.offset_bytes or spool.is_sound(data, begins=begin == 0):
            return 0  # a shorter one is another matter
        end, skipped = _end(path, row.offset_bytes)
    except FileNotFoundError:
        return 0
    return row.offset_bytes - end + skipped


def shorten(row: SpoolRow, end: int, db: sqlite3.Connection) -> None:
    """Go on where the file ends now, and say on the run what is missing."""
    if tails.shorten(db, row.id, offset_bytes=row.offset_bytes, end=end):
        lost = row.offset_bytes - end
        events.gap(db, row.run_id, spool=row.path, at_byte=end, lost=lost, why="cut off")


def distrust(row: SpoolRow, lost: int, db: sqlite3.Connection) -> None:
    """From now on every frame of it is verified by whoever reads it."""
    tails.skip(db, row.id, lost=lost)
    events.gap(db, row.run_id, spool=row.path, at_byte=row.offset_bytes - lost, lost=lost, why="damaged")


def _moments(path: Path) -> list[int]:
    """When a spool was begun and its first points were written, in microseconds."""
    found = spool.read(path, limit=2 * spool.MAX_PAYLOAD)
    said = [event.get("at_us") for event in found.events if event.get("event") == "start"]
    return [at for at in said if isinstance(at, int)] + [
        int(part.at_ns.min()) // 1_000 for part in found.steps
    ]


def _end(path: Path, size: int) -> tuple[int, int]:
    """Where the last whole frame of the first `size` bytes ends, and how many before it belong to none."""
    at = skipped = 0
    shapes: spool.Shapes = {}
    while at < size:
        limit = min(spool.SLICE, size - at)
        found = spool.read(path, offset=at, limit=limit, shapes=shapes, wanted=frozenset())
        if found.end == at:
            break
        at, shapes, skipped = found.end, found.shapes, skipped + found.skipped
    return at, skipped
