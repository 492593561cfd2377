"""What `gc` found goes beside a runner that goes on, killed at any step, and frees what was promised."""

import asyncio
import contextlib
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from fixtures.contexts import Here, Killed
from fixtures.garbage import (
    BYTES,
    add_artifact,
    add_job,
    age,
    cooled,
    deploy,
    gc,
    old_folder,
    old_object,
    plan,
    swept,
    there,
    weight,
)
from fixtures.runners import RunnerUnderTest
from fixtures.waiting import until

from lineside.console.__main__ import main
from lineside.jobs.context import Json
from lineside.jobs.control import permitted
from lineside.jobs.verbs import upkeep
from lineside.store import backups, garbage, objects, sweeping
from lineside.store.actors import Actor, Role
from lineside.store.clock import now
from lineside.store.errors import NotPermitted, Usage
from lineside.store.garbage import Item
from lineside.store.homes import Home
from lineside.store.queries import artifacts, audit, runs

MARIA = Actor(uid=1000, name="maria", role=Role.ADMIN)


def test_what_was_touched_after_it_was_found_stays(home: Home, db: sqlite3.Connection) -> None:
    digest = old_object(home)
    found = plan(home, db)
    objects.put_bytes(home, BYTES)  # by somebody whose row is on its way
    done = swept(home, db, found)
    assert (done.bytes, [one.why for one in done.kept]) == (0, ["it is needed again"])
    assert there(home, digest)


def test_what_a_row_named_after_it_was_found_stays(home: Home, db: sqlite3.Connection) -> None:
    digest = old_object(home)
    found = plan(home, db)
    add_artifact(home, db, digest)
    assert [one.why for one in swept(home, db, found).kept] == ["it is needed again"]
    assert there(home, digest)


def test_whoever_brings_an_object_in_has_it_whatever_is_swept_at_that_moment(
    home: Home, db: sqlite3.Connection, tmp_path: Path
) -> None:
    source = tmp_path / "w"
    for turn in range(30):
        digest = old_object(home)
        found = plan(home, db)
        source.write_bytes(BYTES)
        age(source)
        barrier = threading.Barrier(2)
        bring: Callable[[], object] = (
            (lambda: objects.put_bytes(home, BYTES))
            if turn % 2
            else (lambda: objects.adopt(home, source, move=True))
        )
        seen: list[bool] = []

        def adopt(
            barrier: threading.Barrier = barrier, bring: Callable[[], object] = bring, seen: list[bool] = seen
        ) -> None:
            barrier.wait()
            bring()
            seen.append(there(home, digest))  # noqa: B023 - joined before the next turn

        thread = threading.Thread(target=adopt)
        thread.start()
        barrier.wait()
        swept(home, db, found)
        thread.join()
        assert seen == [True]
        assert there(home, digest)
        source.unlink()


