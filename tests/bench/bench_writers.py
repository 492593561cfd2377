"""What many writers cost each other, and what odd calls cost. Measures; asserts that nothing is lost.

    python tests/bench/bench_writers.py [PROCESSES] [CALLS]

Prints: the in-loop time of a call of 10 values in processes that write at once, into one home; what it takes
to begin a run in a git checkout; 12,000 keys in one call; values that are no floats.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import lineside
from lineside.store import homes, spool
from lineside.store.homes import Home

_WRITER = """
import json, sys, time
import lineside
calls = int(sys.argv[1])
run = lineside.start_run("writer")
tables = [{f"metric_{n}": step * 0.5 + n for n in range(10)} for step in range(calls)]
run._survey is None or run._survey.join()
sys.stdin.readline()
clock, took = time.perf_counter_ns, []
for step, values in enumerate(tables):
    begin = clock()
    run.log_metrics(values, step=step)
    took.append(clock() - begin)
run.finish()
took.sort()
print(json.dumps([took[len(took) // 2], took[int(len(took) * 0.99)], took[int(len(took) * 0.999)], took[-1]]))
"""


def at_once(home: Home, processes: int, calls: int) -> None:
    """All begin at one word, so that they meet."""
    env = {
        **os.environ,
        "LINESIDE_HOME": str(home.path),
        "PYTHONPATH": str(Path(lineside.__file__).parents[1]),
    }
    command = [sys.executable, "-c", _WRITER, str(calls)]
    writers = [
        subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    began = time.perf_counter()
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    said = [json.loads(writer.communicate()[0]) for writer in writers]
    took = time.perf_counter() - began
    points = sum(spool.read(path, limit=1 << 30).points for path in home.spool.glob("*.sp"))
    assert points == processes * calls * 10, f"{points} of {processes * calls * 10} points are there"
    worst = [max(each[place] for each in said) / 1e3 for place in range(4)]
    print(f"{processes} processes x {calls:,} calls of 10: {points:,} points, none lost, {took:.1f} s")
    print(f"  worst in-loop p50 {worst[0]:.1f} us  p99 {worst[1]:.1f} us  p99.9 {worst[2]:.0f} us", end="")
    print(f"  max {worst[3] / 1e3:.1f} ms")


def show(name: str, call: Callable[[int], object], count: int) -> None:
    took = []
    for number in range(count):
        begin = time.perf_counter_ns()
        call(number)
        took.append((time.perf_counter_ns() - begin) / 1e3)
    took.sort()
    p50, p99 = took[count // 2], took[int(count * 0.99)]
    print(f"{name:44} p50 {p50:9.1f} us   p99 {p99:9.1f} us   max {took[-1]:9.1f} us")


def alone(home: Home) -> None:
    os.environ["LINESIDE_HOME"] = str(home.path)

    took = []
    for _ in range(20):
        lineside._state.found = None  # looked at anew, as in a new process
        began = time.perf_counter()
        begun = lineside.start_run("it")
        took.append((time.perf_counter() - began) * 1e3)
        if begun._survey is not None:
            begun._survey.join()
        begun.finish()
    print(f"start_run beside its look at git and packages: median {sorted(took)[10]:.2f} ms", end="")
    print(f", max {max(took):.2f} ms")
    run = lineside.start_run("odd calls")
    many = {f"layer.{number}.weight/norm": float(number) for number in range(12_000)}
    show("12,000 keys in one call", lambda step: run.log_metrics(many, step=step), 50)
    show(
        "10 values, one of them no number",
        lambda step: run.log_metrics({**ten, "m0": "high"}, step=step),
        5_000,
    )
    show(
        "10 values, always another set of names",
        lambda n: run.log_metrics({f"{n}.{m}": 1.0 for m in ten}),
        5_000,
    )
    show("10 values", lambda step: run.log_metrics(ten, step=step), 50_000)
    run.finish()


ten = {f"m{number}": float(number) for number in range(10)}


def main(processes: int, calls: int) -> None:
    for count in (1_000, calls):  # 10,000 points each, and ten times that
        with tempfile.TemporaryDirectory() as folder:
            home = Home(Path(folder) / "home")
            homes.create(home)
            at_once(home, processes, count)
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        homes.create(home)
        alone(home)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(given[0] if given else 8, given[1] if len(given) > 1 else 10_000)
