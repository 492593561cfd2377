"""The doctor says in words what is wrong with a home, and what to do next; it changes nothing."""

import dataclasses
import json
import os
import signal
import socket
import sqlite3
from pathlib import Path

import pytest
from fixtures import compaction, spools
from fixtures.runners import RunnerUnderTest
from fixtures.waiting import until

from lineside.console.__main__ import main
from lineside.jobs.doctor import examination, runners, supervision
from lineside.jobs.doctor.runners import Sight
from lineside.jobs.execution import attempts
from lineside.store import objects
from lineside.store.actors import Actor, Role
from lineside.store.clock import Micros, after, now
from lineside.store.db import SCHEMA_VERSION
from lineside.store.doctor import house, points
from lineside.store.doctor.findings import Case, Finding, Level, problem
from lineside.store.homes import Home
from lineside.store.queries import artifacts, audit, datasets, models, runs

MARIA = Actor(uid=1000, name="maria", role=Role.ADMIN)
LOCAL = "/dev/sda1 / ext4 rw 0 0\nproc /proc proc rw 0 0\n"
DAY_S = 86_400.0


def look(home: Home, *, quick: bool = False, mounts: str = LOCAL, at: Micros | None = None) -> list[Finding]:
    return list(
        examination.examine(home, at=now() if at is None else at, quick=quick, mounts=mounts, within_s=0.3)
    )


def wrong(found: list[Finding]) -> list[Finding]:
    return [one for one in found if one.level != Level.OK]


def the_one(found: list[Finding], *words: str) -> Finding:
    """The only thing wrong; it has all of `words`, and says what to do."""
    (only,) = wrong(found)
    for word in words:
        assert word in f"{only.what} → {only.hint}", only
    assert only.hint
    return only


def case(home: Home, **more: object) -> Case:
    return dataclasses.replace(Case(home=home, at=now(), mounts=LOCAL), **more)  # type: ignore[arg-type]


def bump(path: Path, at: int = -1) -> None:
    """Flip one bit, and leave name, size and mode as they are."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.chmod(0o640)
    path.write_bytes(data)


def changed(db: sqlite3.Connection, sql: str) -> None:
    """What a hand with another program would do to the trail, and tidy up after itself."""
    triggers = db.execute("select name, sql from sqlite_master where name like 'audit_never%'").fetchall()
    for trigger in triggers:
        db.execute(f"drop trigger {trigger['name']}")
    db.execute(sql)
    for trigger in triggers:
        db.execute(trigger["sql"])


@pytest.fixture
def lived(home: Home, db: sqlite3.Connection) -> Home:
    """A home in which things happened: run_a lies in a segment, run_b in its spool; nobody is up."""
    at = now()
    run_id = runs.create(db, uid="run_x", experiment="e", name="n", author="maria", job_id=None, at=at)
    weights = objects.put_bytes(home, b"weights" * 1000)
    artifacts.put(db, run_id, path="w.bin", kind="file", stored=weights, at=at)
    folder = home.path / "made"
    folder.mkdir()
    (folder / "model.onnx").write_text("layers")
    artifacts.put(db, run_id, path="m", kind="model", stored=objects.adopt(home, folder), at=at)
    for number in range(3):
        audit.append(db, MARIA, "test", subject=("run", run_id), detail={"n": number}, at=at)
    for uid in ("run_a", "run_b"):
        with spools.writing(home, uid) as run:
            for step in range(200):
                run.log_metrics({"loss": 1.0 / (step + 1)}, step=step)
        if uid == "run_a":
            compaction.seal(db, home)
            assert compaction.advance(home, db)
    spools.take_all(db, home)
    return home


def a_job(db: sqlite3.Connection, home: Home, state: str, *, ended: bool = False) -> Path:
    """A job in a state, with one attempt; its attempt's folder."""
    db.execute(
        """
        insert into job (uid, kind, name, argv, cwd, state, attempt, submitted_us, ended_us, submitted_by,
                         submitter_uid)
        values (:uid, 'batch', 'train', '[]', '/', :state, 1, 1, :ended_us, 'maria', 1000)
        """,
        {"uid": f"job_{state}", "state": state, "ended_us": 2 if ended else None},
    )
    (id,) = db.execute("select max(id) from job").fetchone()
    db.execute("insert into attempt (job_id, number, started_us) values (?, 1, 1)", (id,))
    folder = home.attempt(id, 1)
    folder.mkdir(parents=True)
    return folder


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


