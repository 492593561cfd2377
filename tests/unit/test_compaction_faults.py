"""Moving and merging segments among faults: killed at any step, without room, and watched all the while."""

import asyncio
import contextlib
import errno
import os
import signal
import sqlite3
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fixtures.compaction import AT_ONCE, advance, seal, settle
from fixtures.contexts import Here
from fixtures.disks import fill, small_disk
from fixtures.spools import writing
from fixtures.waiting import until

from lineside.jobs import compacting
from lineside.jobs.compacting import Limits
from lineside.store import homes, segments, series
from lineside.store.db import reader, writer
from lineside.store.errors import HomeProblem
from lineside.store.homes import Home
from lineside.store.migrations import migrate
from lineside.store.queries import runs
from lineside.store.queries import segments as manifest

KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from fixtures.compaction import advance
from lineside.jobs import compacting
from lineside.store import segments
from lineside.store.db import writer
from lineside.store.homes import Home
from lineside.store.queries import segments as manifest
home, stage = Home(Path(sys.argv[1])), sys.argv[2]
def die(*args, **kwargs): os.kill(os.getpid(), signal.SIGKILL)
def then_die(function):
    return lambda *args, **kwargs: (function(*args, **kwargs), die())
match stage:
    case "copied": segments.sha256 = die
    case "written": os.rename = die
    case "renamed": compacting.replace = die
    case "dropped": manifest.drop = then_die(manifest.drop)
    case "entered": manifest.add = then_die(manifest.add)
    case "committed": compacting._unlink = die
    case "half deleted": compacting._unlink = lambda paths: (os.unlink(paths[0]), die())
