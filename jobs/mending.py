"""What a power loss did to spools: shorter files, ends that hold what nobody wrote, and scripts that went on.

Ingest runs ahead of the disk by a second at most, so after a power loss the store may know more of a spool
than is left of it. What was counted stays counted, and nothing is taken twice. What a script wrote since then
is taken, wherever it stands: it is newer than all that the store knows of the run.
"""

import json
import sqlite3
import struct
from dataclasses import dataclass
from pathlib import Path

from lineside.store import events, spool
from lineside.store.clock import Micros
from lineside.store.homes import Home
from lineside.store.queries import tails
from lineside.store.queries.spools import SpoolRow

_NEAR = spool.MAX_PAYLOAD + 16
"""Bytes before the offset that are looked at first: at least one frame of any size."""
_AT_NS = struct.Struct("<q")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What is missing of a spool that was taken up to some offset."""

    end: int  # where to go on
    lost: int  # bytes that were taken and are not there any more
    broken: int  # bytes before `end` that are no whole frames: whoever reads them has to verify


def shortened(home: Home, row: SpoolRow, known: Micros) -> Loss | None:
    """What a spool has lost that ends before its offset; None: another file has taken its name.

    Args:
        known: when the run's newest point was written. A file that was begun later is another one; those of
            further processes carry their pid in the name, and are always the same.
    """
    path = home.spool / row.path
    try:
        if row.rank == 0 and not any(at <= known for at in _moments(path)):
            return None
        return _loss(path, path.stat().st_size, row, known)
    except FileNotFoundError:
        return None


def damaged(home: Home, row: SpoolRow, known: Micros) -> Loss | None:
    """What a spool has lost that is as long as its offset, or longer; None: nothing, as far as one can see.

    Where something was lost, no whole frame ends at the offset, or one that was written since.
    """
    path = home.spool / row.path
    try:
        if path.stat().st_size < row.offset_bytes:
            return None  # that is another matter
        if not _loss(path, row.offset_bytes, row, known, most=_NEAR).lost:
            return None
        loss = _loss(path, row.offset_bytes, row, known)
        return None if loss.end == row.offset_bytes and row.skipped_bytes else loss  # known already
    except FileNotFoundError:
        return None


def note(row: SpoolRow, loss: Loss, db: sqlite3.Connection) -> None:
    """Go on where nothing was taken yet, and say on the run what is missing."""
    if tails.go_back(db, row.id, offset_bytes=row.offset_bytes, end=loss.end):
        tails.skip(db, row.id, bytes=loss.broken)
        why = "cut off" if loss.end < row.offset_bytes else "damaged"
        at = row.offset_bytes - loss.lost
        events.gap(db, row.run_id, spool=row.path, at_byte=at, lost=loss.lost, why=why)


def _loss(path: Path, size: int, row: SpoolRow, known: Micros, *, most: int = spool.SLICE) -> Loss:
    """What is missing of the first `size` bytes, all of which were taken; or of what was taken before."""
    begin, data = _before(path, size, most)
    opening: int | None = None  # where one begins of which nothing is known
    sound, broken = begin, 0
    for at, end in spool.places(data, begins=begin == 0):
        broken += begin + at - sound if sound > begin else 0
        if data[at + 8] == spool.STEP and _AT_NS.unpack_from(data, at + 19)[0] // 1_000 > known:
            place = begin + at if opening is None else opening
            return Loss(end=place, lost=row.offset_bytes - place, broken=broken)
        if data[at + 8] == spool.EVENT and opening is None and _began(data[at + 9 : end]) > known:
            opening = begin + at
        sound = begin + end
    if size < row.offset_bytes:
        return Loss(end=sound, lost=row.offset_bytes - sound, broken=broken)
    return Loss(end=size, lost=size - sound, broken=broken + size - sound)


def _before(path: Path, end: int, most: int) -> tuple[int, bytes]:
    """The last bytes before `end`, and where they begin."""
    begin = max(0, end - most)
    with path.open("rb") as file:
        file.seek(begin)
        return begin, file.read(end - begin)


def _moments(path: Path) -> list[int]:
    """When a spool was begun and its first points were written, in microseconds."""
    found = spool.read(path, limit=2 * spool.MAX_PAYLOAD)
    said = [event.get("at_us") for event in found.events if event.get("event") == "start"]
    return [at for at in said if isinstance(at, int)] + [
        int(part.at_ns.min()) // 1_000 for part in found.steps
    ]


def _began(event: bytes) -> int:
    """When an opening began; 0: the event speaks of something else."""
    said = json.loads(event) if event.startswith(b'{"event":"start"') else {}
    at = said.get("at_us")
    return at if isinstance(at, int) else 0
