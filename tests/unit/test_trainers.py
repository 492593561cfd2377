"""Tables as trainers see them, the verdicts they give, and the packages they leave."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from fixtures.packages import digits, digits_folder, tiny_package

from lineside.jobs.packaging.packages import Image, Package
from lineside.jobs.packaging.scoring import NotTheSameModel, Scorer
from lineside.jobs.trainers import columns, ensemble, package
from lineside.jobs.trainers.columns import Table, Unusable
from lineside.jobs.trainers.verdicts import accuracy, mean_absolute_error, wilson


def table_of(folder: Path, target: str = "y", exclude: tuple[str, ...] = (), **values: Any) -> Table:
    folder.mkdir(exist_ok=True)
    pl.DataFrame(values).write_parquet(folder / "all.parquet")
    return columns.load(folder, target=target, exclude=exclude, seed=0)


def test_each_kind_of_column_becomes_what_a_model_can_take(tmp_path: Path) -> None:
    n = 20
    dates = pl.Series([0] * n).cast(pl.Date)
    table = table_of(tmp_path, exclude=("id",), y=[0, 1] * 10, id=list(range(n)), x=[1.5] * n,
                     ok=[True, False] * 10, word=["a", "b"] * 10, day=dates)  # fmt: skip

    assert table.kinds == {"x": "numeric", "ok": "numeric", "word": "category"}
    assert table.dropped == ("day",)
    assert (len(table.train), len(table.holdout)) == (16, 4)
    assert sorted([*table.train, *table.holdout]) == list(range(n))


@pytest.mark.parametrize(
    ("target", "task", "classes"),
    [
        ([0, 1] * 20, "classification", (0, 1)),
        ([True, False] * 20, "classification", ("false", "true")),
        (["no", "yes"] * 20, "classification", ("no", "yes")),
        (list(range(40)), "regression", ()),
        ([0.5, 1.0] * 20, "regression", ()),
    ],
)
def test_the_task_follows_from_the_target(
    tmp_path: Path, target: list[Any], task: str, classes: tuple[Any, ...]
) -> None:
    table = table_of(tmp_path, y=target, x=list(range(40)))

    assert (table.task, table.classes) == (task, classes)


def test_rows_without_an_answer_teach_nothing(tmp_path: Path) -> None:
    words = table_of(tmp_path, y=[0, 1, None] * 10, x=list(range(30)))
    numbers = table_of(tmp_path, y=[0.5, None, float("nan")] * 10, x=list(range(30)))

    assert len(words.train) + len(words.holdout) == 20
    assert len(numbers.train) + len(numbers.holdout) == 10


def test_a_class_that_no_training_row_has_is_an_answer_nobody_can_get_right(tmp_path: Path) -> None:
    order = np.random.default_rng(0).permutation(20)
    labels = ["a", "b"] * 10
    labels[order[-1]] = "rare"

    table = table_of(tmp_path, y=labels, x=list(range(20)))

    assert table.classes == ("a", "b")
    assert table.answers[order[-1]] == -1


@pytest.mark.parametrize(
    ("values", "target", "says"),
    [
        ({"y": [0, 1] * 10, "x": [1] * 20}, "z", "no column 'z'; the table has y, x"),
        ({"y": [0, 1] * 10}, "y", "no column but 'y' can be a feature"),
        ({"y": [0, 1], "x": [1, 2]}, "y", "2 rows have a 'y': too few"),
        ({"y": ["a"] * 20, "x": [1] * 20}, "y", "every training row says 'y' is 'a'"),
    ],
)
def test_a_table_that_cannot_teach_is_refused(
    tmp_path: Path, values: dict[str, Any], target: str, says: str
) -> None:
    with pytest.raises(Unusable, match=says):
        table_of(tmp_path, target=target, **values)


def test_pixel_columns_are_seen_to_be_a_picture(tmp_path: Path) -> None:
    digits_folder(tmp_path)

    seen = columns.load(tmp_path, target="digit", exclude=(), seed=0)
    less = columns.load(tmp_path, target="digit", exclude=("pixel_0_0",), seed=0)

    assert seen.image == Image(rows=8, cols=8, max=16.0)
    assert less.image is None
    with pytest.raises(Unusable, match="5x5 needs 25 columns, not 64"):
        columns.load(tmp_path, target="digit", exclude=(), seed=0, image="5x5")


def test_intervals_hold_their_value_and_narrow_with_rows() -> None:
    for n in (10, 100, 1000):
        found = accuracy(np.zeros(n, np.float32), (np.arange(n) % 10 == 0).astype(np.float32))
        assert found.low < found.value < found.high
        assert (found.value, found.n) == (0.9, n)
    assert wilson(0, 0) == (0.0, 1.0)
    assert math.isclose(wilson(10, 10)[1], 1.0)
    errors = mean_absolute_error(np.zeros(500, np.float32), np.arange(500, dtype=np.float32), seed=0)
    assert math.isclose(errors.value, 249.5)
    assert errors.low < 249.5 < errors.high


def test_a_package_comes_back_as_it_was_written_and_answers_its_golden_rows(tmp_path: Path) -> None:
    folder = tiny_package(tmp_path / "p")
    found = Package.read(folder)

    assert Package.of(json.loads(json.dumps(found.table()))) == found
    assert (found.task, found.metric, found.trained_rows, found.classes) == (
        "classification", "accuracy", 240, tuple(range(10)),
    )  # fmt: skip
    assert pl.read_parquet(folder / "reference.parquet").shape == (300, 65)
    scorer = Scorer(folder)
    scorer.check_golden()
    said = scorer.predict(digits(300, 400))
    assert said.probabilities is not None
    assert said.probabilities.shape == (100, 10)
    assert np.mean(np.array(said.labels) == digits(300, 400)["digit"]) > 0.7
    assert said.confidence == said.probabilities.max(axis=1).tolist()
    assert scorer.predict({name: [] for name in found.encoder.names}).labels == []


def test_another_model_under_the_same_manifest_is_found_out(tmp_path: Path) -> None:
    one, other = tiny_package(tmp_path / "one"), tiny_package(tmp_path / "other", seed=1)
    (one / "model.onnx").write_bytes((other / "model.onnx").read_bytes())

    with pytest.raises(NotTheSameModel, match="golden answers moved"):
        Scorer(one).check_golden()


@pytest.mark.parametrize("text", ["{}", '{"format": 2}', "[1]", '{"format": 1, "golden": {}}'])
def test_a_manifest_we_do_not_know_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "package.json").write_text(text)

    with pytest.raises(ValueError, match=r"package\.json"):
        Package.read(tmp_path)


def test_a_forest_on_mixed_columns_answers_alike_in_onnx(tmp_path: Path) -> None:
    """Words, gaps and a regression: what the census and the bicycles bring, in small."""
    rng = np.random.default_rng(0)
    x, word = rng.normal(size=200), rng.choice(["a", "b"], 200)
    values = (x + (word == "a") * 3).tolist()
    table = table_of(tmp_path / "d", y=values, x=[None, *x[1:].tolist()], word=[*word[:-1].tolist(), None])
    encoder = table.fit_encoder()

    trained = ensemble.finished(ensemble.grow(table, encoder, trees=10, seed=0), table, encoder)
    made = package.write(tmp_path / "p", table, encoder, trained, holdout=package.judge(table, trained.said))

    assert (made.task, made.metric, made.classes) == ("regression", "mae", ())
    assert made.holdout.value < 0.6
    scorer = Scorer(tmp_path / "p")
    scorer.check_golden()
    with_a, with_b = scorer.predict({"x": [0.0, 0.0], "word": ["a", "b"]}).labels
    assert float(with_a) > float(with_b)


def test_an_export_that_answers_differently_is_never_packed(tmp_path: Path) -> None:
    table = table_of(tmp_path / "d", y=[0, 1] * 20, x=list(range(40)))
    encoder = table.fit_encoder()
    trained = ensemble.finished(ensemble.grow(table, encoder, trees=5, seed=0), table, encoder)
    liar = package.Trained(
        framework="x", onnx=trained.onnx, output=trained.output, said=np.roll(trained.said, 1, axis=1)
    )

    with pytest.raises(Unusable, match="off by"):
        package.write(tmp_path / "p", table, encoder, liar, holdout=package.judge(table, trained.said))


def run_trainer(name: str, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", f"lineside.jobs.trainers.{name}", *args], text=True, capture_output=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", **env}, check=False, timeout=120,
    )  # fmt: skip


def test_the_ensemble_trainer_is_a_program_that_leaves_a_package(tmp_path: Path, home: Any) -> None:
    data = digits_folder(tmp_path / "data")
    (data / "dataset.json").write_text(json.dumps({"name": "digits", "version": 1, "target": "digit"}))

    done = run_trainer("ensemble", "--data", str(data), "--trees", "20", LINESIDE_HOME=str(home.path),
                       LINESIDE_ATTEMPT_DIR=str(tmp_path))  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "digits: 240 rows to learn, 60 held out, 64 features, a picture of 8x8" in done.stdout
    assert "hold-out accuracy 0.9" in done.stdout
    assert done.stderr == ""
    Scorer(tmp_path / "package").check_golden()
    assert len(list(home.spool.glob("*.sp"))) == 1


def test_a_trainer_that_cannot_train_says_why_in_one_line(tmp_path: Path, home: Any) -> None:
    data = digits_folder(tmp_path / "data")

    done = run_trainer("ensemble", "--data", str(data), "--target", "dgit", LINESIDE_HOME=str(home.path))

    assert done.returncode == 2
    assert done.stderr.startswith("cannot train: no column 'dgit'; the table has pixel_0_0")
    assert len(done.stderr.splitlines()) == 1
