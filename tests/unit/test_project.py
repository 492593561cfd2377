"""lineside.toml: what it means, and what each mistake in it is told."""

import sqlite3
from pathlib import Path

import pytest

from lineside.jobs.projects import project
from lineside.jobs.projects.project import ModelSpec, MonitorSpec, Project, parse
from lineside.store.clock import Micros
from lineside.store.errors import BadConfig
from lineside.store.queries import projects
from lineside.store.queries.projects import ProjectRow

TEXT = """\
[project]
name = "digits"

[data.digits]
path = "digits.parquet"
target = "digit"
exclude = ["writer"]

[pipeline.train.params]
epochs = 30

[pipeline.train.stage.report]
cmd = "python report.py model.pt"
deps = ["model.pt"]

[pipeline.train.stage.network]
cmd = "{python} -P -m lineside.jobs.trainers.network --data {data.digits} --epochs {epochs}"
deps = ["dataset:digits@latest"]
outs = ["model.pt"]
resources = { gpus = -1 }
limits = { time = "2h", grace = 60 }
retry = { max = 3, on = ["lost"] }

[model.digits]
gates = { min_holdout = 0.9, margin = 0.01 }
approvals = 2

[endpoint.other]
url = "http://box:8000"
period = "30s"

[monitor.digits]
model = "digits"
window_rows = 100

[retrain.digits]
monitor = "digits"
pipeline = "train"
stage = "network"
"""


def test_each_table_becomes_its_dataclass_with_the_defaults_of_what_is_left_out() -> None:
    found = parse(TEXT)

    network, report = found.pipelines["train"].stages
    assert (network.name, report.name) == ("network", "report")  # in an order in which they can run
    assert found.pipelines["train"].needs == {"network": (), "report": ("network",)}  # through model.pt
    assert (network.resources.gpus, network.resources.cpus) == (-1, 1)
    assert (network.limits.time_s, network.limits.grace_s) == (7200.0, 60.0)
    assert (network.retry.max, network.retry.on) == (3, ("lost",))
    assert network.datasets == {"digits": "latest"}
    assert found.data["digits"].exclude == ("writer",)
    assert found.model("digits") == ModelSpec(name="digits", min_holdout=0.9, margin=0.01, approvals=2)
    assert found.model("nobody") == ModelSpec(name="nobody")
    assert found.endpoints["other"].period_s == 30.0
    assert found.retrains["digits"].on == ("performance",)


def test_gates_may_stand_in_the_model_table_itself() -> None:
    text = TEXT.replace("gates = { min_holdout = 0.9, margin = 0.01 }", "min_holdout = 0.9\nmargin = 0.01")

    assert parse(text).models == parse(TEXT).models


def test_a_monitor_without_a_window_takes_200_rows_and_never_asks_for_more_than_a_window_has() -> None:
    assert MonitorSpec(name="m", model="m").window_rows == 200
    assert MonitorSpec(name="m", model="m", window_rows=50).min_rows == 50
    assert MonitorSpec(name="m", model="m", window_span_s=60.0).window_rows is None


WRONG = [
    ("epochs = 30", "epoch = 30", "line 17: the command uses {epochs}, which nobody sets", "mean 'epoch'"),
    ("gpus = -1", "gpu = 1", "line 20: unknown key 'gpu'", "mean 'gpus'"),
    ("gpus = -1", "gpus = 1.5", "line 20: 'gpus' must be a whole number, not 1.5", ""),
    ("gpus = -1", "gpus = -4", "line 20: gpus is at least -1", ""),
    ('time = "2h"', 'time = "soon"', "line 21: 'time' is a time such as", ""),
    ('on = ["lost"]', 'on = ["lots"]', "line 22: no cause 'lots'", "mean 'lost'"),
    ("target =", "tarqet =", "line 6: unknown key 'tarqet'", "mean 'target'"),
    (
        'outs = ["model.pt"]',
        'outs = ["model.pt"]\nneeds = ["report"]',
        "circle: report → network → report",
        "",
    ),
    ('deps = ["model.pt"]', 'needs = ["netwrk"]', "line 14: no stage 'netwrk'", "mean 'network'"),
    ('deps = ["dataset:digits@latest"]', "", "uses {data.digits} without depending", "dataset:digits@latest"),
    ("digits@latest", "digits@newest", "dataset:digits@newest: say @latest or a number", ""),
    ("approvals = 2", "approvals = true", "line 26: 'approvals' must be a whole number, not True", ""),
    ("approvals = 2", "margin = 0.1", "line 25: 'margin' stands here and in [model.digits]", ""),
    ("min_holdout = 0.9", "min_holdot = 0.9", "line 25: unknown key 'min_holdot'", "mean 'min_holdout'"),
    ('url = "http://box:8000"', "", "line 28: 'url' is missing", "add url"),
    ("window_rows = 100", 'window_rows = 9\nwindow_span = "1d"', "line 32: give window_rows or", ""),
    ('monitor = "digits"', 'monitor = "digit"', "no monitor 'digit'", "mean 'digits'"),
    ('pipeline = "train"', 'pipeline = "trian"', "no pipeline 'trian'", "mean 'train'"),
    ('stage = "network"', 'stage = "net"', "no stage 'net' in train", "mean"),
    ("[project]", "[projekt]", "line 1: unknown key 'projekt'", "mean 'project'"),
    ("[data.digits]", '[data."../x"]', "'../x' is no name", "letters"),
    ('cmd = "python report.py model.pt"', 'cmd = "python \'x"', "cannot be split into words", ""),
    ("epochs = 30", "epochs = ", "Invalid value (at line 10", "toml.io"),
]


@pytest.mark.parametrize(("was", "now", "says", "hint"), WRONG)
def test_a_mistake_is_told_with_its_line_and_what_was_meant(was: str, now: str, says: str, hint: str) -> None:
    assert was in TEXT

    with pytest.raises(BadConfig) as caught:
        parse(TEXT.replace(was, now, 1))

    assert says in str(caught.value)
    assert hint in caught.value.hint


def test_a_file_is_named_in_its_errors_and_gives_its_folder_as_name(tmp_path: Path) -> None:
    path = tmp_path / "churn" / "lineside.toml"
    with pytest.raises(BadConfig, match=r"cannot read .*lineside\.toml"):
        project.read(path)
    path.parent.mkdir()
    path.write_text("")

    assert project.read(path).name == "churn"


def test_applied_projects_hold_together_the_newer_one_where_two_speak(db: sqlite3.Connection) -> None:
    assert project.load(db) is None
    for at, name, approvals in ((1, "a", 1), (2, "b", 2)):
        text = f"[model.m]\napprovals = {approvals}\n[model.{name}]\n"
        row = ProjectRow(
            name=name, folder="/", text=text, digest="", applied_us=Micros(at), applied_by="ana", uid=1
        )
        projects.apply(db, row)

    found = project.load(db)
    assert isinstance(found, Project)
    assert sorted(found.models) == ["a", "b", "m"]
    assert found.models["m"].approvals == 2
