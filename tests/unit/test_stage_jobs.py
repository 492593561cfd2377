"""Stages under a real runner: what runs, what is cached and why, and what a kill leaves behind."""

import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from fixtures.runners import RunnerUnderTest
from fixtures.waiting import until

from lineside.console.__main__ import main
from lineside.jobs.execution import queue
from lineside.jobs.projects import freshness, pipelines, results
from lineside.jobs.projects.project import read
from lineside.store.actors import Actor, Role
from lineside.store.clock import Micros
from lineside.store.errors import NotFound
from lineside.store.homes import Home
from lineside.store.queries import jobs, lineage, params, runs, stages, summaries
from lineside.store.queries.jobs import JobRow
from lineside.store.queries.lineage import Node

TEXT = """\
[pipeline.p.params]
word = "a"

[pipeline.p.stage.prep]
cmd = "cat raw > clean"
shell = true
deps = ["raw"]
outs = ["clean"]

[pipeline.p.stage.train]
cmd = "sh train.sh {word}"
deps = ["clean"]
outs = ["model"]
metrics = ["metrics.json"]

[pipeline.p.stage.report]
cmd = "cp model report"
deps = ["model"]
outs = ["report"]
"""

TRAIN = """\
[ -e wait ] && { touch half; until [ -e go ]; do sleep 0.02; done; }
[ "$1" = bad ] && exit 3
(cat clean; echo $1) > model
echo '{"acc": 0.5, "test": {"f1": 0.25}, "note": "x"}' > metrics.json
"""


class Work:
    """A project folder, and its pipeline under a runner."""

    def __init__(self, runner: RunnerUnderTest) -> None:
        self.runner, self.folder = runner, runner.work
        (self.folder / "lineside.toml").write_text(TEXT)
        (self.folder / "train.sh").write_text(TRAIN)

    def submit(self, word: str = "a", **more: Any) -> list[int]:
        found = read(self.folder / "lineside.toml")
        env = {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(self.folder / "cache")}
        jobs = pipelines.plan(
            found, "p", params={"word": word}, datasets={}, home=self.runner.home, python=sys.executable,
            folder=self.folder, env=env, **more,
        )  # fmt: skip
        self.verdicts = freshness.judge(jobs, self._known, env)
        ready = freshness.prepared(jobs, self.verdicts)
        return [each["job"] for each in self.runner.ask("jobs.submit", {"jobs": ready})["jobs"]]

    def run(self, word: str = "a", **more: Any) -> list[JobRow]:
        return [self.runner.wait_for(job) for job in self.submit(word, **more)]

    def change(self, was: str, now: str) -> None:
        path = self.folder / "lineside.toml"
        assert was in path.read_text()
        path.write_text(path.read_text().replace(was, now))

    def _known(self, pipeline: str, cell: str) -> list[dict[str, Any]]:
        rows = stages.newest(self.runner.db, pipeline, cell)
        return [{"key": r.key, "job_id": r.job_id, "inputs": r.inputs, "outs": stages.outs_of(r)}
                for r in rows]  # fmt: skip


@pytest.fixture
def work(busy_runner: RunnerUnderTest, monkeypatch: pytest.MonkeyPatch) -> Work:
    monkeypatch.setenv("XDG_CACHE_HOME", str(busy_runner.work / "cache"))
    found = Work(busy_runner)
    (found.folder / "raw").write_text(str(found.folder))  # so that no other test has made the same
    return found


def states(rows: list[JobRow]) -> list[str]:
    return [row.state for row in rows]


def test_a_changed_last_step_runs_alone_and_the_earlier_ones_are_cached_with_their_hash(work: Work) -> None:
    first = work.run()
    work.change("cp model report", "cp -f model report")

    prep, train, report = work.run()

    assert states(first) == ["SUCCEEDED"] * 3
    assert [prep.state, train.state, report.state] == ["SKIPPED", "SKIPPED", "SUCCEEDED"]
    key = work.verdicts[0].key
    assert key is not None
    assert prep.reason == f"cached ({key[:8]}): same as job {first[0].id}; nothing changed"
    assert report.reason.endswith(": the command changed")
    assert runs.get(work.runner.db, train.run_id or 0).status == "FINISHED"
    after_cached = work.runner.submit("true", after=[{"job": prep.id}])
    assert work.runner.wait_for(after_cached).state == "SUCCEEDED"


def test_a_touched_file_is_still_cached_and_a_changed_one_is_not(work: Work) -> None:
    work.run()
    os.utime(work.folder / "raw")
    assert states(work.run()) == ["SKIPPED"] * 3

    (work.folder / "raw").write_text("2\n")
    prep, train, _ = work.run(word="b")

    assert prep.reason.endswith(": raw changed")
    assert train.reason.endswith(": word changed a → b; clean changed")


