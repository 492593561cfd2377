"""How long from submitting a job to its first instruction, tiny jobs a second, adoption, and idle cost.

    python tests/bench/bench_jobs.py

With task-spooler installed (`tsp`), measures it by turns in the same minutes: what we promise is a ratio.
"""

import contextlib
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from fixtures.adoption import ended_while_down
from fixtures.waiting import until

from lineside.jobs import commands
from lineside.store import homes
from lineside.store.db import reader
from lineside.store.homes import Home
from lineside.store.queries import jobs

SINGLE, MANY, ROUNDS, DOWN = 60, 200, 5, 1000
Submit = Callable[[list[list[str]]], object]
Idle = Callable[[], object]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        with _lineside(Path(folder)) as (submit, idle, pid), _task_spooler(Path(folder)) as peer:
            sides = {"lineside": (submit, idle)} | ({"task-spooler": peer} if peer else {})
            _latencies(Path(folder), sides)
            _throughputs(sides)
            _idle(pid)
        _adoption(Path(folder))


@contextlib.contextmanager
def _lineside(folder: Path) -> Iterator[tuple[Submit, Idle, int]]:
    home, env = Home(folder / "home"), {"PATH": os.environ["PATH"]}
    homes.create(home)
    pid = commands.start_runner(home)
    db = reader(home)

    def submit(argvs: list[list[str]]) -> None:
        sent = [{"argv": argv, "cwd": str(home.path), "env": env} for argv in argvs]
        commands.ask(home, "jobs.submit", {"jobs": sent})

    try:
        yield submit, lambda: until(lambda: not jobs.counts(db), within=120.0), pid
    finally:
        db.close()
        commands.stop_runner(home, jobs=True)


@contextlib.contextmanager
def _task_spooler(folder: Path) -> Iterator[tuple[Submit, Idle] | None]:
    tsp = shutil.which("tsp")
    if tsp is None:
        yield None
        return
    slots = str(len(os.sched_getaffinity(0)))
    env = os.environ | {"TS_SOCKET": str(folder / "tsp.sock"), "TS_SLOTS": slots}

    def ask(*words: str) -> object:
        return subprocess.run([tsp, *words], env=env, check=False, capture_output=True)

    yield lambda argvs: [ask("-n", *argv) for argv in argvs], lambda: ask("-w")
    ask("-K")


def _latencies(folder: Path, sides: dict[str, tuple[Submit, Idle]]) -> None:
    """Each job writes the time of its first instruction; the queue is empty before each; by turns."""
    asked: dict[str, list[float]] = {name: [] for name in sides}
    began: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(SINGLE):
        for name, (submit, idle) in sides.items():
            mark = folder / f"{name}-{number}"
            at = time.time()
            submit([["sh", "-c", f"date +%s.%N > {mark}.new; mv {mark}.new {mark}"]])
            asked[name].append(time.time() - at)
            until(mark.exists)
            idle()
            began[name].append(float(mark.read_text()) - at)
    for what, found in (("submit call", asked), ("submit to start", began)):
        for name, seconds in found.items():
            cuts = statistics.quantiles(seconds, n=20)
            print(f"{name}: {what}: p50 {cuts[9] * 1e3:.1f} ms, p95 {cuts[18] * 1e3:.1f} ms")
        _ratio(what, {name: statistics.median(seconds) for name, seconds in found.items()})


def _throughputs(sides: dict[str, tuple[Submit, Idle]]) -> None:
    found: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(ROUNDS):
        for name, (submit, idle) in sides.items():
            at = time.monotonic()
            submit([["true"]] * MANY)
            idle()
            found[name].append(MANY / (time.monotonic() - at))
    for name, rates in found.items():
        print(f"{name}: {ROUNDS} x {MANY} tiny jobs: {statistics.median(rates):.0f} a second")
    _ratio("tiny jobs a second", {name: statistics.median(rates) for name, rates in found.items()})


def _ratio(what: str, medians: dict[str, float]) -> None:
    if len(medians) == 2:
        ours, theirs = medians.values()
        print(f"{what}: {ours / theirs:.2f} times task-spooler's")


def _adoption(folder: Path) -> None:
    """What ended while no runner was up: from the next runner's first word until all is known."""
    home = Home(folder / "down")
    homes.create(home)
    ended_while_down(home, DOWN)
    began = time.monotonic()
    commands.start_runner(home)
    up = time.monotonic()
    db = reader(home)
    until(lambda: not jobs.counts(db))
    took = time.monotonic() - began
    print(f"lineside: up after {up - began:.2f} s, {DOWN} ended jobs adopted after {took:.2f} s")
    db.close()
    commands.stop_runner(home)


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
    main()
