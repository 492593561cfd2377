"""What scripts do to the SDK without meaning harm, and what it makes of it."""

import json
import math
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures.spools import script, take_all, writing

import lineside
from lineside.store import series, spool
from lineside.store.homes import Home
from lineside.store.queries import artifacts, runs, spools

Screen = pytest.CaptureFixture[str]


def steps(home: Home, uid: str = "run_a") -> list[int]:
    found = spool.read(home.spool / f"{uid}.sp")
    return [step for part in found.steps for step in part.steps.tolist()]


def dropped(home: Home, uid: str = "run_a") -> int:
    said = spool.read(home.spool / f"{uid}.sp").events
    return sum(event["points"] for event in said if event["event"] == "drop")


# -- steps --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [math.inf, math.nan, 2**70, -(2**70), "first", object(), [1], 1j])
def test_what_is_no_step_is_dropped_and_spoils_no_later_number(home: Home, bad: Any, capsys: Screen) -> None:
    run = writing(home, "run_a")
    run.log_metric("loss", 1.0, step=5)
    run.log_metric("loss", 1.0, step=bad)
    run.log_metric("other", 1.0, step=bad)  # a shape that is new
    run.log_metric("loss", 1.0)
    run.finish()
    assert (steps(home), dropped(home)) == ([5, 6], 2)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("odd", "number"),
    [(np.int64(7), 7), (np.uint8(255), 255), (np.int32(2**31 - 1), 2**31 - 1), (True, 1), (np.True_, 1),
     (7.9, 7), (np.float32(7.0), 7), ("7", 7), (np.array(7), 7)],
)  # fmt: skip
def test_a_step_of_any_other_kind_is_the_number_it_stands_for(home: Home, odd: Any, number: int) -> None:
    run = writing(home, "run_a")
    for name in ("loss", "loss", "other"):
        run.log_metric(name, 1.0, step=odd)
        run.log_metric(name, 1.0)
    run.finish()
    assert sorted(steps(home)) == sorted([number, number + 1, number, number + 2, number, number + 3])
    assert type(run._next_step) is int


# -- words --------------------------------------------------------------------------------------------


def test_words_of_any_length_and_kind_arrive_cut_and_never_cost_the_run_its_beginning(
    home: Home, db: sqlite3.Connection
) -> None:
    done = script(home, r"""
        import lineside, pathlib
        odd = "\x01\ud800" * 100_000
        run = lineside.start_run(odd, odd, {odd: odd, 3: None, "p": pathlib.Path("x")}, {odd: odd}, seed=odd)
        run.log_metrics({odd: 1.0, odd + "b": 2.0, "\udcff": 3.0, 5: 4.0, None: 5.0})
        run.log_dataset(odd, version=odd, digest=odd, role=odd)
        run.log_artifact("/etc/hostname", name=odd, kind=odd)
        run.finish(odd, odd)
        with lineside.start_run(pathlib.Path("a/b"), experiment=7, tags={1: 2}) as second:
            second.log_metric("loss", 1)
    """)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert take_all(db, home) == 6
    first, second = (runs.get(db, id) for id in (1, 2))
    assert (len(first.name), first.status) == (1_000, "FAILED")  # that status is none
    assert (second.name, second.status, runs.tags(db, 2)) == ("a/b", "FINISHED", {"1": "2"})
    assert {row.metric: row.last for row in runs.summaries(db, 1)} | {"?": 3.0, "5": 4.0, "None": 5.0} == {
        row.metric: row.last for row in runs.summaries(db, 1)
    }
    assert len(runs.params(db, 1)) == 3
    assert len(artifacts.artifacts(db, 1)) >= 1


def test_two_names_that_are_one_when_cut_keep_both_values(home: Home, db: sqlite3.Connection) -> None:
    run = writing(home, "run_a")
    for step in range(3):
        run.log_metrics({"x" * 251: 1.0, "x" * 252: 2.0, 1: 3.0, "1": 4.0}, step=step)  # type: ignore[dict-item]
    run.finish()
    take_all(db, home)
    assert {row.metric: row.count for row in runs.summaries(db, 1)} == {"1": 6, "x" * 250: 6}
    (line,) = series.read(home, db, [1], ["1"])
    assert line.steps.tolist() == [0, 1, 2]


# -- names of files -----------------------------------------------------------------------------------