def test_a_stage_whose_out_is_gone_runs_again_and_what_follows_is_cached_as_it_made_the_same(
    work: Work,
) -> None:
    work.run()
    (work.folder / "clean").unlink()

    prep, train, report = work.run()

    assert prep.reason.endswith(": clean is gone")
    assert [verdict.state for verdict in work.verdicts] == ["run", "open", "open"]
    assert states([prep, train, report]) == ["SUCCEEDED", "SKIPPED", "SKIPPED"]
    (work.folder / "report").write_text("by hand")
    assert work.run()[2].reason.endswith(": report is not as the stage left it")


def test_a_failed_stage_stops_what_needs_it_and_is_not_cached(work: Work) -> None:
    (work.folder / "lineside.toml").write_text(
        TEXT + '[pipeline.p.stage.other]\ncmd = "cp raw other"\ndeps = ["raw"]\nouts = ["other"]\n'
    )

    rows = work.run(word="bad")

    assert {row.stage: row.state for row in rows} == {
        "prep": "SUCCEEDED", "train": "FAILED", "report": "SKIPPED", "other": "SUCCEEDED"
    }  # fmt: skip
    assert rows[1].detail == "exit 3"
    assert work.run(word="bad")[1].state == "FAILED"


def test_cache_false_and_always_and_force_run_every_time(work: Work) -> None:
    work.change('outs = ["clean"]', 'outs = ["clean"]\ncache = false')
    work.change('outs = ["report"]', 'outs = ["report"]\nalways = true')
    work.run()

    assert states(work.run()) == ["SUCCEEDED", "SKIPPED", "SUCCEEDED"]
    assert states(work.run(force=True)) == ["SUCCEEDED"] * 3


def test_a_stage_killed_half_way_never_counts_as_cached(work: Work) -> None:
    (work.folder / "wait").touch()
    jobs = work.submit()
    until(lambda: (work.folder / "half").exists())
    os.kill(work.runner.start_file(jobs[1]).pid, signal.SIGKILL)

    rows = [work.runner.wait_for(job) for job in jobs]
    (work.folder / "wait").unlink()
    again = work.run()

    assert (rows[1].state, rows[1].detail, rows[2].state) == ("FAILED", "signal 9", "SKIPPED")
    assert states(again) == ["SKIPPED", "SUCCEEDED", "SUCCEEDED"]


def test_a_signal_that_kills_the_command_is_told_as_its_end(work: Work) -> None:
    (work.folder / "train.sh").write_text("kill -SEGV $$")

    assert work.run()[1].detail == "signal 11"


def test_a_signal_for_the_leader_reaches_the_command(work: Work) -> None:
    (work.folder / "train.sh").write_text(
        "trap 'touch saved' USR1; touch half; until [ -e saved ]; do sleep 0.02; done\n" + TRAIN
    )
    jobs = work.submit()
    until(lambda: (work.folder / "half").exists())

    os.kill(work.runner.start_file(jobs[1]).pid, signal.SIGUSR1)

    assert work.runner.wait_for(jobs[1]).state == "SUCCEEDED"


def test_metrics_files_become_metrics_of_the_run_and_files_edges_between_runs(work: Work) -> None:
    prep, train, report = work.run()

    db = work.runner.db
    found = {m.metric: m.last for m in summaries.summaries(db, train.run_id or 0)}
    assert found == {"acc": 0.5, "test.f1": 0.25}
    assert params.params(db, train.run_id or 0) == {"word": "a"}
    graph = lineage.around(db, Node("run", report.run_id or 0), down=False)
    assert [(edge.src_id, edge.dst_id, edge.relation) for edge in graph.edges] == [
        (train.run_id, report.run_id, "made"), (prep.run_id, train.run_id, "made")
    ]  # fmt: skip
    cached = work.run()[1]
    assert [m.last for m in summaries.summaries(db, cached.run_id or 0)] == [0.5, 0.25]


def test_a_stage_that_does_not_write_what_it_declares_fails_in_words(work: Work) -> None:
    work.change("cp model report", "true")

    report = work.run()[2]

    assert report.state == "FAILED"
    assert "no out 'report'; stage report ended well without writing it" in work.runner.log(report.id)


def test_a_dep_that_changes_while_the_stage_runs_keeps_its_result_from_standing(work: Work) -> None:
    (work.folder / "train.sh").write_text("echo more >> clean\n" + TRAIN)

    train = work.run()[1]

    assert train.state == "SUCCEEDED"
    assert "while it ran, clean changed" in work.runner.log(train.id)
    assert work.run()[1].state == "SUCCEEDED"


