import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from lineside.store import migrations
from lineside.store.db import SCHEMA_VERSION, reader, writer
from lineside.store.errors import HomeProblem, SchemaTooNew
from lineside.store.homes import Home


def test_the_written_schema_is_what_the_migrations_make(db: sqlite3.Connection) -> None:
    written = Path(migrations.__file__).with_name("schema.sql").read_text()
    assert migrations.dump(db) == written, "run: just schema"


def test_every_migration_is_counted() -> None:
    assert len(migrations.NAMES) == SCHEMA_VERSION


def test_migrating_twice_changes_nothing(db: sqlite3.Connection) -> None:
    before = migrations.dump(db)
    migrations.migrate(db)
    assert migrations.dump(db) == before


def test_six_processes_migrating_at_once_leave_one_good_schema(home: Home) -> None:
    code = (
        "import sys; from pathlib import Path; from lineside.store import db, migrations;"
        "c = db.writer(Path(sys.argv[1])); migrations.migrate(c)"
    )
    racers = [subprocess.Popen([sys.executable, "-c", code, str(home.db)]) for _ in range(6)]
    assert [racer.wait() for racer in racers] == [0] * 6
    conn = writer(home.db)
    assert conn.execute("pragma user_version").fetchone()[0] == SCHEMA_VERSION
    conn.close()


def test_a_store_from_the_future_is_refused_with_words(home: Home, db: sqlite3.Connection) -> None:
    db.execute("pragma user_version = 999")
    with pytest.raises(SchemaTooNew, match="schema 999"):
        reader(home)


def test_a_folder_without_a_store_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(HomeProblem, match="no lineside home") as raised:
        reader(Home(tmp_path))
    assert "lineside demo" in raised.value.hint


def test_a_reader_cannot_write(home: Home, db: sqlite3.Connection) -> None:
    conn = reader(home)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        conn.execute("delete from run")
    conn.close()
