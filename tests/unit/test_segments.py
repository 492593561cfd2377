"""Points leave their spools for segments, and every one is still there."""

import asyncio
import math
import sqlite3
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fixtures.spools import take_all, writing

from lineside.jobs import compacting, ingesting
from lineside.jobs.compacting import Limits
from lineside.jobs.context import Json
from lineside.store import analytics, segments, series
from lineside.store.clock import Micros
from lineside.store.errors import BadData
from lineside.store.homes import Home
from lineside.store.queries import runs, spools
from lineside.store.queries import segments as manifest

AT_ONCE = Limits(points=0, idle_s=0, merge_files=2)
AT = Micros(10**18)


class Context:
    """The runner, with its compute child inside it."""

    def __init__(self, home: Home, db: sqlite3.Connection) -> None:
        self.home, self.db = home, db

    async def write(self, change: Any, *, durable: bool = True) -> Any:
        self.db.execute("begin immediate")
        try:
            result = change(self.db)
        except BaseException:
            self.db.execute("rollback")
            raise
        self.db.execute("commit")
        return result

    async def compute(self, function: str, **args: Any) -> Json:
        found: Json = getattr(compacting, function.rpartition(":")[2])(**args)
        return found

    def wake(self) -> None: ...


def seal(db: sqlite3.Connection, home: Home) -> None:
    take_all(db, home)
    db.execute("update spool set sealed = 1")


def advance(home: Home, db: sqlite3.Connection) -> bool:
    return asyncio.run(compacting.advance(Context(home, db), AT_ONCE, now=AT))


def logged(home: Home, uid: str, points: list[tuple[int, float]], **start: object) -> None:
    run = writing(home, uid, **start)
    for step, value in points:
        run.log_metrics({"loss": value, "more": step * 2.0}, step=step)
    run.finish("FAILED")


def bits(home: Home, db: sqlite3.Connection, run_id: int = 1) -> list[tuple[int, bytes]]:
    (line,) = series.read(home, db, [run_id], ["loss"])
    return [
        (step, struct.pack("<d", value))
        for step, value in zip(line.steps.tolist(), line.values.tolist(), strict=True)
    ]


def test_every_bit_of_every_point_survives_the_move(db: sqlite3.Connection, home: Home) -> None:
    odd = struct.unpack("<d", struct.pack("<Q", 0x7FF8_DEAD_0000_0001))[0]
    values = [1.0, math.inf, -math.inf, math.nan, odd, -0.0, 5e-324, 1.7e308]
    points = [(step, value) for step, value in zip([0, 2**62, -7, 3, 4, 5, 6, 7], values, strict=True)]
    logged(home, "run_a", [*points, (3, 8.0)])
    seal(db, home)
    before, summary = bits(home, db), db.execute("select * from summary").fetchall()
    assert advance(home, db)
    assert not list(home.spool.glob("*.sp"))
    assert bits(home, db) == before
    assert struct.pack("<d", odd) in [value for _, value in before]
    assert [tuple(row) for row in db.execute("select * from summary")] == [tuple(row) for row in summary]
    assert segments.verify(home, db) == []
    assert not advance(home, db)


def test_a_run_that_lives_or_is_not_sealed_is_let_alone(db: sqlite3.Connection, home: Home) -> None:
    logged(home, "run_a", [(0, 1.0)])
    alive = writing(home, "run_b")
    alive.log_metric("loss", 2.0, step=0)
    take_all(db, home)
    assert not advance(home, db)
    db.execute("update spool set sealed = 1")
    assert advance(home, db)
    assert [path.name for path in home.spool.glob("*.sp")] == ["run_b.sp"]
    alive.finish()


def test_nothing_is_moved_before_it_is_worth_it() -> None:
    warm = [manifest.Warm(run_id=1, bytes=10, points=5, ended_us=Micros(1_000_000))]
    soon, late = Micros(2_000_000), Micros(602_000_000)
    assert compacting.due(warm, Limits(), now=soon) == []
    assert compacting.due(warm, Limits(), now=late) == [1]
    assert compacting.due(warm, Limits(points=5), now=soon) == [1]
    assert compacting.due(warm, Limits(bytes=10), now=soon) == [1]


def test_small_segments_become_one_and_the_old_files_go(db: sqlite3.Connection, home: Home) -> None:
    for number in range(3):
        logged(home, f"run_{number}", [(step, float(number)) for step in range(5)])
        seal(db, home)
        asyncio.run(compacting.advance(Context(home, db), Limits(points=0, merge_files=99), now=AT))
    before = [bits(home, db, run) for run in (1, 2, 3)]
    assert len(list(home.segments.glob("*.parquet"))) == 3
    assert advance(home, db)
    assert len(list(home.segments.glob("*.parquet"))) == 1
    assert [bits(home, db, run) for run in (1, 2, 3)] == before
    assert segments.verify(home, db) == []


def test_side_spools_go_together_with_the_runs_own(db: sqlite3.Connection, home: Home) -> None:
    run, side = writing(home, "run_a"), writing(home, "run_a")
    run.log_metric("loss", 1.0, step=0)
    side.log_metric("loss", 2.0, step=1)
    run.finish()
    side.finish()
    seal(db, home)
    assert advance(home, db)
    assert series.read(home, db, [1], ["loss"])[0].values.tolist() == [1.0, 2.0]
    assert not list(home.spool.glob("*.sp"))


