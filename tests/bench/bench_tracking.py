"""What tracking costs a script, and how fast it is seen. Measures; asserts nothing about time.

    python tests/bench/bench_tracking.py [STEPS]

Prints: one log call of 10 values; the bare framed write beside it; ingest; one chart; a leaderboard page.
"""

import os
import statistics
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path

from fixtures.spools import take_all, writing

from lineside.store import homes, series
from lineside.store.db import writer
from lineside.store.homes import Home
from lineside.store.migrations import migrate
from lineside.store.queries import runs

NAMES = [f"metric_{number}" for number in range(10)]


def timed(call: Callable[[int], object], count: int) -> list[float]:
    """Microseconds of each of `count` calls, sorted."""
    took = []
    for step in range(count):
        begin = time.perf_counter_ns()
        call(step)
        took.append((time.perf_counter_ns() - begin) / 1e3)
    return sorted(took)


def bare(path: Path) -> Callable[[int], object]:
    """The least a framed write can be: pack, checksum, one write."""
    file, pack = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), struct.Struct("<BHqq10d").pack

    def write(step: int) -> None:
        body = pack(2, 0, step, time.time_ns(), *([step * 0.5] * 10))
        os.write(file, struct.pack("<II", len(body), zlib.crc32(body)) + body)

    return write


def show(name: str, took: list[float]) -> None:
    p99 = took[int(len(took) * 0.99)]
    print(f"{name:34} p50 {took[len(took) // 2]:8.2f} us   p99 {p99:8.2f} us   max {took[-1]:10.1f} us")


def best(name: str, call: Callable[[], object]) -> None:
    took = [timed(lambda _: call(), 1)[0] / 1e3 for _ in range(5)]
    print(f"{name:34} median {statistics.median(took):8.1f} ms   best {min(took):8.1f} ms")


def main(steps: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        homes.create(home)
        db = writer(home.db)
        migrate(db)
        run = writing(home, "run_bench")
        tables = [{name: step * 0.5 for name in NAMES} for step in range(steps)]
        show("log_metrics of 10 values", timed(lambda step: run.log_metrics(tables[step], step=step), steps))
        show("bare framed write", timed(bare(Path(folder) / "bare"), steps))
        run.finish()
        begin = time.perf_counter()
        points = take_all(db, home)
        took = time.perf_counter() - begin
        print(f"{'ingest of ' + format(points, ',') + ' points':34} {points / took / 1e6:.1f} M points/s")
        print(
            f"{'bytes a point in the spool':34} {(home.spool / 'run_bench.sp').stat().st_size / points:.1f}"
        )
        best(
            f"5 metrics x {steps} steps, 400 columns",
            lambda: series.read(home, db, [1], NAMES[:5], width=400),
        )
        best("page of runs by a metric", lambda: runs.recent(db, sort=NAMES[0], limit=50))
        db.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
