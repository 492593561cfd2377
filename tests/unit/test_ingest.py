"""From spool to store."""

import json
import math
import os
import sqlite3
import struct
import zlib
from pathlib import Path

import pytest
from fixtures.spools import take_all, writing

from lineside.store import ingest, objects
from lineside.store.clock import Micros
from lineside.store.homes import Home
from lineside.store.queries import artifacts, runs, spools

AT = Micros(5_000_000)


def scheduled(db: sqlite3.Connection, uid: str, *, job_id: int | None = 7) -> int:
    return runs.create(db, uid=uid, experiment="e", name="job", author="ana", job_id=job_id, at=AT)


def say(home: Home, name: str, *events: object) -> None:
    """Frames as no SDK would write them."""
    with (home.spool / name).open("ab") as file:
        for event in events:
            payload = b"\x03" + json.dumps(event).encode()
            file.write(struct.pack("<II", len(payload), zlib.crc32(payload)) + payload)


def test_a_script_outside_the_runner_becomes_a_run_of_the_files_owner(
    db: sqlite3.Connection, home: Home
) -> None:
    run = writing(home, "run_a", experiment="digits", context={"host": "box"})
    run.log_params({"lr": 1e-3, "optimiser": "adam"})
    run.log_metrics({"loss": 1.0})
    take_all(db, home)

    row = runs.find(db, "run_a")
    assert (row.name, row.experiment, row.status, row.job_id) == ("a script", "digits", "RUNNING", None)
    assert row.author == (home.spool / "run_a.sp").owner()
    assert runs.params(db, row.id) == {"lr": "0.001", "optimiser": "adam"}
    assert runs.context(db, row.id) == {"host": "box"}

    run.finish()
    take_all(db, home)
    done = runs.get(db, row.id)
    assert (done.status, done.cause) == ("FINISHED", "ok")
    assert done.ended_us is not None


@pytest.mark.parametrize(
    ("said", "status", "cause"),
    [("FAILED", "FAILED", "exit"), ("KILLED", "KILLED", "cancelled"), ("perfect", "FAILED", "exit")],
)
def test_a_scripts_own_verdict_counts_where_no_job_has_one(
    db: sqlite3.Connection, home: Home, said: str, status: str, cause: str
) -> None:
    writing(home, "run_a").finish(said)
    take_all(db, home)
    row = runs.find(db, "run_a")
    assert (row.status, row.cause) == (status, cause)


def test_the_run_of_a_job_starts_with_its_first_frame_and_ends_with_its_job(
    db: sqlite3.Connection, home: Home
) -> None:
    id = scheduled(db, "run_job")
    run = writing(home, "run_job")
    run.log_metric("loss", 1.0)
    run.finish("FAILED")
    take_all(db, home)
    row = runs.get(db, id)
    assert (row.status, row.name, row.author) == ("RUNNING", "job", "ana")

    runs.end(db, id, status="FINISHED", cause="ok", at=AT)
    late = writing(home, "run_job")
    late.log_metric("loss", 0.5)
    take_all(db, home)
    assert runs.get(db, id).status == "FINISHED"
    assert runs.summaries(db, id)[0].count == 2
    late.finish()


def test_a_retried_run_goes_on_in_the_same_spool(db: sqlite3.Connection, home: Home) -> None:
    id = scheduled(db, "run_job")
    first = writing(home, "run_job")
    first.log_metric("loss", 3.0, step=0)
    take_all(db, home)
    os.close(first._spool.fd)
    first._spool.ended = True
    runs.end(db, id, status="FAILED", cause="signal", at=AT)
    spools.seal(db, spools.of_run(db, id)[0].id, end=(home.spool / "run_job.sp").stat().st_size)

    runs.reschedule(db, id)
    second = writing(home, "run_job")
    second.log_metric("loss", 1.0, step=1)
    second.finish()
    take_all(db, home)

    row = runs.get(db, id)
    assert (row.status, row.cause, row.ended_us) == ("RUNNING", None, None)
    (line,) = runs.summaries(db, id)
    assert (line.count, line.first, line.last) == (2, 3.0, 1.0)
    assert [spool.sealed for spool in spools.of_run(db, id)] == [False]


def test_a_side_spool_adds_points_and_has_no_say_in_the_end(db: sqlite3.Connection, home: Home) -> None:
    run, side = writing(home, "run_a"), writing(home, "run_a")
    run.log_metric("loss", 1.0)
    side.log_metric("rank/loss", 2.0)
    side.finish("FAILED")
    take_all(db, home)
    row = runs.find(db, "run_a")
    assert row.status == "RUNNING"
    assert runs.metric_names(db, [row.id]) == ["loss", "rank/loss"]
    assert [spool.rank for spool in spools.of_run(db, row.id)] == [0, 1]
    run.finish()


def test_a_slice_is_written_once_even_by_two_ingesters(db: sqlite3.Connection, home: Home) -> None:
    run = writing(home, "run_a")
    run.log_metric("loss", 1.0)
    run.finish()
    one = ingest.take(home, "run_a.sp", offset=0, shapes={})
    two = ingest.take(home, "run_a.sp", offset=0, shapes={})
    assert one is not None
    assert two is not None

    assert ingest.apply(db, one, at=AT).points == 1
    assert ingest.apply(db, two, at=AT).points == 0
    assert runs.summaries(db, 1)[0].count == 1


