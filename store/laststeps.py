"""How far the runs had come whose spools went into segments: a text file, which the SDK can read.

A script that resumes a run numbers its steps from the end of the run's spool; here stands the same of spools
that are gone. A line is appended, and safe on the disk, before the manifest's transaction: a crash leaves one
too many at worst. Of several lines of a run the highest holds.
"""

import errno
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from lineside.store.homes import Home
from lineside.store.queries import segments

_HEAD = b"format 1\n"


def path_of(home: Home) -> Path:
    """Beside the spools, so that a backup takes it, and nobody deletes it."""
    return home.spool / "last_steps"


def note(home: Home, db: sqlite3.Connection, run_ids: Sequence[int]) -> None:
    """Say of runs, which are about to be moved, what their highest step is.

    Raises:
        OSError: there is no room.
    """
    text = _lines(segments.last_steps(db, run_ids))
    if not text:
        return
    file = os.open(path_of(home), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
    try:
        size = os.fstat(file).st_size
        torn = size and os.pread(file, 1, size - 1) != b"\n"
        _write(file, (b"" if size else _HEAD) + (b"\n" if torn else b"") + text)
        os.fsync(file)
    finally:
        os.close(file)


def rebuild(home: Home, db: sqlite3.Connection) -> None:
    """Write the file anew where there is none: an older lineside made the segments."""
    path = path_of(home)
    if path.exists() or not (cold := segments.cold_runs(db)):
        return
    fresh = path.with_name(f".{path.name}.new")
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
    try:
        _write(file, _HEAD + _lines(segments.last_steps(db, cold)))
        os.fsync(file)
        os.rename(fresh, path)
    finally:
        os.close(file)
        fresh.unlink(missing_ok=True)


def _lines(found: Sequence[tuple[str, int]]) -> bytes:
    """A run that logged no step from 0 on begins at 0 again."""
    return b"".join(b"%s %d\n" % (uid.encode(), step) for uid, step in found if step >= 0)


def _write(file: int, data: bytes) -> None:
    while data:
        written = os.write(file, data)
        if not written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        data = data[written:]