def test_a_flipped_bit_in_a_segment_is_found(lived: Home) -> None:
    (path,) = lived.segments.glob("*.parquet")
    bump(path, path.stat().st_size // 2)
    fault = the_one(look(lived), path.name, "200 points", "damaged", f"cp -f --parents segments/{path.name}")
    assert fault.level == Level.PROBLEM
    assert wrong(look(lived, quick=True)) == []


@pytest.mark.parametrize("quick", [False, True])
def test_a_segment_that_is_gone_is_named_with_its_points(lived: Home, quick: bool) -> None:
    (path,) = lived.segments.glob("*.parquet")
    path.unlink()
    the_one(look(lived, quick=quick), path.name, "200 points", "is missing", "BACKUP")


def test_a_segment_cut_short_is_found_quickly_too(lived: Home) -> None:
    (path,) = lived.segments.glob("*.parquet")
    os.truncate(path, 100)
    the_one(look(lived, quick=True), "it has 100 bytes")


def test_a_segment_that_nobody_names_is_worth_a_warning_once_it_cannot_be_on_its_way(lived: Home) -> None:
    stray = lived.segments / "seg_0.parquet"
    stray.write_bytes(b"points")
    found = the_one(look(lived), "seg_0.parquet", "manifest does not name", "runner start")
    assert found.level == Level.WARNING
    assert house.settled(case(lived), stray)
    assert not house.settled(case(lived, settle_s=600.0), stray)


def test_an_object_that_is_gone_is_named_by_who_needs_it(lived: Home, db: sqlite3.Connection) -> None:
    (digest,) = db.execute("select digest from artifact where path = 'w.bin'").fetchone()
    objects.path_of(lived, digest).unlink()
    the_one(
        look(lived), digest[:12], "is missing", "artifact w.bin of run 1", f"objects/{digest[:2]}/{digest}"
    )


def test_a_file_missing_from_a_folder_is_named_with_its_place(lived: Home, db: sqlite3.Connection) -> None:
    (digest,) = db.execute("select digest from artifact where tree = 1").fetchone()
    (entry,) = objects.tree(lived, digest)
    objects.path_of(lived, entry.digest).unlink()
    the_one(look(lived, quick=True), "(model.onnx)", "artifact m of run 1")


def test_what_datasets_and_models_are_made_of_is_looked_at(lived: Home, db: sqlite3.Connection) -> None:
    nothing = dict.fromkeys(("target", "time_column", "time_zone"))
    data = datasets.NewVersion.of(
        {"files": [{"split": "all", "digest": "d" * 64, "rows": 1, "bytes": 1}], "columns": [],
         "exclude": [], "profile": [], **nothing}
    )  # fmt: skip
    datasets.add_version(db, data, name="trips", origin={}, by="maria", at=now())
    models.create(db, "m", at=now())
    version = models.add_version(db, "m", run_id=1, by="maria", at=now())
    models.ready(db, version.id, artifact="e" * 64, package="{}", profile="f" * 64)
    told = " ".join(one.what for one in wrong(look(lived)))
    for words in ("dataset trips@1, split all", "needed by model m@1", "training profile of m@1"):
        assert words in told


def test_an_object_whose_bytes_changed_is_found_unless_in_a_hurry(
    lived: Home, db: sqlite3.Connection
) -> None:
    (digest,) = db.execute("select digest from artifact where path = 'w.bin'").fetchone()
    bump(objects.path_of(lived, digest))
    the_one(look(lived), digest[:12], "not what was stored")
    assert wrong(look(lived, quick=True)) == []


def test_rows_of_a_window_that_are_gone_or_changed_are_found(lived: Home, db: sqlite3.Connection) -> None:
    models.create(db, "m", at=now())
    db.execute(
        "insert into monitor (uid, name, model_id, settings, created_us) values ('m', 'm', 1, '{}', 1)"
    )
    db.execute("""
        insert into window (uid, monitor_id, number, state, start_us, end_us, path, digest)
        values ('w', 1, 3, 'CLOSED', 0, 1, 'm-3.parquet', 'not its digest')
    """)
    the_one(look(lived), "window 3 of m are missing")
    (lived.windows / "m-3.parquet").write_bytes(b"rows")
    the_one(look(lived), "window 3 of m have changed")


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


def test_points_from_the_future_name_their_run(lived: Home, db: sqlite3.Connection) -> None:
    found = points._read(lived.spool / "run_b.sp", (lived.spool / "run_b.sp").stat().st_size)
    assert abs(found.newest_us - now()) < 60_000_000
    told = list(points.warm(case(lived, at=after(now(), -3 * DAY_S)), db))
    assert ["3.0 days in the future" in one.what for one in told] == [True]
    assert "run 3" in told[0].what


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


def test_damaged_bytes_of_a_spool_name_the_run(lived: Home, db: sqlite3.Connection) -> None:
    db.execute("update spool set skipped_bytes = 27 where path = 'run_b.sp'")
    found = the_one(look(lived), "27 bytes of the spool of run 3", "lineside runs show 3")
    assert found.level == Level.WARNING


def test_a_spool_that_changed_after_it_was_read_is_found(lived: Home) -> None:
    bump(lived.spool / "run_b.sp", 3_000)
    the_one(look(lived), "spool of run 3 has changed since it was read", "run_b.sp")


def test_a_spool_that_is_gone_while_no_segment_has_its_points_is_a_problem(lived: Home) -> None:
    (lived.spool / "run_b.sp").unlink()
    the_one(look(lived), "spool of run 3 is gone, run_b.sp", "nowhere else", "cp -f --parents spool/run_b.sp")


def test_a_spool_that_was_cut_short_is_a_problem(lived: Home) -> None:
    os.truncate(lived.spool / "run_b.sp", 50)
    the_one(look(lived, quick=True), "was cut short: 50 bytes")


def test_what_nobody_reads_while_no_runner_is_up_is_told(lived: Home) -> None:
    with spools.writing(lived, "run_new") as run:
        run.log_metric("loss", 1.0, step=0)
    the_one(look(lived), "1 spools hold", "bytes that nobody has read", "runner start")


def test_what_a_crash_left_half_written_is_told_once(lived: Home) -> None:
    (lived.segments / ".seg_1.parquet.tmp").write_bytes(b"half")
    (lived.segments / ".spill").mkdir()
    (lived.segments / ".spill" / "duckdb_temp").write_bytes(b"spilt")
    (lived.objects / ".0123456789abcdef").write_bytes(b"half")
    found = the_one(look(lived), "3 files", "13 bytes", ".seg_1.parquet.tmp", "lineside gc")
    assert found.level == Level.WARNING
    assert list(house.leftovers(case(lived, settle_s=600.0))) == []


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


def test_a_secret_that_others_may_read_is_a_problem(lived: Home, db: sqlite3.Connection) -> None:
    folder = a_job(db, lived, "QUEUED").parent
    attempts.put(folder / "env", {"TOKEN": "x"}, mode=0o644)
    (lived.serving / "api").mkdir()
    (lived.serving / "api" / "token").write_text("secret")
    told = [one.what for one in wrong(look(lived)) if "secrets" in one.what]
    assert told == [
        "others may read jobs/1/env, which holds secrets",
        "others may read serving/api/token, which holds secrets",
    ]


def test_files_of_another_account_are_told(lived: Home) -> None:
    (found,) = house._owners(lived, 4_000_000)
    assert "lineside.db, " in found.what
    assert "the home to 4000000" in found.what
    assert found.hint == f"sudo chown -R 4000000 {lived.path}"


def test_variables_of_a_job_that_has_ended_should_be_gone(lived: Home, db: sqlite3.Connection) -> None:
    folder = a_job(db, lived, "SUCCEEDED", ended=True).parent
    attempts.put(folder / "env", {"TOKEN": "x"})
    the_one(look(lived), "variables of 1 jobs", "jobs/1/env", "runner start")


def test_a_job_that_runs_in_the_store_and_nowhere_else_is_found(lived: Home, db: sqlite3.Connection) -> None:
    folder = a_job(db, lived, "RUNNING")
    the_one(look(lived), "job 1 (train) is RUNNING", "says nothing of it", "runner start")
    for name in ("claim", "lock"):
        (folder / name).touch()
    the_one(look(lived), "its shim was killed", "runner start")
    nothing = dict.fromkeys(("code", "user_s", "system_s", "max_rss_bytes", "started_us"))
    attempts.put(folder / "exit", {"cause": "ok", "detail": "exit 0", "ended_us": 1, **nothing})
    assert the_one(look(lived), "ended while no runner was up").level == Level.WARNING
    assert wrong(list(supervision.live(case(lived), db, lives=True))) == []


def test_jobs_that_wait_for_a_runner_say_so(lived: Home, db: sqlite3.Connection) -> None:
    a_job(db, lived, "QUEUED")
    the_one(look(lived), "1 jobs wait", "lineside runner start")


def test_a_job_that_does_not_stop_is_told(lived: Home, db: sqlite3.Connection) -> None:
    folder = a_job(db, lived, "STOPPING")
    (folder / "claim").touch()
    attempts.put(folder / "start", {"shim": 1, "pid": 2, "born": 3, "boot": "b", "at_us": 4})
    attempts.put(folder / "stop", {"cause": "cancelled", "grace_s": 10})
    import fcntl

    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert wrong(look(lived)) == []
        the_one(look(lived, at=after(now(), 100)), "told to stop and is still there, 30 s after its grace")


def test_an_unknown_key_of_the_configuration_is_named_with_its_line(lived: Home) -> None:
    lived.config.write_text("[runner]\nslotz = 2\n")
    the_one(look(lived), "line 2", "'slotz'", "did you mean 'slots'?")
    lived.config.write_text("[runner\n")
    the_one(look(lived), "config.toml", "line 1", "toml.io")
    lived.config.write_bytes(b"\xff\xfe")
    the_one(look(lived), "is no text")


def test_the_socket_of_a_dead_runner_is_told(lived: Home) -> None:
    lived.lock.write_text("4000000\n")
    assert wrong(look(lived)) == []  # a runner that ended by itself takes its socket along
    with socket.socket(socket.AF_UNIX) as sock, runners.commands.wire.short_path(lived.socket) as name:
        sock.bind(name)
    the_one(look(lived), "the runner died (pid 4000000 is gone)", "runner start", "runner logs")


def test_something_else_at_the_socket_does_not_end_the_examination(lived: Home) -> None:
    lived.socket.touch()
    the_one(look(lived), "the runner died")


def info(**more: object) -> dict[str, object]:
    return {
        "pid": 2**22 + 1, "version": _version(), "started_us": now(), "jobs": {}, "problems": [], "going": {},
        "gpu_words": "no GPU", "clock": {"passes": 9, "failures": 0, "still_s": 0.1}, **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "level", "words"),
    [
        ({"clock": {"still_s": 95.0}}, Level.PROBLEM, "stood still for 95 s"),
        (
            {"going": {"measuring": 1200.0}},
            Level.WARNING,
            "its tick measuring has been at work for 20 minutes",
        ),
        ({"problems": ["poller: OSError: x"]}, Level.PROBLEM, "fails: poller: OSError: x"),
        ({"version": "0.0.0"}, Level.WARNING, "the runner is lineside 0.0.0, this is"),
    ],
)
def test_a_runner_that_is_up_and_not_well_is_told(
    home: Home, said: dict[str, object], level: Level, words: str
) -> None:
    sight = Sight(pid=1, holder=2**22 + 1, socket=True, info=info(**said))
    (found,) = runners.judge(case(home), sight)
    assert found.level == level
    assert words in found.what
    assert "lineside runner" in found.hint


