"""What jobs and machines do to a runner: each ends in a named state, nothing runs twice, nothing is left."""

import os
import signal
from dataclasses import asdict

from fixtures.runners import RunnerUnderTest
from fixtures.waiting import until

from lineside.jobs.execution import attempts

_HIDES = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for hide in (True, False):
    if os.fork() == 0:
        if hide: os.setsid()
        if os.fork() == 0:
            print("hidden", flush=True)
            time.sleep(600)
        os._exit(0)
print("up", flush=True)
time.sleep(600)
"""
"""A tree with double-forked children, one in a session of its own, that all ignore SIGTERM."""


def test_a_job_that_removes_its_own_folder_runs_once_and_its_end_is_told(
    busy_runner: RunnerUnderTest,
) -> None:
    script = 'echo run >> hits; rm -rf "$LINESIDE_ATTEMPT_DIR"; until [ -e go ]; do sleep 0.02; done; exit 4'
    job = busy_runner.submit("sh", "-c", script)
    until(lambda: (busy_runner.work / "hits").exists() and not busy_runner.folder(job).exists())
    passes = busy_runner.ask("runner.info")["clock"]["passes"]
    until(lambda: busy_runner.ask("runner.info")["clock"]["passes"] > passes + 3)

    (busy_runner.work / "go").touch()

    assert busy_runner.wait_for(job).detail == "exit 4"
    assert (busy_runner.work / "hits").read_text() == "run\n"


def test_one_that_removed_its_folder_can_be_stopped(busy_runner: RunnerUnderTest) -> None:
    job = busy_runner.submit("sh", "-c", 'rm -rf "$LINESIDE_ATTEMPT_DIR"; touch up; sleep 600')
    until(lambda: (busy_runner.work / "up").exists())

    busy_runner.ask("jobs.cancel", {"job": job})

    assert busy_runner.wait_for(job).state == "CANCELLED"
    assert busy_runner.survivors() == []


def test_a_folder_to_work_in_that_is_gone_is_told_in_words(busy_runner: RunnerUnderTest) -> None:
    place = busy_runner.work / "gone"
    place.mkdir()
    busy_runner.work = place
    first = busy_runner.submit("sh", "-c", "until [ -e ../go ]; do sleep 0.02; done; rm -rf ../gone; exit 5")
    second = busy_runner.submit("true", after=[{"job": first, "condition": "any"}])

    (place.parent / "go").touch()

    assert busy_runner.wait_for(first).detail == "exit 5"
    assert busy_runner.wait_for(second).detail == "exit 127"
    assert f"lineside: cannot enter {place}: No such file or directory" in busy_runner.log(second)


def test_strange_variables_arrive_as_they_were(busy_runner: RunnerUnderTest) -> None:
    strange = {"EMPTY": "", "LINES": "a\nb", "EQUALS": "a=b=c", "ÜMLAUT": "ü\u2028", "X Y": "'\"$(id)"}
    code = f"import os; print(all(os.environ[k] == v for k, v in {strange!r}.items()))"
    job = busy_runner.python(code, env={"PATH": os.environ["PATH"], **strange})

    assert busy_runner.wait_for(job).state == "SUCCEEDED"
    assert busy_runner.log(job) == "True\n"


def test_nothing_survives_a_stop_or_a_killed_shim_of_a_tree_that_hides(busy_runner: RunnerUnderTest) -> None:
    stopped = busy_runner.python(_HIDES, grace_s=0.2)
    lost = busy_runner.python(_HIDES, grace_s=0.2)
    for job in (stopped, lost):
        until(lambda job=job: busy_runner.log(job).count("hidden") == 2)  # type: ignore[misc]

    busy_runner.ask("jobs.cancel", {"job": stopped})
    os.kill(busy_runner.start_file(lost).shim, signal.SIGKILL)

    assert busy_runner.wait_for(stopped).state == "CANCELLED"
    row = busy_runner.wait_for(lost)
    assert (row.state, row.cause) == ("FAILED", "lost")
    assert busy_runner.survivors() == []


def test_a_clock_set_back_an_hour_ends_no_job_early_and_none_late(runner: RunnerUnderTest) -> None:
    job = runner.submit("sleep", "600", time_limit_s=1.5, grace_s=0.1)
    start = runner.start_file(job)
    runner.kill()  # the next runner sees a job that began an hour from now
    attempts.put(runner.folder(job) / "start", {**asdict(start), "at_us": start.at_us + 3_600_000_000})

    runner.restart()
    row = runner.wait_for(job)

    assert (row.state, row.cause, row.attempt) == ("FAILED", "timeout", 1)


def test_a_job_whose_folder_cannot_be_made_waits_in_words_and_holds_up_no_other(
    busy_runner: RunnerUnderTest,
) -> None:
    ahead = [busy_runner.submit("sh", "-c", "until [ -e go ]; do sleep 0.02; done") for _ in range(2)]
    job = busy_runner.submit("true")
    in_the_way = busy_runner.folder(job)
    in_the_way.touch()
    (busy_runner.work / "go").touch()

    until(lambda: busy_runner.job(job).reason.startswith("cannot start: "))
    assert busy_runner.job(job).state == "STARTING"
    assert [busy_runner.wait_for(each).state for each in ahead] == ["SUCCEEDED"] * 2
    assert busy_runner.wait_for(busy_runner.submit("true")).state == "SUCCEEDED"

    in_the_way.unlink()
    row = busy_runner.wait_for(job)
    assert (row.state, row.reason) == ("SUCCEEDED", "")
