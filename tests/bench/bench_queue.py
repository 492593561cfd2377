"""One step of the queue with 10,000 jobs waiting: what it costs to look at them, and to say why they wait.

    python tests/bench/bench_queue.py

No job is started: the step alone is measured, in processor time of its thread, so that nothing else the box
does counts.
"""

import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

from lineside.jobs.execution import queue
from lineside.jobs.execution.demands import Device, Room, Rules
from lineside.jobs.execution.weighing import Scales
from lineside.store import homes
from lineside.store.actors import Actor, Role
from lineside.store.clock import Micros, after, now
from lineside.store.db import writer
from lineside.store.homes import Home
from lineside.store.migrations import migrate

WAITING, TURNS = 10_000, 200
GIB = 1 << 30
BOX = Room(
    cpus=64, memory_bytes=512 * GIB,
    gpus=tuple(
        Device(index=n, uuid=f"GPU-{n}", total_bytes=80 * GIB, free_bytes=80 * GIB) for n in range(8)
    ),
)  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        homes.create(home)
        db = writer(home.db)
        migrate(db)
        for people in (1, 5):
            _fill(db, [f"person {n}" for n in range(people)])
            for words, rules in (
                ("small jobs may pass", Rules()),
                ("all reserve", Rules(reserve_after_s=0.0)),
            ):
                _measure(f"{people} people, {words}", db, rules)
        db.close()


def _fill(db: sqlite3.Connection, people: list[str]) -> None:
    """Queue as many more jobs as are missing, of all of these people."""
    missing = WAITING - db.execute("select count(*) from job where state = 'QUEUED'").fetchone()[0]
    if len(people) > 1:
        missing = WAITING // 2
        db.execute("update job set state = 'HELD' where id in (select id from job limit :n)", {"n": missing})
    entry = {"argv": ["python", "train.py"], "cwd": "/"}
    for number in range(0, missing, 100):
        actor = Actor(uid=1000, name=people[number // 100 % len(people)], role=Role.OPERATOR)
        asked = [{**entry, "gpus": each % 3, "name": f"job {each}"} for each in range(100)]
        db.execute("begin immediate")
        queue.submit(db, actor, asked, now())
        db.execute("commit")


def _measure(words: str, db: sqlite3.Connection, rules: Rules) -> None:
    scales, taken = Scales(), []
    at = now()
    for number in range(TURNS):
        db.execute("begin immediate")
        began = time.thread_time()
        queue.turn(
            db, [], BOX, at=Micros(after(at, number * 0.1)), backoff_s=5.0, rules=rules, scales=scales
        )  # fmt: skip
        taken.append((time.thread_time() - began) * 1e3)
        db.execute("commit")
    cuts = statistics.quantiles(taken, n=100)
    spread = f"p50 {cuts[49]:.1f} ms, p95 {cuts[94]:.1f} ms, max {max(taken):.1f} ms"
    print(f"{WAITING:,} waiting, {words}: {spread} of processor time")


if __name__ == "__main__":
    sys.exit(main())