def test_a_slice_that_was_rolled_back_is_taken_again_with_its_files(
    db: sqlite3.Connection, home: Home, tmp_path: Path
) -> None:
    (tmp_path / "plot").write_text("a plot")
    run = writing(home, "run_a")
    run.log_artifact(tmp_path / "plot")
    run.finish()
    db.execute("begin immediate")
    ingest.ingest_spool(db, home, home.spool / "run_a.sp", AT)
    db.execute("rollback")

    take_all(db, home)

    (file,) = artifacts.artifacts(db, 1)
    assert objects.path_of(home, file.digest).read_text() == "a plot"
    assert list(home.spool.glob("*.outbox")) == []


def test_a_model_is_adopted_as_a_folder(db: sqlite3.Connection, home: Home, tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "model.onnx").write_bytes(b"onnx")
    run = writing(home, "run_a")
    run.log_model(tmp_path / "package")
    run.log_model(tmp_path / "package")
    run.finish()
    take_all(db, home)
    model = artifacts.model_of(db, 1)
    assert (model.path, model.kind, model.tree, model.bytes) == ("model", "model", True, 4)
    assert [entry.path for entry in objects.tree(home, model.digest)] == ["model.onnx"]


@pytest.mark.parametrize(
    "place",
    ["../../etc/passwd", "/etc/passwd", "lineside.db", "home.json", "spool/run_a.outbox/1/link",
     "spool/run_b.outbox/1/x", "jobs/1/1/env"],
)  # fmt: skip
def test_a_file_outside_the_outbox_is_not_adopted(db: sqlite3.Connection, home: Home, place: str) -> None:
    box = home.spool / "run_a.outbox" / "1"
    box.mkdir(parents=True)
    (box / "link").symlink_to("/etc/passwd")
    say(home, "run_a.sp", {"event": "artifact", "path": "stolen", "kind": "file", "at": place})
    take_all(db, home)
    assert artifacts.artifacts(db, 1) == []
    assert runs.context(db, 1)["lost_artifacts"] == ["stolen"]
    assert not any(path.is_file() for path in home.objects.rglob("*"))


def test_events_of_any_form_leave_the_run_standing(db: sqlite3.Connection, home: Home) -> None:
    odd: list[object] = [None, 5, "x", [1], {"a": None}, True, 2**70, -1, 1.5]
    keys = (
        "values",
        "points",
        "status",
        "at",
        "path",
        "name",
        "version",
        "context",
        "at_us",
        "kind",
        "detail",
    )
    kinds: list[object] = [
        "start",
        "params",
        "tags",
        "artifact",
        "dataset",
        "status",
        "drop",
        "what",
        [],
        None,
    ]
    said = [{"event": kind, **dict.fromkeys(keys, value)} for kind in kinds for value in odd]
    say(home, "run_a.sp", *said)
    take_all(db, home)
    assert runs.find(db, "run_a").name
    assert spools.of_run(db, 1)[0].offset_bytes == (home.spool / "run_a.sp").stat().st_size


def test_dropped_points_are_counted_on_the_run(db: sqlite3.Connection, home: Home) -> None:
    run = writing(home, "run_a")
    run.log_metrics({"loss": 1.0, "words": "no"})
    run.finish()
    take_all(db, home)
    assert runs.find(db, "run_a").dropped == 1


def test_a_child_knows_its_parent(db: sqlite3.Connection, home: Home) -> None:
    outer = writing(home, "run_a")
    inner = writing(home, "run_b", parent="run_a")
    outer.log_metric("x", 1.0)
    inner.log_metric("x", 1.0)
    take_all(db, home)
    assert runs.ids(db, "parent=1") == [2]
    outer.finish()
    inner.finish()


def test_every_kind_of_value_is_told_apart_in_the_summary(db: sqlite3.Connection, home: Home) -> None:
    run = writing(home, "run_a")
    for step, value in enumerate((math.nan, 2.0, math.inf, -1.0, -math.inf)):
        run.log_metric("odd", value, step=step)
    run.finish()
    take_all(db, home)
    (row,) = runs.summaries(db, 1)
    assert (row.count, row.nan, row.pos_inf, row.neg_inf) == (5, 1, 1, 1)
    assert (row.first, row.first_step, row.last, row.last_kind) == (None, 0, None, "-inf")
    assert (row.min, row.min_step, row.max, row.max_step) == (-1.0, 3, 2.0, 1)
    assert row.last_value == -math.inf


def test_a_file_that_is_no_spool_is_left_alone(db: sqlite3.Connection, home: Home) -> None:
    assert ingest.uid_in("run_a.sp") == ingest.uid_in("run_a.4711-ab.sp") == "run_a"
    assert ingest.uid_in("../x.sp") is ingest.uid_in("run_a.tmp") is ingest.uid_in("run_a.outbox") is None
