"""What is safe on the disk, and when; and what a spool looks like after the power has failed."""

import asyncio
import json
import os
import random
import sqlite3
import subprocess
import sys
import threading
from itertools import pairwise

import pytest
from fixtures.compaction import advance, settle
from fixtures.contexts import Here
from fixtures.spools import script, take_all, writing
from fixtures.waiting import until

import lineside
from lineside.jobs import ingesting, tailing
from lineside.jobs.tailing import Watch
from lineside.store import clock, series, spool
from lineside.store.homes import Home
from lineside.store.queries import runs, spools

SECOND = 10**9
CLOCKED = """
import json, os, lineside
clock, syncs = [10**18], []
def sync(fd):
    syncs.append((clock[0], os.fstat(fd).st_size))
    return real(fd)
real, os.fdatasync = os.fdatasync, sync
lineside._time_ns = lambda: clock[0]
lineside._thread.start_new_thread = lambda function, args: function(*args)  # the disk answers at once
run, frames = lineside.start_run("x"), []
for step in range(2_000):
    clock[0] += 10_000_000  # a hundred steps a second
    run.log_metrics({"loss": 1.0}, step=step)
    frames.append((clock[0], os.fstat(run._spool.fd).st_size))
run.finish()
print(json.dumps({"syncs": syncs, "frames": frames}))
"""


@pytest.fixture
def ctx(home: Home, db: sqlite3.Connection) -> Here:
    return Here(home, db)


@pytest.fixture(autouse=True)
def new_runner() -> None:
    """It remembers nothing of a home."""
    ingesting._WATCHES.clear()


def tick(ctx: Here) -> None:
    watch = ingesting.watch_of(ctx.home)
    watch.looked_at = 0.0
    asyncio.run(ingesting.tick(ctx))


def begin(home: Home, steps: int = 100) -> tuple[lineside.Run, bytes]:
    """A run that is going on, and what its spool holds."""
    run = writing(home, "run_a", at_us=clock.now())
    for step in range(steps):
        run.log_metrics({"loss": step * 0.5, "more": 1.0}, step=step)
    return run, (home.spool / "run_a.sp").read_bytes()


def lose_power(run: lineside.Run, home: Home, left: bytes) -> None:
    """The script is gone without a word; of its spool the disk has this."""
    os.close(run._spool.fd)
    run._spool.ended = True
    (home.spool / "run_a.sp").write_bytes(left)
    ingesting._WATCHES.clear()


def go_on(home: Home, steps: range) -> None:
    (home.spool / "run_a.resume").touch()
    run = writing(home, "run_a", resume=True, at_us=clock.now())
    for step in steps:
        run.log_metrics({"loss": step * 0.5, "more": 1.0}, step=step)
    run.finish()


def drawn(ctx: Here) -> dict[int, float]:
    (line,) = series.read(ctx.home, ctx.db, [1], ["loss"])
    return dict(zip(line.steps.tolist(), line.values.tolist(), strict=True))


def gaps(ctx: Here) -> list[tuple[object, object]]:
    return [(gap["why"], gap["lost_bytes"]) for gap in runs.context(ctx.db, 1).get("gaps", [])]


# -- when it is safe ----------------------------------------------------------------------------------


def test_without_a_runner_no_frame_waits_longer_than_a_second_for_the_disk(home: Home) -> None:
    said = json.loads(script(home, CLOCKED, LINESIDE_SURVEY="off").stdout)
    syncs, frames = said["syncs"], said["frames"]
    apart = [later[0] - earlier[0] for earlier, later in pairwise(syncs)]
    assert min(apart[:-1]) >= SECOND  # at most once a second, and at the end
    assert 18 <= len(syncs) <= 22
    for written, size in frames:
        safe = next(at for at, upto in syncs if upto >= size)
        assert safe - written <= 1.02 * SECOND


