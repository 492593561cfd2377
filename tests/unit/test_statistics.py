"""SQLite's statistics follow a growing home."""

import asyncio
import sqlite3

from fixtures.big_home import fill
from fixtures.contexts import Here

from lineside.jobs import statistics as keeping
from lineside.store.homes import Home
from lineside.store.queries import statistics


def test_a_thousand_new_runs_make_sqlite_look_again(home: Home, db: sqlite3.Connection) -> None:
    assert not statistics.stale(db)
    fill(db, runs=1_200)
    assert not statistics.stale(db)
    db.execute("update sqlite_stat1 set stat = '100 1' where tbl = 'run'")
    db.execute("delete from sqlite_stat1 where tbl <> 'run'")
    assert statistics.stale(db)

    asyncio.run(keeping.tick(Here(home, db)))

    assert not statistics.stale(db)
    assert db.execute("select count(*) from sqlite_stat1 where tbl = 'summary'").fetchone()[0] == 5
