"""How long from submitting a job to its first instruction, and how many tiny jobs a second; idle cost.

    python tests/bench/bench_jobs.py

With task-spooler installed (`tsp`), measures it in the same run: our promise is a ratio, durably.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from fixtures.waiting import until

from lineside.jobs import commands
from lineside.store import homes
from lineside.store.db import reader
from lineside.store.homes import Home
from lineside.store.queries import jobs

SINGLE, MANY = 60, 400


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        homes.create(home)
        pid = commands.start_runner(home)
        try:
            db = reader(home)
            _latency(
                "lineside", Path(folder), lambda argv: _submit(home, [argv]), lambda: not jobs.counts(db)
            )
            db.close()
            _throughput(home)
            _idle(pid)
        finally:
            commands.stop_runner(home, jobs=True)
        if tsp := shutil.which("tsp"):
            _task_spooler(tsp, Path(folder))


def _submit(home: Home, argvs: list[list[str]]) -> None:
    env = {"PATH": os.environ["PATH"]}
    sent = [{"argv": argv, "cwd": str(home.path), "env": env} for argv in argvs]
    commands.ask(home, "jobs.submit", {"jobs": sent})


def _latency(
    name: str, folder: Path, submit: Callable[[list[str]], object], idle: Callable[[], bool]
) -> None:
    """Each job writes the time of its first instruction; the queue is empty before each."""
    asked, began = [], []
    for number in range(SINGLE):
        mark = folder / f"{name}-{number}"
        at = time.time()
        submit(["sh", "-c", f"date +%s.%N > {mark}.new; mv {mark}.new {mark}"])
        asked.append(time.time() - at)
        until(lambda mark=mark: mark.exists() and idle())
        began.append(float(mark.read_text()) - at)
    for what, seconds in (("submit call", asked), ("submit to start", began)):
        cuts = statistics.quantiles(seconds, n=20)
        print(f"{name}: {what}: p50 {cuts[9] * 1e3:.1f} ms, p95 {cuts[18] * 1e3:.1f} ms")


def _throughput(home: Home) -> None:
    db = reader(home)
    began = time.monotonic()
    _submit(home, [["true"]] * MANY)
    until(lambda: not jobs.counts(db), within=120.0)
    print(f"lineside: {MANY} tiny jobs: {MANY / (time.monotonic() - began):.0f} a second")
    db.close()


def _task_spooler(tsp: str, folder: Path) -> None:
    env = os.environ | {"TS_SOCKET": str(folder / "tsp.sock"), "TS_SLOTS": str(len(os.sched_getaffinity(0)))}
    run = lambda argv: subprocess.run([tsp, "-n", *argv], env=env, check=True, capture_output=True)  # noqa: E731
    _latency("task-spooler", folder, run, lambda: True)
    began = time.monotonic()
    for _ in range(MANY):
        run(["true"])
    subprocess.run([tsp, "-w"], env=env, check=False, capture_output=True)
    print(f"task-spooler: {MANY} tiny jobs: {MANY / (time.monotonic() - began):.0f} a second")
    subprocess.run([tsp, "-K"], env=env, check=False)


def _idle(pid: int, seconds: float = 10.0) -> None:
    before = _cpu_s(pid)
    time.sleep(seconds)
    used = (_cpu_s(pid) - before) / seconds
    rss = Path(f"/proc/{pid}/statm").read_text().split()[1]
    print(
        f"lineside: idle runner: {used:.2%} of one core, {int(rss) * os.sysconf('SC_PAGESIZE') / 1e6:.0f} MB"
    )


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
