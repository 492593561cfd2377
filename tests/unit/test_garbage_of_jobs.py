"""What `gc` takes of outboxes and attempts: nothing that is nowhere else, or still to be read."""

import sqlite3
from pathlib import Path

import pytest
from fixtures import compaction, spools
from fixtures.garbage import (
    BYTES,
    add_artifact,
    add_box,
    add_job,
    age,
    gc,
    old_object,
)
from fixtures.story import put

from lineside.store import objects
from lineside.store.homes import Home
from lineside.store.queries import runs


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


def test_what_a_resumed_script_left_in_its_outbox_stays_until_its_spool_is_read(
    home: Home, db: sqlite3.Connection
) -> None:
    add_artifact(home, db, old_object(home))
    with spools.writing(home, "run_s") as run:
        run.log_metrics({"loss": 1.0}, step=1)
    compaction.seal(db, home)
    box = home.spool / "run_s.outbox" / "0001-aa"
    box.mkdir(parents=True)
    (box / "w.bin").write_bytes(BYTES)
    with (home.spool / "run_s.sp").open("ab") as file:
        file.write(b"an artifact event")
    assert gc(home, db) == []
    db.execute("update spool set offset_bytes = ?", ((home.spool / "run_s.sp").stat().st_size,))
    assert gc(home, db) == ["outbox"]


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
