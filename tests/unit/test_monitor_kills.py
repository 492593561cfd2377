"""Killed at any step between a payload log and a retrain, nothing is lost and nothing happens twice."""

import asyncio
import contextlib
import sqlite3

import polars as pl
import pytest
from fixtures import packages, served
from fixtures.contexts import Here, Killed

from lineside.jobs.data import datasets as making
from lineside.jobs.monitor import measuring, retraining
from lineside.jobs.monitor import windows as following
from lineside.store.clock import Micros, now
from lineside.store.homes import Home
from lineside.store.queries import alerts, audit, datasets, labels, lineage, projects, retrains, windows
from lineside.store.queries.lineage import Node
from lineside.store.queries.projects import ProjectRow

PROJECT = """
[data.digits]
path = "digits.parquet"
target = "digit"

[pipeline.train.stage.network]
cmd = "{python} train.py --data {data.digits}"
deps = ["dataset:digits@latest"]

[monitor.watch]
model = "digit-reader"

[retrain.again]
monitor = "watch"
pipeline = "train"
"""


@pytest.fixture
def monitor(home: Home, db: sqlite3.Connection) -> int:
    """A served version with two windows of requests in its log and all their labels there."""
    version = served.register_digits(home, db)
    frame = pl.DataFrame(packages.digits(0, 500))
    content = making.keep(home, {"all": frame}, target="digit", time_column=None, time_zone=None, exclude=[])
    data = datasets.add_version(db, content, name="digits", origin={}, by="ana", at=Micros(1))
    src, dst = Node("dataset_version", data.id), Node("run", version.run_id)
    lineage.link(db, src=src, dst=dst, relation="trained", at=Micros(1))
    row = ProjectRow(name="digits", folder=str(home.path), text=PROJECT, digest="d", applied_us=Micros(1),
                     applied_by="ana", uid=1)  # fmt: skip
    projects.apply(db, row)
    served.deploy(db, version)
    watch = served.watch(db, window_rows=200, domain=False)
    served.send_digits(served.payload_log(home), 500, 900, wrong=2)
    labels.add(db, watch, served.truth(500, 900), at=now())
    return watch


async def everything(ctx: Here) -> None:
    for _ in range(3):
        for tick in (following.tick, measuring.tick, retraining.tick):
            await tick(ctx)


STEPS = [pytest.param(n, marks=() if n % 4 == 1 else pytest.mark.chaos) for n in range(24)]


@pytest.mark.parametrize("steps", STEPS)
def test_killed_after_any_number_of_steps_the_end_is_the_same(
    home: Home, db: sqlite3.Connection, monitor: int, steps: int
) -> None:
    with contextlib.suppress(Killed):
        asyncio.run(everything(Here(home, db, steps_left=steps)))
    following._followers.clear()
    asyncio.run(everything(Here(home, db)))

    found = list(reversed(windows.recent(db, monitor)))
    assert [(w.number, w.state, w.rows, w.labelled) for w in found] == [
        (1, "MEASURED", 200, 200), (2, "MEASURED", 200, 200),
    ]  # fmt: skip
    seen = [i for w in found for i in pl.read_parquet(home.windows / str(w.path))["_id"].to_list()]
    assert seen == [f"row-{i}" for i in range(500, 900)]
    assert [alert.rule for alert in alerts.recent(db)].count("performance") == 1
    assert [row.state for row in retrains.recent(db)].count("STARTED") == 1
    assert datasets.find(db, "digits").number == 2
    assert audit.verify(db).broken_seq is None
