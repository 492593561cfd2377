"""From a pipeline in lineside.toml to jobs: which commands, on which dataset versions, in which order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lineside.jobs.context import Json
from lineside.jobs.projects.cells import Place, jobs_of
from lineside.jobs.projects.project import PipelineSpec, Project, StageSpec, Value
from lineside.store.errors import BadConfig, NotFound, Usage
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
    first: str | None = None,
    alone: str | None = None,
    force: bool = False,
) -> list[Json]:
    """The jobs that running a pipeline means, each after those it needs: what `jobs.submit` takes.

    Args:
        params: given values by name; `data.NAME` chooses a dataset version by number.
        datasets: versions under `NAME` (the newest) and `NAME@2`, as `datasets.by_name` gives them.
        folder: the project's; commands run there.
        stage: run this one only, with all that it needs.
        first: run this one and all that needs it; what it needs itself is taken as it lies there.
        alone, force: run this one and no other; run even what would be cached.

    Raises:
        NotFound: no such pipeline, stage or dataset version.
        Usage: a parameter nobody declared, or a value of the wrong kind.
        BadConfig: with the given parameters, two jobs would write the same path.
    """
    spec = find(project, pipeline)
    if spec.params_file and not spec.params:  # read by who may not look into the folder
        raise Usage(f"the params of {spec.name} lie in {spec.params_file}", hint="lineside apply")
    stages = _wanted(spec, stage=stage, first=first, alone=alone)
    chosen, values, stages = _split_params(spec, stages, params)
    place = Place(home=home, folder=folder, python=python, env=env, force=force)
    made = [jobs_of(spec, each, values, _versions(each, chosen, datasets), place) for each in stages]
    jobs = _laid_out(spec, stages, made)
    _refuse_collisions(jobs)
    return jobs


def find(project: Project, name: str) -> PipelineSpec:
    """The pipeline of that name.

    Raises:
        NotFound: there is none.
    """
    if name not in project.pipelines:
        raise NotFound("pipeline", name, hint=meant(name, set(project.pipelines)))
    return project.pipelines[name]


def _laid_out(spec: PipelineSpec, stages: Sequence[StageSpec], made: Sequence[Sequence[Json]]) -> list[Json]:
    """The jobs of all stages in a row, each told which earlier ones it comes after."""
    jobs: list[Json] = []
    where: dict[str, range] = {}  # stage → its jobs in the row
    for stage, cells in zip(stages, made, strict=True):
        begin = len(jobs)
        needs = [index for need in spec.needs[stage.name] for index in where.get(need, ())]
        after = [{"index": index, "condition": "ok"} for index in needs]
        where[stage.name] = range(begin, begin + len(cells))
        for at, job in enumerate(cells):
            array = {"array": begin, "array_index": at} if stage.matrix else {}
            jobs.append({**job, **array, "after": after})
    return jobs


def _wanted(
    spec: PipelineSpec, *, stage: str | None, first: str | None, alone: str | None
) -> list[StageSpec]:
    """All stages, or those that were asked for, in order."""
    names = {each.name for each in spec.stages}
    asked = next((name for name in (stage, first, alone) if name is not None), None)
    if asked is not None and asked not in names:
        raise NotFound("stage", asked, hint=meant(asked, names))
    if alone is not None:
        wanted = {alone}
    elif first is not None:
        users = {name: [user for user in names if name in spec.needs[user]] for name in names}
        wanted = _reached(first, users)
    elif stage is not None:
        wanted = _reached(stage, spec.needs)
    else:
        wanted = names
    return [each for each in spec.stages if each.name in wanted]


def _reached(name: str, steps: Mapping[str, Sequence[str]]) -> set[str]:
    """`name`, and all that can be reached from it."""
    wanted, front = {name}, [name]
    while front:
        fresh = [each for each in steps[front.pop()] if each not in wanted]
        wanted.update(fresh)
        front.extend(fresh)
    return wanted


def _refuse_collisions(jobs: Sequence[Json]) -> None:
    """A given value may have made two paths the same."""
    maker: dict[str, str] = {}
    for job in jobs:
        for path in job["outs"]:
            if path in maker:
                raise BadConfig(f"{maker[path]} and {job['name']} both write {path}",
                                hint="give each a path of its own")  # fmt: skip
            maker[path] = job["name"]


def check(project: Project, pipeline: str, params: Mapping[str, str]) -> None:
    """Refuse, long before it runs, what a pipeline does not take.

    Raises:
        NotFound: no such pipeline.
        Usage: a parameter nobody declared, or a value of the wrong kind.
    """
    spec = find(project, pipeline)
    if spec.params or not spec.params_file:  # else they lie where only the project's folder has them
        _split_params(spec, spec.stages, params)


def _split_params(
    spec: PipelineSpec, stages: Sequence[StageSpec], given: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, Value], list[StageSpec]]:
    """Chosen dataset versions by name, the value of every parameter, the stages with given matrix values."""
    values, chosen, stages = dict(spec.params), {}, list(stages)
    inputs = {f"{_DATA}{name}" for stage in spec.stages for name in stage.datasets}
    axes = {name: axis for stage in spec.stages if stage.matrix for name, axis in stage.matrix.axes.items()}
    for name, text in given.items():
        if name in inputs:
            chosen[name.removeprefix(_DATA)] = _selector(name, text)
        elif name in values or name in axes:
            likes = ([values[name]] if name in values else []) + [*axes.get(name, ())[:1]]
            value = _value(name, text, like=likes[0])
            if name in values:
                values[name] = value
            stages = [_narrowed(stage, name, value) for stage in stages]
        else:
            known = {*values, *inputs, *axes}
            raise Usage(f"{spec.name} has no parameter {name!r}", hint=meant(name, known))
    return chosen, values, stages


def _narrowed(stage: StageSpec, name: str, value: Value) -> StageSpec:
    """The stage with one value on an axis of its matrix."""
    if stage.matrix is None or name not in stage.matrix.axes:
        return stage
    matrix = replace(stage.matrix, axes={**stage.matrix.axes, name: (value,)})
    if not matrix.cells():
        raise Usage(f"stage {stage.name} excludes {name} = {value}", hint="give another value")
    return replace(stage, matrix=matrix)


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
