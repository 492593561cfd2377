"""A script that goes on with a run that had ended, seen from the runner."""

import asyncio
import os
import sqlite3

from fixtures.contexts import Here
from fixtures.spools import script
from fixtures.waiting import until

from lineside.jobs import ingesting
from lineside.store.homes import Home
from lineside.store.queries import runs, spools


def test_a_sealed_spool_is_opened_again_and_the_run_ends_once_more(
    home: Home, db: sqlite3.Connection
) -> None:
    ctx = Here(home, db)

    def settled(points: int, status: str) -> bool:
        asyncio.run(ingesting.tick(ctx))
        if not runs.ids(db) or not runs.summaries(db, 1):
            return False
        (spool,) = spools.of_run(db, 1)
        seen = runs.summaries(db, 1)[0].count, runs.get(db, 1).status, spool.sealed
        return seen == (points, status, True)

    code = "import lineside, os; lineside.log_metric('loss', 1.0); os._exit(1)"
    script(home, code)
    until(lambda: settled(1, "FAILED"), within=20.0)
    uid = runs.get(db, 1).uid

    script(home, f"import lineside; lineside.start_run(resume={uid!r}).log_metric('loss', 2.0)")
    until(lambda: settled(2, "FINISHED"), within=20.0)

    assert runs.ids(db) == [1]
    assert [name for name in os.listdir(home.spool) if name.endswith(".resume")] == []
