"""`gc` lets everything go that nothing names, and nothing else."""

import json
import os
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from fixtures import registry
from fixtures.garbage import (
    BYTES,
    add_artifact,
    add_box,
    add_job,
    age,
    deploy,
    gc,
    old_folder,
    old_object,
    plan,
    swept,
    there,
)
from fixtures.story import put

from lineside.store import backups, objects
from lineside.store.actors import Actor, Role
from lineside.store.clock import now
from lineside.store.errors import HomeProblem
from lineside.store.garbage import GONE
from lineside.store.homes import Home
from lineside.store.queries import audit, reachability

MARIA = Actor(uid=1000, name="maria", role=Role.ADMIN)

MARIA = Actor(uid=1000, name="maria", role=Role.ADMIN)


def test_an_object_that_no_row_names_goes_and_frees_what_was_promised(
    home: Home, db: sqlite3.Connection
) -> None:
    digest = old_object(home)
    assert plan(home, db).bytes == len(BYTES)
    assert gc(home, db) == ["object"]
    assert not there(home, digest)
    assert gc(home, db) == []


NAMING: dict[str, Callable[[sqlite3.Connection, str], object]] = {
    "an artifact": lambda db, d: put(db, "artifact", run_id=registry.add_run(db), path="w", kind="file",
                                     digest=d, tree=0, bytes=1, created_us=1),
    "a dataset": lambda db, d: _dataset(db, d),
    "a model version": lambda db, d: registry.add_ready_version(db, artifact=d),
    "a version without an alias": lambda db, d: registry.add_ready_version(db, artifact=d, model="other"),
    "a training profile": lambda db, d: db.execute(
        "update model_version set profile_digest = ? where id = ?", (d, registry.add_ready_version(db).id)),
    "a promotion's pin": lambda db, d: put(db, "promotion", version_id=registry.add_ready_version(db).id,
                                           uid="p", model_id=1, alias="a", state="VOIDED", requested_by="m",
                                           requester_uid=1, pins=json.dumps({"rows": d}), created_us=1,
                                           expires_us=2),
    "an alias": lambda db, d: registry.apply_at_once(db, registry.add_ready_version(db, artifact=d)),
    "an audit row": lambda db, d: audit.append(db, MARIA, "t", subject=("run", 1), detail={"d": d}, at=now()),
    "a run's surroundings": lambda db, d: db.execute(
        "update run set context = ? where id = ?", (json.dumps({"data": d}), registry.add_run(db))),
    "a param": lambda db, d: put(db, "param", run_id=registry.add_run(db), value=f"sha256:{d}",
                                 key_id=put(db, "name", kind="param", name="k")),
    "an answer that is asked for again": lambda db, d: put(db, "control_key", key="k", verb="v", at_us=1,
                                                           answer=json.dumps({"digest": d})),
}  # fmt: skip


def _dataset(db: sqlite3.Connection, digest: str) -> None:
    put(db, "dataset", id=1, name="d", created_us=1)
    put(db, "dataset_version", id=1, uid="d", dataset_id=1, number=1, digest="f" * 64, rows=1, bytes=1,
        columns="[]", origin="{}", created_us=1, created_by="m")  # fmt: skip
    put(db, "dataset_file", version_id=1, split="all", digest=digest, rows=1, bytes=1)


@pytest.mark.parametrize("what", NAMING)
def test_an_object_stays_as_long_as_it_is_named_by(home: Home, db: sqlite3.Connection, what: str) -> None:
    digest = old_object(home)
    NAMING[what](db, digest)
    assert gc(home, db) == []
    assert objects.verify(home, digest)


NO_DIGESTS = """
    artifact.kind artifact.path alert.acked_by alert.rule alert.state alert.subject alert.subject_kind
    alert.uid alias_interval.alias alias_interval.by approval.actor approval.stamp approval.verdict
    attempt.cause attempt.gpu_uuids audit.acting_as audit.hash audit.name audit.prev_hash
    audit.subject_kind audit.verb control_key.key control_key.verb dataset.name dataset_file.split
    dataset_version.columns dataset_version.created_by dataset_version.exclude dataset_version.profile
    dataset_version.target dataset_version.time_column dataset_version.time_zone dataset_version.uid
    deployment.alias deployment.created_by deployment.host deployment.name deployment.state deployment.uid
    drift_score.edges drift_score.feature drift_score.live drift_score.reference drift_score.statistic
    edge.dst_kind edge.relation edge.src_kind endpoint.adapter endpoint.alias endpoint.created_by
    endpoint.metrics_url endpoint.name endpoint.served_version endpoint.state endpoint.uid endpoint.url
    experiment.name gate_result.gate home.uid job.cache_key job.checkpoint_signal job.gpu_prefer job.kind
    job.name job.pipeline job.retry_on job.stage
    job.state job.submitted_by job.uid job_need.condition label.prediction_id label.value model.name
    model_version.created_by model_version.status model_version.uid monitor.name monitor.uid name.kind
    name.name project.applied_by project.folder project.name promotion.alias promotion.ratified_by
    promotion.requested_by promotion.state promotion.uid retrain.state retrain.trigger_name run.author
    run.cause run.name run.status run.uid schedule.catch_up schedule.folder schedule.kind schedule.name
    schedule.overlap schedule.owner schedule.project schedule.time_zone schedule.uid scrape.note
    setting.by setting.name stage_result.key stage_result.pipeline stage_result.stage segment.path
    segment.sha256 shape.names spool.cold_head spool.path story.key summary.last_kind window.metric
    window.path window.state window.uid
"""
"""Columns that hold names, words of a state machine, numbers in JSON, or digests of what is no object."""


