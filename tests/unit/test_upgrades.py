"""A runner is replaced: by one from another folder while jobs run, or after a while in which all ended."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from fixtures.adoption import ended_while_down
from fixtures.runners import FAST, RunnerUnderTest
from fixtures.waiting import until

import lineside
from lineside.jobs import commands
from lineside.jobs.execution import processes
from lineside.store import homes
from lineside.store.db import reader
from lineside.store.homes import Home
from lineside.store.queries import jobs, summaries

_FOUR = FAST.replace("slots = 2", "slots = 4")
_TRAINS = """
import lineside, pathlib, time
run = lineside.start_run()
print("begun", flush=True)
step = 0
while not pathlib.Path("go").exists():
    run.log_metrics({"loss": 1.0}, step=step)
    step += 1
    time.sleep(0.02)
"""


def test_an_upgrade_starts_no_job_again_and_points_come_on(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    homes.create(home)
    old = _runner_of_old_code(home, tmp_path / "old")
    with contextlib.closing(RunnerUnderTest(home, config=_FOUR)) as runner:  # finds the old one up
        _replace(runner, old, tmp_path / "old")


def _replace(runner: RunnerUnderTest, old: "subprocess.Popen[bytes]", folder: Path) -> None:
    ids = [runner.python(_TRAINS) for _ in range(4)]
    starts = [runner.start_file(id) for id in ids]
    assert str(folder) in " ".join(processes.command(runner.ask("runner.info")["zygote"]))
    until(lambda: _points(runner, ids[0]) > 5)

    assert commands.stop_runner(runner.home)
    assert old.wait(30) == 0
    shutil.rmtree(folder)
    gone = time.monotonic()
    seen = _points(runner, ids[0])
    runner.restart()
    until(lambda: _points(runner, ids[0]) > seen)
    gap_s = time.monotonic() - gone

    (runner.work / "go").touch()
    rows = [runner.wait_for(id) for id in ids]
    assert [(row.state, row.attempt) for row in rows] == [("SUCCEEDED", 1)] * 4
    assert [runner.start_file(id) for id in ids] == starts
    assert [runner.log(id).count("begun") for id in ids] == [1] * 4
    assert gap_s < 2.0


def test_hundreds_of_jobs_that_ended_while_no_runner_was_up_are_taken_at_once(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    homes.create(home)
    ended_while_down(home, 300)

    commands.start_runner(home)
    began = time.monotonic()
    db = reader(home)
    until(lambda: not jobs.counts(db))
    took_s = time.monotonic() - began

    assert {row.state for row in jobs.recent(db, limit=301)} == {"SUCCEEDED"}
    assert took_s < 2.0
    db.close()
    commands.stop_runner(home)


def test_kill_9_of_a_trainer_is_told_within_two_seconds(busy_runner: RunnerUnderTest) -> None:
    job = busy_runner.submit("sleep", "600")
    pid = busy_runner.start_file(job).pid
    busy_runner.wait_for(job, "RUNNING")

    os.kill(pid, signal.SIGKILL)

    assert busy_runner.wait_for(job, within=2.0).detail == "signal 9"


def _runner_of_old_code(home: Home, folder: Path) -> "subprocess.Popen[bytes]":
    """From a copy of all the code, which can go away."""
    code = Path(lineside.__file__).parents[1].resolve()
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(code / "lineside", folder / "lineside", ignore=unwanted)  # links become folders
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder)}
    home.config.write_text(_FOUR)
    argv = [sys.executable, "-P", "-m", "lineside.jobs.runner", "--home", str(home.path)]
    runner = subprocess.Popen(argv, env=env)
    until(lambda: commands.runner_info(home))
    return runner


def _points(runner: RunnerUnderTest, job: int) -> int:
    run = runner.job(job).run_id
    assert run is not None
    return max((each.count for each in summaries.summaries(runner.db, run)), default=0)
