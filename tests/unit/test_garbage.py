"""`gc` lets everything go that nothing names, and nothing else."""

import json
import os
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from fixtures import compaction, registry, spools
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
from lineside.store.homes import Home
from lineside.store.queries import audit, reachability, runs

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
    experiment.name gate_result.gate home.uid job.kind job.name job.pipeline job.retry_on job.stage
    job.state job.submitted_by job.uid job_need.condition label.prediction_id label.value model.name
    model_version.created_by model_version.status model_version.uid monitor.name monitor.uid name.kind
    name.name project.applied_by project.folder project.name promotion.alias promotion.ratified_by
    promotion.requested_by promotion.state promotion.uid retrain.state retrain.trigger_name run.author
    run.cause run.name run.status run.uid scrape.note segment.path segment.sha256 shape.names
    spool.cold_head spool.path story.key summary.last_kind window.metric window.path window.state
    window.uid
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
    assert columns - looked == set(NO_DIGESTS.split())


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


@pytest.mark.parametrize("state", ["STARTING", "SWAPPING", "FAILED"])
def test_a_deployment_that_changes_keeps_every_version(
    home: Home, db: sqlite3.Connection, state: str
) -> None:
    deploy(home, db, state=state)
    assert gc(home, db) == []


def test_an_outbox_goes_when_all_of_it_is_named_elsewhere(home: Home, db: sqlite3.Connection) -> None:
    add_artifact(home, db, old_object(home))
    add_job(db)
    known, other = add_box(home, BYTES), add_box(home, b"nobody took this", name="0002-bb")
    assert gc(home, db) == ["outbox"]
    assert (known.exists(), other.exists()) == (False, True)
    assert gc(home, db, days=0) == []  # its folder holds what is nowhere else
    other.unlink()
    assert gc(home, db, days=0) == ["attempt"]
    assert not home.attempt(1, 1).parent.exists()


@pytest.mark.parametrize("spoiled", ["damaged", "missing"])
def test_an_outbox_is_kept_while_its_object_is(home: Home, db: sqlite3.Connection, spoiled: str) -> None:
    digest = old_object(home)
    add_artifact(home, db, digest)
    add_job(db)
    box = add_box(home, BYTES)
    path = objects.path_of(home, digest)
    path.unlink()
    if spoiled == "damaged":
        path.write_bytes(b"rot")
    assert gc(home, db, days=0) == []
    assert box.read_bytes() == BYTES


def test_an_outbox_stays_while_a_spool_of_its_run_is_not_read(home: Home, db: sqlite3.Connection) -> None:
    """The same bytes are known from another run; what this run says of them nobody has read."""
    add_artifact(home, db, old_object(home))
    add_job(db)
    box = add_box(home, BYTES)
    spool = home.spool / "run_j1.sp"
    spool.write_bytes(b"an artifact event")
    assert gc(home, db, days=0) == []
    row = put(db, "spool", run_id=1, path=spool.name, offset_bytes=10, sealed=1)
    db.execute("update spool set run_id = (select id from run where uid = 'run_j1') where id = ?", (row,))
    assert gc(home, db, days=0) == []
    db.execute("update spool set offset_bytes = ?, sealed = 0", (spool.stat().st_size,))
    assert gc(home, db, days=0) == []
    db.execute("update spool set sealed = 1")
    (home.spool / "run_j1.resume").touch()
    assert gc(home, db, days=0) == []
    (home.spool / "run_j1.resume").unlink()
    assert gc(home, db) == ["outbox"]
    assert not box.exists()


def test_an_artifact_that_waits_in_the_outbox_of_a_script_is_not_lost(
    home: Home, db: sqlite3.Connection
) -> None:
    add_artifact(home, db, old_object(home))
    source = home.path / "w"
    source.write_bytes(BYTES)
    with spools.writing(home, "run_s") as run:
        run.log_artifact(source, name="mine")
    (outbox,) = home.spool.glob("*.outbox")
    age(outbox)
    assert gc(home, db) == []
    spools.take_all(db, home)
    found = runs.find_uid(db, "run_s")
    assert found is not None
    assert [row.path for row in runs.artifacts(db, found) if row.path == "mine"] == ["mine"]


def test_what_a_crash_left_in_the_outbox_of_a_script_goes(home: Home, db: sqlite3.Connection) -> None:
    source = home.path / "w"
    source.write_bytes(BYTES)
    with spools.writing(home, "run_s") as run:
        run.log_artifact(source)
    (box,) = home.spool.glob("*.outbox/*")
    data = {path.name: path.read_bytes() for path in box.iterdir()}
    compaction.seal(db, home)
    assert not box.exists()
    box.mkdir(parents=True)  # as if the runner had been killed between its commit and its clearing
    for name, each in data.items():
        (box / name).write_bytes(each)
    assert gc(home, db) == ["outbox"]
    assert not list(home.spool.glob("*.outbox"))


def test_links_are_not_followed(home: Home, db: sqlite3.Connection, tmp_path: Path) -> None:
    add_artifact(home, db, old_object(home))
    add_job(db), add_job(db, 2), add_job(db, 3), add_job(db, 4)
    mine = tmp_path / "mine" / "outbox" / "0001-aa"
    mine.mkdir(parents=True)
    (mine / "w.bin").write_bytes(BYTES)
    home.attempt(1, 1).parent.mkdir()
    home.attempt(1, 1).symlink_to(tmp_path / "mine")
    home.attempt(2, 1).mkdir(parents=True)
    (home.attempt(2, 1) / "outbox").symlink_to(mine.parent)
    (home.attempt(3, 1) / "outbox").mkdir(parents=True)
    (home.attempt(3, 1) / "outbox" / "0001-aa").symlink_to(mine)
    (add_box(home, BYTES, job=4).parent / "more").symlink_to(mine / "w.bin")
    assert gc(home, db, days=0) == []
    assert (mine / "w.bin").read_bytes() == BYTES


def test_the_read_only_copy_of_a_folder_goes_too(home: Home, db: sqlite3.Connection) -> None:
    add_artifact(home, db, old_object(home))
    add_job(db)
    folder = add_box(home, BYTES).parent
    folder.chmod(0o555)
    assert gc(home, db) == ["outbox"]


def test_the_folder_of_an_attempt_goes_only_when_asked_for_and_old_enough(
    home: Home, db: sqlite3.Connection
) -> None:
    add_job(db, 1, ago_s=3 * 86_400)
    add_job(db, 2, ago_s=86_400)
    add_job(db, 3, state="RUNNING")
    add_job(db, 4, state="QUEUED")
    for job in (1, 2, 3, 4):
        (home.attempt(job, 1) / "outbox").mkdir(parents=True)
        (home.attempt(job, 1) / "log").write_text("said\n")
    assert gc(home, db) == []
    assert gc(home, db, days=2) == ["attempt"]
    assert sorted(path.name for path in (home.path / "jobs").iterdir()) == ["2", "3", "4"]
