"""The SDK among faults: what it must survive, what it must count, and what it may never do to a script."""

import json
import math
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from fixtures.killing import kill_writers
from fixtures.spools import script, take_all, writing
from fixtures.waiting import until

import lineside
from lineside.console.__main__ import main
from lineside.jobs import tailing
from lineside.store import objects, series, spool
from lineside.store.homes import Home
from lineside.store.queries import artifacts, runs

Screen = pytest.CaptureFixture[str]


def read(home: Home, uid: str) -> spool.Decoded:
    return spool.read(home.spool / f"{uid}.sp", limit=1 << 30)


def steps(found: spool.Decoded, metric: str) -> list[int]:
    return [step for part in found.steps if metric in part.names for step in part.steps.tolist()]


def drops(found: spool.Decoded) -> list[tuple[object, object]]:
    return [(event["points"], event["why"]) for event in found.events if event["event"] == "drop"]


# -- values -------------------------------------------------------------------------------------------


def test_scalars_of_other_libraries_are_numbers(home: Home) -> None:
    run = writing(home, "run_a")
    said = {
        "np": np.float32(0.5), "int": np.int64(3), "zero": np.array(2.0), "yes": True, "half": Fraction(1, 2),
        "dec": Decimal("1.5"),
    }  # fmt: skip
    run.log_metrics(said, step=np.int64(4))
    run.log_metrics({"np": np.float64(math.nan)}, step=5)
    run.finish()
    found = read(home, "run_a")
    first = found.steps[0]
    assert dict(zip(first.names, first.values[0].tolist(), strict=True)) == {
        "np": 0.5, "int": 3.0, "zero": 2.0, "yes": 1.0, "half": 0.5, "dec": 1.5,
    }  # fmt: skip
    assert first.steps.tolist() == [4]
    assert drops(found) == []


def test_what_no_float_can_hold_is_dropped_and_counted(home: Home) -> None:
    run = writing(home, "run_a")
    run.log_metrics({"a": 10**400, "b": "3", "c": 1j, "d": [1], "e": 1.0}, step=0)
    run.finish()
    found = read(home, "run_a")
    assert found.points == 1
    assert drops(found) == [(4, "not a number")]


def test_twelve_thousand_keys_in_one_call_arrive_in_few_frames(home: Home, db: sqlite3.Connection) -> None:
    run = writing(home, "run_a")
    values = {f"layer.{number}.weight/norm": float(number) for number in range(12_000)}
    for step in range(3):
        run.log_metrics(values, step=step)
    run.finish()
    found = read(home, "run_a")
    assert found.points == 36_000
    assert len(found.steps) <= 12
    take_all(db, home)
    lines = runs.summaries(db, 1)
    assert len(lines) == 12_000
    assert all(line.count == 3 for line in lines)


def test_a_long_text_becomes_a_file_and_the_param_says_which(home: Home, db: sqlite3.Connection) -> None:
    run = writing(home, "run_a")
    text = "prompt \u00fc\n" * 5_000
    run.log_params({"a/prompt": text, "lr": 1, "odd": "\x01" * 16_000})
    run.set_tags({"essay": "y" * 20_000})
    run.finish()
    take_all(db, home)
    said = runs.params(db, 1)
    assert said["a/prompt"].endswith("characters: params/a_prompt.txt)")
    assert (said["lr"], len(said["odd"])) == ("1", 6_000)
    kept = {file.path: objects.path_of(home, file.digest).read_text() for file in artifacts.artifacts(db, 1)}
    assert kept == {"params/a_prompt.txt": text, "tags/essay.txt": "y" * 20_000}


# -- disks and folders --------------------------------------------------------------------------------


def test_dropped_points_are_a_log_gap_of_the_run(home: Home, db: sqlite3.Connection, capsys: Screen) -> None:
    script(home, """
        import resource, signal
        import lineside
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        run = lineside.start_run("big")
        run.log_metric("loss", 1.0, step=0)
        run._survey.join()
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, -1))
        for step in range(1, 8):
            run.log_metrics({"loss": 1.0, "accuracy": 2.0}, step=step)
        resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
        run.log_metric("loss", 1.0, step=8)
    """)  # fmt: skip
    take_all(db, home)
    assert runs.get(db, 1).dropped == 14
    assert [(hole["points"], hole["why"]) for hole in runs.context(db, 1)["drops"]] == [
        (14, "the disk is full")
    ]
    assert main(["--home", str(home.path), "runs", "show", "1"]) == 0
    said = capsys.readouterr().out
    assert "log gap 14 points could not be written" in said
    assert "the disk is full" in said
    assert ("context", "points not written") in {(r.kind, r.key) for r in _against_another(home, db)}