def test_a_runner_that_lost_its_lock_is_told(home: Home) -> None:
    sight = Sight(pid=None, holder=None, socket=True, info=info(pid=os.getpid()))
    (found,) = runners.judge(case(home), sight)
    assert "does not hold runner.lock" in found.what


def test_the_holder_of_a_lock_is_read_from_the_kernels_list() -> None:
    locks = (
        "1: POSIX  ADVISORY  WRITE 11 08:01:77 0 EOF\n"
        "2: -> FLOCK  ADVISORY  WRITE 12 08:01:77 0 EOF\n"
        "3: FLOCK  ADVISORY  WRITE 13 08:01:77 0 EOF\n"
    )
    assert runners.holder(77, locks) == 13
    assert runners.holder(78, locks) is None


def test_a_runner_at_work_is_well_and_one_that_hangs_or_died_is_told(runner: RunnerUnderTest) -> None:
    runner.wait_for(runner.submit("true"))
    found = look(runner.home)
    assert wrong(found) == []
    (line,) = [one.what for one in found if one.subject == "runner"]
    assert f"up, pid {runner.pid}, its clock goes" in line
    later = after(now(), 5)
    os.utime(runner.home.config, (later / 1e6, later / 1e6))
    the_one(look(runner.home), "config.toml was changed after the runner started")
    os.utime(runner.home.config, (0, 0))
    os.kill(runner.pid, signal.SIGSTOP)
    until(lambda: "stopped by a signal" in " ".join(one.what for one in wrong(look(runner.home))))
    the_one(look(runner.home), f"pid {runner.pid}, does not answer", f"kill -CONT {runner.pid}")
    runner.home.socket.unlink()
    the_one(look(runner.home), "its socket was deleted", f"kill -9 {runner.pid}")
    runner.kill()
    until(lambda: wrong(look(runner.home)) == [])  # its last thread lets the lock go


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


def _version() -> str:
    from importlib.metadata import version

    return version("lineside")
