"""Kills, homes side by side, and a disk that is really full, with a real runner."""

import contextlib
import os
import signal
from pathlib import Path

from fixtures.disks import fill, small_disk
from fixtures.runners import RunnerUnderTest, running
from fixtures.spools import script, writing
from fixtures.storms import Storm
from fixtures.waiting import until

from lineside.store.queries import runs


def test_runner_and_writers_killed_at_random_moments_lose_and_double_nothing(
    runner: RunnerUnderTest, tmp_path: Path
) -> None:
    storm = Storm(runner, tmp_path, seed=1)
    storm.begin(3)
    for _ in range(5):
        storm.strike(within_s=0.3)
    storm.count()


def test_two_homes_on_one_box_know_nothing_of_each_other(runner: RunnerUnderTest, tmp_path: Path) -> None:
    other = next(homes := running(tmp_path / "other"))
    with contextlib.closing(homes):
        jobs = [each.python(f"import lineside; lineside.log_metric('m{n}', {n})")
                for n, each in enumerate((runner, other))]  # fmt: skip
        for number, each in enumerate((runner, other)):
            assert each.wait_for(jobs[number]).state == "SUCCEEDED"
            assert runs.metric_names(each.db) == [f"m{number}"]
            assert runs.count(each.db) == 1
        runner.kill()
        assert other.ask("runner.info")["pid"] == other.pid
        script(other.home, "import lineside; lineside.log_metric('late', 1)")
        until(lambda: runs.count(other.db) == 2)


def test_a_disk_that_is_really_full_is_a_problem_until_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path) as disk, contextlib.closing(lives := running(disk / "home")):
        runner = next(lives)
        os.kill(runner.pid, signal.SIGSTOP)
        run = writing(runner.home, "run_a")
        for step in range(400):
            run.log_metrics({f"metric {step} {'x' * 200}": 1.0, "loss": 1.0}, step=step)
        run.finish()
        ballast = disk / "ballast"
        fill(ballast)
        os.kill(runner.pid, signal.SIGCONT)
        until(lambda: any("no room" in words for words in runner.ask("runner.info")["problems"]))
        assert runs.count(runner.db) == 0

        ballast.unlink()
        until(lambda: runs.count(runner.db) and runs.get(runner.db, 1).status == "FINISHED")
        assert {row.metric: row.count for row in runs.summaries(runner.db, 1)}["loss"] == 400
        until(lambda: not runner.ask("runner.info")["problems"])