@pytest.mark.parametrize("uid", ["../../etc/x", "a/b", "", "x" * 81, ".", "run_a.sp", "run_é", "a\n"])
def test_what_may_be_no_uid_begins_a_run_of_its_own_and_makes_no_file_elsewhere(home: Home, uid: str) -> None:
    done = script(home, f"import lineside; lineside.start_run(resume={uid!r}).log_metric('a', 1)")
    assert "is no uid of a run" in done.stderr
    (path,) = home.spool.glob("*.sp")
    assert path.name.startswith("run_")
    assert sorted({path.parent for path in home.path.rglob("*.sp")}) == [home.spool]
    assert not list(home.spool.glob("*.resume"))

    if uid:
        done = script(home, "import lineside; lineside.log_metric('a', 1)", LINESIDE_RUN=uid)
        assert "is no uid of a run" in done.stderr
        assert len(list(home.spool.glob("run_*.sp"))) == 2


def test_a_number_may_be_meant_as_a_uid(home: Home) -> None:
    assert script(home, "import lineside; lineside.start_run(resume=812).log_metric('a', 1)").stderr == ""
    assert (home.spool / "812.sp").exists()


def test_a_folder_that_is_gone_costs_the_run_and_not_the_script(home: Home, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    code = f"""
        import os, lineside
        os.mkdir({str(gone)!r})
        os.chdir({str(gone)!r})
        os.rmdir({str(gone)!r})
        lineside.log_metric("a", 1)
        run = lineside.start_run("again", params={{"a": 1}})
        run.log_artifact("x")
        run.finish()
        print("trained")
    """
    done = script(home, code, LINESIDE_HOME="relative/home")
    assert (done.returncode, done.stdout) == (0, "trained\n"), done.stderr
    assert "nothing is recorded" in done.stderr
    done = script(home, code)
    assert (done.returncode, done.stdout) == (0, "trained\n"), done.stderr
    assert len(list(home.spool.glob("*.sp"))) == 2


# -- processes and signals ----------------------------------------------------------------------------


def test_a_signal_handler_may_log_at_any_moment(home: Home, db: sqlite3.Connection) -> None:
    done = script(home, """
        import itertools, signal
        import lineside
        run, more = lineside.start_run("x"), itertools.count()
        def log(*_):
            n = next(more)
            run.log_metrics({f"handler{n % 200}": float(n % 200), f"h{n % 7}": 1.0}, step=n)
            run.set_tags({"n": n})
        signal.signal(signal.SIGALRM, log)
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        step = 0
        while next(more) < 3_000 or step < 3_000:
            run.log_metrics({f"main{step % 300}": float(step % 300), f"m{step % 3}": 1.0}, step=step)
            step += 1
        signal.setitimer(signal.ITIMER_REAL, 0)
    """)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    take_all(db, home)
    (row,) = spools.of_run(db, 1)
    assert row.skipped_bytes == 0
    for line in runs.summaries(db, 1):
        if line.metric.startswith(("main", "handler")):  # each name has one value: no shape means another's
            assert line.min == line.max == float(line.metric.removeprefix("main").removeprefix("handler"))


def test_a_daemon_that_closed_every_file_before_it_forked_logs_beside_its_parent(home: Home) -> None:
    done = script(home, """
        import os, lineside
        lineside.log_metric("before", 1.0, step=0)
        os.closerange(3, 4_096)
        theirs = [os.open(os.devnull, os.O_RDWR) for _ in range(3)]
        fd = lineside._state.current._spool.fd
        os.dup2(theirs[0], fd)  # somebody else's file has our number now
        pid = os.fork()
        if pid == 0:
            os.fstat(fd)  # the child has it still
            lineside.log_metric("daemon", 1.0, step=0)
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
    """)  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = [spool.read(path) for path in home.spool.glob("*.sp")]
    assert "daemon" in {name for each in found for part in each.steps for name in part.names}


def test_children_forked_behind_pythons_back_mix_no_names_and_lose_no_point(
    home: Home, db: sqlite3.Connection
) -> None:
    done = script(home, """
        import ctypes, os, lineside
        fork = ctypes.PyDLL(None).fork  # as a library does: Python calls no handler
        run = lineside.start_run("parent")
        run.log_metric("all", 0.0, step=0)
        children = []
        for child in range(1, 5):
            pid = fork()
            if pid == 0:
                for step in range(300):
                    run.log_metric("all", 0.0, step=child * 1_000 + step)
                    run.log_metrics({f"child{child}": float(child)}, step=step)
                os._exit(0)
            children.append(pid)
        for step in range(1, 300):
            run.log_metric("all", 0.0, step=step)
            run.log_metrics({f"parent{step % 5}": -1.0}, step=step)
        assert not any(os.waitpid(pid, 0)[1] for pid in children)
    """)  # fmt: skip
    assert done.returncode == 0, done.stderr
    take_all(db, home)
    found = {row.metric: row for row in runs.summaries(db, 1)}
    assert found["all"].count == 300 + 4 * 300
    assert [(found[f"child{n}"].count, found[f"child{n}"].max) for n in range(1, 5)] == [
        (300, 1.0), (300, 2.0), (300, 3.0), (300, 4.0)
    ]  # fmt: skip
    assert all(found[f"parent{n}"].max == -1.0 for n in range(5))
    assert all(row.skipped_bytes == 0 for row in spools.of_run(db, 1))
    assert runs.get(db, 1).status == "FINISHED"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_of_any_kind_write_their_points_and_end_nobodys_run(
    home: Home, tmp_path: Path, method: str
) -> None:
    path = tmp_path / "train.py"
    path.write_text(
        textwrap.dedent(f"""
        import multiprocessing
        import lineside

        def work(number):
            lineside.log_metric(f"worker{{number}}", number, step=number)
            return number

        if __name__ == "__main__":
            run = lineside.start_run("parent")
            run.log_metric("parent", 1, step=0)
            with multiprocessing.get_context({method!r}).Pool(2) as pool:
                assert pool.map(work, range(4)) == [0, 1, 2, 3]
            run.log_metric("parent", 1, step=1)
    """)
    )
    env = {
        "LINESIDE_HOME": str(home.path), "LINESIDE_SURVEY": "off", "LINESIDE_RUN": "run_job",
        "PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(lineside.__file__).parents[1]),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, path], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = {each.name: spool.read(each) for each in home.spool.glob("*.sp")}
    names = sorted(name for each in found.values() for part in each.steps for name in part.names)
    assert names == ["parent", "worker0", "worker1", "worker2", "worker3"]
    (end,) = (event for event in found["run_job.sp"].events if event["event"] == "status")
    assert end["status"] == "FINISHED"


def test_a_process_that_leaves_by_os_exit_says_nothing_and_has_said_all_its_points(home: Home) -> None:
    done = script(home, """
        import os, lineside
        for step in range(100):
            lineside.log_metric("a", 1.0, step=step)
        os._exit(7)
    """)  # fmt: skip
    assert done.returncode == 7
    (path,) = home.spool.glob("*.sp")
    found = spool.read(path)
    assert found.points == 100
    assert [event for event in found.events if event["event"] == "status"] == []


def test_what_other_exit_handlers_and_dying_objects_log_is_kept_while_the_run_is_open(home: Home) -> None:
    done = script(home, """
        import atexit, threading, time
        import lineside
        atexit.register(lambda: lineside.log_metric("handler", 1.0, step=0))
        class Last:
            def __del__(self):
                lineside.log_metric("dying", 1.0, step=0)
        kept = Last()
        def late():
            threading.main_thread().join()  # Python waits for this thread before it asks any handler
            lineside.log_metric("thread", 1.0, step=0)
        threading.Thread(target=late).start()
        lineside.log_metric("main", 1.0, step=0)
    """)  # fmt: skip
    (path,) = home.spool.glob("*.sp")
    found = spool.read(path)
    assert {name for part in found.steps for name in part.names} == {"main", "handler", "thread"}
    assert found.events[-1]["status"] == "FINISHED"
    assert done.returncode == 0


def test_an_interrupted_log_call_lets_the_interrupt_through_and_the_run_is_killed(home: Home) -> None:
    code = """
        import lineside, os, signal
        step = 0
        while True:
            lineside.log_metrics({"a": 1.0, f"b{step % 50}": 2.0}, step=step)
            step += 1
            if step == 2_000:
                print("up", flush=True)
    """
    env = {
        "LINESIDE_HOME": str(home.path), "LINESIDE_SURVEY": "off", "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(Path(lineside.__file__).parents[1]),
    }  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == "up\n"
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=20)
    assert child.returncode in (-signal.SIGINT, 130)
    assert said.rstrip().endswith("KeyboardInterrupt")
    (path,) = home.spool.glob("*.sp")
    found = spool.read(path)
    assert json.dumps(found.events[-1]["status"]) == '"KILLED"'
    assert found.skipped == 0
