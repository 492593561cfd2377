"""The schema, as the ordered list of every change ever made to it. Append; never edit a released one.

Each migration's DDL stands in `ddl/`, one file per migration, one statement per blank-line block.
Only the runner migrates, under its lock, in one write transaction.
"""

import sqlite3
from pathlib import Path

from lineside.store import clock
from lineside.store.db import SCHEMA_VERSION, check_version

NAMES = (
    "m001_identity",
    "m002_tracking",
    "m003_data",
    "m004_jobs",
    "m005_models",
    "m006_monitoring",
    "m007_segments",
    "m008_orders",
    "m009_runner",
)
_DDL = Path(__file__).parent / "ddl"


def migrate(conn: sqlite3.Connection) -> None:
    """Bring the database up to date; an up-to-date one costs a single pragma.

    An older one is copied first, beside itself.

    Raises:
        SchemaTooNew: a newer lineside wrote it.
        HomeProblem: there is no room for the copy; nothing was changed.
    """
    path = Path(conn.execute("pragma database_list").fetchone()["file"])
    if check_version(conn, path) == SCHEMA_VERSION:
        return
    from sqlite_utils import Database, Migrations

    from lineside.store import copies

    changes = Migrations("lineside")
    for name in NAMES:
        changes(name=name)(_change(name))
    conn.execute("begin immediate")  # a second process waits here, then finds nothing to do
    try:
        if 0 < (version := check_version(conn, path)) < SCHEMA_VERSION:
            copies.keep(path, version=version, at=clock.now())
        changes.apply(Database(conn, recursive_triggers=False))
        conn.execute(f"pragma user_version = {SCHEMA_VERSION}")
    except BaseException:
        conn.rollback()
        raise
    conn.commit()


def statements(name: str) -> list[str]:
    """The statements of one migration file."""
    text = (_DDL / f"{name}.sql").read_text()
    return [block for block in text.split("\n\n") if not _only_comment(block)]


def _change(name: str):  # type: ignore[no-untyped-def]  # sqlite_utils' own callback type
    def run(db) -> None:  # type: ignore[no-untyped-def]
        for statement in statements(name):
            db.conn.execute(statement)

    run.__name__ = name
    return run


def _only_comment(block: str) -> bool:
    return all(line.startswith("--") or not line.strip() for line in block.splitlines())


def dump(conn: sqlite3.Connection) -> str:
    """The schema as it stands, in the order it was made: what store/schema.sql holds."""
    rows = conn.execute(
        "select sql from sqlite_master where sql is not null and name not like '_sqlite_%' order by rowid"
    )
    return ";\n\n".join(row["sql"].strip() for row in rows) + ";\n"


if __name__ == "__main__":
    import sys
    import tempfile

    from lineside.store.db import writer

    with tempfile.TemporaryDirectory() as folder:
        fresh = writer(Path(folder) / "lineside.db")
        migrate(fresh)
        sys.stdout.write(dump(fresh))
        fresh.close()
