"""What the shim promises, seen from outside: a real runner, real commands, real signals."""

import os
import signal
import sys

from fixtures.runners import RunnerUnderTest
from fixtures.waiting import until

from lineside.jobs.execution import processes
from lineside.store.queries import jobs

STUBBORN = "from signal import *; import time; signal(15, SIG_IGN); print('up', flush=True); time.sleep(600)"


def test_a_command_runs_with_its_environment_and_its_words_are_kept(busy_runner: RunnerUnderTest) -> None:
    job = busy_runner.python(
        "import os; print('job', os.environ['LINESIDE_JOB'], os.environ['LINESIDE_ATTEMPT'])"
    )

    row = busy_runner.wait_for(job)

    assert (row.state, row.cause, row.detail) == ("SUCCEEDED", "ok", "exit 0")
    assert f"job {job} 1" in busy_runner.log(job)
    assert row.max_rss_bytes is not None
    assert row.max_rss_bytes > 1 << 20


def test_a_variable_of_any_bytes_reaches_the_job_as_it_was(busy_runner: RunnerUnderTest) -> None:
    odd = os.fsdecode(b"\xff\xfe")
    env = {**os.environ, "ODD": odd, "LINESIDE_ODD": odd}  # one that the database shows, too
    job = busy_runner.python("import os; print(os.environb[b'ODD'], os.environb[b'LINESIDE_ODD'])", env=env)
    assert busy_runner.wait_for(job).state == "SUCCEEDED"
    assert "b'\\xff\\xfe' b'\\xff\\xfe'" in busy_runner.log(job)


def test_the_full_environment_is_gone_when_the_job_has_ended(busy_runner: RunnerUnderTest) -> None:
    job = busy_runner.submit(
        "sh", "-c", "echo secret is $SECRET", env={"PATH": os.environ["PATH"], "SECRET": "x1y2"}
    )

    busy_runner.wait_for(job)

    assert "secret is x1y2" in busy_runner.log(job)
    assert not (busy_runner.folder(job) / "env").exists()
    until(lambda: not (busy_runner.home.path / "jobs" / str(job) / "env").exists())
    assert "x1y2" not in jobs.command(busy_runner.db, job).env


def test_an_exit_code_a_signal_and_a_missing_program_are_told_apart(busy_runner: RunnerUnderTest) -> None:
    three = busy_runner.submit("sh", "-c", "exit 3")
    killed = busy_runner.submit("sh", "-c", "kill -9 $$")
    missing = busy_runner.submit("no-such-program")

    assert [(r.state, r.cause, r.detail) for r in map(busy_runner.wait_for, (three, killed, missing))] == [
        ("FAILED", "exit", "exit 3"),
        ("FAILED", "signal", "signal 9"),
        ("FAILED", "exit", "exit 127"),
    ]
    assert "lineside: cannot run no-such-program: No such file or directory" in busy_runner.log(missing)


def test_kill_9_of_the_trainer_is_known_by_its_end_and_not_by_its_silence(
    busy_runner: RunnerUnderTest,
) -> None:
    job = busy_runner.submit("sleep", "600")
    pid = busy_runner.start_file(job).pid

    os.kill(pid, signal.SIGKILL)
    row = busy_runner.wait_for(job)

    assert (row.state, row.cause, row.detail) == ("FAILED", "signal", "signal 9")


def test_a_time_limit_ends_even_a_job_that_ignores_sigterm(busy_runner: RunnerUnderTest) -> None:
    job = busy_runner.python(STUBBORN, time_limit_s=0.5, grace_s=0.2)

    row = busy_runner.wait_for(job)

    assert (row.state, row.cause) == ("FAILED", "timeout")
    assert "the time limit of 0.5 s is over" in busy_runner.log(job)


def test_cancelling_leaves_no_survivor_of_a_tree_that_hides(busy_runner: RunnerUnderTest) -> None:
    python = f"{sys.executable!r},'-c'"
    hidden = f"from subprocess import Popen; Popen([{python},{STUBBORN!r}], start_new_session=True)"
    tree = f"import subprocess,sys; subprocess.run([sys.executable,'-c',{hidden!r}]); {STUBBORN}"
    job = busy_runner.python(tree, grace_s=0.2)
    until(lambda: busy_runner.log(job).count("up") == 2)
    assert len(busy_runner.survivors()) == 2

    busy_runner.ask("jobs.cancel", {"job": job, "reason": "enough"})
    row = busy_runner.wait_for(job)

    assert (row.state, row.cause, row.reason) == (
        "CANCELLED",
        "cancelled",
        f"cancelled by {row.submitted_by}: enough",
    )
    assert busy_runner.survivors() == []


def test_a_job_that_saves_on_sigterm_gets_its_grace(busy_runner: RunnerUnderTest) -> None:
    saving = (
        "import signal,sys,time\n"
        "def save(*_): print('checkpoint written', flush=True); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, save)\nprint('up', flush=True)\ntime.sleep(600)"
    )
    job = busy_runner.python(saving)
    until(lambda: "up" in busy_runner.log(job))

    busy_runner.ask("jobs.cancel", {"job": job})

    assert busy_runner.wait_for(job).state == "CANCELLED"
    assert "checkpoint written" in busy_runner.log(job)


def test_a_background_process_does_not_outlive_its_job(busy_runner: RunnerUnderTest) -> None:
    job = busy_runner.submit("sh", "-c", "sleep 61 & echo started")

    assert busy_runner.wait_for(job).state == "SUCCEEDED"
    assert busy_runner.survivors() == []


def test_a_shim_is_small_and_imports_nothing_of_ours(busy_runner: RunnerUnderTest) -> None:
    job = busy_runner.submit("sleep", "600")
    shim = busy_runner.start_file(job).shim

    command = processes.command(shim)
    with open(f"/proc/{shim}/status") as file:
        rss_kib = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))

    assert command[:3] == [sys.executable, "-I", "-S"]
    assert rss_kib < 16 * 1024
