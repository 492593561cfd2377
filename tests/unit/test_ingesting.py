"""The runner's hand on the spools."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fixtures.contexts import Here
from fixtures.spools import writing
from fixtures.waiting import until

import lineside
from lineside.jobs import ingesting
from lineside.store.clock import Micros
from lineside.store.homes import Home
from lineside.store.queries import runs, spools


@pytest.fixture
def ctx(home: Home, db: sqlite3.Connection) -> Here:
    return Here(home, db)


def tick(ctx: Here, times: int = 1) -> None:
    for _ in range(times):
        asyncio.run(ingesting.tick(ctx))


def age(home: Home) -> None:
    """Let every spool look as if it had been still for a while."""
    long_ago = time.time() - 60
    for path in home.spool.glob("*.sp"):
        os.utime(path, (long_ago, long_ago))


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
    age(ctx.home)
    tick(ctx, times=2)
    (row,) = spools.of_run(ctx.db, 1)
    assert (row.sealed, row.skipped_bytes) == (True, 8)
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
    tick(ctx)
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
