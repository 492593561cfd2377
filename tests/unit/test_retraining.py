"""From an alert to a request: what is learnt from, what is kept, and why sometimes nothing happens."""

import asyncio
import json
import sqlite3

import polars as pl
import pytest
from fixtures import packages, served
from fixtures.contexts import Here

from lineside.jobs.context import VERBS
from lineside.jobs.data import datasets as making
from lineside.jobs.monitor import joining, measuring, retraining, triggers
from lineside.jobs.monitor import windows as following
from lineside.jobs.projects.declared import RetrainSpec
from lineside.jobs.verbs import retrains as _retrains  # noqa: F401  # registers its verb
from lineside.store import objects
from lineside.store.actors import Actor, Role
from lineside.store.clock import Micros, now
from lineside.store.errors import NotFound, Refused
from lineside.store.homes import Home
from lineside.store.queries import (
    alerts,
    artifacts,
    datasets,
    jobs,
    labels,
    lineage,
    projects,
    promotions,
    retrains,
    runs,
    windows,
)
from lineside.store.queries.lineage import Node
from lineside.store.queries.projects import ProjectRow
from lineside.store.states import AlertState

PROJECT = """
[data.digits]
path = "digits.parquet"
target = "digit"

[pipeline.train.stage.network]
cmd = "{python} train.py --data {data.digits}"
deps = ["dataset:digits@latest"]

[model.digit-reader]
min_holdout = 0.5

[monitor.watch]
model = "digit-reader"

[retrain.again]
monitor = "watch"
pipeline = "train"
min_labels = 100
"""
ANA = Actor(uid=1, name="ana", role=Role.OPERATOR)
SPEC = RetrainSpec(name="again", monitor="watch", pipeline="train")


@pytest.fixture
def ctx(home: Home, db: sqlite3.Connection) -> Here:
    return Here(home, db)


@pytest.fixture
def monitor(ctx: Here, home: Home, db: sqlite3.Connection) -> int:
    """Version 1, trained on digits@1, serves; window 1 is full and one row in five is misread."""
    version = served.register_digits(home, db)
    frame = pl.DataFrame(packages.digits(0, 500)).with_columns(pl.lit("x").alias("writer"))
    content = making.keep(
        home, {"all": frame}, target="digit", time_column=None, time_zone=None, exclude=["writer"]
    )
    data = datasets.add_version(db, content, name="digits", origin={}, by="ana", at=Micros(1))
    src, dst = Node("dataset_version", data.id), Node("run", version.run_id)
    lineage.link(db, src=src, dst=dst, relation="trained", at=Micros(1))
    projects.apply(db, ProjectRow(
        name="digits", folder=str(home.path), text=PROJECT, digest="d", applied_us=Micros(1),
        applied_by="ana", uid=1,
    ))  # fmt: skip
    served.deploy(db, version)
    watch = served.watch(db, window_rows=200, domain=False)
    show(ctx, 500, 700, times=2)
    return watch


def show(ctx: Here, first: int, last: int, *, times: int = 1) -> None:
    """Serve some digits, badly, and measure the window they make."""
    served.send_digits(served.payload_log(ctx.home), first, last, wrong=2)
    for _ in range(times):
        asyncio.run(following.tick(ctx))
    asyncio.run(measuring.tick(ctx))


def tell(ctx: Here, monitor: int, first: int, last: int) -> None:
    """The labels of those digits come."""
    labels.add(ctx.db, monitor, served.truth(first, last), at=now())
    asyncio.run(measuring.tick(ctx))


def step(ctx: Here) -> None:
    asyncio.run(retraining.tick(ctx))


def history(db: sqlite3.Connection) -> list[tuple[str, str]]:
    return [(row.state, row.reason) for row in reversed(retrains.recent(db))]


