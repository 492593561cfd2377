"""Copies of the database: one for a backup, and one beside it before its schema changes."""

import contextlib
import sqlite3
from pathlib import Path

from lineside.store.clock import Micros
from lineside.store.errors import HomeProblem

KEPT = 3
"""Copies that stay beside a database; an older one goes when a newer one is made."""


def snapshot(source: Path, target: Path) -> None:
    """Copy a database at one moment, whoever writes to it; the copy is a single file.

    All pages are read in one go, under one read lock: writers go on, and the copy never begins anew.
    """
    with contextlib.closing(_reading(source)) as old, contextlib.closing(sqlite3.connect(target)) as new:
        old.backup(new)
        new.execute("pragma journal_mode = delete")


def keep(path: Path, *, version: int, at: Micros) -> Path:
    """Copy a database beside itself, named with its schema; the caller holds its write lock.

    Raises:
        HomeProblem: it cannot be written.
    """
    target = path.with_name(f"{path.name}.schema{version}-{at}")
    fresh = path.with_name(f".{target.name}.tmp")
    fresh.touch(mode=0o600)
    try:
        snapshot(path, fresh)
    except (OSError, sqlite3.Error) as error:
        fresh.unlink(missing_ok=True)
        raise HomeProblem(
            f"{path} has schema {version} and must be migrated, but no copy of it can be made: {error}",
            hint="make room on the disk; nothing was changed",
        ) from error
    fresh.rename(target)
    for old in kept(path)[:-KEPT]:
        old.unlink(missing_ok=True)
    return target


def kept(path: Path) -> list[Path]:
    """The copies beside a database, oldest first."""
    found = path.parent.glob(f"{path.name}.schema*-*")
    return sorted(found, key=lambda copy: int(copy.name.rpartition("-")[2]))


def _reading(path: Path) -> sqlite3.Connection:
    quoted = str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return sqlite3.connect(f"file:{quoted}?mode=ro", uri=True, timeout=5.0)
