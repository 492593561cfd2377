"""Rules on live metrics under a real runner: what is said, what is stopped, and what a restart changes."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.runners import FAST, RunnerUnderTest, running
from fixtures.waiting import until

from lineside.jobs import commands
from lineside.store import homes
from lineside.store.errors import LinesideError
from lineside.store.homes import Home
from lineside.store.queries import alerts, runs
from lineside.store.queries.alerts import AlertRow

_LOGS = """
import lineside, os, sys, time
for step, value in enumerate(sys.argv[1].split(",")):
    lineside.log_metrics({"train/loss": float(value), "lr": 0.1}, step=step)
open("logged", "w").close()
while not os.path.exists("enough"):
    time.sleep(0.01)
for value in sys.argv[2:]:
    step += 1
    if value == "stay":
        open("stays", "w").close()
        time.sleep(600)
    lineside.log_metrics({"train/loss": float(value)}, step=step)
"""


@pytest.fixture(scope="module")
def one_runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunnerUnderTest]:
    yield from running(tmp_path_factory.mktemp("watch") / "home")


@pytest.fixture
def runner(one_runner: RunnerUnderTest, tmp_path: Path) -> RunnerUnderTest:
    one_runner.begin_afresh(tmp_path)
    return one_runner


def logging(runner: RunnerUnderTest, *values: str, rules: list[str], **more: object) -> int:
    """A job that logs the first values, waits to be let go, and logs the others."""
    return runner.submit(sys.executable, "-c", _LOGS, *values, watch=rules, **more)


def told(runner: RunnerUnderTest, job: int) -> list[AlertRow]:
    """All alerts about the job's run, oldest first."""
    run = runner.job(job).run_id
    found = [a for a in alerts.recent(runner.db) if (a.subject_kind, a.subject_id) == ("run", run)]
    return sorted(found, key=lambda alert: alert.id)


def test_a_script_that_logs_nan_is_stopped_within_two_seconds_and_its_run_says_why(
    runner: RunnerUnderTest,
) -> None:
    job = logging(runner, "1.0,0.5,nan", rules=["nan(train/loss) stop"])
    until((runner.work / "logged").exists)
    logged = time.monotonic()

    row = runner.wait_for(job, "FAILED")

    assert time.monotonic() - logged < 2.0
    assert (row.cause, row.detail) == ("nan", "train/loss is NaN at step 2 (signal 15)")
    assert row.run_id is not None
    run = runs.get(runner.db, row.run_id)
    assert (run.status, run.cause, run.detail) == ("FAILED", row.cause, row.detail)
    (alert,) = told(runner, job)
    assert (alert.rule, alert.title) == (
        "watch.nan(train/loss)", f"train/loss is NaN at step 2; job {job} is stopped",
    )  # fmt: skip


def test_retry_on_nan_begins_a_second_attempt_which_is_watched_again(runner: RunnerUnderTest) -> None:
    rules = ["nan(train/loss) stop"]
    job = logging(runner, "1.0,nan", rules=rules, retry_max=1, retry_on=["nan"], grace_s=5)

    row = runner.wait_for(job, "FAILED")

    assert (row.attempt, row.cause) == (2, "nan")
    first, second = told(runner, job)
    assert (first.state, first.title) == ("RESOLVED", second.title)


def test_every_job_is_told_of_nan_in_a_loss_and_goes_on(runner: RunnerUnderTest) -> None:
    job = logging(runner, "1.0,nan,nan", "inf", rules=[])

    (alert,) = until(lambda: told(runner, job))

    assert (alert.rule, alert.state, alert.title) == (
        "watch.nan(*loss*)", "FIRING", "train/loss is NaN at step 1",
    )  # fmt: skip
    (runner.work / "enough").touch()
    assert runner.wait_for(job).state == "SUCCEEDED"
    (alert,) = until(lambda: [a for a in told(runner, job) if a.state == "RESOLVED"])
    assert (alert.resolution, len(told(runner, job))) == ("the run is over", 1)


def test_a_job_without_a_step_for_too_long_is_told_of_and_stopped(runner: RunnerUnderTest) -> None:
    job = logging(runner, "1.0", rules=["stall 0.2 notify", "stall 0.6 stop", "plateau(no_such) 1 stop"])

    row = runner.wait_for(job, "FAILED")

    assert (row.cause, row.detail) == ("timeout", "no step for 0.6 s after step 0 (signal 15)")
    assert [alert.rule for alert in told(runner, job)] == ["watch.stall 0.2", "watch.stall 0.6"]


def test_a_restart_of_the_runner_fires_nothing_twice_and_misses_nothing(runner: RunnerUnderTest) -> None:
    rules = ["nan(train/loss)", "diverges(train/loss) window=3 stop", "plateau(train/loss) 4"]
    job = logging(runner, "4,nan,2,2,3", "2.5", "8", "9", "9", rules=rules)
    until(lambda: told(runner, job))
    runner.kill()
    runner.restart()
    assert until(lambda: runner.ask("runner.info")["clock"]["passes"] > 5)

    (runner.work / "enough").touch()
    runner.wait_for(job)

    said = [alert.title.partition(";")[0] for alert in told(runner, job)]
    assert said == [
        "train/loss is NaN at step 1",
        "train/loss is no better for 4 steps at step 6: best 2",
        "train/loss diverges at step 7: 8 over 3 points, more than 3 times the lowest, 2",
    ]


def test_nan_that_was_logged_while_no_runner_was_up_stops_the_job(runner: RunnerUnderTest) -> None:
    job = logging(runner, "1.0", "nan", "stay", rules=["nan(train/loss) stop"])
    until((runner.work / "logged").exists)
    runner.kill()
    (runner.work / "enough").touch()
    until((runner.work / "stays").exists)
    runner.restart()

    row = runner.wait_for(job, "FAILED")

    assert (row.cause, row.detail) == ("nan", "train/loss is NaN at step 1 (signal 15)")


_SAVES = """
import lineside, signal, sys, time
signal.signal(signal.SIGUSR1, lambda *_: open("saved", "w").close())
lineside.log_metrics({"loss": float("nan")}, step=7)
time.sleep(600)
"""


@pytest.mark.parametrize(("deed", "saves"), [("checkpoint", True), ("stop", False)])
def test_only_a_rule_that_wants_a_checkpoint_has_the_job_save_before_its_end(
    runner: RunnerUnderTest, deed: str, saves: bool
) -> None:
    job = runner.python(_SAVES, watch=[f"nan(loss) {deed}"], checkpoint_signal="USR1", grace_s=0.6)

    row = runner.wait_for(job, "FAILED")

    assert (row.cause, row.detail) == ("nan", "loss is NaN at step 7 (signal 15)")
    assert (runner.work / "saved").exists() is saves


def test_a_home_without_rules_says_nothing_and_one_with_wrong_ones_does_not_start(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    homes.create(home)
    home.config.write_text('[watch]\nrules = "nan(loss) explode"\n')
    with pytest.raises(LinesideError, match="'explode' means nothing to nan"):
        commands.start_runner(home, within_s=20)

    quiet = RunnerUnderTest(home, config=FAST + '[watch]\nrules = ""\n')
    try:
        quiet.work = tmp_path
        job = logging(quiet, "nan", rules=[])
        until((tmp_path / "logged").exists)
        (tmp_path / "enough").touch()
        assert quiet.wait_for(job).state == "SUCCEEDED"
        assert told(quiet, job) == []
    finally:
        quiet.close()
