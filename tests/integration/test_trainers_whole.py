"""The trainers as programs, whole: the numbers they reach on real data, and being stopped in the middle."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from fixtures.packages import digits, digits_folder
from fixtures.waiting import until

from lineside.jobs.packaging.packages import Package
from lineside.jobs.packaging.scoring import Scorer

pytestmark = pytest.mark.integration

DATA = Path(__file__).parents[3] / "shared" / "data"


def command(name: str, *args: object) -> list[str]:
    return [sys.executable, "-P", "-m", f"lineside.jobs.trainers.{name}", *map(str, args)]


def environment(home: Any, attempt: Path) -> dict[str, str]:
    attempt.mkdir(parents=True, exist_ok=True)
    return {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "",
            "LINESIDE_HOME": str(home.path), "LINESIDE_ATTEMPT_DIR": str(attempt)}  # fmt: skip


def trained(home: Any, folder: Path, name: str, *args: object) -> Package:
    done = subprocess.run(command(name, *args), env=environment(home, folder), text=True, capture_output=True,
                          check=False, timeout=300)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    Scorer(folder / "package").check_golden()
    return Package.read(folder / "package")


def accuracies(folder: Path) -> list[float]:
    """On the windows of 200 that follow the first 500 digits."""
    scorer = Scorer(folder / "package")
    windows = [digits(start, start + 200) for start in range(500, 1797, 200)]
    return [float(np.mean(np.array(scorer.predict(w).labels) == w["digit"])) for w in windows]


@pytest.mark.parametrize(
    ("name", "holdout", "later"),
    [
        ("network", 0.97, (0.83, 0.88, 0.89, 0.96, 0.97, 0.89, 0.89)),
        ("ensemble", 0.96, (0.76, 0.88, 0.87, 0.95, 0.95, 0.88, 0.85)),
    ],
)
def test_a_trainer_reaches_on_the_digits_what_was_measured(
    tmp_path: Path, home: Any, name: str, holdout: float, later: tuple[float, ...]
) -> None:
    data = digits_folder(tmp_path / "data", last=500)

    package = trained(home, tmp_path / "1", name, "--data", data, "--target", "digit")

    assert package.holdout.value >= holdout - 0.02
    assert package.holdout.low < package.holdout.value < package.holdout.high
    for found, measured in zip(accuracies(tmp_path / "1"), later, strict=True):
        assert abs(found - measured) <= 0.05


def test_a_stopped_network_goes_on_where_the_attempt_before_it_stopped(tmp_path: Path, home: Any) -> None:
    data = digits_folder(tmp_path / "data")
    line = command("network", "--data", data, "--target", "digit", "--epochs", 20_000)
    for attempt, begins in ((1, "on the CPU"), (2, "going on after epoch")):
        log = tmp_path / f"log{attempt}"
        with log.open("w") as out:
            job = subprocess.Popen(
                line, env=environment(home, tmp_path / str(attempt)), stdout=out, stderr=out
            )
        try:
            until(lambda: "0: loss" in log.read_text(), within=60)  # noqa: B023  # read at once
            job.send_signal(signal.SIGTERM)
            assert job.wait(timeout=30) == 143
        finally:
            job.kill()
            job.wait()
        assert begins in log.read_text()
        assert "told to stop: kept the state after epoch" in log.read_text()
        assert (tmp_path / str(attempt) / "checkpoint.pt").exists()
        assert len(list(home.spool.rglob("checkpoint.pt"))) == attempt


@pytest.mark.skipif(not DATA.exists(), reason="the real tables are not at hand")
@pytest.mark.parametrize(("name", "worst"), [("network", 20.0), ("ensemble", 20.0)])
def test_bicycles_are_counted_from_calendar_and_weather_alone(
    tmp_path: Path, home: Any, name: str, worst: float
) -> None:
    (tmp_path / "data").mkdir()
    rows = pl.read_parquet(DATA / "bike_hourly.parquet").sort("ts").head(3122)
    rows.write_parquet(tmp_path / "data" / "all.parquet")
    manifest = {"name": "bikes", "target": "cnt", "exclude": ["ts", "casual", "registered"]}
    (tmp_path / "data" / "dataset.json").write_text(json.dumps(manifest))

    package = trained(home, tmp_path / "1", name, "--data", tmp_path / "data")

    assert (package.task, package.metric) == ("regression", "mae")
    assert "casual" not in package.encoder.names
    assert package.holdout.value < worst


@pytest.mark.skipif(not DATA.exists(), reason="the real tables are not at hand")
@pytest.mark.parametrize("name", ["network", "ensemble"])
def test_a_census_with_words_and_gaps_trains(tmp_path: Path, home: Any, name: str) -> None:
    (tmp_path / "data").mkdir()
    rows = pl.read_parquet(DATA / "adult.parquet").head(8000)
    rows.write_parquet(tmp_path / "data" / "all.parquet")

    package = trained(home, tmp_path / "1", name, "--data", tmp_path / "data", "--target", "label")

    assert package.holdout.value > 0.82
    assert Scorer(tmp_path / "1" / "package").predict(rows.head(5).to_dict(as_series=False)).labels
