"""lineside doing the shared work, with a real runner taking in what is logged."""

import os
import sqlite3
import sys
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from fixtures import big_home, workload
from fixtures.workload import Values

from lineside.store.db import reader
from lineside.store.homes import Home

_SEEN = "select coalesce(sum(count), 0) from summary"


def main(work: str, folder: Path, runs: int) -> None:
    home = Home(folder / f"lineside_{work}{runs or ''}")
    if work == "fill":
        curved(big_home.build(folder / f"lineside_pages{runs}", runs=runs))
    elif work == "pages":
        pages(home)
    else:
        {"one": one, "eight": eight}[work](home)


def started(home: Home) -> sqlite3.Connection:
    """A fresh home with its runner up; a reader on it."""
    from lineside.jobs import commands
    from lineside.store import homes

    homes.create(home)
    os.environ["LINESIDE_HOME"] = str(home.path)
    commands.start_runner(home)
    return reader(home)


def until_seen(db: sqlite3.Connection, points: int) -> None:
    """Wait, as a person at the console would, until the store shows so many points."""
    deadline = time.monotonic() + 60
    while db.execute(_SEEN).fetchone()[0] < points and time.monotonic() < deadline:
        time.sleep(0.005)


def one(home: Home) -> None:
    import lineside
    from lineside.jobs import commands

    db = started(home)
    run = lineside.start_run("bench")
    begin = time.perf_counter()
    said = workload.drive(lambda row, step: run.log_metrics(row, step=step), steps=workload.STEPS,
                          metrics=workload.METRICS, cap_s=60)  # fmt: skip
    run.finish()
    until_seen(db, said["points"])
    took = time.perf_counter() - begin
    stored = db.execute(_SEEN).fetchone()[0]
    bytes_ = sum(path.stat().st_size for path in home.spool.glob("*.sp"))
    commands.stop_runner(home)
    workload.say(**said, stored=stored, bytes_per_point=bytes_ / max(stored, 1), visible_per_s=stored / took)


def writer(number: int, barrier: Barrier) -> dict[str, Any]:
    import lineside

    run = lineside.start_run(f"writer {number}")
    barrier.wait()
    said = workload.drive(lambda row, step: run.log_metrics(row, step=step), steps=workload.WRITER_STEPS,
                          metrics=workload.WRITER_METRICS, seed=number, cap_s=60)  # fmt: skip
    run.finish()
    return said


def eight(home: Home) -> None:
    from lineside.jobs import commands

    db = started(home)
    took, said = workload.together(writer)
    facts = workload.summed(said)
    begin = time.perf_counter()
    until_seen(db, facts["points"])
    stored = db.execute(_SEEN).fetchone()[0]
    commands.stop_runner(home)
    workload.say(**facts, stored=stored, visible_per_s=stored / (took + time.perf_counter() - begin))


def curved(home: Home) -> None:
    """Five more runs, with points: written by the SDK, taken in as the runner would."""
    from fixtures.spools import take_all, writing

    from lineside.store.db import writer as writing_db

    db = writing_db(home.db)
    for number in range(workload.CURVED_RUNS):
        run = writing(home, f"run_curved{number}")
        for step in range(workload.CURVE_STEPS):
            run.log_metrics(workload.curve(step), step=step)
        run.finish()
    take_all(db, home)
    db.close()


def pages(home: Home) -> None:
    from lineside.store import series
    from lineside.store.queries import runs

    db = reader(home)
    keys: list[Values] = []
    total = runs.count(db)

    def page() -> object:
        found = [row.id for row in runs.recent(db, where="model:vit", sort="-m3", limit=50)]
        cells = runs.param_table(db, found, big_home.PARAMS), runs.summary_table(db, found, big_home.METRICS)
        keys[:] = [{"id": id} for id in found]
        return cells

    def detail() -> object:
        middle = total // 2
        return (
            runs.get(db, middle),
            runs.params(db, middle),
            runs.tags(db, middle),
            runs.summaries(db, middle),
        )

    curved_ids = [runs.find(db, f"run_curved{number}").id for number in range(workload.CURVED_RUNS)]
    names = [f"h{key}" for key in range(workload.CURVES)]
    page_ms, detail_ms = workload.median_ms(page), workload.median_ms(detail)
    full = workload.median_ms(lambda: series.read(home, db, curved_ids, names))
    drawn = workload.median_ms(lambda: series.read(home, db, curved_ids, names, width=400))
    workload.say(page_ms=page_ms, rows=len(keys), detail_ms=detail_ms, history_ms=full, drawn_ms=drawn)
    db.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
