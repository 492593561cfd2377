"""The network trainer inside one process: what it learns, and that a checkpoint is the whole of it."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from fixtures.packages import digits_folder

from lineside.jobs.trainers import columns, network, package
from lineside.jobs.trainers.checkpoints import Keeper
from lineside.jobs.trainers.columns import Table, Unusable

Args = argparse.Namespace


@pytest.fixture(autouse=True)
def _no_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the trainer logs here goes nowhere."""
    monkeypatch.setenv("LINESIDE_HOME", str(tmp_path / "none"))
    torch.set_num_threads(1)  # what a job with one CPU has


class StopAfter:
    """Asks to stop after so many looks."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def __bool__(self) -> bool:
        self.looks -= 1
        return self.looks < 0


NEVER: Any = StopAfter(10**9)


def args(**changed: Any) -> Args:
    return Args(**{"seed": 0, "width": 4, "dropout": 0.0, "batch": None, "lr": 5e-3, "epochs": 4, **changed})


def weights(training: network.Training) -> list[float]:
    return [float(w.detach().double().sum()) for w in training.network.parameters()]


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return columns.load(digits_folder(tmp_path / "data"), target="digit", exclude=(), seed=0)


def test_a_picture_gets_convolutions_and_is_learnt(table: Table) -> None:
    training = network.prepare(table, args(epochs=12))

    assert network.learn(training, epochs=12, stop=NEVER, keeper=Keeper({}, folder=None))

    assert any("Conv2d" in repr(layer) for layer in training.network)
    rows, _ = network._tensors(training, table.holdout)
    with torch.no_grad():
        said = network._spoken(training, training.network.eval()(rows))
    assert package.judge(table, said).value > 0.8


def test_a_table_gets_dense_layers_and_values_come_back_in_their_own_unit(tmp_path: Path) -> None:
    x = np.linspace(-1, 1, 300)
    pl.DataFrame({"x": x, "y": 5000 + 1000 * x}).write_parquet(tmp_path / "all.parquet")
    table = columns.load(tmp_path, target="y", exclude=(), seed=0)
    training = network.prepare(table, args(epochs=30, lr=1e-2))

    network.learn(training, epochs=30, stop=NEVER, keeper=Keeper({}, folder=None))

    rows, _ = network._tensors(training, table.holdout)
    with torch.no_grad():
        said = network._spoken(training, training.network.eval()(rows))
    assert package.judge(table, said).value < 100


def test_a_checkpoint_is_the_whole_state_and_belongs_to_its_config(table: Table, tmp_path: Path) -> None:
    first, second = tmp_path / "job" / "1", tmp_path / "job" / "2"
    first.mkdir(parents=True)
    second.mkdir()
    training = network.prepare(table, args())
    third: Any = StopAfter(8 * 2 + 3)  # looks: 7 or 8 an epoch

    assert not network.learn(training, epochs=4, stop=third, keeper=Keeper({"a": 1}, folder=first))

    left = Keeper({"a": 1}, folder=second).newest()
    assert left is not None
    again = network.prepare(table, args(seed=1))
    again.resume(left)
    assert weights(again) == weights(training)
    assert again.epoch == training.epoch == 2
    assert network.learn(again, epochs=4, stop=NEVER, keeper=Keeper({}, folder=None))
    assert Keeper({"a": 2}, folder=second).newest() is None
    (first / "checkpoint.pt").write_bytes(b"cut off by a kill")
    assert Keeper({"a": 1}, folder=second).newest() is None


def test_a_loss_that_is_no_number_ends_the_training_with_advice(table: Table) -> None:
    training = network.prepare(table, args(lr=1e12))

    with pytest.raises(Unusable, match="try a smaller --lr"):
        network.learn(training, epochs=4, stop=NEVER, keeper=Keeper({}, folder=None))


def test_the_recipe_fills_in_only_what_was_not_given(table: Table) -> None:
    given = args(epochs=7, lr=None, dropout=None)

    network.follow_recipe(given, table)

    assert (given.epochs, given.lr, given.dropout) == (7, 2e-3, 0.25)
