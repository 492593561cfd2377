"""The doctor says in words what is wrong with a home, and what to do next; it changes nothing."""

import json
import os
import sqlite3
from pathlib import Path

import pytest
from fixtures import examined
from fixtures.examined import LOCAL, MARIA, look, the_one, wrong

from lineside.console.__main__ import main
from lineside.jobs.doctor import examination
from lineside.store.clock import after, now
from lineside.store.db import SCHEMA_VERSION
from lineside.store.doctor import database, house
from lineside.store.doctor.findings import Level, problem
from lineside.store.homes import Home
from lineside.store.queries import audit

DAY_S = 86_400.0


@pytest.fixture
def lived(home: Home, db: sqlite3.Connection) -> Home:
    return examined.lived_in(home, db)


def changed(db: sqlite3.Connection, sql: str) -> None:
    """What a hand with another program would do to the trail, and tidy up after itself."""
    triggers = db.execute("select name, sql from sqlite_master where name like 'audit_never%'").fetchall()
    for trigger in triggers:
        db.execute(f"drop trigger {trigger['name']}")
    db.execute(sql)
    for trigger in triggers:
        db.execute(trigger["sql"])


def test_a_healthy_home_is_called_healthy(lived: Home, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(path for path in lived.path.rglob("*") if "lineside.db" not in path.name)
    assert main(["--home", str(lived.path), "doctor"]) == 0
    told = capsys.readouterr()
    assert "all is well" in told.err
    for subject in ("versions", "home", "disk", "config", "runner", "database", "audit", "clock", "jobs",
                    "segments", "spools", "objects"):  # fmt: skip
        assert f"✓ ok      {subject}" in told.out, subject
    assert "SQLite" in told.out
    assert "PROBLEM" not in told.out
    assert sorted(path for path in lived.path.rglob("*") if "lineside.db" not in path.name) == before


def test_it_says_how_many_bytes_it_read_and_quickly_reads_none_of_the_files(
    lived: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(lived.path), "doctor", "--json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    sizes = sum(
        path.stat().st_size for path in (*lived.segments.glob("*.parquet"), *lived.spool.glob("*.sp"))
    )
    assert whole["read_bytes"] >= sizes + 7_000
    assert (whole["problems"], whole["warnings"]) == (0, 0)
    assert {"level", "subject", "what", "hint", "read_bytes"} == whole["findings"][0].keys()
    main(["--home", str(lived.path), "doctor", "--json", "--quick"])
    quick = json.loads(capsys.readouterr().out)
    assert quick["read_bytes"] == lived.db.stat().st_size


def test_a_missing_an_empty_and_a_strange_folder_are_told_apart(tmp_path: Path) -> None:
    the_one(look(Home(tmp_path / "none")), "there is no folder", "lineside init")
    (tmp_path / "empty").mkdir()
    the_one(look(Home(tmp_path / "empty")), "it is empty", "lineside init")
    (tmp_path / "empty" / "photo.jpg").touch()
    the_one(look(Home(tmp_path / "empty")), "neither home.json nor lineside.db")
    (tmp_path / "file").touch()
    the_one(look(Home(tmp_path / "file")), "is a file")
    (tmp_path / "link").symlink_to(tmp_path / "unmounted")
    the_one(look(Home(tmp_path / "link")), "a link to nothing")
    assert not (tmp_path / "none").exists()


def test_a_home_without_its_identity_or_a_folder_says_so(lived: Home) -> None:
    (lived.path / "windows").rmdir()
    the_one(look(lived), "windows/ is missing", "runner start")
    lived.windows.mkdir()
    lived.identity.write_text("{")
    the_one(look(lived), "home.json cannot be understood")
    lived.identity.unlink()
    the_one(look(lived), "home.json is missing", "runner start")


@pytest.mark.parametrize("part", ["", "/segments", "/spool"])
def test_a_home_or_a_part_of_it_on_a_network_file_system_is_a_problem(lived: Home, part: str) -> None:
    mounts = f"{LOCAL}server:/x {lived.path.resolve()}{part} nfs4 rw 0 0\n"
    fault = the_one(look(lived, mounts=mounts), f"{part} lies on nfs4", "disk of this machine")
    assert fault.level == Level.PROBLEM


def test_a_database_that_a_link_leads_to_the_network_is_a_problem(
    lived: Home, db: sqlite3.Connection, tmp_path: Path
) -> None:
    db.close()
    away = tmp_path / "server"
    away.mkdir()
    lived.db.rename(away / "lineside.db")
    lived.db.symlink_to(away / "lineside.db")
    mounts = f"{LOCAL}server:/x {away.resolve()} cifs rw 0 0\n"
    the_one(look(lived, mounts=mounts), "lineside.db lies on cifs")


def test_a_home_in_memory_is_worth_a_warning(lived: Home) -> None:
    mounts = f"{LOCAL}tmpfs {lived.path.resolve()} tmpfs rw 0 0\n"
    assert the_one(look(lived, mounts=mounts), "when the machine restarts").level == Level.WARNING


@pytest.mark.parametrize(
    ("room", "level", "words"),
    [
        ({"free": 400 << 30}, Level.OK, "400.0 GiB of 1000.0 GiB"),
        ({"free": 8 << 30}, Level.WARNING, "little room"),
        ({"free": 100 << 20}, Level.PROBLEM, "nearly full"),
        ({"free": 400 << 30, "free_files": 10}, Level.PROBLEM, "only 10 more files"),
        ({"free": 400 << 30, "read_only": True}, Level.PROBLEM, "mounted read-only"),
    ],
)
def test_a_disk_is_judged_by_its_room(room: dict[str, int], level: Level, words: str) -> None:
    whole = {"total": 1000 << 30, "free_files": 10**6, "files": 10**7} | room
    (found,) = house.judge_room(**whole)  # type: ignore[arg-type]
    assert found.level == level
    assert words in found.what
    assert found.hint or level == Level.OK


def test_a_file_system_that_does_not_count_files_is_not_full_of_them() -> None:
    (found,) = house.judge_room(free=400 << 30, total=1000 << 30, free_files=0, files=0)
    assert found.level == Level.OK


def test_rows_from_the_future_show_that_the_clock_jumped(lived: Home, db: sqlite3.Connection) -> None:
    audit.append(db, MARIA, "test", subject=("run", 1), at=after(now(), 7_200))
    fault = the_one(look(lived), "audit row 4", "2.0 h from now", "timedatectl")
    assert fault.level == Level.PROBLEM
    assert wrong(look(lived, at=after(now(), 7_201))) == []


def test_time_that_ran_backwards_in_the_trail_is_told_for_a_month(
    lived: Home, db: sqlite3.Connection
) -> None:
    audit.append(db, MARIA, "test", subject=("run", 1), at=after(now(), -7_205))
    found = the_one(look(lived), "set back by 2.0 h before audit row 4", "set-ntp")
    assert found.level == Level.WARNING
    assert wrong(look(lived, at=after(now(), 31 * DAY_S))) == []


def test_a_changed_audit_row_is_named(lived: Home, db: sqlite3.Connection) -> None:
    changed(db, "update audit set detail = '{\"n\":9}' where seq = 2")
    the_one(look(lived), "broken at row 2", "its content was changed", "audit export")


def test_a_trigger_that_somebody_dropped_is_missed(lived: Home, db: sqlite3.Connection) -> None:
    db.execute("drop trigger audit_never_changes")
    the_one(look(lived), "lacks: trigger audit_never_changes")


def test_a_newer_store_is_refused_with_words(
    lived: Home, db: sqlite3.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    db.execute(f"pragma user_version = {SCHEMA_VERSION + 1}")
    the_one(look(lived), f"schema {SCHEMA_VERSION + 1}", "upgrade lineside")
    assert main(["--home", str(lived.path), "doctor"]) == 1
    assert "upgrade lineside" in capsys.readouterr().out


def test_an_older_store_is_told_to_be_migrated(lived: Home, db: sqlite3.Connection) -> None:
    db.execute("pragma user_version = 6")
    found = the_one(look(lived), "schema 6", "copied and migrated by: lineside runner start")
    assert found.level == Level.WARNING
    assert main(["--home", str(lived.path), "doctor"]) == 0


def test_damaged_pages_of_the_database_are_found(lived: Home, db: sqlite3.Connection) -> None:
    db.execute("pragma wal_checkpoint(truncate)")
    (root,) = db.execute("select rootpage from sqlite_master where name = 'summary'").fetchone()
    db.close()
    with lived.db.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)
    the_one(look(lived), "lineside.db cannot be read: database disk image is malformed", "restore BACKUP")
    assert main(["--home", str(lived.path), "doctor"]) == 1


def test_only_damage_is_answered_with_a_backup(home: Home) -> None:
    error = sqlite3.OperationalError("attempt to write a readonly database")
    error.sqlite_errorcode = sqlite3.SQLITE_READONLY
    assert "this account may not" in database.shut(home, error).hint
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    assert "fuser" in database.shut(home, error).hint
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    assert database.shut(home, error).hint == database.RESTORE


def test_an_index_that_lacks_a_row_is_found(lived: Home, db: sqlite3.Connection) -> None:
    """As after a write that the disk lost."""
    kept = tuple(db.execute("select * from sqlite_master where name = 'run_name'").fetchone())
    db.execute("pragma writable_schema = on")
    db.execute("delete from sqlite_master where name = 'run_name'")
    db.execute("pragma writable_schema = reset")
    db.execute("update run set name = 'another' where id = 1")
    db.execute("pragma writable_schema = on")
    db.execute("insert into sqlite_master values (?, ?, ?, ?, ?)", kept)
    db.execute("pragma writable_schema = reset")
    the_one(look(lived), "lineside.db is damaged", "missing from index run_name", "restore BACKUP")


def test_a_file_that_is_no_database_and_one_that_is_empty_or_gone_are_told_apart(lived: Home) -> None:
    for path in lived.path.glob("lineside.db-*"):
        path.unlink()
    lived.db.write_bytes(b"no database, for sure" * 500)
    the_one(look(lived), "cannot be read: file is not a database", "restore")
    lived.db.write_bytes(b"")
    the_one(look(lived), "lineside.db is empty, while spool, objects, segments hold files")
    lived.db.unlink()
    the_one(look(lived), "lineside.db is missing, while", "would know nothing of them")
    lived.db.mkdir()
    the_one(look(lived), "lineside.db is no file")


def test_a_home_whose_runner_never_started_only_needs_one(home: Home) -> None:
    the_one(look(home), "lineside.db is missing", "runner start")


def test_a_row_that_refers_to_nothing_is_found(lived: Home, db: sqlite3.Connection) -> None:
    db.execute("pragma foreign_keys = off")
    db.execute("update run set experiment_id = 77 where id = 1")
    the_one(look(lived), "run 1 → experiment")


def test_rows_that_cannot_be_read_are_named_together(lived: Home, db: sqlite3.Connection) -> None:
    db.execute("alter table segment rename column sha256 to sha")
    found = wrong(look(lived))
    assert "not looked at: segments" in found[-1].what


def test_a_long_write_ahead_log_is_told_with_who_may_hold_it(lived: Home) -> None:
    os.truncate(lived.path / "lineside.db-wal", 300 << 20)
    the_one(look(lived), "write-ahead log has 314,572,800 bytes", "fuser", "runner start")


@pytest.mark.parametrize(
    ("mode", "level", "words"),
    [
        (0o707, Level.PROBLEM, "everybody on this machine may write"),
        (0o770, Level.PROBLEM, "the group of"),
        (0o755, Level.WARNING, "may look into"),
    ],
)
def test_a_home_open_to_others_is_told(lived: Home, mode: int, level: Level, words: str) -> None:
    lived.path.chmod(mode)
    found = wrong(look(lived))
    assert found[0].level == level
    assert words in found[0].what
    assert "chmod" in found[0].hint


def test_a_database_that_the_group_may_write_counts_where_the_group_can_reach_it(lived: Home) -> None:
    lived.db.chmod(0o660)
    assert wrong(look(lived)) == []
    lived.path.chmod(0o750)
    the_one(look(lived), "others may write to lineside.db", "chmod go-w")


def test_files_of_another_account_are_told(lived: Home) -> None:
    (found,) = house._owners(lived, 4_000_000)
    assert "lineside.db, " in found.what
    assert "the home to 4000000" in found.what
    assert found.hint == f"sudo chown -R 4000000 {lived.path}"


def test_an_unknown_key_of_the_configuration_is_named_with_its_line(lived: Home) -> None:
    lived.config.write_text("[runner]\nslotz = 2\n")
    the_one(look(lived), "line 2", "'slotz'", "did you mean 'slots'?")
    lived.config.write_text("[runner\n")
    the_one(look(lived), "config.toml", "line 1", "toml.io")
    lived.config.write_bytes(b"\xff\xfe")
    the_one(look(lived), "is no text")


def test_many_faults_of_one_kind_are_not_all_printed(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    many = [problem("objects", f"object {n} is missing", hint="cp") for n in range(20)]
    monkeypatch.setattr(examination, "examine", lambda *_, **__: iter(many))
    assert main(["--home", str(home.path), "doctor"]) == 1
    told = capsys.readouterr()
    assert told.out.count("is missing") == 8
    assert "and 12 more: lineside doctor --json" in told.out
    assert "20 problems, 0 warnings" in told.err
