"""Real models on real rows: what the compute child tells the gates."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fixtures.packages import digits, tiny_package

from lineside.jobs.packaging.packages import MANIFEST, MODEL
from lineside.jobs.promotion import evaluation
from lineside.jobs.promotion.gates import Evidence
from lineside.store import objects
from lineside.store.errors import BadData
from lineside.store.homes import Home


def stored(home: Home, folder: Path) -> str:
    return objects.adopt(home, folder).digest


def package(
    home: Home, folder: Path, *, change: Callable[[Path], object] = lambda _: None, **made: int
) -> str:
    """A tiny package in the objects folder, changed first."""
    tiny_package(folder, **made)
    change(folder)
    return stored(home, folder)


def rows(home: Home, folder: Path, *, first: int, last: int) -> str:
    """Digits as a file of recent rows."""
    path = folder / f"recent-{first}-{last}.parquet"
    pl.DataFrame(digits(first, last)).write_parquet(path)
    return objects.adopt(home, path).digest


def spoil(home: Home, digest: str) -> None:
    """Flip one bit of a stored object."""
    path = objects.path_of(home, digest)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o640)
    path.write_bytes(bytes(data))


def edit(**fields: Any) -> Callable[[Path], object]:
    """A change of package.json."""

    def change(folder: Path) -> None:
        table = json.loads((folder / MANIFEST).read_text())
        (folder / MANIFEST).write_text(json.dumps(table | fields))

    return change


def compared(home: Home, candidate: str, champion: str | None, recent: str | None = None) -> Evidence:
    told = evaluation.compare(
        home=str(home.path), candidate=candidate, champion=champion, rows=recent, target="digit", higher=True
    )
    return Evidence.of(json.loads(json.dumps(told)))


def test_a_sound_package_is_read_and_its_training_rows_are_found(home: Home, tmp_path: Path) -> None:
    digest = package(home, tmp_path / "p")

    told = evaluation.inspect(home=str(home.path), artifact=digest)

    assert json.loads(told["package"])["metric"] == "accuracy"
    assert pl.read_parquet(objects.path_of(home, told["profile"])).height == 300
    assert not list(home.objects.glob(".look-*"))  # nothing of the look is left behind


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: (f / MODEL).write_bytes(b"no onnx"), "not a model package"),
        (lambda f: (f / MODEL).unlink(), "not a model package"),
        (lambda f: (f / MANIFEST).unlink(), "not a model package"),
        (lambda f: (f / MANIFEST).write_text("[1]"), "not a package of format 1"),
        (edit(format=99), "not a package of format 1"),
        (edit(target=3, golden={}), "lacks 'inputs'"),
    ],
)
def test_what_is_no_package_is_said_in_words(
    home: Home, tmp_path: Path, change: Callable[[Path], object], says: str
) -> None:
    digest = package(home, tmp_path / "p", change=change)

    with pytest.raises(BadData, match=says):
        evaluation.inspect(home=str(home.path), artifact=digest)


def test_a_package_with_another_model_inside_is_found_by_its_golden_answers(
    home: Home, tmp_path: Path
) -> None:
    tiny_package(tmp_path / "other", seed=5)

    def swap(folder: Path) -> None:
        shutil.copy(tmp_path / "other" / MODEL, folder / MODEL)

    digest = package(home, tmp_path / "p", change=swap)

    with pytest.raises(BadData, match="golden answers moved by"):
        evaluation.inspect(home=str(home.path), artifact=digest)
    assert "golden answers moved" in compared(home, digest, None).golden


def test_a_single_file_is_no_package(home: Home) -> None:
    digest = objects.put_bytes(home, b"pickle").digest

    with pytest.raises(BadData, match="single file"):
        evaluation.inspect(home=str(home.path), artifact=digest)


def test_one_flipped_bit_is_found_and_named(home: Home, tmp_path: Path) -> None:
    good = package(home, tmp_path / "good", rows=200)
    bad = package(home, tmp_path / "bad")
    model = next(entry for entry in objects.tree(home, bad) if entry.path == MODEL)
    spoil(home, model.digest)

    with pytest.raises(BadData, match="not what was logged"):
        evaluation.inspect(home=str(home.path), artifact=bad)
    assert compared(home, bad, good).broken == ("artifact",)
    assert compared(home, good, bad).broken == ("holder",)
    digests = {"artifact": bad, "rows": None, "gone": "0" * 64}
    assert evaluation.intact(home=str(home.path), digests=digests) == {"broken": ["artifact", "gone"]}


def test_a_first_candidate_shows_its_own_hold_out(home: Home, tmp_path: Path) -> None:
    found = compared(home, package(home, tmp_path / "p"), None)

    assert (found.broken, found.golden, found.metric, found.duel) == ((), "", "accuracy", None)
    assert found.holdout is not None
    assert (found.holdout.n, 0.6 < found.holdout.low < found.holdout.value) == (60, True)


def test_more_training_rows_win_on_rows_that_neither_has_seen(home: Home, tmp_path: Path) -> None:
    before, after = package(home, tmp_path / "a", rows=60), package(home, tmp_path / "b")
    recent = rows(home, tmp_path, first=300, last=500)

    duel = compared(home, after, before, recent).duel

    assert duel is not None
    assert (duel.kind, duel.n, duel.note) == ("paired", 200, "")
    assert duel.gain == pytest.approx(duel.candidate - duel.champion)
    assert 0 < duel.low < duel.gain < duel.high


def test_rows_either_was_made_from_are_left_out_and_counted(home: Home, tmp_path: Path) -> None:
    before, after = package(home, tmp_path / "a", rows=60), package(home, tmp_path / "b")
    recent = rows(home, tmp_path, first=200, last=400)

    duel = compared(home, after, before, recent).duel

    assert duel is not None
    assert (duel.n, duel.note) == (100, "100 rows of the training tables were left out")


def test_too_few_fresh_rows_fall_back_to_each_ones_own_hold_out(home: Home, tmp_path: Path) -> None:
    before, after = package(home, tmp_path / "a", rows=60), package(home, tmp_path / "b")

    few = compared(home, after, before, rows(home, tmp_path, first=300, last=310)).duel
    none = compared(home, after, before).duel

    assert few is not None
    assert none is not None
    assert (few.kind, few.note) == ("own hold-outs", "only 10 fresh rows, 30 are needed")
    assert (none.kind, none.note, none.n) == ("own hold-outs", "", 12)


def test_more_rows_than_needed_are_sampled_and_it_says_so(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "MOST_ROWS", 80)
    before, after = package(home, tmp_path / "a", rows=60), package(home, tmp_path / "b")

    duel = compared(home, after, before, rows(home, tmp_path, first=300, last=500)).duel

    assert duel is not None
    assert (duel.n, duel.note) == (80, "80 of 200 fresh rows")


def test_golden_rows_without_a_column_fail_in_words(home: Home, tmp_path: Path) -> None:
    def forget(folder: Path) -> None:
        table = json.loads((folder / MANIFEST).read_text())
        del table["golden"]["inputs"]["pixel_0_3"]
        (folder / MANIFEST).write_text(json.dumps(table))

    digest = package(home, tmp_path / "p", change=forget)

    with pytest.raises(BadData, match="column 'pixel_0_3' is missing"):
        evaluation.inspect(home=str(home.path), artifact=digest)


def test_models_of_different_targets_cannot_be_compared(home: Home, tmp_path: Path) -> None:
    other = package(home, tmp_path / "other", change=edit(target="writer"))

    found = compared(home, package(home, tmp_path / "p"), other)

    assert found.duel is None
    assert found.fault == "accuracy of 'digit' cannot be compared with accuracy of 'writer'"


def test_recent_rows_without_the_target_are_a_fault_in_words(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(path)
    recent = objects.adopt(home, path).digest

    found = compared(home, package(home, tmp_path / "p"), package(home, tmp_path / "q", rows=60), recent)

    assert found.fault == "the recent rows have no column 'digit'"
