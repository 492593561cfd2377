"""Reading lineside.toml. The text is checked whole before anything acts on it: keys, types, names, cycles."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lineside.jobs.projects.declared import (
    DataSpec,
    EndpointSpec,
    Limits,
    ModelSpec,
    MonitorSpec,
    PipelineSpec,
    Project,
    Resources,
    RetrainSpec,
    Retry,
    ScheduleSpec,
    StageSpec,
    Value,
)
from lineside.jobs.projects.stages import PLACEHOLDER, pipeline
from lineside.jobs.projects.tables import Table, fill, named
from lineside.jobs.schedules import cron, wallclock
from lineside.store import toml
from lineside.store.errors import BadConfig, Usage
from lineside.store.queries import projects
from lineside.store.toml import meant

__all__ = [
    "PLACEHOLDER",
    "DataSpec",
    "EndpointSpec",
    "Limits",
    "ModelSpec",
    "MonitorSpec",
    "PipelineSpec",
    "Project",
    "Resources",
    "RetrainSpec",
    "Retry",
    "ScheduleSpec",
    "StageSpec",
    "Value",
    "load",
    "parse",
    "read",
]  # fmt: skip

FILE = "lineside.toml"
_KINDS = ("project", "data", "pipeline", "model", "endpoint", "monitor", "retrain", "schedule")


def parse(text: str, *, where: str = FILE, name: str = "project", folder: Path | None = None) -> Project:
    """The project that `text` describes.

    Args:
        where: the file, as messages name it.
        name: what the project is called where [project] does not say.
        folder: the project's, where files with params may be read; None for who must not look into it.

    Raises:
        BadConfig: not TOML, an unknown key, a wrong value, a name nobody declared, or a circle of stages.
    """
    values, line_of = toml.parse(text, where)
    top = Table(where, (), values, line_of)
    top.only(*_KINDS)
    head = top.inner("project")
    head.only("name")
    project = Project(
        name=_text(head, "name") or name,
        data={t.name: fill(DataSpec, t, name=t.name) for t in named(top, "data")},
        pipelines={t.name: pipeline(t, folder) for t in named(top, "pipeline")},
        models={t.name: _model(t) for t in named(top, "model")},
        endpoints={t.name: fill(EndpointSpec, t, name=t.name) for t in named(top, "endpoint")},
        monitors={t.name: fill(MonitorSpec, t, name=t.name) for t in named(top, "monitor")},
        retrains={t.name: fill(RetrainSpec, t, name=t.name) for t in named(top, "retrain")},
        schedules={t.name: _schedule(t) for t in named(top, "schedule")},
    )
    for table in top.named("schedule"):
        _check_pipeline(project, table, project.schedules[table.name].pipeline)
    for table in top.named("retrain"):
        _check_retrain(project, table)
    return project


def read(path: Path) -> Project:
    """The project of a file; without a name of its own it is called like its folder.

    Raises:
        BadConfig: there is no such file, or it is wrong.
    """
    try:
        text = path.read_text()
    except OSError as error:
        raise BadConfig(
            f"cannot read {path}: {error.strerror}",
            hint="go to the project's folder, or write one with: lineside init",
        ) from error
    folder = path.absolute().parent
    return parse(text, where=path.name, name=folder.name, folder=folder)


def load(db: sqlite3.Connection) -> Project | None:
    """All applied projects as one; None when none was. Of two with the same name the newer one holds."""
    found = [parse(row.text, name=row.name) for row in projects.every(db)]
    if not found:
        return None
    return Project(
        name=found[-1].name,
        data=_merged(p.data for p in found),
        pipelines=_merged(p.pipelines for p in found),
        models=_merged(p.models for p in found),
        endpoints=_merged(p.endpoints for p in found),
        monitors=_merged(p.monitors for p in found),
        retrains=_merged(p.retrains for p in found),
        schedules=_merged(p.schedules for p in found),
    )


def _merged(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {name: spec for part in parts for name, spec in part.items()}


def _text(table: Table, key: str) -> str | None:
    value = table.values.get(key)
    if value is not None and not isinstance(value, str):
        raise table.wrong(key, f"{key!r} must be text")
    return value


def _model(table: Table) -> ModelSpec:
    """[model.NAME]; the keys that judge a version may also stand in its `gates` table."""
    gates = table.inner("gates")
    gates.only("metric", "direction", "min_holdout", "max_holdout", "beats_champion", "margin")
    outer = {key: value for key, value in table.values.items() if key != "gates"}
    if twice := sorted(outer.keys() & gates.values.keys()):
        raise gates.wrong(twice[0], f"{twice[0]!r} stands here and in [{'.'.join(table.path)}]")
    return fill(ModelSpec, replace(table, values={**outer, **gates.values}), name=table.name)


def _schedule(table: Table) -> ScheduleSpec:
    """[schedule.NAME]; its line and its zone are read here, so that a wrong one names its own."""
    params = table.inner("params")
    for key, value in params.values.items():
        if not isinstance(value, (str, int, float, bool)):
            raise params.wrong(key, f"parameter {key!r} must be text, a number, true or false")
    rest = {key: value for key, value in table.values.items() if key != "params"}
    spec = fill(ScheduleSpec, replace(table, values=rest), name=table.name, params=dict(params.values))
    try:
        if spec.cron is not None:
            cron.parse(spec.cron)
        wallclock.zone(spec.tz)
    except Usage as error:
        key = "tz" if "time zone" in str(error) else "cron"
        raise table.wrong(key, str(error), hint=error.hint) from error
    return spec


def _check_pipeline(project: Project, table: Table, pipeline: str) -> None:
    if pipeline not in project.pipelines:
        raise table.wrong(
            "pipeline", f"no pipeline {pipeline!r}", hint=meant(pipeline, set(project.pipelines))
        )


def _check_retrain(project: Project, table: Table) -> None:
    spec = project.retrains[table.name]
    if spec.monitor not in project.monitors:
        raise table.wrong(
            "monitor", f"no monitor {spec.monitor!r}", hint=meant(spec.monitor, set(project.monitors))
        )
    _check_pipeline(project, table, spec.pipeline)
    stages = {stage.name for stage in project.pipelines[spec.pipeline].stages}
    if spec.stage is not None and spec.stage not in stages:
        raise table.wrong(
            "stage", f"no stage {spec.stage!r} in {spec.pipeline}", hint=meant(spec.stage, stages)
        )