def test_a_resumed_run_replaces_what_it_repeats_and_keeps_the_old_branch(
    db: sqlite3.Connection, home: Home
) -> None:
    logged(home, "run_a", [(step, 1.0) for step in range(6)], at_us=1)
    seal(db, home)
    for cold in (True, False):
        if cold:
            assert advance(home, db)
            _taken_again(db, home)
        (line,) = series.read(home, db, [1], ["loss"])
        assert line.values.tolist() == [1.0, 1.0, 1.0, 2.0, 2.0]
        assert line.openings == 2
        (old,) = series.read(home, db, [1], ["loss"], branch=1)
        assert old.values.tolist() == [1.0] * 6
        if cold:
            seal(db, home)
            db.execute("update run set status = 'FAILED'")
            assert advance(home, db)
    told = analytics.sql(
        home, "select opening, count(*) from points where metric = 'loss' group by 1 order by 1"
    )
    assert told.rows == ((1, 6), (2, 2))


def _taken_again(db: sqlite3.Connection, home: Home) -> None:
    """The run goes on in a fresh spool, and the runner's hand takes it."""
    logged(home, "run_a", [(3, 2.0), (4, 2.0)], resume=True)
    ingesting._WATCHES.clear()
    asyncio.run(ingesting.tick(Context(home, db)))
    assert "gaps" not in runs.context(db, 1)


def test_a_spool_left_over_from_a_crash_is_not_taken_again(db: sqlite3.Connection, home: Home) -> None:
    logged(home, "run_a", [(0, 1.0), (1, 2.0)])
    seal(db, home)
    copy = (home.spool / "run_a.sp").read_bytes()
    before = bits(home, db)
    assert advance(home, db)
    (home.spool / "run_a.sp").write_bytes(copy)
    (home.segments / "seg_orphan.parquet").write_bytes(b"half")
    ingesting._WATCHES.clear()
    asyncio.run(ingesting.tick(Context(home, db)))
    assert bits(home, db) == before
    assert db.execute("select max(count) from summary").fetchone()[0] == 2
    assert [fault.kind for fault in segments.verify(home, db)] == ["orphan"]
    assert sorted(segments.recover(home, db)) == ["run_a.sp", "seg_orphan.parquet"]
    assert bits(home, db) == before


def test_a_damaged_and_a_missing_segment_are_found(db: sqlite3.Connection, home: Home) -> None:
    logged(home, "run_a", [(0, 1.0)])
    seal(db, home)
    assert advance(home, db)
    (path,) = home.segments.glob("*.parquet")
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert [fault.kind for fault in segments.verify(home, db)] == ["damaged"]
    path.unlink()
    assert [fault.kind for fault in segments.verify(home, db)] == ["missing"]
    with pytest.raises(BadData, match="missing"):
        series.read(home, db, [1], ["loss"])


def test_a_script_that_holds_the_spool_puts_the_move_off(db: sqlite3.Connection, home: Home) -> None:
    logged(home, "run_a", [(0, 1.0)])
    seal(db, home)
    again = writing(home, "run_a")
    again.log_metric("loss", 2.0, step=1)
    assert not advance(home, db)
    assert manifest.every(db) == []
    assert not list(home.segments.glob("*.parquet"))
    again.finish()


def test_sql_reads_spools_and_segments_as_one(db: sqlite3.Connection, home: Home) -> None:
    logged(home, "run_a", [(0, 1.0), (1, math.inf)])
    seal(db, home)
    assert advance(home, db)
    logged(home, "run_b", [(0, 3.0)])
    take_all(db, home)
    asked = "select run_id, metric, step, value from points where metric = 'loss' order by all"
    assert analytics.sql(home, asked).rows == (
        (1, "loss", 0, 1.0),
        (1, "loss", 1, math.inf),
        (2, "loss", 0, 3.0),
    )


KILLED = """
import asyncio, os, sys, signal
sys.path[:0] = [sys.argv[3], sys.argv[3] + "/tests/unit"]
from pathlib import Path
import test_segments as t
from lineside.jobs import compacting
from lineside.store import segments
from lineside.store.db import writer
from lineside.store.homes import Home
from lineside.store.queries import segments as manifest
home, stage = Home(Path(sys.argv[1])), sys.argv[2]
def die(*args, **kwargs): os.kill(os.getpid(), signal.SIGKILL)
if stage == "written": os.rename = die
if stage == "renamed": compacting.enter = die
if stage == "transaction": manifest.add = die
if stage == "committed": compacting._unlink = die
db = writer(home.db)
t.advance(home, db)
"""


@pytest.mark.parametrize("stage", ["written", "renamed", "transaction", "committed"])
def test_a_compaction_killed_anywhere_loses_and_doubles_nothing(
    stage: str, db: sqlite3.Connection, home: Home
) -> None:
    logged(home, "run_a", [(step, step * 0.5) for step in range(50)])
    seal(db, home)
    before = bits(home, db)
    root = Path(__file__).parents[2]
    argv = [sys.executable, "-c", KILLED, str(home.path), stage, str(root)]
    died = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert died.returncode == -9, died.stderr
    assert bits(home, db) == before
    segments.recover(home, db)
    assert bits(home, db) == before
    ingesting._WATCHES.clear()
    asyncio.run(ingesting.tick(Context(home, db)))
    advance(home, db)
    assert bits(home, db) == before
    assert db.execute("select max(count) from summary").fetchone()[0] == 50
    assert not list(home.spool.glob("*.sp"))
    assert len([path for path in home.segments.iterdir() if path.is_file()]) == 1
    assert all(row.cold_head for row in spools.of_run(db, 1))
    assert segments.verify(home, db) == []
