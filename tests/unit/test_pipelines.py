"""From stages to jobs, and projects applied through their verb."""

import asyncio
import dataclasses
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from fixtures.contexts import Here

from lineside.jobs.context import VERBS
from lineside.jobs.execution.specs import read_all
from lineside.jobs.projects import drawing, pipelines
from lineside.jobs.projects.project import parse
from lineside.jobs.verbs import projects as _verbs  # noqa: F401  # registers it
from lineside.store.actors import Actor, Role
from lineside.store.clock import Micros
from lineside.store.errors import BadConfig, LinesideError, NotFound, Usage
from lineside.store.homes import Home
from lineside.store.queries import audit, endpoints, monitors, projects
from lineside.store.queries.datasets import VersionRow

ANA = Actor(uid=1000, name="ana", role=Role.OPERATOR)

TEXT = """\
[pipeline.train.params]
lr = 1e-3
deep = true
note = "two words"

[pipeline.train.stage.report]
cmd = "report --brace {{x}}"
needs = ["network", "forest"]

[pipeline.train.stage.network]
cmd = "{python} net.py --data {data.digits} --lr={lr} --deep {deep} --note {note} 'a b'"
deps = ["dataset:digits@latest"]
resources = { gpus = -1 }
limits = { time = "1h" }

[pipeline.train.stage.forest]
cmd = "{python} forest.py {data.digits}"
deps = ["dataset:digits@1"]
"""


def version(number: int) -> VersionRow:
    return VersionRow(
        id=10 + number, uid=f"data_{number}", dataset_id=1, name="digits", number=number, digest="d", rows=1,
        bytes=1, columns=(), target=None, time_column=None, time_zone=None, exclude=(), splits=("all",),
        origin={}, created_us=Micros(0), created_by="ana",
    )  # fmt: skip


VERSIONS = {"digits": version(2), "digits@1": version(1), "digits@2": version(2)}


def plan(stage: str | None = None, **params: str) -> list[dict[str, Any]]:
    return pipelines.plan(
        parse(TEXT), "train", params=params, datasets=VERSIONS, home=Home(Path("/home")), python="/py",
        folder=Path("/tmp"), env={"HOME": "/root"}, stage=stage,
    )  # fmt: skip


def test_a_plan_is_what_the_queue_takes() -> None:
    network, forest, report = read_all(plan())

    assert network.argv == ("/py", "net.py", "--data", "/home/datasets/digits/2", "--lr=0.001", "--deep",
                            "true", "--note", "two words", "a b")  # fmt: skip
    assert network.params == {"lr": 0.001, "deep": True, "note": "two words"}
    assert (network.gpus, network.time_limit_s, network.experiment) == (-1, 3600.0, "train")
    assert [(each.name, each.version_id) for each in forest.inputs] == [("digits", 11)]
    assert forest.argv[-1] == "/home/datasets/digits/1"
    assert report.argv == ("report", "--brace", "{x}")
    assert [need.index for need in report.after] == [0, 1]
    assert (report.cwd, report.env) == ("/tmp", {"HOME": "/root"})


def test_given_values_take_the_kind_of_their_defaults() -> None:
    network, forest, _ = plan(lr="0.5", deep="false", **{"data.digits": "digits@1"})

    assert network["params"] == {"lr": 0.5, "deep": False, "note": "two words"}
    assert [each["inputs"][0]["version_id"] for each in (network, forest)] == [11, 11]


def test_one_stage_brings_those_it_needs_and_no_other() -> None:
    assert [each["name"] for each in plan("network")] == ["network"]
    assert [each["name"] for each in plan("report")] == ["network", "forest", "report"]


