"""What the runner measures of running jobs, with real processes and a real /proc."""

import os
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.runners import FAST, RunnerUnderTest, running
from fixtures.waiting import until

from lineside.console.__main__ import main
from lineside.jobs.execution import usage
from lineside.store import series, spool
from lineside.store.frames import Frames
from lineside.store.queries import names, runs, spools

BUSY = """
import os, sys
block = bytearray(60_000_000)
child = os.fork()
with open(f"written-{child == 0}", "wb") as file:
    file.write(block[:8_000_000])
    os.fsync(file.fileno())
print("ready", flush=True)
while not os.path.exists("go"):
    sum(range(10_000))
"""


@pytest.fixture(scope="module")
def module_runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunnerUnderTest]:
    """A runner of a box with two GPUs that only exist in tests."""
    patch = pytest.MonkeyPatch()
    patch.setenv("LINESIDE_FAKE_GPUS", "2")
    yield from running(tmp_path_factory.mktemp("gpus") / "home", config=FAST)
    patch.undo()


@pytest.fixture
def child() -> Iterator["subprocess.Popen[str]"]:
    """A process in a session of its own, which has a child and uses a core."""
    code = "import os, sys; os.fork(); os.write(1, b'up\\n')\nwhile True: sum(range(1000))"
    started = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert started.stdout is not None
    assert [started.stdout.readline() for _ in range(2)] == ["up\n", "up\n"]
    yield started
    os.killpg(started.pid, 9)
    started.wait()
    started.stdout.close()


def values(db: sqlite3.Connection, run_id: int) -> dict[str, float]:
    """The newest of everything the runner measured of a run."""
    return {each.metric: each.last_value for each in runs.summaries(db, run_id, system=True)}


def test_a_running_job_is_measured_with_its_children_and_its_gpu(
    busy_runner: RunnerUnderTest, capsys: pytest.CaptureFixture[str]
) -> None:
    job = busy_runner.python(BUSY, name="busy", gpus=1, cwd=str(busy_runner.work))
    until(lambda: busy_runner.log(job).count("ready") == 2)
    run = busy_runner.job(job).run_id
    assert run is not None
    until(lambda: values(busy_runner.db, run).get("sys.cpu_percent", 0) > 0)
    until(lambda: values(busy_runner.db, run)["sys.processes"] == 2)
    found = values(busy_runner.db, run)

    assert 120_000_000 < found["sys.rss_bytes"] < 300_000_000
    assert found["sys.threads"] >= 2
    assert found["sys.write_bytes"] >= 16_000_000
    assert found["sys.host.memory_used_bytes"] > found["sys.rss_bytes"] / 2
    assert (found["sys.gpu0.watts"], found["sys.gpu0.temp_c"], found["sys.gpu0.util"]) == (10.0, 30.0, 0.0)
    assert "sys.gpu1.watts" not in found
    assert {row.rank for row in spools.of_run(busy_runner.db, run)} == {1}

    main(["--home", str(busy_runner.home.path), "runs", "show", str(run)])
    assert "  system  gpu0.watts: last 10, min 10, max 10\n" in capsys.readouterr().out

    (busy_runner.work / "go").touch()
    assert busy_runner.wait_for(job).state == "SUCCEEDED"
    row = runs.get(busy_runner.db, run)
    assert (row.status, row.dropped) == ("FINISHED", 0)
    until(lambda: all(one.sealed for one in spools.of_run(busy_runner.db, run)))


def test_what_the_runner_measures_is_no_answer_to_what_a_run_logged(busy_runner: RunnerUnderTest) -> None:
    job = busy_runner.python("import lineside, time; lineside.log_metric('zeta', 1); time.sleep(60)")
    run = busy_runner.job(job).run_id
    assert run is not None
    until(lambda: values(busy_runner.db, run))
    until(lambda: runs.metric_names(busy_runner.db, [run]) == ["zeta"])
    assert not any(name.startswith("sys.") for name in runs.metric_names(busy_runner.db))
    assert "sys.rss_bytes" in names.metrics_of(busy_runner.db, [run], system=True)
    busy_runner.ask("jobs.cancel", {"job": job})
    busy_runner.wait_for(job)


@pytest.mark.integration
def test_the_next_runner_goes_on_in_the_same_file_where_the_last_frame_was_torn(
    runner: RunnerUnderTest,
) -> None:
    job = runner.python("import time; time.sleep(60)")
    run = runner.job(job).run_id
    assert run is not None
    until(lambda: values(runner.db, run))
    runner.kill()
    path = runner.home.spool / f"{runs.get(runner.db, run).uid}.sys.sp"
    before = spool.read(path)
    with path.open("ab") as file:
        file.write(struct.pack("<II", 99, 1) + b"\x02torn")
    runner.restart()
    until(lambda: spool.read(path).frames > before.frames + 2)

    found = spool.read(path)
    assert found.skipped == 0
    (line,) = series.read(runner.home, runner.db, [run], ["sys.rss_bytes"])
    assert len(line.steps) == line.count == runs.summaries(runner.db, run, system=True)[-1].count


def test_measuring_a_job_costs_a_thousandth_of_a_core(child: "subprocess.Popen[str]") -> None:
    watched = usage.Processes()
    roots = {child.pid: child.pid}
    watched.trees(roots)
    begin = os.times()
    for _ in range(50):
        assert watched.trees(roots)[child.pid].processes == 1
    end = os.times()
    spent = (end.user - begin.user + end.system - begin.system) / 50
    assert spent < 0.002 + 0.002  # of two seconds, on a box that may be busy


def test_a_process_whose_parent_is_gone_is_found_by_its_session(child: "subprocess.Popen[str]") -> None:
    (tree,) = usage.Processes().trees({os.getppid(): child.pid}).values()
    assert tree.processes >= 2


def test_a_half_written_sample_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run_a.sys.sp"
    frames = Frames(path, taken=0)
    frames.write({"sys.a": 1.0}, step=0, at_ns=1)
    whole = path.stat().st_size
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, data: real(file, data[: len(data) // 2]))
    with pytest.raises(OSError, match="full"):
        frames.write({"sys.a": 2.0, "sys.b": 1.0}, step=1, at_ns=2)
    assert path.stat().st_size == whole
    monkeypatch.undo()
    frames.write({"sys.a": 2.0, "sys.b": 1.0}, step=1, at_ns=2)
    frames.close()
    found = spool.read(path)
    assert (found.skipped, found.points) == (0, 3)
