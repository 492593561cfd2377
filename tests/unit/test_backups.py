"""Backups are whole and of one moment, whatever goes on; a restored home is true, and starts nothing."""

import contextlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from fixtures import compaction, demo_home, scheduling, spools
from fixtures.runners import FAST, RunnerUnderTest
from fixtures.waiting import until

from lineside.jobs import commands, restoring
from lineside.jobs.execution import attempts
from lineside.jobs.schedules import firing
from lineside.store import backups, copies, objects
from lineside.store.actors import Actor, Role
from lineside.store.clock import Micros
from lineside.store.db import SCHEMA_VERSION, reader, writer
from lineside.store.errors import BadData, HomeProblem, LinesideError, Refused, SchemaTooNew
from lineside.store.homes import Home
from lineside.store.queries import artifacts, audit, jobs, runs, schedules, segments
from lineside.store.states import JobState

AT = Micros(1_795_300_000_000_000)
MARIA = Actor(uid=1000, name="maria", role=Role.ADMIN)


def lived_in(home: Home, db: sqlite3.Connection) -> str:
    """A home with a run, an artifact and a folder; the artifact's digest."""
    run_id = runs.create(db, uid="run_a", experiment="e", name="n", author="maria", job_id=None, at=AT)
    stored = objects.put_bytes(home, b"weights" * 1000)
    artifacts.put(db, run_id, path="w.bin", kind="file", stored=stored, at=AT)
    folder = home.path / "tmp"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    tree = objects.adopt(home, folder)
    artifacts.put(db, run_id, path="m", kind="model", stored=tree, at=AT)
    audit.append(db, MARIA, "test", subject=("run", run_id), at=AT)
    with spools.writing(home, "run_b") as run:
        for step in range(100):
            run.log_metrics({"loss": 1.0 / (step + 1)}, step=step)
    spools.take_all(db, home)
    (home.windows / "m-1.parquet").write_bytes(b"rows")
    (home.payloads / "d.sp").write_bytes(b"frames")
    home.config.write_text('[roles]\nana = "operator"\n')
    return stored.digest


def restored(source: Path, to: Path) -> Home:
    home = Home(to)
    restoring.restore(source, home, MARIA, at=AT)
    return home


def test_a_restored_home_holds_what_the_old_one_held(
    home: Home, db: sqlite3.Connection, tmp_path: Path
) -> None:
    digest = lived_in(home, db)
    manifest = backups.back_up(home, tmp_path / "b", at=AT)
    assert manifest.missing == []
    new = restored(tmp_path / "b", tmp_path / "new")
    read = reader(new)
    assert objects.verify(new, digest)
    assert len(runs.recent(read)) == 2
    assert audit.verify(read).broken_seq is None
    assert (new.windows / "m-1.parquet").read_bytes() == b"rows"
    assert (new.payloads / "d.sp").read_bytes() == b"frames"
    assert new.config.read_text() == home.config.read_text()
    assert (new.spool / "run_b.sp").read_bytes() == (home.spool / "run_b.sp").read_bytes()
    assert new.path.stat().st_mode & 0o077 == 0
    read.close()


def test_the_manifest_tells_the_digest_of_each_file(
    home: Home, db: sqlite3.Connection, tmp_path: Path
) -> None:
    import hashlib

    lived_in(home, db)
    backups.back_up(home, tmp_path / "b", at=AT)
    said = json.loads((tmp_path / "b" / "backup.json").read_text())
    found = {
        path.relative_to(tmp_path / "b").as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (tmp_path / "b").rglob("*")
        if path.is_file() and path.name != "backup.json"
    }
    assert {path: entry["sha256"] for path, entry in said["files"].items()} == found
    assert said["schema"] == SCHEMA_VERSION


def test_a_backup_of_the_told_home_restores(tmp_path: Path) -> None:
    home = demo_home.build(Home(tmp_path / "home"))
    manifest = backups.back_up(home, tmp_path / "b", at=AT)
    assert all(path.startswith("objects/") for path in manifest.missing)  # its digests are made up
    new = restored(tmp_path / "b", tmp_path / "new")
    read = reader(new)
    assert audit.verify(read).broken_seq is None
    read.close()