advance(home, writer(home.db))
"""

Points = dict[int, dict[int, bytes]]


def logged(home: Home, db: sqlite3.Connection, count: int) -> None:
    """Ended runs, their spools sealed."""
    for number in range(count):
        run = writing(home, f"run_{number}")
        for step in range(40):
            run.log_metrics({"loss": step * 0.1 + number, "more": 1.0}, step=step)
        run.finish()
    seal(db, home)


def in_segments(home: Home, db: sqlite3.Connection, count: int) -> None:
    """So many runs, each in a segment of its own."""
    logged(home, db, count)
    one = Limits(points=0, idle_s=0, merge_files=99, batch_bytes=1)
    for _ in range(count):
        assert advance(home, db, one)
    assert len(manifest.every(db)) == count


def read(home: Home, db: sqlite3.Connection) -> Points:
    lines = series.read(home, db, runs.ids(db), ["loss"])
    return {
        line.run_id: {
            step: struct.pack("<d", value)
            for step, value in zip(line.steps.tolist(), line.values.tolist(), strict=True)
        }
        for line in lines
    }


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


@pytest.mark.parametrize(
    "stage", ["copied", "written", "renamed", "dropped", "entered", "committed", "half deleted"]
)
def test_a_merge_killed_anywhere_loses_and_doubles_nothing(
    stage: str, db: sqlite3.Connection, home: Home
) -> None:
    in_segments(home, db, 3)
    before = read(home, db)
    argv = [sys.executable, "-c", KILLED, str(home.path), stage, str(Path(__file__).parents[2])]
    died = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert read(home, db) == before
    segments.recover(home, db)
    assert read(home, db) == before
    while advance(home, db):
        pass
    assert read(home, db) == before
    assert files(home.segments) == [row.path for row in manifest.every(db)]
    assert len(manifest.every(db)) == 1
    assert segments.verify(home, db) == []


def test_a_reader_in_a_loop_sees_the_same_points_across_compactions_and_merges(
    db: sqlite3.Connection, home: Home
) -> None:
    logged(home, db, 6)
    before, seen, over = read(home, db), 0, threading.Event()
    wrong: list[object] = []

    def watch() -> None:
        nonlocal seen
        eyes = reader(home)
        try:
            while not over.is_set() and not wrong:
                found = read(home, eyes)
                wrong.extend([found] if found != before else [])
                seen += 1
        except Exception as error:  # noqa: BLE001 - a thread's border: the test tells it
            wrong.append(error)
        finally:
            eyes.close()

    def look_again() -> None:
        already = seen
        until(lambda: seen > already + 1 or wrong)

    looking = threading.Thread(target=watch)
    looking.start()
    one = Limits(points=0, idle_s=0, merge_files=3, merged_bytes=64 << 20, batch_bytes=1)
    for _ in range(6):
        advance(home, db, one)
        look_again()
    while advance(home, db):
        look_again()
    over.set()
    looking.join()
    assert wrong == []
    assert len(manifest.every(db)) == 1


# -- no room ------------------------------------------------------------------------------------------


def _full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _sqlite_full(*_: object, **__: object) -> None:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise error


NO_ROOM: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "to write": lambda patch: patch.setattr(
        segments, "_COPY", "copy ({rows}) to '/dev/full' (format csv) -- {path}"
    ),
    "to sync": lambda patch: patch.setattr(segments, "sync", _full),
    "to rename": lambda patch: patch.setattr(os, "rename", _full),
    "to enter": lambda patch: patch.setattr(manifest, "add", _sqlite_full),
}


@pytest.fixture
def fresh_memory() -> Iterator[None]:
    yield
    compacting._MEMORIES.clear()


def tick(home: Home, db: sqlite3.Connection) -> None:
    asyncio.run(compacting.tick(Here(home, db)))


@pytest.mark.usefixtures("fresh_memory")
@pytest.mark.parametrize("act", ["compact", "merge"])
@pytest.mark.parametrize("step", NO_ROOM)
def test_without_room_nothing_is_lost_nothing_half_made_stays_and_it_works_again_with_room(
    step: str, act: str, db: sqlite3.Connection, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    (logged if act == "compact" else in_segments)(home, db, 3)
    before, files_before, spools_before = read(home, db), files(home.segments), files(home.spool)
    monkeypatch.setattr(compacting, "LIMITS", AT_ONCE)
    with monkeypatch.context() as patch:
        NO_ROOM[step](patch)
        with pytest.raises(HomeProblem, match="no room on the disk"):
            tick(home, db)
        assert read(home, db) == before
        assert {*spools_before, "last_steps"} == {*files(home.spool), "last_steps"}
        assert files(home.segments) == files_before

    tick(home, db)  # too soon: a minute is waited
    assert {row.path for row in manifest.every(db)} == {*files_before}
    compacting._MEMORIES[home.path].retry_at = 0.0
    tick(home, db)
    assert read(home, db) == before
    assert files(home.segments) == [row.path for row in manifest.every(db)]
    assert segments.verify(home, db) == []


def test_no_room_to_note_the_last_steps_puts_the_move_off(
    db: sqlite3.Connection, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged(home, db, 1)
    before = read(home, db)
    with monkeypatch.context() as patch:
        patch.setattr(compacting.laststeps, "_write", _full)
        with pytest.raises(OSError, match="No space"):
            advance(home, db)
        assert (read(home, db), files(home.segments), manifest.every(db)) == (before, [], [])
    assert advance(home, db)
    assert read(home, db) == before


@pytest.mark.usefixtures("fresh_memory")
def test_a_disk_that_is_really_full_keeps_the_points_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compacting, "LIMITS", AT_ONCE)
    with small_disk(tmp_path) as disk:
        home = Home(disk / "home")
        homes.create(home)
        with contextlib.closing(writer(home.db)) as db:
            migrate(db)
            _fill_and_move(home, db, disk / "ballast")


def _fill_and_move(home: Home, db: sqlite3.Connection, ballast: Path) -> None:
    run = writing(home, "run_a")
    for step in range(60_000):
        run.log_metrics({"loss": (step * 2_654_435_761 % 2**32) * 1.1, "more": step / 3}, step=step)
    run.finish()
    settle(home, db)
    before, whole = read(home, db), files(home.spool)
    fill(ballast)
    with pytest.raises(HomeProblem, match="no room on the disk"):
        tick(home, db)
    assert (read(home, db), files(home.spool), files(home.segments)) == (before, whole, [])

    ballast.unlink()
    compacting._MEMORIES[home.path].retry_at = 0.0
    tick(home, db)
    assert read(home, db) == before
    assert not list(home.spool.glob("*.sp"))
    assert segments.verify(home, db) == []
