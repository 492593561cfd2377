"""Schedules under a real runner: they fire, outlive kills, and say why they stopped."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fixtures.runners import RunnerUnderTest
from fixtures.scheduling import gaps, often
from fixtures.waiting import until

from lineside.store.db import writer
from lineside.store.queries import jobs, schedules
from lineside.store.queries.schedules import FiringRow

PROJECT = """\
[project]
name = "clocked"
[pipeline.train.stage.fit]
cmd = "true"
"""


@pytest.fixture
def project(busy_runner: RunnerUnderTest) -> Iterator[Path]:
    """A project's folder; its schedules are taken away afterwards."""
    folder = busy_runner.work / "project"
    folder.mkdir()
    (folder / "lineside.toml").write_text(PROJECT)
    yield folder
    for row in schedules.every(busy_runner.db):
        if row.project is None:
            busy_runner.ask("schedules.rm", {"schedule": row.name})


class CommandLine:
    """`lineside` in a project's folder."""

    def __init__(self, runner: RunnerUnderTest, folder: Path) -> None:
        self.words = [sys.executable, "-m", "lineside.console", "--home", str(runner.home.path)]
        self.folder = folder

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self.words, *words], cwd=self.folder, capture_output=True, text=True)

    def json(self, *words: str) -> Any:
        done = self(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def lineside(busy_runner: RunnerUnderTest, project: Path) -> CommandLine:
    return CommandLine(busy_runner, project)


def firings(runner: RunnerUnderTest, name: str) -> list[FiringRow]:
    """The oldest first."""
    return schedules.firings(runner.db, schedules.find(runner.db, name).id, limit=1_000)[::-1]


def test_a_schedule_plans_its_pipeline_and_its_stages_are_known_as_its_own(
    busy_runner: RunnerUnderTest, lineside: CommandLine
) -> None:
    added = lineside("schedules", "add", "soon", "train", "--every", "1s")
    assert added.returncode == 0, added.stderr
    assert "schedule soon: next" in added.stdout

    first = until(lambda: [each for each in firings(busy_runner, "soon") if each.job_id])[0]
    assert first.job_id is not None
    planner = busy_runner.wait_for(first.job_id)
    assert planner.state == "SUCCEEDED", busy_runner.log(planner.id)
    (stage,) = (job for job in jobs.recent(busy_runner.db) if job.parent_id == planner.id)
    assert (stage.pipeline, stage.stage) == ("train", "fit")
    assert schedules.of_job(busy_runner.db, stage.id).schedule_id == first.schedule_id
    shown = lineside.json("schedules", "show", "soon")
    assert len(shown["next"]) == 5
    assert shown["firings"][-1]["outcome"] == "started"


def test_a_pipeline_that_was_renamed_parks_its_schedule_until_it_is_resumed(
    busy_runner: RunnerUnderTest, lineside: CommandLine, project: Path
) -> None:
    assert lineside("schedules", "add", "nightly", "30 2 * * *", "train").returncode == 0
    (project / "lineside.toml").write_text(PROJECT.replace("train", "learn"))
    fired = lineside.json("schedules", "fire", "nightly")
    busy_runner.wait_for(fired["job"], "FAILED")

    assert "no pipeline 'train'" in schedules.find(busy_runner.db, "nightly").broken
    listed = lineside("schedules", "ls").stdout
    assert "parked: no pipeline 'train'" in listed
    refused = lineside("schedules", "fire", "nightly")
    assert (refused.returncode, "is parked" in refused.stderr) == (3, True)
    (project / "lineside.toml").write_text(PROJECT)
    assert lineside("schedules", "resume", "nightly").returncode == 0
    assert schedules.find(busy_runner.db, "nightly").broken == ""


def test_a_key_fires_once_and_a_push_fires_what_waits_for_its_branch(
    busy_runner: RunnerUnderTest, lineside: CommandLine, project: Path
) -> None:
    assert lineside("schedules", "add", "pushed", "train", "--on-push", "main").returncode == 0
    of_branch = ("schedules", "fire", "--branch", "main", "--key", "abc1")

    assert lineside.json(*of_branch, "--folder", "/elsewhere")["fired"] == []
    first, again = (lineside.json(*of_branch, "--folder", str(project))["fired"] for _ in range(2))

    assert (first[0]["fired"], again[0]["fired"]) == (True, False)
    assert first[0]["job"] == again[0]["job"]
    assert len(firings(busy_runner, "pushed")) == 1


def test_new_data_fires_what_waits_for_it(
    busy_runner: RunnerUnderTest, lineside: CommandLine, project: Path
) -> None:
    assert lineside("schedules", "add", "fresh", "train", "--on-data", "taps").returncode == 0
    table = project / "taps.csv"
    table.write_text("amount,label\n" + "1.5,2\n" * 60)
    for _ in range(2):  # the same content is the same version
        busy_runner.ask("data.add", {"name": "taps", "path": str(table), "target": "label"})

    (fired,) = until(lambda: firings(busy_runner, "fresh"))
    assert (fired.due, fired.outcome) == ("taps@1", "started")
    assert fired.job_id is not None
    assert busy_runner.wait_for(fired.job_id).state == "SUCCEEDED"
    assert len(firings(busy_runner, "fresh")) == 1


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["x", "30 2 * * *", "trian"], 1, "no pipeline 'trian'"),
        (["x", "30 2 * * *", "train", "--param", "lr=1"], 2, "train has no parameter 'lr'"),
        (["x", "99 2 * * *", "train"], 2, "minute: there is no '99'"),
        (["x", "30", "2", "*", "*", "*", "train"], 2, "put the cron line in quotes"),
        (["x", "train"], 2, "say once when it fires"),
        (["x", "30 2 * * *", "train", "--tz", "Europe/Berlln"], 2, "no time zone 'Europe/Berlln'"),
        (["x", "train", "--every", "soon"], 2, "is no length of time"),
        (["x", "30 2 * * *", "train", "--every", "6h"], 2, "say once when it fires"),
    ],
)
def test_what_cannot_be_added_is_refused_in_words(
    lineside: CommandLine, words: list[str], code: int, says: str
) -> None:
    done = lineside("schedules", "add", *words)

    assert (done.returncode, says in done.stderr) == (code, True), done.stderr


def test_five_kills_over_forty_due_times_take_each_of_them_exactly_once(runner: RunnerUnderTest) -> None:
    runner.kill()
    with closing(writer(runner.home.db)) as db:
        id = often(db, runner.work, times=20)
    runner.restart()
    for killed_at in (6, 12, 18, 24, 30):
        until(lambda at=killed_at: len(schedules.firings(runner.db, id, limit=100)) >= at)  # type: ignore[misc]
        runner.kill()
        runner.restart()
    until(lambda: len(schedules.firings(runner.db, id, limit=100)) >= 40)

    fired = firings(runner, "often")
    assert gaps(fired, times=20) == []
    planners = [each.job_id for each in fired if each.job_id is not None]
    made = [job.id for job in jobs.recent(runner.db, limit=1_000) if job.kind == "planner"]
    assert set(planners) <= set(made)
    assert len(set(planners)) == len(planners)