@pytest.mark.parametrize(
    ("params", "kind", "says", "hint"),
    [
        ({"lrr": "1"}, Usage, "no parameter 'lrr'", "mean 'lr'"),
        ({"lr": "fast"}, Usage, "lr = 'fast' is not like its default 0.001", "--param lr=0.001"),
        ({"deep": "1"}, Usage, "not like its default True", ""),
        ({"data.digits": "new"}, Usage, "'new' is no version", "data.digits=2"),
        ({"data.digits": "7"}, NotFound, "digits@7", "data add digits"),
    ],
)
def test_a_wrong_parameter_is_refused(
    params: dict[str, str], kind: type[LinesideError], says: str, hint: str
) -> None:
    with pytest.raises(kind) as caught:
        plan(**params)

    assert says in str(caught.value)
    assert hint in caught.value.hint


def test_data_that_nobody_added_is_said_to_be_missing() -> None:
    with pytest.raises(NotFound, match="no dataset 'digits'"):
        pipelines.plan(parse(TEXT), "train", params={}, datasets={}, home=Home(Path("/h")), python="p",
                       folder=Path("/"), env={})  # fmt: skip


def test_an_unknown_pipeline_or_stage_names_the_near_one() -> None:
    with pytest.raises(NotFound) as caught:
        pipelines.find(parse(TEXT), "trian")
    assert "train" in caught.value.hint
    with pytest.raises(NotFound, match="no stage 'netwrk'"):
        plan("netwrk")


def test_a_pipeline_is_drawn_with_what_each_stage_waits_for() -> None:
    assert drawing.show(parse(TEXT).pipelines["train"]).splitlines() == [
        "train  (lr = 0.001, deep = True, note = two words)",
        "●    network  a GPU if there is one · 1 CPU · digits@latest",
        "│ ●  forest   1 CPU · digits@1",
        "├─╯",
        "●    report   1 CPU",
    ]


WATCHED = '[monitor.m]\nmodel = "m"\n[endpoint.e]\nurl = "http://box:1"\nmodel = "m"\n'


def apply(here: Here, text: str, folder: str = "/p/demo") -> dict[str, Any]:
    async def call() -> dict[str, Any]:
        return await VERBS["project.apply"].run(here, ANA, {"text": text, "folder": folder})

    return asyncio.run(call())


def test_applying_makes_monitors_and_endpoints_and_says_what_is_new(
    home: Home, db: sqlite3.Connection
) -> None:
    here = Here(home, db)

    first = apply(here, WATCHED)
    again = apply(here, WATCHED)
    changed = apply(here, WATCHED.replace("box:1", "box:2") + "[model.m]\napprovals = 2\n")

    assert first["changes"] == ["endpoint e: new", "monitor m: new"]
    assert again["changes"] == []
    assert changed["changes"] == ["model m: new", "endpoint e: changed"]
    assert endpoints.find(db, "e").url == "http://box:2"
    assert monitors.find(db, "m").values["window_rows"] == 200
    assert projects.get(db, "demo").applied_by == "ana"
    assert [row.verb for row in audit.newest(db)] == ["project.apply", "project.apply"]


def test_an_endpoint_no_longer_declared_is_no_longer_looked_at(home: Home, db: sqlite3.Connection) -> None:
    here = Here(home, db)
    apply(here, WATCHED)

    assert apply(here, '[monitor.m]\nmodel = "m"\n')["changes"] == ["endpoint e: gone"]
    assert endpoints.every(db) == []


def test_a_project_that_is_wrong_changes_nothing(home: Home, db: sqlite3.Connection) -> None:
    with pytest.raises(BadConfig):
        apply(Here(home, db), WATCHED + "[monitor.n]\n")

    assert projects.every(db) == []
    assert monitors.every(db) == []


def test_every_key_of_a_declared_table_is_a_field_that_survives_its_way(
    home: Home, db: sqlite3.Connection
) -> None:
    apply(Here(home, db), WATCHED)

    spec = parse(WATCHED).monitors["m"]
    assert {"name": "m", "model": "m"} | monitors.find(db, "m").values == dataclasses.asdict(spec)
