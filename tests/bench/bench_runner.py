"""What the runner costs when nothing happens, how soon `lineside run` is back, how soon a rule acts.

    python tests/bench/bench_runner.py [SECONDS] [ROUNDS]

Prints: CPU and memory of an idle runner, and that torch is not in it; the same with eight silent jobs that
carry rules; what `lineside run -- true` takes; log call → point seen, and NaN → job over; what rules cost.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from bench_visibility import cost, latencies
from fixtures.runners import RunnerUnderTest

from lineside.jobs.watching import judging, words
from lineside.jobs.watching.judging import Memory
from lineside.store import homes
from lineside.store.homes import Home

_SILENT = "import lineside, time; lineside.log_metric('loss', 1.0); time.sleep(3600)"
_NAN = """
import lineside, time
lineside.log_metric("loss", 1.0)
time.sleep(0.5)
lineside.log_metrics({"loss": float("nan"), "at": time.time()})
time.sleep(3600)
"""
_RULES = ["nan(loss)", "diverges(loss)", "plateau(loss) 500", "stall 3600"]
_COMMAND = [sys.executable, "-m", "lineside.console"]


def memory_mib(pid: int) -> float:
    """What the process holds of the box's memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def times(call: Callable[[], object], rounds: int) -> list[float]:
    """Milliseconds of each call, sorted."""
    took = []
    for _ in range(rounds):
        begin = time.perf_counter()
        call()
        took.append((time.perf_counter() - begin) * 1e3)
    return sorted(took)


def tell(what: str, took: list[float]) -> None:
    p95 = took[min(len(took) - 1, int(0.95 * len(took)))]
    print(f"{what}: p50 {statistics.median(took):.0f} ms  p95 {p95:.0f} ms  min {took[0]:.0f} ms")


def idle(runner: RunnerUnderTest, seconds: float, rounds: int) -> None:
    time.sleep(5.0)  # it has just started
    found = [cost(runner, seconds) for _ in range(rounds)]
    torch = "torch" in Path(f"/proc/{runner.pid}/maps").read_text()
    print(
        f"idle: {statistics.median(found):.2f} % of a core "
        f"({' '.join(f'{each:.2f}' for each in found)} over {seconds:g} s each), "
        f"{memory_mib(runner.pid):.0f} MiB, torch {'is' if torch else 'is not'} in it"
    )


def silent(runner: RunnerUnderTest, seconds: float, jobs: int) -> None:
    for id in [runner.python(_SILENT, watch=_RULES) for _ in range(jobs)]:
        runner.wait_for(id, "RUNNING")
    time.sleep(5.0)
    spent = cost(runner, seconds)
    print(
        f"{jobs} silent jobs with {len(_RULES)} rules each: {spent:.2f} %, {memory_mib(runner.pid):.0f} MiB"
    )
    runner.begin_afresh(runner.work)


def commands(runner: RunnerUnderTest, calls: int) -> None:
    env = {**os.environ, "LINESIDE_HOME": str(runner.home.path)}

    def call(*argv: str) -> None:
        subprocess.run([*_COMMAND, *argv], env=env, check=True, capture_output=True)

    tell("lineside run -- true", times(lambda: call("run", "--", "true"), calls))
    tell("lineside --version", times(lambda: call("--version"), calls))
    tell("python -c pass", times(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), calls))


def stops(runner: RunnerUnderTest, calls: int) -> None:
    """From the log call of a NaN to the end of the job that it stops."""
    took = []
    for _ in range(calls):
        job = runner.wait_for(runner.python(_NAN, watch=["nan(loss) stop"]), "FAILED")
        assert job.cause == "nan", job
        assert job.ended_us is not None
        assert job.started_us is not None
        took.append((job.ended_us - job.started_us) / 1e3)
    tell("start, 500 ms of sleep, NaN, job over", sorted(took))


def folds(points: int = 1_000_000) -> None:
    """What the rules cost by themselves, per million points of one metric."""
    steps, values = np.arange(points), 1.0 / np.arange(1, points + 1)
    for said in ("nan(loss)", "diverges(loss)", "plateau(loss) 500"):
        rule = words.parse(said)
        begin, memory = time.perf_counter(), Memory()
        for at in range(0, points, 4096):
            memory, _ = judging.fold(rule, "loss", memory, steps[at : at + 4096], values[at : at + 4096])
        print(f"{said}: {(time.perf_counter() - begin) * 1e3:.0f} ms per million points")


def main(seconds: float, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        homes.create(home)
        runner = RunnerUnderTest(home, config="[runner]\nslots = 16\npoll_s = 1.0\n")
        try:
            idle(runner, seconds, rounds)
            commands(runner, 20)
            took = latencies(runner, seconds)
            tell(f"log call to visible, {len(took)} points", took)
            print(f"  p99 {took[int(len(took) * 0.99)]:.0f} ms")
            stops(runner, 5)
            silent(runner, seconds, 8)
        finally:
            runner.close()
    folds()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0, int(sys.argv[2]) if len(sys.argv) > 2 else 3)