def test_an_existing_target_is_refused(home: Home, db: sqlite3.Connection, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with pytest.raises(Refused, match="exists already"):
        backups.back_up(home, tmp_path / "b", at=AT)
    with pytest.raises(Refused, match="inside the home"):
        backups.back_up(home, home.path / "b", at=AT)


def test_what_may_hold_secrets_is_left_out(home: Home, db: sqlite3.Connection, tmp_path: Path) -> None:
    folder = home.attempt(1, 1)
    (folder / "outbox" / "x").mkdir(parents=True)
    for name in ("env", "lock", "log", "exit", "outbox/x/env"):
        (folder / name).write_text("x")
    (folder.parent / "env").write_text("SECRET=1")
    (home.serving / "d").mkdir()
    (home.serving / "d" / "token").write_text("secret")
    files = backups.back_up(home, tmp_path / "b", at=AT).files
    taken = {path for path in files if path.startswith(("jobs/", "serving/"))}
    assert taken == {"jobs/1/1/log", "jobs/1/1/exit", "jobs/1/1/outbox/x/env"}


def test_a_failed_backup_leaves_nothing(
    home: Home, db: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    lived_in(home, db)
    monkeypatch.setattr(backups, "_bring", full)
    with pytest.raises(HomeProblem, match="No space left"):
        backups.back_up(home, tmp_path / "out" / "b", at=AT)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_segment_that_replaces_a_spool_meanwhile_is_in_the_backup(
    home: Home, db: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the database was copied, a spool's points move into a segment, and the spool goes."""
    lived_in(home, db)
    real, turns = copies.snapshot, [0]

    def then_compact(source: Path, target: Path) -> None:
        real(source, target)
        turns[0] += 1
        if turns[0] == 1:
            compaction.seal(db, home)
            assert compaction.advance(home, db)

    monkeypatch.setattr(copies, "snapshot", then_compact)
    manifest = backups.back_up(home, tmp_path / "b", at=AT)
    assert turns[0] == 2
    assert manifest.missing == []
    assert [path for path in manifest.files if path.startswith("segments/")]
    new = restored(tmp_path / "b", tmp_path / "new")
    with contextlib.closing(reader(new)) as read:
        assert (new.segments / segments.every(read)[0].path).exists()


def test_a_restored_home_fires_no_schedule_before_somebody_says_so(
    home: Home, db: sqlite3.Connection, tmp_path: Path
) -> None:
    id = scheduling.often(db, tmp_path, times=10)
    row = schedules.get(db, id)
    assert row.next_us is not None
    for due in ("a", "b"):
        firing.fire(db, row, due=due, due_us=None, overlap="queue", at=row.next_us)
    backups.back_up(home, tmp_path / "b", at=AT)
    with contextlib.closing(writer(restored(tmp_path / "b", tmp_path / "new").db)) as new:
        assert schedules.due(new, Micros(2**62)) == []
        assert "restored from a backup" in schedules.get(new, id).broken
        assert [job.state for job in jobs.recent(new)] == ["HELD", "HELD"]
        assert schedules.held_back(new) == []


@pytest.mark.parametrize("place", ["lineside.db", "windows/m-1.parquet", "spool/run_b.sp", "object"])
def test_one_changed_byte_is_found_and_nothing_is_restored(
    home: Home, db: sqlite3.Connection, tmp_path: Path, place: str
) -> None:
    digest = lived_in(home, db)
    backups.back_up(home, tmp_path / "b", at=AT)
    path = tmp_path / "b" / (f"objects/{digest[:2]}/{digest}" if place == "object" else place)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()
    path.write_bytes(data)
    with pytest.raises(Refused, match="damaged"):
        restored(tmp_path / "b", tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "home"]


def test_a_missing_file_of_a_backup_is_found(home: Home, db: sqlite3.Connection, tmp_path: Path) -> None:
    lived_in(home, db)
    backups.back_up(home, tmp_path / "b", at=AT)
    (tmp_path / "b" / "payloads" / "d.sp").unlink()
    with pytest.raises(Refused, match=r"payloads/d.sp is missing"):
        restored(tmp_path / "b", tmp_path / "new")


def test_a_folder_that_is_not_empty_is_not_restored_into(
    home: Home, db: sqlite3.Connection, tmp_path: Path
) -> None:
    backups.back_up(home, tmp_path / "b", at=AT)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "mine").write_text("x")
    with pytest.raises(Refused, match="not empty"):
        restored(tmp_path / "b", tmp_path / "new")
    (tmp_path / "new" / "mine").unlink()
    assert restored(tmp_path / "b", tmp_path / "new").exists


Change = Callable[[dict[str, object]], object]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda said: said.update(schema=SCHEMA_VERSION + 1), SchemaTooNew),
        (lambda said: said.update(format=2), SchemaTooNew),
        (lambda said: said.update(files={"../x": {"bytes": 1, "sha256": "0"}}), BadData),
        (lambda said: said.update(files=[]), BadData),
        (lambda said: said.pop("schema"), BadData),
    ],
)
def test_a_manifest_we_cannot_follow_is_refused(
    home: Home, db: sqlite3.Connection, tmp_path: Path, change: Change, error: type[LinesideError]
) -> None:
    backups.back_up(home, tmp_path / "b", at=AT)
    said = json.loads((tmp_path / "b" / "backup.json").read_text())
    change(said)
    (tmp_path / "b" / "backup.json").write_text(json.dumps(said))
    with pytest.raises(error):
        restored(tmp_path / "b", tmp_path / "new")
    with pytest.raises(BadData, match="is no backup"):
        restored(tmp_path / "home", tmp_path / "new")


def test_what_the_home_lacks_itself_is_said(home: Home, db: sqlite3.Connection, tmp_path: Path) -> None:
    digest = lived_in(home, db)
    objects.path_of(home, digest).unlink()
    manifest = backups.back_up(home, tmp_path / "b", at=AT)
    assert manifest.missing == [f"objects/{digest[:2]}/{digest}"]