def test_every_column_that_may_hold_a_digest_is_looked_into(db: sqlite3.Connection) -> None:
    tables = [row["name"] for row in db.execute("select name from sqlite_master where type = 'table'")]
    columns = {
        f"{table}.{column['name']}"
        for table in tables
        for column in db.execute(f"pragma table_info({table})")
        if column["type"].lower() == "text" and not table.startswith(("sqlite_", "_sqlite"))
    }
    arms = [re.split(r"\bfrom\b", arm) for arm in re.split(r"union all", reachability._NAMED)]
    looked = {
        f"{re.findall(r'[a-z_]+', arm[-1])[0]}.{word}"
        for arm in arms
        for word in re.findall(r"[a-z_]+", arm[-2])
    }
    words = "a new column of text: let reachability._NAMED look into it, or say above that it holds no digest"
    assert columns - looked == set(NO_DIGESTS.split()), words


def test_a_folder_keeps_its_files_and_one_without_a_row_goes_with_them(
    home: Home, db: sqlite3.Connection, tmp_path: Path
) -> None:
    kept = old_folder(home, tmp_path / "a", x="1", y="2")
    old_folder(home, tmp_path / "b", x="1", z="3")
    add_artifact(home, db, kept, tree=True)
    assert gc(home, db) == ["object", "object"]
    assert objects.verify(home, kept)


def test_a_file_that_is_itself_the_list_of_a_folder_keeps_what_is_in_that(
    home: Home, db: sqlite3.Connection, tmp_path: Path
) -> None:
    inner = old_folder(home, tmp_path / "a", x="1")
    listing = (home.objects / inner[:2] / f"{inner}.tree").read_text()
    outer = old_folder(home, tmp_path / "b", listing=listing)
    add_artifact(home, db, outer, tree=True)
    assert gc(home, db) == []
    assert objects.verify(home, outer)


def test_a_young_folder_keeps_its_old_files(home: Home, db: sqlite3.Connection, tmp_path: Path) -> None:
    tree = old_folder(home, tmp_path / "a", x="1", y="2")
    os.utime(home.objects / tree[:2] / f"{tree}.tree")
    assert gc(home, db) == []


@pytest.mark.parametrize("damage", ["", "[1]", '{"digest": 1}', '[{"path": "x"}]', "\ud800"])
def test_while_a_folder_that_is_needed_is_damaged_nothing_goes(
    home: Home, db: sqlite3.Connection, tmp_path: Path, damage: str
) -> None:
    tree = old_folder(home, tmp_path / "a", x="1")
    add_artifact(home, db, tree, tree=True)
    path = home.objects / tree[:2] / f"{tree}.tree"
    path.chmod(0o600)
    path.write_bytes(damage.encode(errors="surrogatepass"))
    with pytest.raises(HomeProblem, match="nobody can say which files it needs"):
        plan(home, db)


