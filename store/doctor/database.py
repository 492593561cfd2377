"""The database as a file: can it be read, is it of our schema, is it sound."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from lineside.store import db
from lineside.store.doctor.findings import Case, Finding, counted, ok, problem, warning
from lineside.store.doctor.house import name_of
from lineside.store.homes import Home
from lineside.store.queries import examinations

_SCHEMA = Path(__file__).parents[1] / "schema.sql"
_MADE = re.compile(r"^create (?:unique )?(table|index|trigger) \"?(\w+)", re.IGNORECASE | re.MULTILINE)
_LONG_LOG = 256 << 20
"""Bytes; a write-ahead log is cut back to 64 MiB when nobody reads an old state."""
RESTORE = "stop the runner and restore a backup into a new home: lineside --home NEW restore BACKUP"


def gone(case: Case) -> Finding | None:
    """What is said when there is no database; None: there is one."""
    home = case.home
    if home.db.exists() and not home.db.is_file():
        return problem("database", "lineside.db is no file", hint="move it away; then " + RESTORE)
    if home.db.exists() and home.db.stat().st_size:
        return None
    what = "empty" if home.db.exists() else "missing"
    used = [folder.name for folder in (home.spool, home.objects, home.segments) if any(folder.glob("*"))]
    if used:
        held = f"lineside.db is {what}, while {', '.join(used)} hold files"
        return problem("database", held, hint="a new one would know nothing of them: " + RESTORE)
    return problem("database", f"lineside.db is {what}", hint="the runner makes it: lineside runner start")


def shut(home: Home, error: sqlite3.Error) -> Finding:
    """Why no row can be read at all; only damage is answered with a backup."""
    words, code = f"lineside.db cannot be read: {error}", getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        owner = name_of(home.path.stat().st_uid)
        hint = f"this account may not do it: sudo -u {owner} lineside --home {home.path} doctor"
    elif code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        hint = f"find out who holds it with: fuser -v {home.db}"
    elif code == sqlite3.SQLITE_IOERR:
        hint = "the disk does not give it: look with dmesg; then " + RESTORE
    else:
        hint = RESTORE
    return problem("database", words, hint=hint)


def fits(conn: sqlite3.Connection, *, lives: bool) -> Finding | None:
    """Why the rows cannot be understood by this lineside; None: they can.

    Args:
        lives: a runner is up.
    """
    version: int = conn.execute("pragma user_version").fetchone()[0]
    known = db.SCHEMA_VERSION
    if version > known:
        words = f"a newer lineside wrote it: schema {version}, this one knows {known}"
        return problem("database", words, hint="upgrade lineside; nothing else of it was looked at")
    if version < known:
        again = "lineside runner stop; lineside runner start" if lives else "lineside runner start"
        words = (
            f"an older lineside wrote it: schema {version}, this one has {known}; its rows were not looked at"
        )
        return warning("database", words, hint=f"it is copied and migrated by: {again}")
    return None


def sound(case: Case, conn: sqlite3.Connection) -> Iterator[Finding]:
    """Pages, indexes and references hold; nothing of the schema was dropped."""
    size = case.home.db.stat().st_size
    if faults := examinations.unsound(conn, quick=case.quick):
        lines = " · ".join(line.strip() for fault in faults for line in fault.splitlines())
        yield problem("database", f"lineside.db is damaged: {lines[:300]}", hint=RESTORE)
        return
    if lost := examinations.dangling(conn):
        words = f"{counted(len(lost), 'reference')} to rows that are not there: {', '.join(lost[:3])}"
        yield problem("database", words, hint=RESTORE)
    if dropped := sorted(_expected() - examinations.names(conn)):
        words = f"its schema was changed by hand, and lacks: {', '.join(dropped[:5])}"
        yield problem("database", words, hint=RESTORE)
    if not lost and not dropped:
        words = f"schema {db.SCHEMA_VERSION}, {size:,} bytes, sound"
        yield ok("database", words, read_bytes=size)


def log(case: Case, *, lives: bool) -> Iterator[Finding]:
    """The write-ahead log stays small as long as nobody reads one state for long."""
    path = case.home.db.resolve().with_name("lineside.db-wal")  # beside the file, not beside a link to it
    size = path.stat().st_size if path.exists() else 0
    if size > _LONG_LOG:
        again = "lineside runner stop; " if lives else ""
        words = f"its write-ahead log has {size:,} bytes: somebody has been reading one state of it for long"
        hint = f"find out who with: fuser {path}   then: {again}lineside runner start"
        yield warning("database", words, hint=hint)


def _expected() -> set[str]:
    """What a database of our schema is made of: "index run_newest"."""
    return {f"{kind.lower()} {name}" for kind, name in _MADE.findall(_SCHEMA.read_text())}
