"""The runner's hand on the spools."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from fixtures.contexts import Here
from fixtures.spools import writing
from fixtures.waiting import until

import lineside
from lineside.jobs import ingesting
from lineside.jobs.tailing import Gone
from lineside.store.clock import Micros
from lineside.store.errors import HomeProblem
from lineside.store.homes import Home
from lineside.store.queries import runs, spools


@pytest.fixture
def ctx(home: Home, db: sqlite3.Connection) -> Here:
    return Here(home, db)


def tick(ctx: Here, times: int = 1) -> None:
    for _ in range(times):
        asyncio.run(ingesting.tick(ctx))


@pytest.fixture(autouse=True)
def always_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends are looked for at every tick."""
    monkeypatch.setattr(ingesting, "_KEEP_S", 0.0)


def age(home: Home) -> None:
    """Let every spool have been still for a while."""
    for tail in ingesting.watch_of(home).tails.values():
        tail.grown_at -= 60
    gone = ingesting.watch_of(home).gone
    gone |= {name: Gone(since=one.since - 60, inode=one.inode) for name, one in gone.items()}


def killed(run: lineside.Run) -> None:
    """What a kill -9 leaves of a run: its lock is gone, and nothing was said."""
    os.close(run._spool.fd)
    run._spool.ended = True


def test_a_tick_takes_what_all_spools_have_gained(ctx: Here) -> None:
    first, second = writing(ctx.home, "run_a"), writing(ctx.home, "run_b")
    for step in range(3):
        first.log_metric("loss", 1.0, step=step)
        second.log_metric("loss", 1.0, step=step)
        tick(ctx)
        assert [runs.summaries(ctx.db, run)[0].count for run in (1, 2)] == [step + 1] * 2
    first.finish()
    second.finish()


def test_a_script_that_died_without_a_word_is_lost_and_its_spool_sealed(ctx: Here) -> None:
    run = writing(ctx.home, "run_a")
    run.log_metric("loss", 1.0)
    killed(run)
    tick(ctx)
    assert runs.get(ctx.db, 1).status == "RUNNING"

    age(ctx.home)
    tick(ctx, times=2)

    row = runs.get(ctx.db, 1)
    assert (row.status, row.cause, row.detail) == ("FAILED", "lost", "the script ended without saying so")
    assert spools.of_run(ctx.db, 1)[0].sealed


def test_a_silent_script_that_lives_is_not_lost(ctx: Here) -> None:
    run = writing(ctx.home, "run_a")
    run.log_metric("loss", 1.0)
    age(ctx.home)
    tick(ctx, times=3)
    assert runs.get(ctx.db, 1).status == "RUNNING"
    run.finish()


def test_silence_is_no_verdict_on_the_run_of_a_job(ctx: Here) -> None:
    runs.create(ctx.db, uid="run_a", experiment="e", name="j", author="ana", job_id=3, at=Micros(1))
    run = writing(ctx.home, "run_a")
    run.log_metric("loss", 1.0)
    killed(run)
    age(ctx.home)
    tick(ctx, times=3)
    assert runs.get(ctx.db, 1).status == "RUNNING"
    assert not spools.of_run(ctx.db, 1)[0].sealed


def test_a_torn_tail_is_counted_when_its_spool_is_sealed(ctx: Here) -> None:
    run = writing(ctx.home, "run_a")
    run.log_metric("loss", 1.0)
    run.finish()
    with (ctx.home.spool / "run_a.sp").open("ab") as file:
        file.write(b"\x30\x00\x00\x00torn")
    tick(ctx)
    age(ctx.home)
    tick(ctx, times=2)
    (row,) = spools.of_run(ctx.db, 1)
    assert (row.sealed, row.skipped_bytes) == (True, 8)
    (gap,) = runs.context(ctx.db, 1)["gaps"]
    assert (gap["why"], gap["lost_bytes"]) == ("torn", 8)
    assert runs.get(ctx.db, 1).status == "FINISHED"


