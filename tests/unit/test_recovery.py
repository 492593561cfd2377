"""kill -9 at each process of the runner: nothing acknowledged is lost, nothing runs twice or is guessed."""

import os
import random
import shutil
import signal
import subprocess
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pytest
from fixtures.runners import RunnerUnderTest
from fixtures.waiting import PATIENCE_S, until

from lineside.jobs import commands
from lineside.jobs.execution import attempts, processes
from lineside.store import homes
from lineside.store.errors import LinesideError
from lineside.store.homes import Home


def test_a_restarted_runner_finds_the_same_attempt_still_running(runner: RunnerUnderTest) -> None:
    job = runner.submit("sh", "-c", "echo once; until [ -e go ]; do sleep 0.02; done; echo done")
    before = runner.start_file(job)

    runner.kill()
    runner.restart()
    row = runner.wait_for(job, "RUNNING")

    assert row.attempt == 1
    assert runner.start_file(job) == before
    (runner.home.path / "go").touch()
    assert runner.wait_for(job).state == "SUCCEEDED"
    assert runner.log(job) == "once\ndone\n"


def test_what_ended_while_no_runner_was_up_is_found_with_its_true_end(runner: RunnerUnderTest) -> None:
    job = runner.submit("sh", "-c", "until [ -e go ]; do sleep 0.02; done; exit 7")
    runner.start_file(job)

    runner.kill()
    (runner.home.path / "go").touch()
    until(lambda: (runner.folder(job) / "exit").exists())
    runner.restart()
    row = runner.wait_for(job)

    assert (row.state, row.detail, row.attempt) == ("FAILED", "exit 7", 1)


def test_five_kills_of_the_runner_lose_no_job_and_run_none_twice(runner: RunnerUnderTest) -> None:
    hits = _submit_many(runner, 30)
    rng = random.Random(5)
    for _ in range(5):
        _wait_for_lines(hits, min(30, _lines(hits) + rng.randrange(1, 6)))
        runner.kill()
        runner.restart()

    assert _all_ran_once(runner, hits, 30)


def test_two_kills_of_the_zygote_lose_no_job_and_run_none_twice(runner: RunnerUnderTest) -> None:
    hits = _submit_many(runner, 20)
    for goal in (3, 9):
        _wait_for_lines(hits, goal)
        os.kill(runner.ask("runner.info")["zygote"], signal.SIGKILL)

    assert _all_ran_once(runner, hits, 20)


@pytest.mark.parametrize("retry_on", [[], ["lost"]])
def test_a_killed_shim_ends_as_lost_and_is_tried_again_only_by_policy(
    runner: RunnerUnderTest, retry_on: list[str]
) -> None:
    tree = "echo try; (setsid sleep 62 &) ; sleep 63 & until [ -e go ]; do sleep 0.02; done"
    job = runner.submit("sh", "-c", tree, retry_on=retry_on, retry_max=1)
    os.kill(runner.start_file(job).shim, signal.SIGKILL)

    if retry_on:
        until(lambda: runner.job(job).attempt == 2)
        (runner.home.path / "go").touch()
        assert runner.wait_for(job).state == "SUCCEEDED"
    else:
        row = runner.wait_for(job)
        assert (row.state, row.cause, row.detail) == ("FAILED", "lost", "its supervisor was killed")
    until(lambda: not runner.survivors())


def test_a_shim_killed_while_no_runner_was_up_leaves_no_orphan(runner: RunnerUnderTest) -> None:
    job = runner.submit("sh", "-c", "sleep 62 & setsid sleep 63 & wait")
    shim = runner.start_file(job).shim
    until(lambda: len(runner.survivors()) == 3)

    runner.kill()
    os.kill(shim, signal.SIGKILL)
    runner.restart()

    assert runner.wait_for(job).cause == "lost"
    until(lambda: not runner.survivors())


def test_a_process_that_escaped_an_ended_attempt_is_killed_at_the_next_start(runner: RunnerUnderTest) -> None:
    job = runner.submit("true")
    runner.wait_for(job)
    marked = {"LINESIDE_ATTEMPT_DIR": str(runner.folder(job)), "PATH": os.environ["PATH"]}
    with subprocess.Popen(["sleep", "61"], env=marked) as stray:
        runner.kill()
        runner.restart()

        assert stray.wait(PATIENCE_S) == -signal.SIGKILL


