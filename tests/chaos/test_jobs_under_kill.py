"""The full kill counts: runner, submitter, zygote and shim die at random moments while jobs pass through."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from fixtures.runners import RunnerUnderTest
from fixtures.waiting import until

from lineside.store.queries import jobs

pytestmark = pytest.mark.chaos


_SUBMITTER = """
import os, sys
from pathlib import Path
from lineside.jobs import commands
from lineside.store.homes import Home
home, told = Home(Path(sys.argv[1])), Path(sys.argv[2])
number = len(told.read_text().split())
while number < int(sys.argv[3]):
    argv, env = ["sh", "-c", f"echo {number} >> hits"], {"PATH": os.environ["PATH"]}
    job = {"argv": argv, "cwd": str(home.path), "env": env}
    commands.ask(home, "jobs.submit", {"jobs": [job]}, key=f"submitter {number}")
    with told.open("a") as file:
        file.write(f"{number}\\n")
    number += 1
"""


def test_two_hundred_kills_of_the_runner_lose_nothing_and_run_nothing_twice(runner: RunnerUnderTest) -> None:
    hits, rng = _submit(runner, 2400), random.Random(1)
    for _ in range(200):
        time.sleep(rng.uniform(0.0, 0.3))  # a random moment is the point
        runner.kill()
        runner.restart()

    _check(runner, hits, 2400)
    until(lambda: not runner.survivors(), within=2.0)


def test_twenty_killed_submitters_lose_nothing_and_submit_nothing_twice(
    runner: RunnerUnderTest, tmp_path: Path
) -> None:
    told, rng, count = tmp_path / "told", random.Random(4), 400
    told.touch()
    (runner.work / "hits").touch()
    argv = [sys.executable, "-c", _SUBMITTER, str(runner.home.path), str(told), str(count)]
    for _ in range(20):
        with subprocess.Popen(argv) as submitter:
            time.sleep(rng.uniform(0.05, 0.4))
            submitter.kill()
    subprocess.run(argv, check=True)

    _check(runner, runner.work / "hits", count)


def test_fifty_kills_of_the_zygote_lose_nothing_and_run_nothing_twice(runner: RunnerUnderTest) -> None:
    hits, rng = _submit(runner, 900), random.Random(2)
    for _ in range(50):
        time.sleep(rng.uniform(0.0, 0.15))
        if zygote := runner.ask("runner.info")["zygote"]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(zygote, signal.SIGKILL)

    _check(runner, hits, 900)


def test_fifty_killed_shims_are_lost_never_run_twice_and_leave_no_orphan(runner: RunnerUnderTest) -> None:
    lost, rng = 0, random.Random(3)
    for _ in range(50):
        script = f"echo $LINESIDE_JOB >> hits; sleep 0.{rng.randrange(9)}1 & wait"
        job = runner.submit("sh", "-c", script)
        shim = runner.start_file(job).shim
        with contextlib.suppress(ProcessLookupError):
            os.kill(shim, signal.SIGKILL)
        lost += runner.wait_for(job).cause == "lost"

    assert lost > 25
    until(lambda: not runner.survivors())
    assert all(count == 1 for count in Counter((runner.work / "hits").read_text().split()).values())


def _submit(runner: RunnerUnderTest, count: int) -> Path:
    hits = runner.work / "hits"
    hits.touch()
    one = {"cwd": str(runner.work), "env": {"PATH": os.environ["PATH"]}}
    argvs = [["sh", "-c", f"echo {i} >> hits; sleep {i % 7 * 0.01:.2f}"] for i in range(count)]
    for start in range(0, count, 300):
        sent = [{**one, "argv": argv} for argv in argvs[start : start + 300]]
        runner.ask("jobs.submit", {"jobs": sent}, key=f"k{start}")
    return hits


def _check(runner: RunnerUnderTest, hits: Path, count: int) -> None:
    until(lambda: not jobs.waiting(runner.db) and not jobs.live(runner.db), within=300.0)
    states = Counter(row.state for row in jobs.recent(runner.db, limit=count + 1))
    assert states == {"SUCCEEDED": count}
    assert Counter(hits.read_text().split()) == {str(i): 1 for i in range(count)}
    assert {row.attempt for row in jobs.recent(runner.db, limit=count + 1)} == {1}