def test_a_backup_while_a_writer_goes_on_is_of_one_moment(
    home: Home, db: sqlite3.Connection, tmp_path: Path
) -> None:
    import threading

    stop = threading.Event()

    def write() -> None:
        conn = writer(home.db)
        while not stop.is_set():
            conn.execute("begin immediate")
            for _ in range(20):
                audit.append(conn, MARIA, "test", subject=("run", None), at=AT)
            conn.execute("commit")
        conn.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        until(lambda: audit.newest(db, limit=1))
        for turn in range(5):
            backups.back_up(home, tmp_path / f"b{turn}", at=AT)
            conn = sqlite3.connect(tmp_path / f"b{turn}" / "lineside.db")
            conn.row_factory = sqlite3.Row
            verdict = audit.verify(conn)
            conn.close()
            assert verdict.broken_seq is None
            assert verdict.rows % 20 == 0
    finally:
        stop.set()
        thread.join()


def test_in_a_restored_home_nothing_runs_and_the_old_one_goes_on(
    runner: RunnerUnderTest, tmp_path: Path
) -> None:
    wait = "import time; open('up', 'w').close(); time.sleep(600)"
    running = runner.python(wait, name="runs", retry_max=3, retry_on=["lost"])
    other = runner.python("import time; time.sleep(600)", name="too")
    waiting = runner.python("raise SystemExit(0)", name="waits", cpus=2)  # for the one that runs on, too
    runner.wait_for(running, JobState.RUNNING)
    runner.wait_for(other, JobState.RUNNING)
    shim = runner.start_file(running).shim
    runner.ask("jobs.cancel", {"job": other})
    backups.back_up(runner.home, tmp_path / "b", at=AT)
    new = restored(tmp_path / "b", tmp_path / "new")
    new.config.write_text(FAST)
    commands.start_runner(new)
    try:
        with contextlib.closing(reader(new)) as read:
            until(lambda: not jobs.live(read))
            ended = jobs.get(read, running)
            assert ended.state == JobState.FAILED
            assert "does not run in this home" in ended.reason
            run = runs.get(read, ended.run_id or 0)
            assert (run.status, run.cause) == ("FAILED", "lost")
            held = jobs.get(read, waiting)
            assert (held.state, "restored from a backup" in held.reason) == (JobState.HELD, True)
            assert audit.verify(read).broken_seq is None
            assert audit.newest(read, limit=1)[0].verb == "home.restore"
        commands.ask(new, "jobs.release", {"job": waiting})
        with contextlib.closing(reader(new)) as read:
            until(lambda: jobs.get(read, waiting).state == JobState.SUCCEEDED)
    finally:
        commands.stop_runner(new, jobs=True)
    assert runner.job(running).state == JobState.RUNNING
    assert Path(f"/proc/{shim}").exists()


def test_an_attempt_that_began_after_the_copy_of_the_database_never_did_in_the_restored_home(
    home: Home, db: sqlite3.Connection, tmp_path: Path
) -> None:
    later = home.attempt(7, 1)
    later.mkdir(parents=True)
    (later / "claim").touch()
    assert "jobs/7/1/claim" in backups.back_up(home, tmp_path / "b", at=AT).files
    assert not restored(tmp_path / "b", tmp_path / "new").attempt(7, 1).exists()


def test_an_attempt_that_was_starting_is_not_started_by_the_restored_home(
    home: Home, db: sqlite3.Connection, tmp_path: Path
) -> None:
    from fixtures.story import put

    put(db, "job", id=1, uid="job_1", kind="service", name="serve", argv='["sleep", "9"]', cwd="/",
        state="STARTING", cpus=0, attempt=1, submitted_us=AT, submitted_by="maria", submitter_uid=1000,
        retry_max=5, retry_on='["lost"]')  # fmt: skip
    put(db, "attempt", job_id=1, number=1, started_us=AT)
    backups.back_up(home, tmp_path / "b", at=AT)
    new = restored(tmp_path / "b", tmp_path / "new")
    sighting = attempts.look(new.attempt(1, 1))
    assert sighting.phase == attempts.Phase.ENDED
    with contextlib.closing(reader(new)) as read:
        assert jobs.command(read, 1).retry_max == 0


def test_backup_and_restore_by_the_command_line(
    home: Home, db: sqlite3.Connection, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from lineside.console.__main__ import main

    lived_in(home, db)
    assert main(["--home", str(home.path), "backup", str(tmp_path / "b"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["missing"] == []
    new = str(tmp_path / "new")
    assert main(["--home", new, "restore", str(tmp_path / "b")]) == 0
    assert "the audit chain holds" in capsys.readouterr().out
    assert main(["--home", new, "restore", str(tmp_path / "b")]) == 3
    assert main(["--home", new, "audit", "verify"]) == 0
    assert main(["--home", new, "backup", str(tmp_path / "b")]) == 3
