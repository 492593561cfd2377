"""From spool to store: runs begin, params and summaries appear, files are adopted. Nothing twice or lost.

`take` reads a slice and touches no database; `apply` writes what it says in the caller's transaction, and
moves the offset there by compare-and-set: of two ingesters one wins, after a crash the slice is taken again.
"""

import contextlib
import errno
import logging
import pwd
import re
import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lineside.store import events, objects, spool
from lineside.store.clock import Micros
from lineside.store.errors import BadData, LinesideError
from lineside.store.homes import Home
from lineside.store.objects import Stored
from lineside.store.queries import names, runs, spools, summaries
from lineside.store.queries.summaries import SummaryRow
from lineside.store.spool import Shapes, Steps
from lineside.store.summing import summed

log = logging.getLogger(__name__)
SYSTEM = ".sys.sp"
"""How the names of those spools end that the runner writes about a run."""
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_SQLITE_NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
_NAME = re.compile(r"(?P<uid>[A-Za-z0-9_-]{1,80})(?P<side>\.[A-Za-z0-9_-]{1,60})?\.sp\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """What one stretch of a spool says, ready to be written down."""

    path: str  # file name inside spool/
    uid: str  # of the run
    primary: bool  # False: another process of the run wrote it
    system: bool  # what the runner measured: no word of the script, and no sign of its life
    author: str  # owner of the file
    start: int
    end: int
    frames: int
    skipped: int
    points: int
    shapes: Shapes
    rows: tuple[SummaryRow, ...]
    steps: tuple[Steps, ...]  # the points themselves, for who watches them
    events: tuple[dict[str, Any], ...]
    adopted: Mapping[str, Stored]  # artifacts by their place, as the event says it
    more: bool  # the file goes on behind this slice


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a slice changed."""

    run_id: int | None  # None: nothing was there to take
    points: int
    frames: int
    end: int
    more: bool
    took: bool = False  # False: nothing new, or somebody else took it
    boxes: tuple[str, ...] = ()  # places of adopted files, to be cleared once the transaction is safe


def uid_in(name: str) -> str | None:
    """The run a spool's file name speaks of; None: not a spool."""
    match = _NAME.match(name)
    return match["uid"] if match else None


def take(home: Home, name: str, *, offset: int, shapes: Shapes, limit: int = spool.SLICE) -> Slice | None:
    """Read and sum up the next slice of a spool, and adopt the files it speaks of; None: nothing new.

    Raises:
        FileNotFoundError: the spool is gone.
    """
    path, uid = home.spool / name, uid_in(name)
    found = spool.read(path, offset=offset, limit=limit, shapes=shapes)
    if uid is None or found.end == offset:
        return None
    size, owner = path.stat().st_size, path.stat().st_uid
    return Slice(
        path=name, uid=uid, primary=name == f"{uid}.sp", system=name.endswith(SYSTEM),
        author=_user(owner), start=offset, end=found.end, frames=found.frames, skipped=found.skipped,
        points=found.points, rows=tuple(summed(found.steps)), steps=found.steps,
        shapes={id: names for id, names in found.shapes.items() if shapes.get(id) != names},
        events=found.events, adopted=_adopted(home, uid, found.events), more=size > found.end,
    )  # fmt: skip


def apply(db: sqlite3.Connection, piece: Slice, *, at: Micros) -> Taken:
    """Write a slice down, in the caller's transaction; a slice taken by somebody else changes nothing."""
    row = spools.find(db, piece.path)
    if row is None and piece.system:
        run = runs.find_uid(db, piece.uid)
        if run is None:
            return Taken(run_id=None, points=0, frames=0, end=0, more=False)
        spools.add(db, run, piece.path, primary=False)
        row = spools.find(db, piece.path)
    elif row is None and piece.start == 0:
        run_id = events.begin(db, uid=piece.uid, author=piece.author, said=piece.events, at=at)
        spools.add(db, run_id, piece.path, primary=piece.primary)
        row = spools.find(db, piece.path)
    if row is None or not spools.advance(
        db, row.id, start=piece.start, end=piece.end, frames=piece.frames, skipped=piece.skipped
    ):
        end = row.offset_bytes if row else 0
        return Taken(run_id=row.run_id if row else None, points=0, frames=0, end=end, more=True)
    if piece.skipped:
        events.gap(db, row.run_id, spool=piece.path, at_byte=piece.start, lost=piece.skipped, why="damaged")
    spools.put_shapes(db, row.id, piece.shapes)
    summaries.merge(db, row.run_id, [(names.number(db, "metric", one.metric), one) for one in piece.rows])
    events.apply(db, row.run_id, piece.events, adopted=piece.adopted, primary=piece.primary, at=at)
    return Taken(
        run_id=row.run_id, points=piece.points, frames=piece.frames, end=piece.end, more=piece.more,
        took=True,
        boxes=tuple(place for place in piece.adopted if not place.startswith(events.TEXT)),
    )  # fmt: skip


def ingest_spool(db: sqlite3.Connection, home: Home, path: Path, at: Micros) -> Taken:
    """Take and write the next slice of one spool, inside the caller's transaction."""
    row = spools.find(db, path.name)
    offset = row.offset_bytes if row else 0
    shapes = spools.shapes(db, row.id) if row else {}
    piece = take(home, path.name, offset=offset, shapes=shapes)
    if piece is None:
        return Taken(run_id=row.run_id if row else None, points=0, frames=0, end=offset, more=False)
    return apply(db, piece, at=at)


def no_room(error: BaseException) -> bool:
    """Whether an error means that the disk is full, or does not take what it is given."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _SQLITE_NO_ROOM
    return isinstance(error, OSError) and error.errno in _NO_ROOM


def clear(home: Home, boxes: tuple[str, ...]) -> None:
    """Delete adopted files from their outbox; called once the transaction that noted them is over."""
    for place in boxes:
        box = (home.path / place).parent
        shutil.rmtree(box, ignore_errors=True)
        if box.parent.parent == home.spool:
            with contextlib.suppress(OSError):  # not empty: the next file is in it already
                box.parent.rmdir()


def _adopted(home: Home, uid: str, said: tuple[dict[str, Any], ...]) -> dict[str, Stored]:
    """The files that artifact events speak of, taken into objects/; those that cannot be are left out."""
    found = {}
    for event in said:
        place, text, path = event.get("at"), event.get("text"), event.get("path")
        if event.get("event") != "artifact":
            continue
        if isinstance(text, str) and isinstance(path, str):
            found[events.TEXT + path] = objects.put_bytes(home, text.encode())
        if not isinstance(place, str) or not place:
            continue
        try:
            found[place] = objects.adopt(home, _in_outbox(home, uid, place), move=True)
        except (LinesideError, OSError) as error:
            if no_room(error):
                raise  # it waits in its outbox
            log.warning("artifact not adopted", extra={"run": uid, "place": place, "error": str(error)})
    return found


def _in_outbox(home: Home, uid: str, place: str) -> Path:
    """The file an event names, which must lie in an outbox, whatever links it goes through.

    Raises:
        BadData: it lies elsewhere.
    """
    path, root = (home.path / place).resolve(), home.path.resolve()
    parts = path.relative_to(root).parts if path.is_relative_to(root) else ()
    of_attempt = len(parts) > 5 and parts[0] == "jobs" and parts[3] == "outbox"
    of_run = len(parts) > 3 and parts[:2] == ("spool", f"{uid}.outbox")
    if not (of_attempt or of_run):
        raise BadData(f"{place!r} is in no outbox", hint="log files with lineside.log_artifact(PATH)")
    return path


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
