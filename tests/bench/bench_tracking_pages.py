"""How long a person waits for the runs table of a home of very many runs. Asserts nothing about time.

    python tests/bench/bench_tracking_pages.py [RUNS] [EXTRA_METRICS] [HOME]

RUNS is 100,000 when not given; HOME keeps the home for the next time.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from fixtures.big_home import METRICS, PARAMS, build

from lineside.store.db import reader
from lineside.store.homes import Home
from lineside.store.queries import groups, runs

PAGES = (
    ("newest first", "", "-created"),
    ("by a metric", "", "-m3"),
    ("by a metric, a param filters", "model:vit", "-m3"),
    ("by a metric, a rare param filters", "p0<0.001", "-m3"),
    ("by a metric's max, a metric filters", "min(m1)<0.2", "max(m3)"),
    ("by a param, two metrics filter", "m1<0.3 m2<0.3", "p0"),
    ("by a param that is text", "", "model"),
    ("newest, status and author filter", "status:failed author:ana", "-created"),
    ("newest, a tag or a param filters", "team:t3 or p0<0.001", "-created"),
    ("by a metric, mixed or", "(p0<0.3 or m1>0.7) not stage:dev", "m3"),
    ("by a metric, mixed or that leaves few", "(p0<0.0001 or max(m1)>1.9999) not stage:dev", "m3"),
    ("two common terms that never meet", "m3<0.3 max(m3)>1.7", "-created"),
    ("newest, part of a name", "vit", "-created"),
    ("newest, a rare part of a name", "99999", "-created"),
    ("by a metric, nothing has the name", "nosuchname", "m3"),
    ("newest, time fields filter", "started>=2025-12-01 took>1h", "-created"),
    ("by duration", "", "-took"),
    ("by name", "", "name"),
    ("by the first value of a metric", "", "first(m3)"),
    ("by experiment", "", "experiment"),
    ("by children", "", "-children"),
    ("newest, no children", "parent:none", "-created"),
)
GROUPS = (
    ("by experiment", "experiment", ""),
    ("by author", "author", ""),
    ("by status", "status", ""),
    ("by a param", "model", ""),
    ("by a tag", "team", ""),
    ("by a tag, a param filters", "team", "model:vit"),
    ("by a param, a rare param filters", "model", "p0<0.001"),
    ("by a param that nearly no two runs share", "p0", ""),
)


def median(call: Callable[[], object], times: int = 7) -> tuple[float, float]:
    """Milliseconds: the first call, and the middle of all."""
    took = []
    for _ in range(times):
        begin = time.perf_counter()
        call()
        took.append((time.perf_counter() - begin) * 1e3)
    return took[0], statistics.median(took)


def show(name: str, call: Callable[[], object]) -> None:
    first, middle = median(call)
    print(f"{name:44} median {middle:7.2f} ms   first {first:7.2f} ms", flush=True)


def main(home: Home) -> None:
    db = reader(home)
    print(f"== pages of 50 runs of {runs.count(db):,}: rows, and 20 params and metrics of each")
    for name, where, sort in PAGES:

        def page(where: str = where, sort: str = sort) -> object:
            found = [row.id for row in runs.recent(db, where=where, sort=sort, limit=50)]
            return runs.param_table(db, found, PARAMS), runs.summary_table(db, found, METRICS)

        show(name, page)
    print("== groups, with best, median and worst of a metric")
    for name, key, where in GROUPS:
        show(
            name, lambda key=key, where=where: groups.groups(db, key=key, where=where, metric="m3", limit=50)
        )  # type: ignore[misc]
    print("== whole orders, for the scroll bar")
    for name, where, sort in PAGES[:4] + PAGES[9:12]:
        show(name, lambda where=where, sort=sort: runs.ids(db, where, sort))  # type: ignore[misc]
    show("count, mixed or", lambda: runs.count(db, PAGES[9][1]))
    show("metric names", lambda: runs.metric_names(db))
    show("one run opened", lambda: (runs.get(db, 500), runs.params(db, 500), runs.tags(db, 500),
                                   runs.summaries(db, 500), runs.artifacts(db, 500)))  # fmt: skip
    db.close()
    opened(home)


def opened(home: Home) -> None:
    """A process of its own: from a connection to the first page, and what it holds after reading a lot."""
    script = f"""
import resource, time
from pathlib import Path
from lineside.store.db import reader
from lineside.store.homes import Home
from lineside.store.queries import runs
begin = time.perf_counter()
db = reader(Home(Path({str(home.path)!r})))
page = runs.recent(db, limit=50)
cells = runs.summary_table(db, [row.id for row in page], {METRICS!r})
print(f"open a home and read its first page          {{(time.perf_counter() - begin) * 1e3:7.1f}} ms")
for sort in ("-m3", "p0", "model", "-took"):
    for where in ("", "model:vit", "p0<0.5 or m1>0.5", "try"):
        runs.ids(db, where, sort)
        runs.recent(db, where=where, sort=sort)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"that process at its peak, after 16 whole orders {{peak:4.0f}} MiB")
"""
    for _ in range(3):
        print(
            subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout,
            end="",
        )


if __name__ == "__main__":
    asked = sys.argv[1:] + ["100000", "0"][len(sys.argv[1:]) :]
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(asked[2]) if len(asked) > 2 else Path(folder) / "home"
        main(build(kept, runs=int(asked[0]), extra_metrics=int(asked[1])))