@pytest.mark.parametrize("broken", ["spool", "objects", "tree"])
def test_what_cannot_be_read_is_said_and_nothing_goes(
    home: Home, db: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    tree = old_folder(home, tmp_path / "a", x="1")
    add_artifact(home, db, tree, tree=True)
    place = home.objects / tree[:2] / f"{tree}.tree" if broken == "tree" else home.path / broken
    real_list, real_read = os.listdir, Path.read_bytes

    def refuse(path: Path) -> Path:
        if Path(path) == place:
            raise PermissionError(13, "Permission denied", str(path))
        return path

    monkeypatch.setattr(os, "listdir", lambda path: real_list(refuse(path)))
    monkeypatch.setattr(Path, "read_bytes", lambda path: real_read(refuse(path)))
    with pytest.raises(HomeProblem, match=r"cannot be read: Permission denied"):
        plan(home, db)


def test_a_home_without_its_folders_has_no_garbage(home: Home, db: sqlite3.Connection) -> None:
    for path in home.path.iterdir():
        if path.is_dir():
            path.rmdir()
    assert gc(home, db, days=0) == []


def test_old_content_that_is_moved_in_is_young(home: Home, db: sqlite3.Connection, tmp_path: Path) -> None:
    source = tmp_path / "w"
    source.write_bytes(BYTES)
    age(source, by_s=1e8)
    digest = objects.adopt(home, source, move=True).digest
    assert gc(home, db) == []
    assert there(home, digest)


def test_a_backup_makes_no_garbage_young_and_its_links_free_nothing(
    home: Home, db: sqlite3.Connection, tmp_path: Path
) -> None:
    old_object(home)
    backups.back_up(home, tmp_path / "b", at=now())
    found = plan(home, db)
    assert [(item.kind, item.bytes) for item in found.items] == [("object", 0)]
    assert swept(home, db, found).bytes == 0


def test_a_clock_that_went_back_lets_nothing_go(home: Home, db: sqlite3.Connection) -> None:
    digest = objects.put_bytes(home, BYTES).digest
    age(objects.path_of(home, digest), by_s=-1e9)
    add_job(db, ago_s=-1e9)
    add_box(home, BYTES)
    assert gc(home, db, days=0) == []


def test_only_what_is_called_as_objects_are_goes(home: Home, db: sqlite3.Connection, tmp_path: Path) -> None:
    outside = tmp_path / "mine"
    outside.write_text("precious")
    (home.objects / "ab").mkdir()
    link = home.objects / "ab" / ("ab" * 32)
    link.symlink_to(outside)
    (home.objects / "README").write_text("x")
    (home.objects / "ab" / "notes.txt").write_text("x")
    (home.objects / "ab" / ("cd" * 32)).write_text("in the wrong folder")
    (home.objects / "ab" / ("ab" * 31 + "00")).mkdir()
    (home.segments / "mine.parquet").write_text("x")
    age(home.objects)
    age(home.segments / "mine.parquet")
    assert gc(home, db) == []
    assert outside.read_text() == "precious"


def test_what_a_crash_left_half_written_goes_once_it_is_old(home: Home, db: sqlite3.Connection) -> None:
    for place in (home.objects / ".0123456789abcdef", home.windows / "m-1.77.tmp"):
        place.write_bytes(b"half")
    folder = home.objects / ".tmp_0abc"
    folder.mkdir()
    (folder / "train.parquet").write_bytes(b"half a table")
    (home.segments / "seg_00ab.parquet").write_bytes(b"no manifest")
    assert gc(home, db) == []
    age(home.objects), age(home.windows), age(home.segments)
    (folder / "train.parquet").write_bytes(b"it is still being written")
    assert gc(home, db) == ["scrap", "scrap", "segment"]
    age(folder)
    assert gc(home, db) == ["scrap"]


def test_a_version_that_is_neither_served_nor_next_goes(home: Home, db: sqlite3.Connection) -> None:
    unpacked = deploy(home, db)
    assert gc(home, db) == ["scrap", "version"]
    assert {number: path.exists() for number, path in unpacked.items()} == {1: False, 2: True, 3: True}
    assert (home.serving / "reader" / "token").exists()


def test_a_file_with_two_names_counts_once_when_both_go(home: Home, db: sqlite3.Connection) -> None:
    digest = old_object(home)
    unpacked = deploy(home, db)
    for number in (1, 2):
        os.link(objects.path_of(home, digest), unpacked[number] / "weights")
    age(home.serving)
    assert gc(home, db) == ["object", "scrap", "version"]  # version 2 goes on holding the bytes
    old_object(home, b"more")
    again = unpacked[1]
    again.mkdir()
    os.link(next(home.objects.glob("*/*")), again / "more")
    age(home.serving)
    assert plan(home, db).bytes == len(b"more")
    assert gc(home, db) == ["object", "version"]


def test_what_an_earlier_gc_left_of_a_version_is_not_in_the_way(home: Home, db: sqlite3.Connection) -> None:
    unpacked = deploy(home, db)
    left = unpacked[1].with_name(GONE + unpacked[1].name)
    left.mkdir()
    (left / "model").write_bytes(b"half of it")
    assert gc(home, db) == ["scrap", "scrap", "version"]
    assert not left.exists()


@pytest.mark.parametrize("state", ["STARTING", "SWAPPING", "FAILED"])
def test_a_deployment_that_changes_keeps_every_version(
    home: Home, db: sqlite3.Connection, state: str
) -> None:
    deploy(home, db, state=state)
    assert gc(home, db) == []