def _against_another(home: Home, db: sqlite3.Connection) -> tuple[runs.Difference, ...]:
    writing(home, "run_zzz").finish()
    take_all(db, home)
    return runs.compare(db, [1, 2]).rows


def test_what_was_dropped_is_said_while_the_run_goes_on(home: Home) -> None:
    run = writing(home, "run_a")
    run.log_metrics({"loss": 1.0, "note": "high"}, step=0)
    run.log_metric("loss", 1.0, step=1)
    run._spool.look_ns = 0
    run.log_metric("loss", 1.0, step=2)
    assert drops(read(home, "run_a")) == [(1, "not a number")]
    run.finish()


def test_a_deleted_spool_is_written_again_whole(home: Home) -> None:
    run = writing(home, "run_a")
    for step in range(100):
        run.log_metric("loss", 1.0, step=step)
    (home.spool / "run_a.sp").unlink()
    for step in range(100, 200):
        run.log_metric("loss", 1.0, step=step)
    run._spool.look_ns = 0  # a second has passed
    for step in range(200, 300):
        run.log_metrics({"loss": 1.0, "new": 1.0}, step=step)
    run.finish()
    found = read(home, "run_a")
    assert steps(found, "loss") == list(range(300))
    assert found.skipped == 0
    assert [path.name for path in home.spool.iterdir()] == ["run_a.sp"]


def test_a_deleted_folder_is_survived_and_said(home: Home, capsys: Screen) -> None:
    run = writing(home, "run_a")
    run.log_metric("loss", 1.0)
    (home.spool / "run_a.sp").unlink()
    home.spool.rmdir()
    for _ in range(50):
        run._spool.look_ns = 0
        run.log_metric("loss", 1.0)
    run.finish()
    assert "was deleted: what it held is lost" in capsys.readouterr().err


def test_a_folder_that_comes_back_in_time_gets_it_all(home: Home) -> None:
    run = writing(home, "run_a")
    run.log_metric("loss", 1.0, step=0)
    (home.spool / "run_a.sp").unlink()
    home.spool.rmdir()
    run._spool.look_ns = 0
    run.log_metric("loss", 1.0, step=1)
    home.spool.mkdir()
    run.finish()
    assert steps(read(home, "run_a"), "loss") == [0, 1]