def test_nobody_brings_an_object_in_between_the_last_look_and_its_end(
    home: Home, db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = old_object(home)
    found, real = plan(home, db), sweeping._look_again
    thread = threading.Thread(target=lambda: objects.put_bytes(home, BYTES))

    def look_again(path: Path, item: Item) -> None:
        real(path, item)
        thread.start()
        thread.join(timeout=0.1)  # it has to wait
        assert thread.is_alive()

    monkeypatch.setattr(sweeping, "_look_again", look_again)
    assert len(swept(home, db, found).gone) == 1
    thread.join()
    assert there(home, digest)


def test_a_swap_that_begins_after_the_look_keeps_its_version(home: Home, db: sqlite3.Connection) -> None:
    unpacked = deploy(home, db)
    found = plan(home, db)
    db.execute("update deployment set state = 'SWAPPING'")
    assert [one.why for one in swept(home, db, found).kept] == ["it is needed again"]
    assert unpacked[1].exists()


def test_a_box_that_appears_in_an_attempt_after_the_look_keeps_it(home: Home, db: sqlite3.Connection) -> None:
    add_job(db)
    (home.attempt(1, 1) / "outbox").mkdir(parents=True)
    age(home.attempt(1, 1))
    found = plan(home, db, days=0)
    box = home.attempt(1, 1) / "outbox" / "0001-aa"
    box.mkdir()
    assert [one.why for one in swept(home, db, found).kept] == ["it is needed again"]
    assert box.exists()


def test_a_spool_whose_points_are_in_a_segment_goes(home: Home, db: sqlite3.Connection) -> None:
    spool = cooled(home, db)
    assert gc(home, db) == ["spool"]
    assert not spool.exists()


def test_a_spool_stays_while_a_segment_is_missing_or_a_script_has_it(
    home: Home, db: sqlite3.Connection
) -> None:
    import fcntl

    spool = cooled(home, db)
    found = plan(home, db)
    with spool.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert [one.why for one in swept(home, db, found).kept] == ["it is in use again"]
    (segment,) = home.segments.glob("*.parquet")
    segment.rename(home.path / "away")
    assert gc(home, db) == []
    assert spool.exists()


def test_what_the_disk_refuses_is_said_and_the_rest_goes(
    home: Home, db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, _ = sorted((old_object(home, b"a"), old_object(home, b"b")))
    real = os.unlink

    def unlink(path: str, *, dir_fd: int | None = None) -> None:
        if path == stuck:
            raise PermissionError(1, "Operation not permitted")
        real(path, dir_fd=dir_fd)

    found = plan(home, db)
    monkeypatch.setattr(os, "unlink", unlink)
    done = swept(home, db, found)
    assert (len(done.gone), done.bytes) == (1, 1)
    assert [(one.failed, one.why) for one in done.kept] == [(True, "Operation not permitted")]


def test_a_plan_that_somebody_else_carried_out_already_frees_nothing(
    home: Home, db: sqlite3.Connection
) -> None:
    deploy(home, db)
    old_object(home)
    found = plan(home, db)
    swept(home, db, found)
    again = swept(home, db, found)
    assert (again.gone, again.bytes, len(again.kept)) == ((), 0, 3)
    assert not any(one.failed for one in again.kept)


def test_gc_beside_a_backup_lets_it_be_whole(home: Home, db: sqlite3.Connection, tmp_path: Path) -> None:
    needed = [objects.put_bytes(home, bytes([n]) * 99).digest for n in range(20)]
    run = add_artifact(home, db, needed[0])
    for number, digest in enumerate(needed):
        stored = objects.Stored(digest=digest, bytes=99, tree=False)
        artifacts.put(db, run, path=str(number), kind="file", stored=stored, at=now())
        age(objects.path_of(home, digest))
    stop = threading.Event()
    missing: list[str] = []

    def back_up() -> None:
        number = 0
        while not stop.is_set() or number < 3:
            missing.extend(backups.back_up(home, tmp_path / f"b{number}", at=now()).missing)
            number += 1

    thread = threading.Thread(target=back_up)
    thread.start()
    for turn in range(15):
        old_object(home, f"garbage {turn}".encode())
        swept(home, db, plan(home, db))
    stop.set()
    thread.join()
    assert missing == []
    assert all(objects.verify(home, digest) for digest in needed)


KILLED = """
import os, signal, sqlite3, sys
from pathlib import Path
from lineside.store import garbage, sweeping
from lineside.store.clock import now
from lineside.store.db import writer
from lineside.store.homes import Home

home, left = Home(Path(sys.argv[1])), [int(sys.argv[2])]

def counted(real):
    def call(*args, **kwargs):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)
    return call

db = writer(home.db)
db.execute("begin immediate")
known = garbage.facts(home, db)
plan = garbage.survey(home, known, at=now(), older_than_days=0)
for name in ("unlink", "rename", "rmdir"):
    setattr(os, name, counted(getattr(os, name)))
moved = sweeping.set_aside(home, plan.items)
db.execute("commit")
sweeping.sweep(home, plan.items, known, moved=moved)
"""


@pytest.mark.parametrize("steps", [0, 2, 3, 5, 8])
def test_killed_at_any_step_a_second_gc_ends_what_the_first_began(
    home: Home, db: sqlite3.Connection, tmp_path: Path, steps: int
) -> None:
    needed = old_folder(home, tmp_path / "a", x="1", y="2")
    add_artifact(home, db, needed, tree=True)
    old_folder(home, tmp_path / "b", x="1", z="3")
    unpacked = deploy(home, db)
    add_job(db)
    (home.attempt(1, 1) / "outbox").mkdir(parents=True)
    (home.attempt(1, 1) / "log").write_text("said\n")
    died = subprocess.run([sys.executable, "-c", KILLED, str(home.path), str(steps)], timeout=60, check=False)
    assert died.returncode == -signal.SIGKILL
    assert objects.verify(home, needed)
    gc(home, db, days=0)
    assert gc(home, db, days=0) == []
    assert objects.verify(home, needed)
    assert [unpacked[number].exists() for number in (1, 2, 3)] == [False, True, True]
    assert not home.attempt(1, 1).exists()
    assert len(list(home.objects.glob("*/*"))) == 3


def ask(ctx: Here, **args: object) -> Json:
    async def gc() -> Json:
        return await upkeep.gc(ctx, MARIA, args)

    return asyncio.run(gc())


def test_a_kill_around_the_transaction_leaves_a_home_that_gc_cleans(
    home: Home, db: sqlite3.Connection
) -> None:
    for steps in (0, 1):
        old_object(home)
        deployed = deploy(home, db) if not steps else None
        with pytest.raises(Killed):
            ask(Here(home, db, steps_left=steps))
    told = ask(Here(home, db))
    assert (told["kinds"], told["kept"]) == ({"object": 1, "scrap": 2}, [])
    assert deployed is None or deployed[2].exists()


def test_only_an_admin_may_and_no_job() -> None:
    with pytest.raises(NotPermitted, match=r"eve is viewer; upkeep\.gc takes admin"):
        permitted("upkeep.gc", Actor(uid=7, name="eve", role=Role.VIEWER))
    with pytest.raises(NotPermitted, match="from inside a job"):
        permitted("upkeep.gc", Actor(uid=7, name="eve", role=Role.ADMIN, in_job=True))


@pytest.mark.parametrize("days", [-1, "7", True, float("nan"), 1e9])
def test_what_is_no_number_of_days_is_refused(home: Home, db: sqlite3.Connection, days: object) -> None:
    with pytest.raises(Usage, match="older_than_days must be a number of days"):
        ask(Here(home, db), older_than_days=days)


LOGGING = """
import lineside
for turn in range(60):
    with open("w", "w") as file:
        file.write(f"{turn % 10}" * 1000)
    lineside.log_artifact("w", name=f"w{turn}")
"""


def plant(home: Home, folder: Path, data: bytes) -> None:
    """An old object that nobody names; where there is one already, it is left alone."""
    source = folder / "planted"
    source.write_bytes(data)
    age(source)
    target = objects.path_of(home, hashlib.sha256(data).hexdigest())
    target.parent.mkdir(exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.link(source, target)
    source.unlink()


def test_beside_a_runner_that_takes_artifacts_in_nothing_of_them_is_lost(
    runner: RunnerUnderTest, tmp_path: Path
) -> None:
    """What the job logs is old garbage, planted again and again while the runner adopts and gc sweeps."""
    home, runner.work = runner.home, tmp_path
    contents = [f"{digit}".encode() * 1000 for digit in range(10)]
    for data in contents:
        plant(home, tmp_path, data)
    assert runner.ask("upkeep.gc")["bytes"] == 10_000
    job = runner.python(LOGGING, name="logs")
    while runner.job(job).ended_us is None:
        for data in contents:
            plant(home, tmp_path, data)
        assert runner.ask("upkeep.gc")["failed_count"] == 0
    assert runner.wait_for(job).state == "SUCCEEDED"
    run = runner.job(job).run_id or 0
    found = {row.path: row.digest for row in runs.artifacts(runner.db, run) if row.path.startswith("w")}
    assert len(found) == 60
    assert all(objects.verify(home, digest) for digest in found.values())
    assert audit.verify(runner.db).broken_seq is None


def test_the_command_line_promises_what_it_then_frees(
    runner: RunnerUnderTest, capsys: pytest.CaptureFixture[str]
) -> None:
    old_object(runner.home)
    job = runner.python("print('said')", name="j")
    runner.wait_for(job)
    until(lambda: garbage.facts(runner.home, runner.db).attempts)
    flags = ["--home", str(runner.home.path), "gc", "--older-than", "0"]
    assert main([*flags, "--dry-run"]) == 0
    shown = capsys.readouterr()
    assert "no row names it" in shown.out
    assert "would be freed: 1 attempt, 1 object. To delete it: lineside gc --older-than 0" in shown.err
    assert main([*flags, "--dry-run", "--json"]) == 0
    promised, before = json.loads(capsys.readouterr().out), weight(runner.home)
    assert {item["kind"] for item in promised["items"]} == {"attempt", "object"}
    assert main([*flags, "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert {key: done[key] for key in ("count", "bytes", "kinds")} == {
        key: promised[key] for key in ("count", "bytes", "kinds")
    }
    assert done["bytes"] <= before
    assert audit.newest(runner.db, limit=1)[0].verb == "upkeep.gc"
    assert main([*flags]) == 0
    assert "there is nothing to delete" in capsys.readouterr().out


def test_the_command_line_makes_no_home_of_a_wrong_path(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for flags in (["gc"], ["gc", "--dry-run"]):
        assert main(["--home", str(tmp_path / "typo"), *flags]) == 1
        assert "no lineside home" in capsys.readouterr().err
    assert main(["--home", str(tmp_path), "gc", "--older-than", "-1"]) == 2
    assert not (tmp_path / "typo").exists()
