"""What the audit chain, the lineage and the gates cost at size. CPU ms.

python -m tests.bench.bench_registry
"""

import random
import sqlite3
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from lineside.jobs.promotion import duels
from lineside.store.actors import Actor, Role
from lineside.store.clock import Micros, new_id
from lineside.store.db import writer
from lineside.store.migrations import migrate
from lineside.store.queries import audit, lineage
from lineside.store.queries.lineage import Node

ROWS = 100_000
MARIA = Actor(uid=1001, name="maria", role=Role.APPROVER)


def cost(work: Callable[[], object]) -> float:
    """CPU milliseconds of one call."""
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def fill_audit(db: sqlite3.Connection) -> None:
    for n in range(ROWS):
        audit.append(db, MARIA, "jobs.submit", subject=("job", n), detail={"n": n}, at=Micros(n))


def fill_lineage(db: sqlite3.Connection) -> None:
    """100,000 runs in one random graph, each trained from one that came before."""
    chance = random.Random(1)
    db.execute("insert into experiment (id, name, created_us) values (1, 'e', 0)")
    for n in range(1, ROWS + 1):
        db.execute(
            "insert into run (id, uid, experiment_id, name, status, author, created_us)"
            " values (?, ?, 1, 'r', 'FINISHED', 'maria', ?)", (n, f"{new_id('run')}{n}", n),
        )  # fmt: skip
        if n > 1:
            src, dst = Node("run", chance.randint(1, n - 1)), Node("run", n)
            lineage.link(db, src=src, dst=dst, relation="continued", at=Micros(n))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        db = writer(Path(folder) / "lineside.db")
        migrate(db)
        db.execute("begin")
        print(f"audit: append {cost(lambda: fill_audit(db)) / ROWS * 1000:.1f} µs a row")
        print(f"audit: verify {ROWS:,} rows {cost(lambda: audit.verify(db)):.0f} ms")
        fill_lineage(db)
        db.execute("commit")
        for root in (Node("run", 1), Node("run", 50_000)):
            shown = len(lineage.around(db, root).nodes)
            spent = cost(partial(lineage.around, db, root))
            print(f"lineage: {shown} of {ROWS:,} nodes around run {root.id} {spent:.1f} ms")
        db.close()
    chance = np.random.default_rng(0)
    coarse, fine = chance.choice([-1.0, 0.0, 1.0], size=50_000), chance.normal(size=50_000)
    print(f"duel: 50,000 rows, classes {cost(lambda: duels.interval(coarse)):.0f} ms")
    print(f"duel: 50,000 rows, numbers {cost(lambda: duels.interval(fine)):.0f} ms")


if __name__ == "__main__":
    main()