def test_a_run_that_goes_on_is_looked_at_again(ctx: Here) -> None:
    runs.create(ctx.db, uid="run_a", experiment="e", name="j", author="ana", job_id=3, at=Micros(1))
    run = writing(ctx.home, "run_a")
    run.log_metric("loss", 1.0)
    killed(run)
    tick(ctx)
    runs.end(ctx.db, 1, status="FAILED", cause="signal", at=Micros(2))
    age(ctx.home)
    tick(ctx, times=2)
    assert spools.of_run(ctx.db, 1)[0].sealed

    runs.reschedule(ctx.db, 1)
    again = writing(ctx.home, "run_a")
    again.log_metric("loss", 0.5)
    tick(ctx, times=2)
    assert runs.summaries(ctx.db, 1)[0].count == 2
    again.finish()


def test_draining_takes_everything_a_run_wrote_and_its_files(ctx: Here, tmp_path: Path) -> None:
    (tmp_path / "model").write_text("m")
    run, side = writing(ctx.home, "run_a"), writing(ctx.home, "run_a")
    for step in range(1_000):
        run.log_metric("loss", 1.0, step=step)
    run.log_model(tmp_path / "model")
    side.log_metric("side", 1.0)
    run.finish()
    side.finish()
    other = writing(ctx.home, "run_b")
    other.log_metric("loss", 1.0)

    asyncio.run(ingesting.drain(ctx, "run_a"))

    assert [row.count for row in runs.summaries(ctx.db, 1)] == [1_000, 1]
    assert [file.path for file in runs.artifacts(ctx.db, 1)] == ["model"]
    assert runs.find_uid(ctx.db, "run_b") is None
    asyncio.run(ingesting.drain(ctx, "run_unknown"))
    other.finish()


def test_a_killed_process_loses_nothing_it_was_told_is_written(ctx: Here) -> None:
    code = """
import sys, lineside
for step in range(10**9):
    lineside.log_metrics({"loss": 1.0, "accuracy": 0.5}, step=step)
    sys.stdout.write(f"{step}\\n") and sys.stdout.flush()
"""
    env = {"LINESIDE_HOME": str(ctx.home.path), "PYTHONPATH": str(Path(lineside.__file__).parents[1])}
    child = subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    said = [child.stdout.readline() for _ in range(500)]
    child.kill()
    said += child.stdout.read().splitlines(keepends=True)
    child.stdout.close()
    child.wait()
    acknowledged = max(int(line) for line in said if line.endswith("\n"))

    tick(ctx)

    assert until(lambda: runs.summaries(ctx.db, 1))[0].last_step >= acknowledged


def test_a_spool_deleted_under_a_living_script_is_written_again_and_nothing_counted_twice(ctx: Here) -> None:
    run = writing(ctx.home, "run_a")
    for step in range(100):
        run.log_metric("loss", 1.0, step=step)
    tick(ctx)
    (ctx.home.spool / "run_a.sp").unlink()
    tick(ctx)
    age(ctx.home)
    tick(ctx, times=2)
    assert runs.get(ctx.db, 1).status == "RUNNING"
    run._spool.look(time.time_ns())
    for step in range(100, 200):
        run.log_metric("loss", 1.0, step=step)
    run.finish()
    tick(ctx, times=2)
    assert (runs.summaries(ctx.db, 1)[0].count, runs.get(ctx.db, 1).status) == (200, "FINISHED")
    assert "gaps" not in runs.context(ctx.db, 1)


def test_a_run_whose_spool_and_script_are_gone_keeps_what_was_taken_and_says_so(ctx: Here) -> None:
    run = writing(ctx.home, "run_a")
    run.log_metric("loss", 1.0)
    tick(ctx)
    (ctx.home.spool / "run_a.sp").unlink()
    tick(ctx)
    killed(run)
    age(ctx.home)
    tick(ctx, times=2)
    row = runs.get(ctx.db, 1)
    assert (row.status, row.cause) == ("FAILED", "lost")
    assert [gap["why"] for gap in runs.context(ctx.db, 1)["gaps"]] == ["deleted"]
    assert runs.summaries(ctx.db, 1)[0].count == 1
    assert spools.of_run(ctx.db, 1)[0].sealed