def test_what_changed_since_it_was_planned_does_not_run_without_its_resources(work: Work) -> None:
    work.run()
    found = read(work.folder / "lineside.toml")
    jobs = pipelines.plan(found, "p", params={}, datasets={}, home=work.runner.home, python=sys.executable,
                          folder=work.folder, env=dict(os.environ))  # fmt: skip
    ready = freshness.prepared(jobs, freshness.judge(jobs, work._known, os.environ))
    assert [job["cpus"] for job in ready] == [0, 0, 0]
    (work.folder / "raw").write_text("changed")

    sent = work.runner.ask("jobs.submit", {"jobs": ready})["jobs"]

    assert work.runner.wait_for(sent[0]["job"]).state == "FAILED"
    assert "prep changed since it was planned: raw changed" in work.runner.log(sent[0]["job"])


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        ('deps = ["raw"]', 'deps = ["rew"]', "no file 'rew'"),
        ("sh train.sh", "shh train.sh", "no command 'shh'"),
    ],
)
def test_a_missing_file_or_command_is_told_before_anything_runs(
    work: Work, was: str, now: str, says: str
) -> None:
    work.change(was, now)

    with pytest.raises(NotFound, match=says):
        work.submit()


def test_two_checkouts_share_what_was_made_when_their_files_agree(work: Work, tmp_path: Path) -> None:
    first = work.run()
    other = tmp_path / "other"
    other.mkdir()
    for path in ("lineside.toml", "train.sh", "raw", "clean", "model", "metrics.json", "report"):
        (other / path).write_bytes((work.folder / path).read_bytes())
    work.folder = other

    rows = work.run()

    assert states(rows) == ["SKIPPED"] * 3
    assert f"same as job {first[0].id}" in rows[0].reason


def test_a_stage_that_ends_while_no_runner_is_up_is_entered_by_the_next_one(
    runner: RunnerUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner.work = runner.home.path / "project"
    runner.work.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(runner.work / "cache"))
    work = Work(runner)
    (work.folder / "raw").write_text("1")
    (work.folder / "wait").touch()
    jobs = work.submit()
    until(lambda: (work.folder / "half").exists())

    runner.kill()
    (work.folder / "go").touch()
    until(lambda: (runner.folder(jobs[1]) / "exit").exists())
    runner.restart()

    assert [runner.wait_for(job).state for job in jobs] == ["SUCCEEDED"] * 3
    assert states(work.run()) == ["SKIPPED"] * 3


def test_a_matrix_of_hundreds_of_cells_is_submitted_whole(
    busy_runner: RunnerUnderTest, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LINESIDE_HOME", str(busy_runner.home.path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(busy_runner.work / "cache"))
    monkeypatch.setenv("LARGE", "x" * 10_000)
    monkeypatch.chdir(busy_runner.work)
    (busy_runner.work / "lineside.toml").write_text(
        '[pipeline.wide.stage.s]\ncmd = "false {i}"\n'
        f'outs = ["o{{i}}"]\nmatrix = {{ i = {list(range(200))} }}\n'
        '[pipeline.wide.stage.never]\ncmd = "true"\nneeds = ["s"]\n'
    )

    assert main(["run", "wide", "--after", str(busy_runner.submit("sleep", "600"))]) == 0

    assert len(capsys.readouterr().out.splitlines()) == 201


@pytest.mark.parametrize("left", ["pipe", "link", "text", "list"])
def test_whatever_lies_in_the_place_of_a_result_the_job_has_ended(
    home: Home, db: sqlite3.Connection, left: str
) -> None:
    recipe = {"cell": "s", "folder": "/", "wdir": ".", "cmd": "s", "argv": ["s"], "params": {}, "deps": [],
              "datasets": {}, "outs": ["o"], "metrics": [], "env": [], "shell": False, "python": "p",
              "may_skip": True, "records": True}  # fmt: skip
    job = {"argv": ["s"], "cwd": "/", "pipeline": "p", "stage": "s", "deps": [{"recipe": recipe}]}
    [sent] = queue.submit(db, Actor(uid=0, name="ana", role=Role.ADMIN), [job], Micros(1))
    row = jobs.get(db, sent.job_id)
    path = home.attempt(row.id, row.attempt) / "result"
    path.parent.mkdir(parents=True, exist_ok=True)
    match left:
        case "pipe":
            os.mkfifo(path)
        case "link":
            path.symlink_to("/etc/hostname")
        case "text":
            path.write_text("{")
        case "list":
            path.write_text("[1]")

    assert results.note(db, row, at=Micros(2)) is None
    assert stages.newest(db, "p", "s") == []