def test_a_read_only_folder_costs_points_and_nothing_else(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = writing(home, "run_a")
    real = os.open

    def refused(path: str, *more: int, **named: int) -> int:
        if str(home.spool) in str(path):
            raise OSError(30, "Read-only file system")
        return real(path, *more, **named)

    monkeypatch.setattr(os, "open", refused)
    run.log_metrics({"a": 1.0, "b": 2.0})
    run.log_params({"a": 1})
    assert run._spool.dropped == 2
    monkeypatch.undo()
    run.log_metric("a", 1.0)
    run.finish()
    assert drops(read(home, "run_a")) == [(2, "Read-only file system")]


def test_a_home_that_may_not_be_written_is_told_once(home: Home) -> None:
    done = script(home, """
        import os
        os.access = lambda *_: False
        import lineside
        for _ in range(20):
            lineside.log_metric("a", 1.0)
    """)  # fmt: skip
    assert done.returncode == 0
    assert done.stderr == f"lineside: {home.spool} cannot be written: nothing is recorded\n"


# -- descriptors, threads and processes ---------------------------------------------------------------


def test_a_log_call_that_races_with_finish_writes_into_no_other_file(home: Home, tmp_path: Path) -> None:
    victim = tmp_path / "checkpoint"
    stop = threading.Event()
    box: dict[str, lineside.Run] = {}

    def log() -> None:
        while not stop.is_set():
            box["run"].log_metrics({"loss": 1.0}, step=0)

    box["run"] = writing(home, "run_start")
    worker = threading.Thread(target=log)
    worker.start()
    for number in range(60):
        old, box["run"] = box["run"], writing(home, f"run_{number}")
        old.finish()
        files = [victim.open("ab") for _ in range(8)]  # takes the numbers that became free
        for file in files:
            file.close()
    stop.set()
    worker.join()
    box["run"].finish()
    assert victim.read_bytes() == b""
    assert all(spool.read(path).skipped == 0 for path in home.spool.glob("*.sp"))


def test_a_descriptor_closed_by_somebody_is_opened_again(home: Home) -> None:
    run = writing(home, "run_a")
    run.log_metric("loss", 1.0, step=0)
    os.close(run._spool.fd)  # a script that becomes a daemon closes all
    for step in range(1, 5):
        run.log_metric("loss", 1.0, step=step)
    run.finish()
    found = read(home, "run_a")
    assert steps(found, "loss") == [0, 2, 3, 4]
    assert drops(found) == [(1, "Bad file descriptor")]


def test_a_descriptor_that_became_somebody_elses_is_left_alone(home: Home, tmp_path: Path) -> None:
    run = writing(home, "run_a")
    run.log_metric("loss", 1.0, step=0)
    with (tmp_path / "theirs").open("wb") as theirs:
        os.dup2(theirs.fileno(), run._spool.fd)
        run._spool.look_ns = 0
        for step in range(1, 5):
            run.log_metric("loss", 1.0, step=step)
        run.finish()
    assert (tmp_path / "theirs").read_bytes() == b""
    assert steps(read(home, "run_a"), "loss") == [0, 1, 2, 3, 4]


def test_workers_of_a_data_loader_write_beside_their_parent_and_leave_nothing_empty(home: Home) -> None:
    done = script(home, """
        import multiprocessing
        import lineside

        def work(number):
            if number:
                for step in range(200):
                    lineside.log_metrics({f"worker{number}": 1.0}, step=step)

        lineside.log_metric("parent", 1, step=0)
        pool = [multiprocessing.get_context("fork").Process(target=work, args=(n,)) for n in range(4)]
        for worker in pool:
            worker.start()
        for step in range(1, 200):
            lineside.log_metric("parent", 1, step=step)
        for worker in pool:
            worker.join()
    """)  # fmt: skip
    found = [spool.read(path) for path in home.spool.glob("*.sp")]
    assert done.stderr == ""
    assert len(found) == 4
    counts = {name: len(part.steps) for each in found for part in each.steps for name in part.names}
    assert counts == {"parent": 200, "worker1": 200, "worker2": 200, "worker3": 200}


def test_eight_processes_lose_none_of_ten_thousand_points_each(home: Home, db: sqlite3.Connection) -> None:
    code = """
        import lineside
        names = [f"m{number}" for number in range(10)]
        run = lineside.start_run("w")
        for step in range(1_000):
            run.log_metrics(dict.fromkeys(names, float(step)), step=step)
    """
    workers = [threading.Thread(target=script, args=(home, code)) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert take_all(db, home) == 80_000
    for run in runs.ids(db):
        assert [(line.count, line.last) for line in runs.summaries(db, run)] == [(1_000, 999.0)] * 10
        (line,) = series.read(home, db, [run], ["m3"])
        assert line.steps.tolist() == list(range(1_000))


# -- ends ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "status", "detail"),
    [
        ("sys.exit(3)", "FAILED", "exit 3"),
        ("sys.exit('no data')", "FAILED", "exit 1"),
        ("sys.exit()", "FINISHED", ""),
        ("try:\n    sys.exit(3)\nexcept SystemExit:\n    pass", "FINISHED", ""),
        ("import threading; threading.Thread(target=sys.exit, args=(3,)).start()", "FINISHED", ""),
        ("sys.excepthook = lambda *_: None; 1 / 0", "FAILED", "ZeroDivisionError"),
    ],
)
def test_the_code_a_script_exits_with_is_its_verdict(
    home: Home, ending: str, status: str, detail: str
) -> None:
    done = script(home, f"import sys, lineside\nlineside.log_metric('a', 1)\n{ending}")
    (path,) = home.spool.glob("*.sp")
    (said,) = (event for event in spool.read(path).events if event["event"] == "status")
    assert (said["status"], said["detail"]) == (status, detail)
    assert "Traceback" not in done.stderr


def test_a_terminated_script_dies_of_it_and_lets_go_of_its_spool(home: Home, tmp_path: Path) -> None:
    code = f"""
        import lineside, time
        lineside.log_metric("a", 1)
        open({str(tmp_path / "up")!r}, "w").close()
        time.sleep(60)
    """
    env = {**os.environ, "LINESIDE_HOME": str(home.path)}
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], env=env, stderr=subprocess.PIPE
    ) as child:
        until((tmp_path / "up").exists)
        child.send_signal(signal.SIGTERM)
        _, said = child.communicate(timeout=10)
    assert (child.returncode, said) == (-signal.SIGTERM, b"")
    (path,) = home.spool.glob("*.sp")
    assert tailing._unlocked(path)


