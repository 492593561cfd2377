"""The doctor tells a runner that is well from one that hangs or died, and misses the shims of jobs."""

import fcntl
import os
import signal
import socket
import sqlite3
from importlib.metadata import version

import pytest
from fixtures import examined
from fixtures.examined import a_job, case, look, the_one, wrong
from fixtures.runners import RunnerUnderTest
from fixtures.waiting import until

from lineside.jobs import wire
from lineside.jobs.doctor import runners, supervision
from lineside.jobs.doctor.runners import Sight
from lineside.jobs.execution import attempts
from lineside.store.clock import after, now
from lineside.store.doctor.findings import Level
from lineside.store.homes import Home


@pytest.fixture
def lived(home: Home, db: sqlite3.Connection) -> Home:
    return examined.lived_in(home, db)


def test_variables_of_a_job_that_has_ended_should_be_gone(lived: Home, db: sqlite3.Connection) -> None:
    folder = a_job(db, lived, "SUCCEEDED", ended=True).parent
    attempts.put(folder / "env", {"TOKEN": "x"})
    the_one(look(lived), "variables of ended jobs", "jobs/1/env", "runner start")


def test_a_secret_that_others_may_read_is_a_problem(lived: Home, db: sqlite3.Connection) -> None:
    folder = a_job(db, lived, "QUEUED").parent
    attempts.put(folder / "env", {"TOKEN": "x"}, mode=0o644)
    (lived.serving / "api").mkdir()
    (lived.serving / "api" / "token").write_text("secret")
    told = [one.what for one in wrong(look(lived)) if "secrets" in one.what]
    assert told == [
        "others may read jobs/1/env, which holds secrets",
        "others may read serving/api/token, which holds secrets",
    ]


def test_a_job_that_runs_in_the_store_and_nowhere_else_is_found(lived: Home, db: sqlite3.Connection) -> None:
    folder = a_job(db, lived, "RUNNING")
    the_one(look(lived), "job 1 (train) is RUNNING", "says nothing of it", "runner start")
    for name in ("claim", "lock"):
        (folder / name).touch()
    the_one(look(lived), "its shim was killed", "runner start")
    nothing = dict.fromkeys(("code", "user_s", "system_s", "max_rss_bytes", "started_us"))
    attempts.put(folder / "exit", {"cause": "ok", "detail": "exit 0", "ended_us": 1, **nothing})
    assert the_one(look(lived), "ended while no runner was up").level == Level.WARNING
    assert wrong(list(supervision.live(case(lived), db, lives=True))) == []


def test_jobs_that_wait_for_a_runner_say_so(lived: Home, db: sqlite3.Connection) -> None:
    a_job(db, lived, "QUEUED")
    the_one(look(lived), "1 job in the queue", "lineside runner start")


def test_a_job_that_does_not_stop_is_told(lived: Home, db: sqlite3.Connection) -> None:
    folder = a_job(db, lived, "STOPPING")
    (folder / "claim").touch()
    attempts.put(folder / "start", {"shim": 1, "pid": 2, "born": 3, "boot": "b", "at_us": 4})
    attempts.put(folder / "stop", {"cause": "cancelled", "grace_s": 10})
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert wrong(look(lived)) == []
        the_one(look(lived, at=after(now(), 100)), "told to stop and is still there, 30 s after its grace")


def test_the_socket_of_a_dead_runner_is_told(lived: Home) -> None:
    lived.lock.write_text("4000000\n")
    assert wrong(look(lived)) == []  # a runner that ended by itself takes its socket along
    with socket.socket(socket.AF_UNIX) as sock, wire.short_path(lived.socket) as name:
        sock.bind(name)
    the_one(look(lived), "the runner died (pid 4000000 is gone)", "runner start", "runner logs")


def test_something_else_at_the_socket_does_not_end_the_examination(lived: Home) -> None:
    lived.socket.touch()
    the_one(look(lived), "the runner died")


def info(**more: object) -> dict[str, object]:
    return {
        "pid": 2**22 + 1, "version": version("lineside"), "started_us": now(), "jobs": {}, "problems": [],
        "going": {}, "gpu_words": "no GPU", "clock": {"passes": 9, "failures": 0, "still_s": 0.1}, **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "level", "words"),
    [
        ({"clock": {"still_s": 95.0}}, Level.PROBLEM, "stood still for 95 s"),
        (
            {"going": {"measuring": 1200.0}},
            Level.WARNING,
            "its tick measuring has been at work for 20 minutes",
        ),
        ({"problems": ["poller: OSError: x"]}, Level.PROBLEM, "fails: poller: OSError: x"),
        ({"version": "0.0.0"}, Level.WARNING, "the runner is lineside 0.0.0, this is"),
    ],
)
def test_a_runner_that_is_up_and_not_well_is_told(
    home: Home, said: dict[str, object], level: Level, words: str
) -> None:
    sight = Sight(pid=1, holder=2**22 + 1, socket=True, info=info(**said))
    (found,) = runners.judge(case(home), sight)
    assert found.level == level
    assert words in found.what
    assert "lineside runner" in found.hint


def test_a_runner_that_this_account_may_not_ask_is_not_called_dead(home: Home) -> None:
    sight = Sight(pid=os.getpid(), holder=os.getpid(), socket=True, info=None, barred=True)
    (found,) = runners.judge(case(home), sight)
    assert found.level == Level.WARNING
    assert "may not ask it" in found.what


def test_a_runner_that_lost_its_lock_is_told(home: Home) -> None:
    sight = Sight(pid=None, holder=None, socket=True, info=info(pid=os.getpid()))
    (found,) = runners.judge(case(home), sight)
    assert "does not hold runner.lock" in found.what


def test_the_holder_of_a_lock_is_read_from_the_kernels_list() -> None:
    locks = (
        "1: POSIX  ADVISORY  WRITE 11 08:01:77 0 EOF\n"
        "2: -> FLOCK  ADVISORY  WRITE 12 08:01:77 0 EOF\n"
        "3: FLOCK  ADVISORY  WRITE 13 08:01:77 0 EOF\n"
    )
    assert runners.holder(77, locks) == 13
    assert runners.holder(78, locks) is None


def test_a_runner_at_work_is_well_and_one_that_hangs_or_died_is_told(runner: RunnerUnderTest) -> None:
    runner.wait_for(runner.submit("true"))
    found = look(runner.home)
    assert wrong(found) == []
    (line,) = [one.what for one in found if one.subject == "runner"]
    assert f"up, pid {runner.pid}, its clock goes" in line
    later = after(now(), 5)
    os.utime(runner.home.config, (later / 1e6, later / 1e6))
    the_one(look(runner.home), "config.toml was changed after the runner started")
    os.utime(runner.home.config, (0, 0))
    os.kill(runner.pid, signal.SIGSTOP)
    until(lambda: "stopped by a signal" in " ".join(one.what for one in wrong(look(runner.home))))
    the_one(look(runner.home), f"pid {runner.pid}, does not answer", f"kill -CONT {runner.pid}")
    runner.home.socket.unlink()
    os.kill(runner.pid, signal.SIGCONT)
    until(lambda: "somebody deleted its socket" in " ".join(one.what for one in wrong(look(runner.home))))
    the_one(look(runner.home), "look again in a minute", f"kill -9 {runner.pid}")
    runner.kill()
    until(lambda: wrong(look(runner.home)) == [])  # its last thread lets the lock go
