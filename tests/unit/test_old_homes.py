"""Homes of older lineside versions open: a copy of the database first, then the migration, with every row."""

import sqlite3
from pathlib import Path

import pytest
from fixtures import old_homes

from lineside.store import copies, migrations
from lineside.store.clock import Micros
from lineside.store.db import SCHEMA_VERSION, reader, writer
from lineside.store.errors import HomeProblem
from lineside.store.homes import Home
from lineside.store.queries import audit

WRITTEN = Path(migrations.__file__).with_name("schema.sql")


def schema(text: str) -> list[str]:
    """The statements; an old database holds them in another order."""
    return sorted(statement.strip() for statement in text.split(";\n\n"))


@pytest.mark.parametrize("version", old_homes.versions())
def test_an_old_home_migrates_to_the_newest_schema_and_keeps_its_rows(home: Home, version: int) -> None:
    old_homes.make(home.db, version)
    db = writer(home.db)
    assert db.execute("pragma user_version").fetchone()[0] == version
    before = old_homes.rows(db)
    migrations.migrate(db)
    assert schema(migrations.dump(db)) == schema(WRITTEN.read_text())
    assert db.execute("pragma foreign_key_check").fetchall() == []
    after = old_homes.rows(db)
    del before["_sqlite_migrations"]
    assert {table: after[table] for table in before} == before
    assert audit.verify(db).broken_seq is None
    db.close()


def test_the_database_is_copied_before_it_is_migrated(home: Home) -> None:
    old_homes.make(home.db, 6)
    db = writer(home.db)
    before = old_homes.rows(db)
    migrations.migrate(db)
    db.close()
    (copy,) = copies.kept(home.db)
    assert copy.name.startswith("lineside.db.schema6-")
    assert copy.stat().st_mode & 0o077 == 0
    old = sqlite3.connect(copy)
    old.row_factory = sqlite3.Row
    assert old.execute("pragma user_version").fetchone()[0] == 6
    assert old_homes.rows(old) == before
    old.close()


def test_a_new_home_needs_no_copy(home: Home) -> None:
    db = writer(home.db)
    migrations.migrate(db)
    migrations.migrate(db)
    db.close()
    assert copies.kept(home.db) == []


def test_only_the_newest_three_copies_stay(home: Home, db: sqlite3.Connection) -> None:
    for at in (5, 30, 100, 7):
        copies.keep(home.db, version=6, at=Micros(at))
    assert [copy.name.rpartition("-")[2] for copy in copies.kept(home.db)] == ["7", "30", "100"]


def test_without_room_for_the_copy_nothing_is_migrated(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copies, "snapshot", full)
    old_homes.make(home.db, 6)
    db = writer(home.db)
    with pytest.raises(HomeProblem, match="no copy of it can be made") as raised:
        migrations.migrate(db)
    assert "nothing was changed" in raised.value.hint
    assert db.execute("pragma user_version").fetchone()[0] == 6
    assert not db.in_transaction
    db.close()
    assert [path.name for path in home.path.iterdir() if ".tmp" in path.name] == []


def test_there_is_an_old_home_of_the_schema_before_this_one() -> None:
    assert SCHEMA_VERSION - 1 in old_homes.versions(), "make it as fixtures/old_homes tells, then bump"


def test_a_migrated_home_can_be_read(home: Home) -> None:
    old_homes.make(home.db, 6)
    db = writer(home.db)
    migrations.migrate(db)
    read = reader(home)
    assert len(audit.newest(read)) == 30
    read.close()
    db.close()