def test_a_runner_that_is_up_is_left_to_ask_the_disk(home: Home) -> None:
    (home.path / "runner.lock").write_text(f"{os.getpid()}\n")
    assert not lineside._runner_is_up(str(home.path))  # a process of that number, and no runner
    stand_in = [sys.executable, "-c", "input()", "lineside.jobs.runner"]
    with subprocess.Popen(stand_in, stdin=subprocess.PIPE) as runner:
        (home.path / "runner.lock").write_text(f"{runner.pid}\n")
        until(lambda: lineside._runner_is_up(str(home.path)))
        said = json.loads(script(home, CLOCKED, LINESIDE_SURVEY="off").stdout)
        runner.communicate(b"\n")
    assert len(said["syncs"]) == 1
    assert not lineside._runner_is_up(str(home.path))
    for odd in ("", "unknown", "-1", "9" * 30):
        (home.path / "runner.lock").write_text(odd)
        assert not lineside._runner_is_up(str(home.path))


def test_a_disk_that_takes_its_time_holds_up_no_log_call(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    held, asked = threading.Event(), []

    def slow(fd: int) -> None:
        asked.append(fd)
        held.wait(60)

    run = writing(home, "run_a")
    run.log_metric("loss", 1.0, step=0)
    monkeypatch.setattr(os, "fdatasync", slow)
    for step in range(1, 6):
        run._spool.look_ns = 0  # a second has passed
        run.log_metric("loss", 1.0, step=step)
    until(lambda: asked)
    assert (len(asked), run._spool._keeping) == (1, True)  # one at a time
    held.set()
    until(lambda: not run._spool._keeping)
    run.finish()


def test_the_runner_has_the_disk_keep_what_was_written_since_the_last_second(
    ctx: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: dict[int, int] = {}
    calls: list[int] = []

    def sync(fd: int) -> None:
        found = os.fstat(fd)
        kept[found.st_ino] = found.st_size
        calls.append(found.st_ino)

    monkeypatch.setattr(tailing.os, "fdatasync", sync)
    run, other = writing(ctx.home, "run_a"), writing(ctx.home, "run_b")
    other.log_metric("loss", 1.0)
    watch = Watch(ctx.home)
    for name in ("run_a.sp", "run_b.sp"):
        watch.admit(name, offset=0)
    for step in range(5):
        run.log_metric("loss", 1.0, step=step)
        watch.look()
        watch.keep()
        assert kept[run._spool._file[1]] == (ctx.home.spool / "run_a.sp").stat().st_size
    assert (calls.count(run._spool._file[1]), calls.count(other._spool._file[1])) == (5, 1)
    assert ingesting._KEEP_S == 1.0
    run.finish()
    other.finish()


def test_one_spool_that_cannot_be_synced_keeps_no_other_from_it(
    ctx: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs_of = {uid: writing(ctx.home, uid) for uid in ("run_a", "run_b", "run_c")}
    for run in runs_of.values():
        run.log_metric("loss", 1.0)
    bad, kept = runs_of["run_a"]._spool._file[1], []

    def sync(fd: int) -> None:
        if os.fstat(fd).st_ino == bad:
            raise OSError(5, "Input/output error")
        kept.append(os.fstat(fd).st_ino)

    watch = Watch(ctx.home)
    for uid in runs_of:
        watch.admit(f"{uid}.sp", offset=0)
    watch.look()
    with monkeypatch.context() as patch:
        patch.setattr(tailing.os, "fdatasync", sync)
        with pytest.raises(OSError, match="Input/output"):
            watch.keep()
    assert len(kept) == 2
    watch.keep()  # and this one is tried again
    assert watch.tails["run_a.sp"].kept == watch.tails["run_a.sp"].size
    for run in runs_of.values():
        run.finish()


def test_a_clock_that_is_set_back_stops_neither_the_looks_nor_the_syncs(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, asked = writing(home, "run_a"), []
    now = lineside._time_ns()
    monkeypatch.setattr(lineside._Spool, "keep", lambda _: asked.append(1))
    for step, hours in enumerate([0, -1, -1, 1, 1, 0]):
        monkeypatch.setattr(lineside, "_time_ns", lambda hours=hours: now + hours * 3_600 * SECOND)
        run.log_metric("loss", 1.0, step=0)
        run.log_metric("loss", 1.0, step=step)
    assert len(asked) == 3
    run.finish()


# -- what is left -------------------------------------------------------------------------------------


@pytest.mark.parametrize("rest", ["nothing", "zeros", "garbage"])
def test_whatever_stands_behind_the_synced_part_it_is_taken_exactly_and_a_script_goes_on_behind_it(
    rest: str, home: Home, db: sqlite3.Connection
) -> None:
    run, whole = begin(home)
    synced = spool.decode(whole[: len(whole) * 2 // 3], {})
    part, points = whole[: synced.end], synced.points // 2
    rng = random.Random(7)
    lose_power(run, home, part)
    for cut in range(len(whole) - synced.end):
        behind = {"nothing": b"", "zeros": bytes(cut), "garbage": rng.randbytes(cut)}[rest]
        torn = whole[synced.end :][: cut % 40]  # of one frame, which has 43 bytes
        found = spool.decode(part + torn + behind, {})
        assert (found.points // 2, found.end) == (points, synced.end)

    behind = {"nothing": b"", "zeros": bytes(5_000), "garbage": rng.randbytes(5_000)}[rest]
    (home.spool / "run_a.sp").write_bytes(part + behind)
    take_all(db, home)
    assert runs.summaries(db, 1)[0].count == points
    assert lineside._highest_step(str(home.path), "run_a") == points - 1
    go_on(home, range(points, points + 50))
    take_all(db, home)
    (loss, _) = runs.summaries(db, 1)
    assert (loss.count, loss.last_step) == (points + 50, points + 49)
    (row,) = spools.of_run(db, 1)
    assert row.skipped_bytes == len(behind)
    (line,) = series.read(home, db, [1], ["loss"])
    assert line.values.tolist() == [step * 0.5 for step in range(points + 50)]


def test_a_torn_frame_of_any_length_is_passed_over_by_whoever_goes_on(
    home: Home, db: sqlite3.Connection
) -> None:
    run, whole = begin(home, steps=10)
    last = spool.decode(whole[:-1], {}).end
    lose_power(run, home, whole)
    more = writing(home, "run_b")
    more.log_metrics({"loss": 7.0, "more": 1.0}, step=10)
    more.finish()
    behind = (home.spool / "run_b.sp").read_bytes()
    for cut in range(last, len(whole)):
        found = spool.decode(whole[:cut] + behind, {})
        steps = sorted(step for part in found.steps for step in part.steps.tolist())
        assert (steps, found.skipped) == ([*range(9), 10], cut - last)


@pytest.mark.parametrize("rest", ["nothing", "zeros", "garbage"])
def test_what_was_taken_before_the_disk_had_it_is_not_taken_twice(rest: str, ctx: Here) -> None:
    run, whole = begin(ctx.home)
    tick(ctx)
    assert runs.summaries(ctx.db, 1)[0].count == 100
    synced = spool.decode(whole[: len(whole) * 2 // 3], {})
    part, points = whole[: synced.end], synced.points // 2
    lost = len(whole) - len(part)
    behind = {"nothing": b"", "zeros": bytes(lost), "garbage": random.Random(1).randbytes(lost)}[rest]
    lose_power(run, ctx.home, part + behind)

    tick(ctx)
    tick(ctx)
    assert runs.summaries(ctx.db, 1)[0].count == 100
    assert drawn(ctx) == {step: step * 0.5 for step in range(points)}
    assert gaps(ctx) == [("cut off" if rest == "nothing" else "damaged", lost)]

    go_on(ctx.home, range(points, 130))
    tick(ctx)
    assert drawn(ctx) == {step: step * 0.5 for step in range(130)}
    assert runs.summaries(ctx.db, 1)[0].last == 129 * 0.5
    settle(ctx.home, ctx.db)
    assert advance(ctx.home, ctx.db)
    assert drawn(ctx) == {step: step * 0.5 for step in range(130)}


def test_a_header_that_survived_its_page_is_no_frame(ctx: Here) -> None:
    run, whole = begin(ctx.home)
    tick(ctx)
    at = spool.decode(whole[: len(whole) * 2 // 3], {}).end + 30  # the page ends inside a frame, zeros follow
    lose_power(run, ctx.home, whole[:at] + bytes(len(whole) - at))
    tick(ctx)
    tick(ctx)
    found = drawn(ctx)
    assert found == {step: step * 0.5 for step in range(len(found))}
    assert len(found) < 70
    assert [why for why, _ in gaps(ctx)] == ["damaged"]


def test_another_script_that_took_the_name_of_a_deleted_spool_is_not_held_for_a_shorter_one(
    ctx: Here,
) -> None:
    run, whole = begin(ctx.home)
    tick(ctx)
    lose_power(run, ctx.home, whole)
    (ctx.home.spool / "run_a.sp").unlink()
    go_on(ctx.home, range(100, 110))
    tick(ctx)
    assert runs.summaries(ctx.db, 1)[0].count == 110
    assert [why for why, _ in gaps(ctx)] == ["replaced"]


def test_a_shorter_spool_of_a_further_process_is_not_taken_twice(ctx: Here) -> None:
    run, _ = begin(ctx.home)
    side = writing(ctx.home, "run_a")
    for step in range(50):
        side.log_metric("side", 1.0, step=step)
    tick(ctx)
    path = ctx.home.spool / side._spool.name
    whole = path.read_bytes()
    side.finish()
    run.finish()
    tick(ctx)
    before = {row.metric: row.count for row in runs.summaries(ctx.db, 1)}
    path.write_bytes(whole[:-70])
    ingesting._WATCHES.clear()
    tick(ctx)
    tick(ctx)
    assert {row.metric: row.count for row in runs.summaries(ctx.db, 1)} == before
    assert [why for why, _ in gaps(ctx)] == ["cut off"]


def test_a_sound_spool_is_believed_at_once(ctx: Here) -> None:
    run, whole = begin(ctx.home, steps=5_000)
    tick(ctx)
    lose_power(run, ctx.home, whole)
    tick(ctx)
    assert (gaps(ctx), spools.of_run(ctx.db, 1)[0].skipped_bytes) == ([], 0)


@pytest.mark.parametrize("more", [2, 60])
@pytest.mark.parametrize("rest", ["nothing", "zeros", "garbage", "half a frame"])
def test_what_a_script_wrote_before_the_runner_was_up_again_is_taken_whole(
    rest: str, more: int, ctx: Here
) -> None:
    run, whole = begin(ctx.home)
    tick(ctx)
    synced = spool.decode(whole[: len(whole) * 2 // 3], {})
    part, points = whole[: synced.end], synced.points // 2
    behind = {
        "nothing": b"", "zeros": bytes(500), "garbage": random.Random(1).randbytes(500),
        "half a frame": whole[synced.end :][:20],
    }[rest]  # fmt: skip
    lose_power(run, ctx.home, part + behind)
    go_on(ctx.home, range(points, points + more))  # less than what was lost, or more
    for _ in range(3):
        tick(ctx)
    assert drawn(ctx) == {step: step * 0.5 for step in range(points + more)}
    assert runs.summaries(ctx.db, 1)[0].count == 100 + more
    assert series.read(ctx.home, ctx.db, [1], ["loss"])[0].openings == 2
    assert next(why for why, _ in gaps(ctx)) == "cut off"
    assert runs.get(ctx.db, 1).status == "FINISHED"
    settle(ctx.home, ctx.db)
    assert advance(ctx.home, ctx.db)
    assert drawn(ctx) == {step: step * 0.5 for step in range(points + more)}
