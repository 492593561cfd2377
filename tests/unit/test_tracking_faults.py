"""What breaks trackers, done to this one: real processes, real files, a real SQLite that is full."""

import asyncio
import json
import math
import os
import random
import resource
import sqlite3
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fixtures.contexts import Here
from fixtures.spools import take_all, writing
from fixtures.waiting import until

import lineside
from lineside.jobs import ingesting
from lineside.store import ingest, objects, series, spool
from lineside.store.clock import Micros
from lineside.store.db import reader, writer
from lineside.store.errors import HomeProblem
from lineside.store.frames import Frames
from lineside.store.homes import Home
from lineside.store.queries import runs, spools

HOUR_NS = 3_600 * 10**9
MANY = """
import os, sys, lineside
children = []
for number in range(64):
    pid = os.fork()
    if pid == 0:
        run = lineside.start_run(f"writer {number}")
        for step in range(300):
            run.log_metrics({"loss": step * 0.5, "number": number}, step=step)
        run.finish()
        os._exit(0)
    children.append(pid)
sys.exit(any(os.waitpid(pid, 0)[1] for pid in children))
"""


@pytest.fixture
def ctx(home: Home, db: sqlite3.Connection) -> Here:
    return Here(home, db)


@pytest.fixture
def many_files() -> Iterator[None]:
    """Room for a thousand open spools in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8_192), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def tick(ctx: Here, times: int = 1) -> None:
    for _ in range(times):
        asyncio.run(ingesting.tick(ctx))


def frame(payload: bytes) -> bytes:
    return struct.pack("<II", len(payload), zlib.crc32(payload)) + payload


def started(home: Home, code: str) -> "subprocess.Popen[str]":
    env = {"LINESIDE_HOME": str(home.path), "PYTHONPATH": str(Path(lineside.__file__).parents[1])}
    return subprocess.Popen(
        [sys.executable, "-c", code], env=env, cwd=home.path, stdout=subprocess.PIPE, text=True
    )


def test_sixty_four_processes_write_at_once_and_every_point_arrives_once(ctx: Here) -> None:
    with started(ctx.home, MANY) as writers:
        while writers.poll() is None:
            tick(ctx)
    tick(ctx)
    assert writers.returncode == 0
    found = runs.ids(ctx.db, "status:FINISHED")
    assert len(found) == 64
    for run in found:
        loss, number = runs.summaries(ctx.db, run)
        assert (loss.count, loss.last, number.count) == (300, 149.5, 300)
        assert number.min == number.max == float(runs.get(ctx.db, run).name.split()[1])


def test_a_thousand_live_spools_cost_a_still_tick_almost_nothing(
    ctx: Here, many_files: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingesting, "_KEEP_S", math.inf)  # syncing a thousand files is the disk's matter
    live = [writing(ctx.home, f"run_{number}") for number in range(1_000)]
    for run in live:
        run.log_metric("loss", 1.0)
    until(lambda: tick(ctx) or runs.count(ctx.db) == 1_000, within=60.0)
    watch = ingesting.watch_of(ctx.home)
    for _ in range(4):
        assert watch.look() == []
    begin = time.process_time()
    for _ in range(20):
        assert watch.look() == []
    assert (time.process_time() - begin) / 20 < 0.02

    live[777].log_metric("loss", 0.5)
    tick(ctx)
    assert runs.summaries(ctx.db, runs.find(ctx.db, "run_777").id)[0].last == 0.5
    for run in live:
        os.close(run._spool.fd)
        run._spool.ended = True


def test_a_full_disk_stops_ingest_says_so_and_doubles_nothing_when_there_is_room(ctx: Here) -> None:
    run = writing(ctx.home, "run_a")
    run.log_metric("loss", 1.0, step=0)
    tick(ctx)
    pages = ctx.db.execute("pragma page_count").fetchone()[0]
    ctx.db.execute(f"pragma max_page_count = {pages}")
    for step in range(1, 500):
        run.log_metrics({f"metric {step} {'x' * 200}": 1.0, "loss": 1.0}, step=step)
    for _ in range(3):
        with pytest.raises(HomeProblem, match="no room on the disk"):
            tick(ctx)
    assert runs.summaries(ctx.db, 1)[0].count == 1

    ctx.db.execute("pragma max_page_count = 1073741823")
    run.finish()
    tick(ctx)
    loss = next(row for row in runs.summaries(ctx.db, 1) if row.metric == "loss")
    assert (loss.count, loss.last_step) == (500, 499)
    assert runs.get(ctx.db, 1).status == "FINISHED"


def test_a_file_that_finds_no_room_waits_in_its_outbox(
    ctx: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "weights").write_text("w")
    run = writing(ctx.home, "run_a")
    run.log_model(tmp_path / "weights")
    run.finish()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(objects, "adopt", full)
        with pytest.raises(HomeProblem, match="no room"):
            tick(ctx)
    tick(ctx)
    (model,) = runs.artifacts(ctx.db, 1)
    assert objects.path_of(ctx.home, model.digest).read_text() == "w"
    assert "lost_artifacts" not in runs.context(ctx.db, 1)


def test_a_spool_that_cannot_be_ingested_is_told_and_keeps_no_other_from_it(
    ctx: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = writing(ctx.home, "run_good"), writing(ctx.home, "run_bad")
    good.log_metric("loss", 1.0)
    bad.log_metric("loss", 1.0)
    real = ingest.apply

    def picky(db: sqlite3.Connection, piece: ingest.Slice, *, at: Micros) -> ingest.Taken:
        if piece.uid == "run_bad":
            raise ValueError("nobody expected this")
        return real(db, piece, at=at)

    with monkeypatch.context() as patch:
        patch.setattr(ingest, "apply", picky)
        with pytest.raises(HomeProblem, match=r"1 not ingested, spool run_bad.sp: ValueError: nobody"):
            tick(ctx)
        assert runs.summaries(ctx.db, runs.find(ctx.db, "run_good").id)[0].count == 1
        assert runs.find_uid(ctx.db, "run_bad") is None
    ingesting.watch_of(ctx.home).tails["run_bad.sp"].retry_at = 0.0
    tick(ctx)
    assert runs.summaries(ctx.db, runs.find(ctx.db, "run_bad").id)[0].count == 1
    good.finish()
    bad.finish()


def test_a_clock_set_back_an_hour_changes_no_order_and_no_moment(
    ctx: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, now = writing(ctx.home, "run_a"), time.time_ns()
    for step in range(20):
        monkeypatch.setattr(lineside, "_time_ns", lambda step=step: now + step - HOUR_NS * (step >= 10))
        run.log_metric("loss", float(step), step=step)
        tick(ctx)
    (line,) = series.read(ctx.home, ctx.db, [1], ["loss"])
    assert line.values.tolist() == list(range(20))
    assert [at < now // 1_000 - 1_800 * 10**6 for at in line.at_us] == [step >= 10 for step in range(20)]
    (loss,) = runs.summaries(ctx.db, 1)
    assert (loss.last, loss.count, loss.last_us) == (19.0, 20, (now + 9) // 1_000)
    run.finish()


@pytest.mark.parametrize(
    "name",
    ["it's \"quoted\"", "two\nlines\tand\ttabs", "🦊 é ﷽ \u202eright to left", "\x1b[31mred\x1b[0m\x07",
     "a'; drop table run; --", " ", "%s {0} $HOME", "x" * 65_000],
)  # fmt: skip
def test_any_name_is_kept_as_it_was_written(ctx: Here, name: str) -> None:
    body = [b"\x01\x00\x00" + json.dumps([name]).encode(), b"\x02" + struct.pack("<Hqqd", 0, 1, 1, 2.5)]
    body.append(b"\x03" + json.dumps({"event": "tags", "values": {name[:30_000]: name[:30_000]}}).encode())
    assert all(len(part) <= spool.MAX_PAYLOAD for part in body)
    (ctx.home.spool / "run_a.sp").write_bytes(b"".join(frame(part) for part in body))
    tick(ctx)
    (row,) = runs.summaries(ctx.db, 1)
    assert (row.metric, row.last) == (name, 2.5)
    assert series.read(ctx.home, ctx.db, [1], [name])[0].values.tolist() == [2.5]
    assert runs.tags(ctx.db, 1) == {name[:30_000]: name[:30_000]}


def test_names_through_the_sdk_never_lose_their_points(ctx: Here) -> None:
    run = writing(ctx.home, "run_a")
    odd = ["it's", "two\nlines", "🦊", "\x1b[31m", "x" * 65_536]
    run.log_metrics({name: float(place) for place, name in enumerate(odd)}, step=0)
    run.finish()
    tick(ctx)
    found = {row.metric: row.last for row in runs.summaries(ctx.db, 1)}
    assert sorted(v for v in found.values() if v is not None) == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert {"it's", "two\nlines", "🦊", "\x1b[31m"} <= found.keys()


def test_steps_in_any_order_negative_or_enormous_are_summed_up_exactly(ctx: Here) -> None:
    steps = [5, -3, 2**62, 0, -(2**62), 7, 5, 2**62, 1]
    odd = [1.0, math.nan, 2.0, math.inf, -4.0, -math.inf, 9.0, 3.0, math.nan]
    run = writing(ctx.home, "run_a")
    for step, value in zip(steps, odd, strict=True):
        run.log_metric("odd", value, step=step)
    run.finish()
    tick(ctx)
    (row,) = runs.summaries(ctx.db, 1)
    assert (row.count, row.nan, row.pos_inf, row.neg_inf) == (9, 2, 1, 1)
    assert (row.first, row.first_step, row.last, row.last_step) == (-4.0, -(2**62), 3.0, 2**62)
    assert (row.min, row.min_step, row.max, row.max_step) == (-4.0, -(2**62), 9.0, 5)
    (line,) = series.read(ctx.home, ctx.db, [1], ["odd"])
    assert line.steps.tolist() == sorted(set(steps))
    assert line.values[-1] == 3.0


def test_a_million_steps_are_ingested_and_drawn(ctx: Here) -> None:
    count, layout = 1_000_000, struct.Struct("<BHqqd")
    out = bytearray(frame(b'\x01\x00\x00["loss"]'))
    for step in range(count):
        body = layout.pack(2, 0, step, step, step * 0.5)
        out += struct.pack("<II", 27, zlib.crc32(body)) + body
    (ctx.home.spool / "run_a.sp").write_bytes(out)
    until(lambda: tick(ctx) or runs.summaries(ctx.db, 1)[0].count == count, within=60.0)
    (row,) = runs.summaries(ctx.db, 1)
    assert (row.count, row.last_step, row.max) == (count, count - 1, (count - 1) * 0.5)
    (line,) = series.read(ctx.home, ctx.db, [1], ["loss"], width=400)
    assert (line.count, line.values[-1]) == (count, (count - 1) * 0.5)
    assert len(line.steps) <= 1_200


def test_two_ingesters_that_race_take_everything_once(home: Home, db: sqlite3.Connection) -> None:
    for uid in ("run_a", "run_b", "run_c"):
        run = writing(home, uid)
        for step in range(20_000):
            run.log_metrics({"loss": 1.0, "other": 2.0}, step=step)
        run.finish()
    gate, points = threading.Barrier(2), []

    def race() -> None:
        own = writer(home.db)
        gate.wait()
        points.append(_race(own, home))
        own.close()

    threads = [threading.Thread(target=race) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(points) == 3 * 40_000
    assert [row.count for run in (1, 2, 3) for row in runs.summaries(db, run)] == [20_000] * 6


def _race(db: sqlite3.Connection, home: Home) -> int:
    """All spools in small slices, read outside the transaction as the runner does."""
    points = 0
    for path in sorted(home.spool.glob("*.sp")):
        while True:
            row = spools.find(db, path.name)
            shapes = spools.shapes(db, row.id) if row else {}
            offset = row.offset_bytes if row else 0
            piece = ingest.take(home, path.name, offset=offset, shapes=shapes, limit=40_000)
            if piece is None:
                break
            db.execute("begin immediate")
            points += ingest.apply(db, piece, at=Micros(1)).points
            db.execute("commit")
    return points


def test_a_reader_in_a_loop_sees_as_many_points_as_the_summary_says(ctx: Here) -> None:
    run, eyes, seen = writing(ctx.home, "run_a"), reader(ctx.home), []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            eyes.execute("begin")
            rows = runs.summaries(eyes, 1) if runs.find_uid(eyes, "run_a") else []
            lines = series.read(ctx.home, eyes, [1], ["loss"]) if rows else []
            eyes.execute("commit")
            seen.append((rows[0].count if rows else 0, lines[0].count if lines else 0))

    looking = threading.Thread(target=watch)
    looking.start()
    for step in range(60):
        for each in range(50):
            run.log_metric("loss", 1.0, step=step * 50 + each)
        tick(ctx)
    done.set()
    looking.join()
    eyes.close()
    run.finish()
    assert len(seen) > 20
    assert all(counted == drawn for counted, drawn in seen)
    assert seen == sorted(seen)


def test_a_held_snapshot_lets_the_log_of_changes_grow_by_summaries_only(
    home: Home, db: sqlite3.Connection
) -> None:
    run = writing(home, "run_a")
    run.log_metrics(dict.fromkeys("abcdefghij", 1.0), step=0)
    take_all(db, home)
    db.execute("pragma wal_checkpoint(truncate)")
    eyes = reader(home)
    eyes.execute("begin")
    eyes.execute("select count(*) from run").fetchall()
    for step in range(1, 30_000):
        run.log_metrics(dict.fromkeys("abcdefghij", 1.0), step=step)
        if step % 3_000 == 0:
            take_all(db, home)
    wal = home.db.with_name(home.db.name + "-wal")
    assert runs.summaries(db, 1)[0].count == 27_001
    assert wal.stat().st_size < 512 << 10
    eyes.execute("commit")
    eyes.close()
    assert db.execute("pragma wal_checkpoint(truncate)").fetchone()[0] == 0
    assert wal.stat().st_size == 0
    run.finish()


def test_a_flipped_bit_is_told_on_its_run(ctx: Here) -> None:
    run, rng = writing(ctx.home, "run_a"), random.Random(1)
    for step in range(100):
        run.log_metric("loss", 1.0, step=step)
    run.finish()
    path = ctx.home.spool / "run_a.sp"
    data = bytearray(path.read_bytes())
    data[len(data) // 2 + rng.randrange(20)] ^= 4
    path.write_bytes(data)
    tick(ctx)
    (gap,) = runs.context(ctx.db, 1)["gaps"]
    assert (gap["why"], gap["spool"]) == ("damaged", "run_a.sp")
    assert 0 < gap["lost_bytes"] < 200
    assert runs.summaries(ctx.db, 1)[0].count == 99
    assert runs.get(ctx.db, 1).status == "FINISHED"
    assert np.isfinite(series.read(ctx.home, ctx.db, [1], ["loss"])[0].values).all()


def test_the_runners_own_spool_is_no_sign_of_a_scripts_life(ctx: Here) -> None:
    id = runs.create(ctx.db, uid="run_a", experiment="e", name="j", author="ana", job_id=3, at=Micros(1))
    for uid in ("run_a", "run_of_nobody"):
        frames = Frames(ctx.home.spool / f"{uid}.sys.sp", taken=0)
        frames.write({"sys.rss_bytes": 1.0}, step=0, at_ns=1)
        frames.close()
    tick(ctx, times=2)
    assert runs.get(ctx.db, id).status == "SCHEDULED"
    assert [row.metric for row in runs.summaries(ctx.db, id, system=True)] == ["sys.rss_bytes"]
    assert runs.summaries(ctx.db, id) == []
    assert runs.find_uid(ctx.db, "run_of_nobody") is None
    assert [row.rank for row in spools.of_run(ctx.db, id)] == [1]