def test_a_run_goes_on_under_its_uid_with_the_step_after_its_last(home: Home, db: sqlite3.Connection) -> None:
    script(home, """
        import lineside
        run = lineside.start_run("first")
        for step in range(50):
            run.log_metric("loss", 1.0, step=step)
        run.finish("FAILED")
    """)  # fmt: skip
    take_all(db, home)
    row = runs.get(db, 1)
    assert row.status == "FAILED"
    script(home, f"""
        import lineside
        run = lineside.start_run(resume={row.uid!r})
        run.log_metric("loss", 2.0)
        lineside.log_metric("loss", 3.0)
    """)  # fmt: skip
    assert (home.spool / f"{row.uid}.resume").exists()
    take_all(db, home)
    assert runs.ids(db) == [1]
    assert (runs.get(db, 1).name, runs.get(db, 1).status) == ("first", "FINISHED")
    assert [(line.count, line.last_step) for line in runs.summaries(db, 1)] == [(52, 51)]


def test_a_nested_run_that_is_not_current_leaves_the_log_calls_to_its_parent(home: Home) -> None:
    script(home, """
        import lineside
        outer = lineside.start_run("outer")
        inner = lineside.start_run("inner", current=False)
        lineside.log_metric("outer", 1)
        inner.log_metric("inner", 1)
    """)  # fmt: skip
    found = {json.dumps(read.events[0]["name"]): read for read in map(spool.read, home.spool.glob("*.sp"))}
    inner, outer = found['"inner"'], found['"outer"']
    assert inner.events[0]["parent"].startswith("run_")
    assert [part.names for part in inner.steps] == [("inner",)]
    assert [part.names for part in outer.steps] == [("outer",)]
    assert all(read.events[-1]["status"] == "FINISHED" for read in found.values())


def test_beginning_a_run_takes_no_time(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    done = script(home, """
        import time, lineside
        lineside.start_run("warm").finish()
        lineside._state.found = None
        took = []
        for _ in range(3):
            begin = time.perf_counter()
            run = lineside.start_run("it")
            took.append(time.perf_counter() - begin)
            run._survey and run._survey.join()
            lineside._state.found = None
            run.finish()
        print(sorted(took)[1])
    """)  # fmt: skip
    assert float(done.stdout) < 0.005


# -- kills --------------------------------------------------------------------------------------------


def test_a_writer_killed_at_any_moment_keeps_every_step_it_was_told_is_written(
    home: Home, tmp_path: Path
) -> None:
    assert kill_writers(home, tmp_path, times=5, seed=3) > 100


def test_a_deleted_spool_beside_the_runs_own_keeps_its_name(home: Home) -> None:
    first, second = writing(home, "run_a"), writing(home, "run_a")
    first.log_metric("loss", 1.0, step=0)
    second.log_metric("loss", 2.0, step=0)
    name = second._spool.name
    (home.spool / name).unlink()
    second._spool.look_ns = 0
    second.log_metric("loss", 3.0, step=1)
    second.log_metric("loss", 4.0, step=2)
    assert sorted(path.name for path in home.spool.iterdir()) == sorted(["run_a.sp", name])
    first.finish()
    second.finish()
