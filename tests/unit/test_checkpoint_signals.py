"""The checkpoint signal: who gets it, when, and that what is saved then is kept with the run."""

from fixtures.runners import RunnerUnderTest
from fixtures.waiting import until

from lineside.store.queries import artifacts

_SAVES = """
import pathlib, signal, subprocess, sys, time
import lineside
child = subprocess.Popen(["sleep", "600"])
run = lineside.start_run()
def save(*_):
    pathlib.Path("weights.pt").write_text("step 7")
    run.log_artifact("weights.pt", kind="checkpoint")
    time.sleep(0.05)
    print("child", child.poll(), flush=True)
    sys.exit(0)
signal.signal(signal.SIGUSR1, save)
print("up", flush=True)
time.sleep(600)
"""
_NOTES = """
import pathlib, signal, time
def note(number, _):
    print(signal.Signals(number).name, time.monotonic(), flush=True)
signal.signal(signal.SIGUSR1, note)
signal.signal(signal.SIGTERM, note)
print("up", flush=True)
while True: time.sleep(600)
"""


def test_what_is_saved_at_the_signal_of_a_stop_is_an_artifact_when_the_job_has_ended(
    busy_runner: RunnerUnderTest,
) -> None:
    job = busy_runner.python(_SAVES, checkpoint_signal="USR1")
    until(lambda: "up" in busy_runner.log(job))

    busy_runner.ask("jobs.cancel", {"job": job})
    row = busy_runner.wait_for(job)

    assert (row.state, row.cause, row.detail) == ("CANCELLED", "cancelled", "exit 0")
    assert "child None" in busy_runner.log(job)  # the leader alone is told, not its tree
    assert row.run_id is not None
    kept = {each.path: each.kind for each in artifacts.artifacts(busy_runner.db, row.run_id)}
    assert kept["weights.pt"] == "checkpoint"


def test_a_stop_is_the_signal_then_term_at_half_the_grace_then_kill(busy_runner: RunnerUnderTest) -> None:
    job = busy_runner.python(_NOTES, checkpoint_signal="USR1", grace_s=0.6)
    until(lambda: "up" in busy_runner.log(job))

    busy_runner.ask("jobs.cancel", {"job": job})
    row = busy_runner.wait_for(job)

    saved, told = (line.split() for line in busy_runner.log(job).splitlines()[1:])
    assert (saved[0], told[0], row.detail) == ("SIGUSR1", "SIGTERM", "signal 9")
    assert 0.25 <= float(told[1]) - float(saved[1]) < 0.6


def test_the_signal_comes_a_tenth_of_the_time_limit_before_its_end(busy_runner: RunnerUnderTest) -> None:
    job = busy_runner.python(_NOTES, checkpoint_signal="USR1", time_limit_s=1.2, grace_s=0.1)

    row = busy_runner.wait_for(job)

    _, saved, over, told = (line.split() for line in busy_runner.log(job).splitlines())
    assert (saved[0], told[0], row.cause, row.detail) == ("SIGUSR1", "SIGTERM", "timeout", "signal 9")
    assert over[-2:] == ["is", "over"]
    assert 0.09 <= float(told[1]) - float(saved[1]) < 1.5


def test_who_takes_the_signal_for_the_end_has_run_out_of_time_unless_it_was_done(
    busy_runner: RunnerUnderTest,
) -> None:
    stops = "import signal,time,sys; signal.signal(10, lambda *_: sys.exit({})); time.sleep(600)"
    left = busy_runner.python(stops.format(75), checkpoint_signal="USR1", time_limit_s=1.0)
    done = busy_runner.python(stops.format(0), checkpoint_signal="USR1", time_limit_s=1.0)

    rows = [busy_runner.wait_for(job) for job in (left, done)]

    assert [(row.state, row.cause, row.detail) for row in rows] == [
        ("FAILED", "timeout", "exit 75 after the checkpoint signal"),
        ("SUCCEEDED", "ok", "exit 0"),
    ]


def test_a_job_without_one_is_told_by_sigterm_at_once(busy_runner: RunnerUnderTest) -> None:
    job = busy_runner.python(_NOTES, grace_s=0.3)
    until(lambda: "up" in busy_runner.log(job))

    busy_runner.ask("jobs.cancel", {"job": job})
    busy_runner.wait_for(job)

    assert [line.split()[0] for line in busy_runner.log(job).splitlines()] == ["up", "SIGTERM"]
