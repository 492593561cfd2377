"""The full kill count of compaction: whoever moves and merges points dies at random moments."""

import os
import random
import signal
import sqlite3
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fixtures.compaction import advance, seal
from fixtures.spools import writing

from lineside.store import segments, series
from lineside.store.homes import Home
from lineside.store.queries import runs
from lineside.store.queries import segments as manifest

pytestmark = pytest.mark.chaos

MOVES = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from fixtures.compaction import advance
from lineside.jobs.compacting import Limits
from lineside.store.db import writer
from lineside.store.homes import Home
import duckdb, polars
home = Home(Path(sys.argv[1]))
db = writer(home.db)
print("up", flush=True)
while advance(home, db, Limits(points=0, idle_s=0, merge_files=2, batch_bytes=1)):
    pass
"""


def logged(home: Home, db: sqlite3.Connection, number: int) -> dict[int, bytes]:
    """One more run; what it said."""
    said = {step: step * 0.1 + number for step in range(200)}
    run = writing(home, f"run_{number:03}")
    for step, value in said.items():
        run.log_metrics({"loss": value, "more": 1.0}, step=step)
    run.finish()
    seal(db, home)
    return {step: struct.pack("<d", value) for step, value in said.items()}


def read(home: Home, db: sqlite3.Connection) -> list[dict[int, bytes]]:
    lines = series.read(home, db, sorted(runs.ids(db)), ["loss"])
    return [
        {step: struct.pack("<d", value) for step, value in zip(line.steps, line.values.tolist(), strict=True)}
        for line in lines
    ]


def test_a_hundred_kills_of_compactions_and_merges_lose_and_double_nothing(
    home: Home, db: sqlite3.Connection
) -> None:
    rng, said, died = random.Random(5), [], 0
    argv = [sys.executable, "-c", MOVES, str(home.path), str(Path(__file__).parents[2])]
    for number in range(100):
        said += [logged(home, db, 2 * number), logged(home, db, 2 * number + 1)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as moving:
            assert moving.stdout is not None
            assert moving.stdout.readline() == b"up\n"
            time.sleep(rng.uniform(0.0, 0.12))  # a random moment is the point
            os.kill(moving.pid, signal.SIGKILL)
            died += moving.wait() == -signal.SIGKILL
        assert read(home, db) == said
        segments.recover(home, db)
        assert read(home, db) == said
    while advance(home, db):
        pass
    assert read(home, db) == said
    assert died > 30
    assert not list(home.spool.glob("*.sp"))
    assert len(manifest.every(db)) == 1
    assert segments.verify(home, db) == []