def test_another_file_under_the_name_of_a_deleted_spool_is_read_from_its_beginning(ctx: Here) -> None:
    first = writing(ctx.home, "run_a")
    for step in range(100):
        first.log_metric("loss", 1.0, step=step)
    tick(ctx)
    killed(first)
    (ctx.home.spool / "run_a.sp").unlink()
    second = writing(ctx.home, "run_a")
    second.log_metric("loss", 0.5, step=100)
    second.finish()
    tick(ctx, times=3)
    (loss,) = runs.summaries(ctx.db, 1)
    assert (loss.count, loss.last) == (101, 0.5)
    assert [gap["why"] for gap in runs.context(ctx.db, 1)["gaps"]] == ["replaced"]


def test_a_spool_that_cannot_be_opened_is_told_and_keeps_no_other_from_it(
    ctx: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, shut = writing(ctx.home, "run_good"), writing(ctx.home, "run_shut")
    good.log_metric("loss", 1.0)
    shut.log_metric("loss", 1.0)
    (ctx.home.spool / "run_folder.sp").mkdir()
    (ctx.home.spool / "run_folder.resume").mkdir()
    os.mkfifo(ctx.home.spool / "run_pipe.sp")
    (ctx.home.spool / "run_link.sp").symlink_to("run_good.sp")
    real = Path.open

    def refused(path: Path, *more: Any, **named: Any) -> Any:
        if path.name == "run_shut.sp":  # as sudo leaves it, under a careful umask
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *more, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refused)
        for _ in range(3):
            with pytest.raises(HomeProblem, match="4 not ingested, spool run_") as told:
                tick(ctx)
        assert [run.uid for run in runs.by_ids(ctx.db, runs.ids(ctx.db))] == ["run_good"]
        good.finish()
        for _ in range(3):
            with pytest.raises(HomeProblem, match="not ingested") as told:
                tick(ctx)
            age(ctx.home)
        assert spools.of_run(ctx.db, 1)[0].sealed
    assert "cannot be read: " in str(told.value)

    (ctx.home.spool / "run_folder.sp").rmdir()
    for name in ("run_pipe.sp", "run_link.sp"):
        (ctx.home.spool / name).unlink()
    tick(ctx, times=2)  # and the shut one may be read again
    assert runs.summaries(ctx.db, runs.find(ctx.db, "run_shut").id)[0].count == 1
    shut.finish()


def test_a_name_in_the_folder_that_is_no_spools_is_nobodys_run(ctx: Here) -> None:
    run = writing(ctx.home, "run_a")
    run.log_metric("loss", 1.0)
    run.finish()
    data = (ctx.home.spool / "run_a.sp").read_bytes()
    for name in ("..sp", ".sp", "run a.sp", "run_é.sp", "run_a.sp.sp", "run_a.b.c.sp", "x" * 90 + ".sp",
                 "run_a.sp\n", "-.sp\t"):  # fmt: skip
        (ctx.home.spool / name).write_bytes(data)
    (ctx.home.spool / os.fsdecode(b"run_\xff.sp")).write_bytes(data)
    tick(ctx, times=2)
    assert [run.uid for run in runs.by_ids(ctx.db, runs.ids(ctx.db))] == ["run_a"]


def test_the_author_of_a_run_is_the_owner_of_its_spool_whatever_the_script_says(ctx: Here) -> None:
    run = writing(ctx.home, "run_a", author="ana", user="ana")
    run.log_metric("loss", 1.0)
    run.finish()
    if os.getuid() != 0:
        pytest.skip("only root may give a file away")
    os.chown(ctx.home.spool / "run_a.sp", 54_321, -1)
    tick(ctx)
    assert runs.get(ctx.db, 1).author == "54321"
