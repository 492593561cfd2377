"""From a pipeline in lineside.toml to jobs: which commands, on which dataset versions, in which order."""

import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lineside.jobs.context import Json
from lineside.jobs.projects.project import PLACEHOLDER, PipelineSpec, Project, StageSpec, Value
from lineside.store.errors import NotFound, Usage
from lineside.store.homes import Home
from lineside.store.queries.datasets import VersionRow
from lineside.store.toml import meant

_DATA = "data."


def plan(
    project: Project,
    pipeline: str,
    *,
    params: Mapping[str, str],
    datasets: Mapping[str, VersionRow],
    home: Home,
    python: str,
    folder: Path,
    env: Mapping[str, str],
    stage: str | None = None,
) -> list[Json]:
    """The jobs that running a pipeline means, each after those it needs: what `jobs.submit` takes.

    Args:
        params: given values by name; `data.NAME` chooses a dataset version by number.
        datasets: versions under `NAME` (the newest) and `NAME@2`, as `datasets.by_name` gives them.
        folder: the project's; commands run there.
        stage: run this one only, with all that it needs.

    Raises:
        NotFound: no such pipeline, stage or dataset version.
        Usage: a parameter nobody declared, or a value of the wrong kind.
    """
    spec = _pipeline(project, pipeline)
    chosen, values = _split_params(spec, params)
    stages = _wanted(spec, stage)
    place = {each.name: index for index, each in enumerate(stages)}
    return [
        {
            **_job(spec, each, values, _versions(each, chosen, datasets), home=home, python=python),
            "cwd": str(folder),
            "env": dict(env),
            "after": [{"index": place[need], "condition": "ok"} for need in spec.needs[each.name]],
        }
        for each in stages
    ]


def show(project: Project, pipeline: str) -> str:
    """The stages of a pipeline in words, each under what it waits for.

    Raises:
        NotFound: no such pipeline.
    """
    spec = _pipeline(project, pipeline)
    params = ", ".join(f"{name} = {value}" for name, value in spec.params.items())
    lines = [f"{spec.name}{f'  ({params})' if params else ''}"]
    width = max(len(each.name) for each in spec.stages)
    for each in spec.stages:
        branch = "└─" if each is spec.stages[-1] else "├─"
        lines.append(f"{branch} {each.name.ljust(width)}  {_in_words(spec, each)}".rstrip())
    return "\n".join(lines)


def _pipeline(project: Project, name: str) -> PipelineSpec:
    if name not in project.pipelines:
        raise NotFound("pipeline", name, hint=meant(name, set(project.pipelines)))
    return project.pipelines[name]


def _wanted(spec: PipelineSpec, stage: str | None) -> list[StageSpec]:
    """All stages, or one with those before it, in order."""
    if stage is None:
        return list(spec.stages)
    names = {each.name for each in spec.stages}
    if stage not in names:
        raise NotFound("stage", stage, hint=meant(stage, names))
    wanted, front = {stage}, [stage]
    while front:
        fresh = [need for need in spec.needs[front.pop()] if need not in wanted]
        wanted.update(fresh)
        front.extend(fresh)
    return [each for each in spec.stages if each.name in wanted]


def _split_params(spec: PipelineSpec, given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, Value]]:
    """Chosen dataset versions by name, and the value of every parameter."""
    values = dict(spec.params)
    chosen = {}
    inputs = {f"{_DATA}{name}" for stage in spec.stages for name in stage.datasets}
    for name, text in given.items():
        if name in inputs:
            chosen[name.removeprefix(_DATA)] = _selector(name, text)
        elif name in values:
            values[name] = _value(name, text, like=values[name])
        else:
            raise Usage(f"{spec.name} has no parameter {name!r}", hint=meant(name, {*values, *inputs}))
    return chosen, values


def _selector(name: str, text: str) -> str:
    """`2`, `v2`, `latest`, or `NAME@2`."""
    number = text.rpartition("@")[2].removeprefix("v")
    if not (number.isdigit() or number == "latest"):
        raise Usage(f"{name} = {text!r} is no version", hint=f"say a number: --param {name}=2")
    return number


def _value(name: str, text: str, *, like: Value) -> Value:
    """The text as the kind of value that the parameter has in lineside.toml."""
    try:
        if isinstance(like, bool):
            return {"true": True, "false": False}[str(text).lower()]
        return type(like)(text)
    except (KeyError, ValueError) as error:
        raise Usage(
            f"parameter {name} = {text!r} is not like its default {like!r}",
            hint=f"give a value such as --param {name}={like}",
        ) from error


def _versions(
    stage: StageSpec, chosen: Mapping[str, str], datasets: Mapping[str, VersionRow]
) -> dict[str, VersionRow]:
    """The version of each dataset that the stage reads."""
    found = {}
    for name, default in stage.datasets.items():
        selector = chosen.get(name, default)
        key = name if selector == "latest" else f"{name}@{selector}"
        version = datasets.get(key)
        if version is None:
            newest = datasets.get(name)
            if newest is None or str(newest.number) != selector:
                raise NotFound("dataset", key, hint=f"add it with: lineside data add {name} PATH")
            version = newest
        found[name] = version
    return found


def _job(
    spec: PipelineSpec,
    stage: StageSpec,
    values: Mapping[str, Value],
    versions: Mapping[str, VersionRow],
    *,
    home: Home,
    python: str,
) -> dict[str, Any]:
    """One stage as a job, but for where and after what it runs."""
    words: dict[str, Value] = {"python": python, **values}
    for name, version in versions.items():
        words[f"{_DATA}{name}"] = str(home.datasets / version.name / str(version.number))
    used = {*stage.params, *_names_in(stage.cmd)}
    return {
        "name": stage.name,
        "kind": "batch",
        "pipeline": spec.name,
        "stage": stage.name,
        "experiment": spec.name,
        "argv": _argv(stage.cmd, words),
        "params": {name: value for name, value in values.items() if name in used},
        "inputs": [{"name": name, "version_id": version.id} for name, version in versions.items()],
        "gpus": stage.resources.gpus,
        "cpus": stage.resources.cpus,
        "time_limit_s": stage.limits.time_s,
        "grace_s": stage.limits.grace_s,
        "retry_max": stage.retry.max,
        "retry_on": list(stage.retry.on),
    }


def _argv(cmd: str, words: Mapping[str, Value]) -> list[str]:
    """The command as words; a value with a blank in it stays one word."""

    def put(found: re.Match[str]) -> str:
        return _text(words[found[1]]) if found[1] else found[0][0]

    return [PLACEHOLDER.sub(put, word) for word in shlex.split(cmd)]


def _names_in(cmd: str) -> Iterable[str]:
    return (found[1] for found in PLACEHOLDER.finditer(cmd) if found[1])


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _in_words(spec: PipelineSpec, stage: StageSpec) -> str:
    cpus, gpus = stage.resources.cpus, stage.resources.gpus
    needs = spec.needs[stage.name]
    parts = [
        {-1: "a GPU if there is one", 0: ""}.get(gpus, f"{gpus} GPU"),
        f"{cpus} CPU",
        ", ".join(f"{name}@{selector}" for name, selector in stage.datasets.items()),
        f"after {', '.join(needs)}" if needs else "",
    ]
    return " · ".join(part for part in parts if part)
