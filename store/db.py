"""Connections. One read-write connection exists, in the runner; everybody else reads."""

import sqlite3
from pathlib import Path

from lineside.store.errors import HomeProblem, SchemaTooNew
from lineside.store.homes import Home

SCHEMA_VERSION = 9
"""The number of migrations; `pragma user_version` of an up-to-date database."""

_COMMON = ("foreign_keys = on", "temp_store = memory", "busy_timeout = 5000")
_WRITER = (
    "journal_mode = wal",
    "synchronous = normal",
    "cache_size = -65536",
    "journal_size_limit = 67108864",
)
_READER = ("query_only = on", "cache_size = -8192")


def writer(path: Path) -> sqlite3.Connection:
    """The connection that changes things; the caller is the runner, or a test playing it."""
    conn = sqlite3.connect(path, isolation_level=None, timeout=5.0, check_same_thread=False)
    return _set_up(conn, _WRITER)


def reader(home: Home) -> sqlite3.Connection:
    """A read-only connection for queries; keep its transactions short.

    Raises:
        HomeProblem: there is no database yet, or it is none.
        SchemaTooNew: a newer lineside wrote it.
    """
    if not home.db.exists():
        raise HomeProblem(
            f"no lineside home at {home.path}",
            hint="make one with: lineside init   or see it work with: lineside demo",
        )
    try:
        conn = unchecked(home.db)
        check_version(conn, home.db)
    except sqlite3.DatabaseError as error:
        raise HomeProblem(f"{home.db} cannot be read: {error}", hint="look with: lineside doctor") from error
    return conn


def version_of(db: sqlite3.Connection) -> int:
    """A number that changes with every commit of another connection."""
    version: int = db.execute("pragma data_version").fetchone()[0]
    return version


def unchecked(path: Path) -> sqlite3.Connection:
    """A read-only connection to a database of any schema, for whoever looks at what it is."""
    conn = sqlite3.connect(f"file:{_quote(path)}?mode=ro", uri=True, isolation_level=None, timeout=5.0,
                           check_same_thread=False)  # fmt: skip
    return _set_up(conn, _READER)


def check_version(conn: sqlite3.Connection, path: Path) -> int:
    """The schema version on disk; refuse one from the future."""
    version: int = conn.execute("pragma user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise SchemaTooNew(
            f"{path} has schema {version}, this lineside knows {SCHEMA_VERSION}",
            hint="upgrade lineside, or open another home with --home DIR",
        )
    return version


def _set_up(conn: sqlite3.Connection, pragmas: tuple[str, ...]) -> sqlite3.Connection:
    conn.row_factory = sqlite3.Row
    for pragma in (*_COMMON, *pragmas):
        conn.execute(f"pragma {pragma}")
    return conn


def _quote(path: Path) -> str:
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
