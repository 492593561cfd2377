"""A home of very many runs and points: how soon it opens, and what a reader of it holds. Asserts nothing.

    python tests/bench/bench_tracking_large.py [RUNS] [POINTS] [HOME]

100,000 runs and 100,000,000 points when not given; HOME keeps the home for the next time. Each line is said
by a process of its own: times from its first statement on a connection (polars and DuckDB are imported by the
first who needs them), memory at its peak, Python and all libraries included.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from fixtures import big_home, big_points

_BEGIN = """
import sys, time
from pathlib import Path
from lineside.store.db import reader
from lineside.store.homes import Home
from lineside.store.queries import runs
def peak():
    lines = Path("/proc/self/status").read_text().splitlines()  # getrusage counts the parent before exec too
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
home = Home(Path(sys.argv[1]))
begin = time.perf_counter()
db = reader(home)
page = runs.recent(db, limit=50)
cells = runs.summary_table(db, [row.id for row in page], ["m3"])
took = (time.perf_counter() - begin) * 1e3
"""
_PARTS = {
    "open and first page": "",
    "… and 16 whole orders, filtered and sorted": """
begin = time.perf_counter()
for sort in ("-m3", "p0", "model", "-took"):
    for where in ("", "model:vit", "p0<0.5 or m1>0.5", "try"):
        runs.ids(db, where, sort)
took = (time.perf_counter() - begin) * 1e3
""",
    "… and a cold chart of 25 series, twice": """
from lineside.store import series
five, metrics = [10, 20_010, 40_010, 60_010, 80_010], ["m0", "m1", "m2", "m3", "m4"]
for turn in range(2):
    begin = time.perf_counter()
    lines = series.read(home, db, five, metrics, width=400)
    took, before = (time.perf_counter() - begin) * 1e3, took
    assert len(lines) == 25
print(f"first, with its imports: {before:.0f} ms;", end="")
""",
    "… and SQL over the points of ten runs": """
from lineside.store import analytics
begin = time.perf_counter()
query = "select metric, avg(value) from points where run_id between 500 and 509 group by 1"
table = analytics.sql(home, query)
took = (time.perf_counter() - begin) * 1e3
assert len(table.rows) == 10
""",
    "… and SQL over every point": """
from lineside.store import analytics
begin = time.perf_counter()
table = analytics.sql(home, "select metric, count(*), avg(value) from points group by 1")
took = (time.perf_counter() - begin) * 1e3
print(f"{sum(row[1] for row in table.rows):,} points")
""",
}
_END = """
print(f"{took:9.1f} ms   {peak():5.0f} MiB at its peak")
"""


def main(path: Path, runs: int, points: int) -> None:
    home = big_home.build(path, runs=runs)
    print(f"== a home of {runs:,} runs and {big_points.add(home, points=points):,} points in segments")
    for name, part in _PARTS.items():
        for _ in range(3):
            script = [sys.executable, "-c", _BEGIN + part + _END, str(path)]
            done = subprocess.run(script, capture_output=True, text=True, check=True)
            print(f"{name:44} {done.stdout.strip()}{done.stderr}", flush=True)


if __name__ == "__main__":
    asked = sys.argv[1:] + ["100000", "100000000"][len(sys.argv[1:]) :]
    with tempfile.TemporaryDirectory() as folder:
        main(Path(asked[2]) if len(asked) > 2 else Path(folder) / "home", int(asked[0]), int(asked[1]))
