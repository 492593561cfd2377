"""A script that goes on with a run that had ended, seen from the runner."""

import asyncio
import fcntl
import os
import sqlite3
import threading

import pytest
from fixtures.compaction import advance, settle
from fixtures.contexts import Here
from fixtures.spools import script, take_all, writing
from fixtures.waiting import until

import lineside
from lineside.jobs import ingesting
from lineside.store import laststeps, segments, series
from lineside.store.homes import Home
from lineside.store.queries import runs, spools
from lineside.store.queries import segments as manifest

GOES_ON = """
import lineside
run = lineside.start_run(resume="run_a")
for _ in range(3):
    run.log_metric("loss", 2.0)
"""


def log(home: Home, steps: range, value: float, **start: object) -> None:
    """A script that comes to a bad end, or one that goes on with it."""
    if start.get("resume"):
        (home.spool / "run_a.resume").touch()
    run = writing(home, "run_a", **start)
    for step in steps:
        run.log_metric("loss", value, step=step)
    run.finish("FAILED")


def drawn(home: Home, db: sqlite3.Connection, branch: int | None = None) -> dict[int, float]:
    (line,) = series.read(home, db, [1], ["loss"], branch=branch)
    return dict(zip(line.steps.tolist(), line.values.tolist(), strict=True))


@pytest.mark.integration
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


def test_a_run_in_a_segment_goes_on_with_the_step_after_its_last(home: Home, db: sqlite3.Connection) -> None:
    for again in range(3):
        log(home, range(again * 13, again * 13 + 10), 1.0, resume=again > 0)
        settle(home, db)
        assert advance(home, db)
        assert not list(home.spool.glob("*.sp"))

        assert script(home, GOES_ON).stderr == ""
        settle(home, db)
        assert runs.get(db, 1).status == "FINISHED"
        assert sorted(drawn(home, db)) == list(range(again * 13 + 13))
        db.execute("update run set status = 'FAILED'")
    assert advance(home, db)
    assert sorted(drawn(home, db)) == list(range(39))
    assert runs.summaries(db, 1)[0].count == 39
    assert "gaps" not in runs.context(db, 1)


def test_from_spool_to_segment_to_resumed_to_segment_every_branch_stays(
    home: Home, db: sqlite3.Connection
) -> None:
    log(home, range(6), 1.0)
    first = dict.fromkeys(range(6), 1.0)
    settle(home, db)
    assert drawn(home, db) == first
    assert advance(home, db)
    assert drawn(home, db) == first

    log(home, range(3, 5), 2.0, resume=True)
    second = dict.fromkeys(range(3), 1.0) | {3: 2.0, 4: 2.0}
    settle(home, db)
    assert (drawn(home, db), drawn(home, db, branch=1)) == (second, first)
    assert advance(home, db)
    assert (drawn(home, db), drawn(home, db, branch=1)) == (second, first)

    log(home, range(4, 9), 3.0, resume=True)
    third = {**second, **dict.fromkeys(range(4, 9), 3.0)}
    settle(home, db)
    for cold in (False, True):
        assert (drawn(home, db), drawn(home, db, branch=2), drawn(home, db, branch=1)) == (
            third,
            second,
            first,
        )
        assert cold or advance(home, db)
    while advance(home, db):  # and merged
        pass
    assert (drawn(home, db), drawn(home, db, branch=2), drawn(home, db, branch=1)) == (third, second, first)
    assert len(manifest.every(db)) == 1
    assert series.read(home, db, [1], ["loss"])[0].openings == 3


def test_a_spool_that_a_crash_left_beside_its_segment_and_that_grew_is_sealed_and_moved_again(
    home: Home, db: sqlite3.Connection
) -> None:
    log(home, range(6), 1.0)
    settle(home, db)
    left = (home.spool / "run_a.sp").read_bytes()
    assert advance(home, db)
    (home.spool / "run_a.sp").write_bytes(left)
    ingesting._WATCHES.clear()

    log(home, range(6, 9), 2.0, resume=True)
    settle(home, db)
    assert segments.recover(home, db) == []
    whole = dict.fromkeys(range(6), 1.0) | dict.fromkeys(range(6, 9), 2.0)
    assert drawn(home, db) == whole
    (row,) = spools.of_run(db, 1)
    assert (row.sealed, row.cold_head, row.cold_bytes) == (True, None, len(left))
    assert runs.summaries(db, 1)[0].count == 9

    assert advance(home, db)
    assert drawn(home, db) == whole
    assert drawn(home, db, branch=1) == dict.fromkeys(range(6), 1.0)
    assert not list(home.spool.glob("*.sp"))


def test_what_was_noted_twice_or_torn_by_a_crash_still_says_the_highest_step(
    home: Home, db: sqlite3.Connection
) -> None:
    log(home, range(6), 1.0)
    take_all(db, home)
    laststeps.note(home, db, [1])
    with laststeps.path_of(home).open("ab") as file:
        file.write(b"run_b 7\nrun_a 3\nrun_")
    laststeps.note(home, db, [1, 99])
    assert laststeps.path_of(home).read_text() == "format 1\nrun_a 5\nrun_b 7\nrun_a 3\nrun_\nrun_a 5\n"
    (home.spool / "run_a.sp").unlink()
    assert lineside._highest_step(str(home.path), "run_a") == 5
    assert lineside._highest_step(str(home.path), "run_b") == 7
    assert lineside._highest_step(str(home.path), "run_") == -1


def test_a_home_of_an_older_lineside_learns_its_last_steps(home: Home, db: sqlite3.Connection) -> None:
    log(home, range(6), 1.0)
    settle(home, db)
    assert advance(home, db)
    laststeps.path_of(home).unlink()
    laststeps.rebuild(home, db)
    assert lineside._highest_step(str(home.path), "run_a") == 5


def test_the_last_step_is_found_before_anything_that_was_said_after_it(home: Home) -> None:
    run = writing(home, "run_a")
    run.log_metrics({f"layer {number}": 1.0 for number in range(7_000)}, step=41)  # frames of 60 KB
    for number in range(12):
        run.log_params({f"p{number}": "x" * 15_000})
    run.finish()
    assert lineside._highest_step(str(home.path), "run_a") == 41


def test_a_script_that_resumes_while_its_spool_is_being_moved_has_the_next_one(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(home, range(6), 1.0)
    path, real, moved = home.spool / "run_a.sp", fcntl.flock, threading.Event()

    def late(fd: int, how: int) -> None:
        if not moved.is_set():  # between opening the file and having its lock
            moved.set()
            path.unlink()
        real(fd, how)

    monkeypatch.setattr(lineside.fcntl, "flock", late)
    again = writing(home, "run_a", resume=True)
    again.log_metric("loss", 2.0, step=6)
    assert path.exists()  # at once: a kill now would lose nothing
    again.finish()
    assert [path.name for path in home.spool.glob("*.sp")] == ["run_a.sp"]


def test_a_script_that_resumes_waits_for_the_runners_lock_and_becomes_no_side_spool(home: Home) -> None:
    log(home, range(6), 1.0)
    path = home.spool / "run_a.sp"
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        free = threading.Timer(0.05, lambda: (path.unlink(), file.close()))
        free.start()
        log(home, range(6, 8), 2.0, resume=True)
        free.join()
    assert [path.name for path in home.spool.glob("*.sp")] == ["run_a.sp"]