def test_nothing_happens_before_the_rule_it_listens_to_fires(ctx: Here, monitor: int) -> None:
    assert {alert.rule for alert in alerts.open_ones(ctx.db)} == {"drift.columns"}
    step(ctx)
    assert history(ctx.db) == []


def test_labels_that_say_worse_start_a_training_on_old_and_new_rows(ctx: Here, monitor: int) -> None:
    tell(ctx, monitor, 500, 700)
    step(ctx)
    retrain = retrains.recent(ctx.db)[0]
    assert retrain.state == "STARTED"
    data = datasets.find(ctx.db, "digits@2")
    sizes = {file.split: file.rows for file in datasets.files(ctx.db, data.id)}
    assert sizes["train"] + sizes["recent"] == 700
    assert 80 <= sizes["recent"] <= 120
    folder = ctx.home.datasets / "digits" / "2"
    assert pl.read_parquet(folder / "train.parquet").columns == [*packages.PIXELS, "digit", "writer"]
    job = jobs.get(ctx.db, retrain.job_id or 0)
    assert (job.stage, job.state, job.run_id) == ("network", "QUEUED", retrain.run_id)
    assert str(folder) in jobs.command(ctx.db, job.id).argv
    for _ in range(3):
        step(ctx)
    assert len(history(ctx.db)) == 1


def test_every_arrow_of_a_retrain_is_in_the_lineage(ctx: Here, monitor: int) -> None:
    tell(ctx, monitor, 500, 700)
    step(ctx)
    window = windows.recent(ctx.db, monitor)[0]
    down = lineage.around(ctx.db, Node("window", window.id), up=False)
    arrows = {(edge.src_kind, edge.relation, edge.dst_kind) for edge in down.edges}
    assert {
        ("window", "raised", "alert"),
        ("alert", "triggered", "retrain"),
        ("retrain", "started", "run"),
        ("window", "joined", "dataset_version"),
        ("dataset_version", "trained", "run"),
    } <= arrows


def test_too_few_labels_wait_and_start_when_more_come(ctx: Here, monitor: int) -> None:
    ctx.db.execute("update project set text = replace(text, 'min_labels = 100', 'min_labels = 180')")
    tell(ctx, monitor, 500, 670)
    for _ in range(2):
        step(ctx)
    assert history(ctx.db) == [("SUPPRESSED", "too few labels: 170 of 180")]
    tell(ctx, monitor, 670, 700)
    step(ctx)
    assert [state for state, _ in history(ctx.db)] == ["SUPPRESSED", "STARTED"]


def test_one_at_a_time_and_each_window_is_told_once(ctx: Here, monitor: int) -> None:
    tell(ctx, monitor, 500, 700)
    step(ctx)
    show(ctx, 700, 900)
    tell(ctx, monitor, 700, 900)
    for _ in range(3):
        step(ctx)
    assert history(ctx.db)[1:] == [("SUPPRESSED", "retrain 1 is under way")]


def test_a_cooldown_counts_windows(ctx: Here, monitor: int) -> None:
    tell(ctx, monitor, 500, 700)
    step(ctx)
    retrains.move(ctx.db, retrains.recent(ctx.db)[0], "FAILED", reason="exit 1")
    alert = next(a for a in alerts.open_ones(ctx.db) if a.rule == "performance")
    verdict = triggers.decide(ctx.db, SPEC, alert)
    assert verdict.reason == "cooldown: 0 of 1 windows since retrain 1"
    show(ctx, 700, 900)
    tell(ctx, monitor, 700, 900)
    step(ctx)
    assert [state for state, _ in history(ctx.db)] == ["FAILED", "STARTED"]
    assert datasets.find(ctx.db, "digits@3").origin["windows"] == [1, 2]


