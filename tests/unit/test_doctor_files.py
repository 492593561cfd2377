"""The doctor knows every file that the rows of a home need: there, and as it was written."""

import os
import sqlite3

import pytest
from fixtures import examined, spools
from fixtures.examined import bump, case, look, the_one, wrong

from lineside.store import objects
from lineside.store.clock import after, now
from lineside.store.doctor import house, points
from lineside.store.doctor.findings import Level
from lineside.store.homes import Home
from lineside.store.queries import datasets, models

DAY_S = 86_400.0


@pytest.fixture
def lived(home: Home, db: sqlite3.Connection) -> Home:
    return examined.lived_in(home, db)


def test_a_flipped_bit_in_a_segment_is_found(lived: Home) -> None:
    (path,) = lived.segments.glob("*.parquet")
    bump(path, path.stat().st_size // 2)
    fault = the_one(look(lived), path.name, "200 points", "damaged", f"cp -f --parents segments/{path.name}")
    assert fault.level == Level.PROBLEM
    assert wrong(look(lived, quick=True)) == []


@pytest.mark.parametrize("quick", [False, True])
def test_a_segment_that_is_gone_is_named_with_its_points(lived: Home, quick: bool) -> None:
    (path,) = lived.segments.glob("*.parquet")
    path.unlink()
    the_one(look(lived, quick=quick), path.name, "200 points", "is missing", "BACKUP")


def test_a_home_without_its_folder_of_segments_names_them_all(lived: Home) -> None:
    (path,) = lived.segments.glob("*.parquet")
    path.unlink()
    lived.segments.rmdir()
    folder, segment = wrong(look(lived))
    assert "the folder segments/ is missing" in folder.what
    assert f"{path.name} (200 points) is missing" in segment.what


def test_a_segment_cut_short_is_found_quickly_too(lived: Home) -> None:
    (path,) = lived.segments.glob("*.parquet")
    os.truncate(path, 100)
    the_one(look(lived, quick=True), "it has 100 bytes")


def test_a_segment_that_nobody_names_is_worth_a_warning_once_it_cannot_be_on_its_way(lived: Home) -> None:
    stray = lived.segments / "seg_0.parquet"
    stray.write_bytes(b"points")
    found = the_one(look(lived), "seg_0.parquet", "manifest does not name", "runner start")
    assert found.level == Level.WARNING
    assert house.settled(case(lived), stray)
    assert not house.settled(case(lived, settle_s=600.0), stray)


def test_an_object_that_is_gone_is_named_by_who_needs_it(lived: Home, db: sqlite3.Connection) -> None:
    (digest,) = db.execute("select digest from artifact where path = 'w.bin'").fetchone()
    objects.path_of(lived, digest).unlink()
    the_one(
        look(lived), digest[:12], "is missing", "artifact w.bin of run 1", f"objects/{digest[:2]}/{digest}"
    )


def test_a_file_missing_from_a_folder_is_named_with_its_place(lived: Home, db: sqlite3.Connection) -> None:
    (digest,) = db.execute("select digest from artifact where tree = 1").fetchone()
    (entry,) = objects.tree(lived, digest)
    objects.path_of(lived, entry.digest).unlink()
    the_one(look(lived, quick=True), "(model.onnx)", "artifact m of run 1")


def test_what_datasets_and_models_are_made_of_is_looked_at(lived: Home, db: sqlite3.Connection) -> None:
    nothing = dict.fromkeys(("target", "time_column", "time_zone"))
    data = datasets.NewVersion.of(
        {"files": [{"split": "all", "digest": "d" * 64, "rows": 1, "bytes": 1}], "columns": [],
         "exclude": [], "profile": [], **nothing}
    )  # fmt: skip
    datasets.add_version(db, data, name="trips", origin={}, by="maria", at=now())
    models.create(db, "m", at=now())
    version = models.add_version(db, "m", run_id=1, by="maria", at=now())
    models.ready(db, version.id, artifact="e" * 64, package="{}", profile="f" * 64)
    told = " ".join(one.what for one in wrong(look(lived)))
    for words in ("dataset trips@1, split all", "needed by model m@1", "training profile of m@1"):
        assert words in told


def test_an_object_whose_bytes_changed_is_found_unless_in_a_hurry(
    lived: Home, db: sqlite3.Connection
) -> None:
    (digest,) = db.execute("select digest from artifact where path = 'w.bin'").fetchone()
    bump(objects.path_of(lived, digest))
    the_one(look(lived), digest[:12], "not what was stored")
    assert wrong(look(lived, quick=True)) == []


def test_rows_of_a_window_that_are_gone_or_changed_are_found(lived: Home, db: sqlite3.Connection) -> None:
    models.create(db, "m", at=now())
    db.execute(
        "insert into monitor (uid, name, model_id, settings, created_us) values ('m', 'm', 1, '{}', 1)"
    )
    db.execute("""
        insert into window (uid, monitor_id, number, state, start_us, end_us, path, digest)
        values ('w', 1, 3, 'CLOSED', 0, 1, 'm-3.parquet', 'not its digest')
    """)
    the_one(look(lived), "window 3 of m are missing")
    (lived.windows / "m-3.parquet").write_bytes(b"rows")
    the_one(look(lived), "window 3 of m have changed")


def test_points_from_the_future_name_their_run(lived: Home, db: sqlite3.Connection) -> None:
    found = points._read(lived.spool / "run_b.sp", (lived.spool / "run_b.sp").stat().st_size)
    assert abs(found.newest_us - now()) < 60_000_000
    told = list(points.warm(case(lived, at=after(now(), -3 * DAY_S)), db))
    assert ["3.0 days in the future" in one.what for one in told] == [True]
    assert "run 3" in told[0].what


def test_damaged_bytes_of_a_spool_name_the_run(lived: Home, db: sqlite3.Connection) -> None:
    db.execute("update spool set skipped_bytes = 27 where path = 'run_b.sp'")
    found = the_one(look(lived), "27 bytes of the spool of run 3", "lineside runs show 3")
    assert found.level == Level.WARNING


def test_a_spool_that_changed_after_it_was_read_is_found(lived: Home) -> None:
    bump(lived.spool / "run_b.sp", 3_000)
    the_one(look(lived), "spool of run 3 has changed since it was read", "run_b.sp")


def test_a_spool_that_is_gone_while_no_segment_has_its_points_is_a_problem(lived: Home) -> None:
    (lived.spool / "run_b.sp").unlink()
    the_one(look(lived), "spool of run 3 is gone, run_b.sp", "nowhere else", "cp -f --parents spool/run_b.sp")


def test_a_spool_that_was_cut_short_is_a_problem(lived: Home) -> None:
    os.truncate(lived.spool / "run_b.sp", 50)
    the_one(look(lived, quick=True), "was cut short: 50 bytes")


def test_what_nobody_reads_while_no_runner_is_up_is_told(lived: Home) -> None:
    with spools.writing(lived, "run_new") as run:
        run.log_metric("loss", 1.0, step=0)
    the_one(look(lived), "bytes in 1 spool that nobody has read yet", "runner start")


def test_what_a_crash_left_half_written_is_told_once(lived: Home) -> None:
    (lived.segments / ".seg_1.parquet.tmp").write_bytes(b"half")
    (lived.segments / ".spill").mkdir()
    (lived.segments / ".spill" / "duckdb_temp").write_bytes(b"spilt")
    (lived.objects / ".0123456789abcdef").write_bytes(b"half")
    found = the_one(
        look(lived), "half-written by a crash: 3 files, 13 bytes", ".seg_1.parquet.tmp", "lineside gc"
    )
    assert found.level == Level.WARNING
    assert list(house.leftovers(case(lived, settle_s=600.0))) == []