def test_a_job_lost_to_a_restart_of_the_machine_says_so(runner: RunnerUnderTest) -> None:
    job = runner.submit("sleep", "600")
    start = runner.start_file(job)
    runner.kill()
    os.kill(start.shim, signal.SIGKILL)
    attempts.put(runner.folder(job) / "start", {**asdict(start), "boot": "another"})

    runner.restart()

    assert runner.wait_for(job).detail == "the machine was restarted"
    until(lambda: not runner.survivors())


def test_a_secret_left_by_a_killed_runner_is_deleted_by_the_next(runner: RunnerUnderTest) -> None:
    job = runner.submit("true")
    runner.wait_for(job)
    left = runner.folder(job).parent / "env"
    until(lambda: not left.exists())
    runner.kill()
    left.write_text("{}")
    of_attempt = runner.folder(job) / "env"
    of_attempt.write_text("{}")
    foreign = runner.home.path / "jobs" / "notes" / "env"
    foreign.parent.mkdir()
    foreign.write_text("mine")

    runner.restart()

    until(lambda: not left.exists() and not of_attempt.exists())
    assert foreign.read_text() == "mine"
    assert runner.wait_for(runner.submit("true")).state == "SUCCEEDED"


def test_a_cancel_that_a_kill_interrupted_is_finished_by_the_next_runner(runner: RunnerUnderTest) -> None:
    job = runner.submit("sh", "-c", "trap '' TERM; while :; do sleep 0.05; done", grace_s=0.3)
    runner.start_file(job)

    runner.ask("jobs.cancel", {"job": job})
    runner.kill()
    runner.restart()

    assert runner.wait_for(job).state == "CANCELLED"
    assert runner.survivors() == []


def test_a_stopped_runner_leaves_its_jobs_running(runner: RunnerUnderTest) -> None:
    job = runner.submit("sleep", "600")
    start = runner.start_file(job)

    runner.ask("runner.stop")
    until(lambda: not Path(f"/proc/{runner.pid}").exists() or _zombie(runner.pid))
    runner.restart()

    assert runner.wait_for(job, "RUNNING").attempt == 1
    assert runner.start_file(job) == start


def test_a_request_with_the_same_key_is_answered_and_done_once_even_over_a_kill(
    runner: RunnerUnderTest,
) -> None:
    jobs = {"jobs": [{"argv": ["true"], "cwd": "/"}]}
    first = runner.ask("jobs.submit", jobs, key="k1")
    runner.kill()
    runner.restart()

    assert runner.ask("jobs.submit", jobs, key="k1") == first
    with pytest.raises(LinesideError, match="was used for"):
        runner.ask("jobs.cancel", {"job": 1}, key="k1")


def _submit_many(runner: RunnerUnderTest, count: int) -> Path:
    hits = runner.home.path / "hits"
    hits.touch()
    one = {"cwd": str(runner.home.path), "env": {"PATH": os.environ["PATH"]}}
    runner.ask(
        "jobs.submit", {"jobs": [{**one, "argv": ["sh", "-c", f"echo {i} >> hits"]} for i in range(count)]}
    )
    return hits


def _wait_for_lines(hits: Path, goal: int) -> None:
    until(lambda: _lines(hits) >= goal)


def _lines(hits: Path) -> int:
    return len(hits.read_text().split())


def _all_ran_once(runner: RunnerUnderTest, hits: Path, count: int) -> bool:
    for job in range(1, count + 1):
        assert runner.wait_for(job).state == "SUCCEEDED"
    assert Counter(hits.read_text().split()) == {str(i): 1 for i in range(count)}
    return True


def _zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z"


@pytest.mark.integration
def test_a_runner_whose_home_is_deleted_ends_by_itself(tmp_path: Path) -> None:
    home = Home(tmp_path / "gone")
    homes.create(home)
    pid = commands.start_runner(home)
    shutil.rmtree(home.path, ignore_errors=True)
    until(lambda: not processes.alive(pid), within=30)
