"""The runner as a service: its unit, its restart and its end, and a log that does not grow for ever."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fixtures.runners import RunnerUnderTest
from fixtures.waiting import until

from lineside.console.__main__ import main
from lineside.console.cli.units import unit
from lineside.store import homes
from lineside.store.homes import Home


def test_the_unit_starts_a_runner_of_this_home_and_leaves_jobs_alone(tmp_path: Path) -> None:
    lines = unit(tmp_path / 'a "b" 100%').splitlines()

    assert f'Environment="LINESIDE_HOME={tmp_path}/a \\"b\\" 100%%"' in lines
    assert f'ExecStart="{sys.executable}" -P -m lineside.console runner start --foreground' in lines
    assert {"KillMode=process", "OOMPolicy=continue", "Restart=on-failure"} <= set(lines)


def test_systemd_finds_nothing_to_say_against_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    path = tmp_path / "lineside.service"
    path.write_text(unit(tmp_path / "a home"))

    said = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True, check=False)

    assert [line for line in said.stderr.splitlines() if path.name in line] == []


def test_what_the_unit_runs_is_a_runner_in_the_foreground(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    [command] = [line for line in unit(home.path).splitlines() if line.startswith("ExecStart=")]
    argv = [sys.executable, *command.split()[1:]]
    env = {"PATH": os.environ["PATH"], "LINESIDE_HOME": str(home.path)}
    with subprocess.Popen(argv, env=env, stderr=subprocess.DEVNULL) as child:
        until(home.socket.exists)
        assert home.lock.read_text().strip() == str(child.pid)
        child.terminate()

        assert child.wait(30) == 0


def test_a_restart_changes_the_runner_and_none_of_its_jobs(runner: RunnerUnderTest) -> None:
    job = runner.submit("sleep", "600")
    start, before = runner.start_file(job), runner.pid

    assert main(["--home", str(runner.home.path), "runner", "restart"]) == 0

    runner.pid = runner.ask("runner.info")["pid"]
    assert runner.pid != before
    assert (runner.wait_for(job, "RUNNING").attempt, runner.start_file(job)) == (1, start)

    assert main(["--home", str(runner.home.path), "runner", "stop", "--jobs"]) == 0
    assert runner.job(job).state == "CANCELLED"
    assert runner.survivors() == []


def test_the_runners_log_is_kept_four_times_its_size_at_most(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    homes.create(home)
    code = (
        "import logging, os, sys; from pathlib import Path\n"
        "from lineside.jobs import logs; from lineside.store.homes import Home\n"
        "logs._MOST_BYTES = 10_000\n"
        "logs.begin(Home(Path(sys.argv[1])), foreground=False)\n"
        "for i in range(1_000): logging.info('line', extra={'number': i})\n"
        "os.write(2, b'last words\\n')"
    )
    subprocess.run([sys.executable, "-c", code, home.path], check=True)

    files = sorted(path.name for path in home.path.glob("runner.log*"))
    assert files == ["runner.log", "runner.log.1", "runner.log.2", "runner.log.3"]
    assert all((home.path / name).stat().st_size <= 10_100 for name in files)
    assert home.runner_log.read_text().splitlines()[-1] == "last words"
