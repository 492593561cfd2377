"""Reading lineside.toml. The text is checked whole before anything acts on it: keys, types, names, cycles."""

import re
import shlex
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
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
    StageSpec,
    Value,
)
from lineside.jobs.projects.tables import Table, fill
from lineside.store import toml
from lineside.store.errors import BadConfig
from lineside.store.queries import projects
from lineside.store.states import Cause
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
    "StageSpec",
    "Value",
    "load",
    "parse",
    "read",
]  # fmt: skip

FILE = "lineside.toml"
PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([A-Za-z_][\w.-]*)\}")
"""{name} in a command; doubled braces stand for themselves."""

_KINDS = ("project", "data", "pipeline", "model", "endpoint", "monitor", "retrain")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,99}", re.ASCII)


def parse(text: str, *, where: str = FILE, name: str = "project") -> Project:
    """The project that `text` describes.

    Args:
        where: the file, as messages name it.
        name: what the project is called where [project] does not say.

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
        data={t.name: fill(DataSpec, t, name=t.name) for t in _named(top, "data")},
        pipelines={t.name: _pipeline(t) for t in _named(top, "pipeline")},
        models={t.name: _model(t) for t in _named(top, "model")},
        endpoints={t.name: fill(EndpointSpec, t, name=t.name) for t in _named(top, "endpoint")},
        monitors={t.name: fill(MonitorSpec, t, name=t.name) for t in _named(top, "monitor")},
        retrains={t.name: fill(RetrainSpec, t, name=t.name) for t in _named(top, "retrain")},
    )
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
    return parse(text, where=path.name, name=path.absolute().parent.name)


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
    )


def _merged(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {name: spec for part in parts for name, spec in part.items()}


def _named(top: Table, kind: str) -> list[Table]:
    """[kind.NAME] tables, refusing names that could not stand in a path or on a command line."""
    tables = top.named(kind)
    for table in tables:
        if not _NAME.fullmatch(table.name):
            hint = "letters, digits, dot, dash and underscore"
            raise table.wrong(None, f"{table.name!r} is no name", hint=hint)
    return tables


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


def _pipeline(table: Table) -> PipelineSpec:
    table.only("params", "stage")
    params = _params(table.inner("params"))
    tables = _named(table, "stage")
    if not tables:
        raise table.wrong(None, "a pipeline needs a stage", hint=f"add [pipeline.{table.name}.stage.train]")
    stages = {t.name: _stage(t) for t in tables}
    needs = {t.name: _needs(t, stages) for t in tables}
    for each in tables:
        _check_stage(each, stages[each.name], params)
    order = _in_order(table, needs)
    return PipelineSpec(
        name=table.name, params=params, stages=tuple(stages[name] for name in order), needs=needs
    )


def _params(table: Table) -> dict[str, Value]:
    for key, value in table.values.items():
        if not isinstance(value, (str, int, float, bool)):
            raise table.wrong(key, f"parameter {key!r} must be text, a number, true or false")
        if key == "python" or not PLACEHOLDER.fullmatch(f"{{{key}}}"):
            raise table.wrong(
                key, f"{key!r} cannot be a parameter's name", hint="letters, digits and underscore"
            )
    return dict(table.values)


def _stage(table: Table) -> StageSpec:
    retry = fill(Retry, table.inner("retry"))
    causes = {cause.value for cause in Cause}
    for word in retry.on:
        if word not in causes:
            raise table.inner("retry").wrong("on", f"no cause {word!r}", hint=meant(word, causes))
    resources = fill(Resources, table.inner("resources"))
    limits = fill(Limits, table.inner("limits"))
    table.only(*(field.name for field in fields(StageSpec) if field.name != "name"))
    rest = {k: v for k, v in table.values.items() if k not in ("resources", "limits", "retry")}
    return fill(
        StageSpec, replace(table, values=rest), name=table.name,
        resources=resources, limits=limits, retry=retry,
    )  # fmt: skip


def _needs(table: Table, stages: Mapping[str, StageSpec]) -> tuple[str, ...]:
    """The stages a stage waits for: those it names, and those whose outs it depends on."""
    stage = stages[table.name]
    for name in stage.needs:
        if name not in stages:
            raise table.wrong("needs", f"no stage {name!r} in this pipeline", hint=meant(name, set(stages)))
    makers = {out: each.name for each in stages.values() for out in each.outs}
    inferred = [makers[dep] for dep in stage.deps if dep in makers]
    return tuple(dict.fromkeys((*stage.needs, *inferred)))


def _check_stage(table: Table, stage: StageSpec, params: Mapping[str, Value]) -> None:
    """Every name in the command and in `params` must mean something."""
    try:
        if not shlex.split(stage.cmd):
            raise table.wrong("cmd", "the command is empty", hint='cmd = "{python} train.py"')
    except ValueError as error:
        raise table.wrong("cmd", f"the command cannot be split into words: {error}") from error
    known = {*params, "python", *(f"data.{name}" for name in stage.datasets)}
    for found in PLACEHOLDER.finditer(stage.cmd):
        word = found[1]
        if word and word.startswith("data.") and word not in known:
            name = word.removeprefix("data.")
            raise table.wrong("cmd", f"the command uses {{{word}}} without depending on it",
                              hint=f'add deps = ["dataset:{name}@latest"]')  # fmt: skip
        if word and word not in known:
            raise table.wrong(
                "cmd", f"the command uses {{{word}}}, which nobody sets", hint=meant(word, known)
            )
    for name in stage.params:
        if name not in params:
            raise table.wrong(
                "params", f"no parameter {name!r} in this pipeline", hint=meant(name, set(params))
            )
    for name, selector in stage.datasets.items():
        if not (selector == "latest" or selector.isdigit()):
            raise table.wrong("deps", f"dataset:{name}@{selector}: say @latest or a number")


def _in_order(table: Table, needs: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The stages so that each comes after all it needs, otherwise as written.

    Raises:
        BadConfig: some wait for each other in a circle.
    """
    order: list[str] = []
    left = list(needs)
    while left:
        ready = next((name for name in left if set(needs[name]) <= set(order)), None)
        if ready is None:
            circle = _circle(needs, left)
            raise table.inner("stage").inner(circle[0]).wrong(
                None, f"stages wait for each other in a circle: {' → '.join(circle)}",
                hint="take one of these needs away",
            )  # fmt: skip
        left.remove(ready)
        order.append(ready)
    return order


def _circle(needs: Mapping[str, tuple[str, ...]], left: list[str]) -> list[str]:
    """One circle among stages that all wait for another of them."""
    path = [left[0]]
    while path.count(path[-1]) == 1:
        path.append(next(name for name in needs[path[-1]] if name in left))
    return path[path.index(path[-1]) :]


def _check_retrain(project: Project, table: Table) -> None:
    spec = project.retrains[table.name]
    if spec.monitor not in project.monitors:
        raise table.wrong(
            "monitor", f"no monitor {spec.monitor!r}", hint=meant(spec.monitor, set(project.monitors))
        )
    if spec.pipeline not in project.pipelines:
        raise table.wrong(
            "pipeline", f"no pipeline {spec.pipeline!r}", hint=meant(spec.pipeline, set(project.pipelines))
        )
    stages = {stage.name for stage in project.pipelines[spec.pipeline].stages}
    if spec.stage is not None and spec.stage not in stages:
        raise table.wrong(
            "stage", f"no stage {spec.stage!r} in {spec.pipeline}", hint=meant(spec.stage, stages)
        )