def test_the_second_version_of_the_data_keeps_the_first_windows_and_cuts_only_the_newest(
    ctx: Here, monitor: int
) -> None:
    tell(ctx, monitor, 500, 700)
    show(ctx, 700, 900)
    tell(ctx, monitor, 700, 900)
    base = datasets.find(ctx.db, "digits")
    args = {"home": str(ctx.home.path), "monitor_id": monitor, "version_id": base.id, "recent_share": 0.5}
    joined = joining.join(**args)
    assert (joined["windows"], joined["train"] + joined["recent"]) == ([1, 2], 900)
    assert json.dumps(joining.join(**args)) == json.dumps(joined)  # the same rows, the same files
    recent = next(file for file in joined["version"]["files"] if file["split"] == "recent")
    rows = pl.read_parquet(objects.path_of(ctx.home, recent["digest"]))
    newest = pl.DataFrame(packages.digits(700, 900)).select(packages.PIXELS)
    assert rows.select(packages.PIXELS).join(newest, on=packages.PIXELS, how="anti").height == 0


def test_a_failed_training_ends_the_retrain_with_its_reason(ctx: Here, monitor: int) -> None:
    tell(ctx, monitor, 500, 700)
    step(ctx)
    run = retrains.recent(ctx.db)[0].run_id or 0
    ctx.db.execute("update run set status = 'FAILED', detail = 'exit 3' where id = ?", (run,))
    step(ctx)
    assert history(ctx.db) == [("FAILED", f"run {run} is FAILED: exit 3")]


def test_a_finished_training_becomes_a_version_and_a_request_that_names_the_alert(
    ctx: Here, monitor: int
) -> None:
    tell(ctx, monitor, 500, 700)
    step(ctx)
    run = retrains.recent(ctx.db)[0].run_id or 0
    package = packages.tiny_package(ctx.home.path / "package", rows=600)
    stored = objects.adopt(ctx.home, package)
    artifacts.put(ctx.db, run, path="model", kind="model", stored=stored, at=now())
    ctx.db.execute("update run set status = 'FINISHED', ended_us = ? where id = ?", (now(), run))
    for _ in range(3):
        step(ctx)
    retrain = retrains.recent(ctx.db)[0]
    assert retrain.state == "REQUESTED", retrain.reason
    request = promotions.get(ctx.db, retrain.promotion_id or 0)
    assert (request.requested_by, request.alias) == ("lineside", "champion")
    assert request.reason.startswith(
        f"retrain {retrain.id} after alert {retrain.alert_id}: watch: accuracy 0.8"
    )
    assert runs.get(ctx.db, run).status == "FINISHED"


def test_a_trigger_does_not_hear_silenced_alerts_or_other_monitors(ctx: Here, monitor: int) -> None:
    tell(ctx, monitor, 500, 700)
    waiting = alerts.open_ones(ctx.db)
    assert len(triggers.heard(waiting, SPEC)) == 1
    assert triggers.heard(waiting, RetrainSpec(name="r", monitor="other", pipeline="train")) == []
    alert = triggers.heard(waiting, SPEC)[0]
    alerts.move(ctx.db, alert, AlertState.SILENCED, until=Micros(2**60), at=now())
    assert triggers.heard(alerts.open_ones(ctx.db), SPEC) == []


def test_a_person_may_start_one_without_waiting_but_only_one_at_a_time(ctx: Here, monitor: int) -> None:
    tell(ctx, monitor, 500, 560)  # far too few for the trigger itself
    ask = VERBS["retrains.start"].run
    answer = asyncio.run(ask(ctx, ANA, {"trigger": "again"}))
    row = retrains.get(ctx.db, answer["retrain"])
    assert (row.state, row.job_id) == ("STARTED", answer["job"])
    assert jobs.get(ctx.db, answer["job"]).submitted_by == "ana"
    with pytest.raises(Refused, match="under way"):
        asyncio.run(ask(ctx, ANA, {"trigger": "again"}))
    with pytest.raises(NotFound, match="never"):
        asyncio.run(ask(ctx, ANA, {"trigger": "never"}))
    assert len(retrains.recent(ctx.db)) == 1
