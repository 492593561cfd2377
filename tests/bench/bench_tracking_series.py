"""How long a chart waits for its points, hot and cold. Measures; asserts nothing about time.

    python tests/bench/bench_tracking_series.py [LONG_STEPS]

Prints: 5 metrics x 10,000 steps x 5 runs; one long series at 400 columns; two metrics logged in turn.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from fixtures.compaction import advance, seal
from fixtures.spools import writing

from lineside.store import homes, series
from lineside.store.db import writer
from lineside.store.homes import Home
from lineside.store.migrations import migrate


def shown(name: str, call: Callable[[], object]) -> None:
    """The first answer, and the middle of nine more."""
    took = []
    for _ in range(10):
        begin = time.perf_counter()
        call()
        took.append((time.perf_counter() - begin) * 1e3)
    print(
        f"{name:52} median {statistics.median(took[1:]):7.1f} ms  best {min(took):7.1f}  first {took[0]:7.1f}"
    )


def main(steps: int) -> None:
    names = [f"metric_{number}" for number in range(10)]
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        homes.create(home)
        db = writer(home.db)
        migrate(db)
        for number in range(5):
            run = writing(home, f"run_{number}")
            for step in range(10_000):
                run.log_metrics({name: step * 0.5 + number for name in names}, step=step)
            run.finish()
        long, turns = writing(home, "run_long"), writing(home, "run_turns")
        for step in range(steps):
            long.log_metric("loss", step * 0.25, step=step)
            if step < steps // 10:
                turns.log_metric("a", step * 0.5, step=step)
                turns.log_metric("b", step * 0.5, step=step)
        long.finish()
        turns.finish()
        seal(db, home)
        ids = {row["uid"]: row["id"] for row in db.execute("select id, uid from run")}
        five = [ids[f"run_{number}"] for number in range(5)]
        for heat in ("hot", "cold"):
            shown(
                f"{heat}: 5 metrics x 10,000 steps x 5 runs, whole",
                lambda: series.read(home, db, five, names[:5]),
            )
            shown(
                f"{heat}: the same at 400 columns", lambda: series.read(home, db, five, names[:5], width=400)
            )
            shown(
                f"{heat}: {steps:,} steps at 400 columns",
                lambda: series.read(home, db, [ids["run_long"]], ["loss"], width=400),
            )
            shown(
                f"{heat}: the same, smoothed",
                lambda: series.read(home, db, [ids["run_long"]], ["loss"], width=400, smooth=0.9),
            )
            shown(
                f"{heat}: {steps // 10:,} of two metrics logged in turn",
                lambda: series.read(home, db, [ids["run_turns"]], ["a"], width=400),
            )
            if heat == "hot":
                begin = time.perf_counter()
                while advance(home, db):
                    pass
                took = time.perf_counter() - begin
                size = sum(path.stat().st_size for path in home.segments.glob("*.parquet"))
                points = db.execute("select sum(count) from summary").fetchone()[0]
                print(f"compaction of {points:,} points: {took:.1f} s, {size / points:.2f} bytes a point")
        db.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
