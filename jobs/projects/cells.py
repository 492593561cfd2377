"""From one stage to its jobs: the cells of its matrix, with their commands, paths and recipes filled in."""

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lineside.jobs.projects.declared import PipelineSpec, StageSpec, Value
from lineside.jobs.projects.keys import Recipe
from lineside.jobs.projects.stages import chosen
from lineside.jobs.projects.words import filled, shown, within
from lineside.store.homes import Home
from lineside.store.queries.datasets import VersionRow

RECIPE = "recipe"
"""The last of a job's `deps` holds all that its hash is made of, but for what lies on the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and with what the jobs of a plan run."""

    home: Home
    folder: Path  # the project's
    python: str
    env: Mapping[str, str]
    force: bool = False  # no earlier result stands in for running


def jobs_of(
    spec: PipelineSpec, stage: StageSpec, values: Mapping[str, Value],
    versions: Mapping[str, VersionRow], place: Place,
) -> list[dict[str, Any]]:  # fmt: skip
    """One stage as jobs, but for what they come after.

    Args:
        values: of the pipeline's params.
        versions: of the datasets it reads, by name.
    """
    return [_job(spec, stage, {**values, **cell}, cell, versions, place) for cell in stage.cells]


def named(stage: str, cell: Mapping[str, Value]) -> str:
    """What one job of a stage is called.

    >>> named("train", {"lr": 0.1, "seed": 2})
    'train[lr=0.1,seed=2]'
    """
    inside = ",".join(f"{key}={shown(value)}" for key, value in cell.items())
    return f"{stage}[{inside}]"[:200] if cell else stage


def recipe_of(job: Mapping[str, Any]) -> Recipe | None:
    """The recipe a job carries; None for a command, and for a stage that is only run."""
    found = next((each[RECIPE] for each in job.get("deps", ()) if RECIPE in each), None)
    return Recipe.of(found) if found else None


def with_recipe(job: Mapping[str, Any], recipe: Recipe) -> dict[str, Any]:
    """The job with another recipe."""
    others = [each for each in job["deps"] if RECIPE not in each]
    return {**job, "deps": [*others, {RECIPE: asdict(recipe)}]}


def _job(
    spec: PipelineSpec, stage: StageSpec, values: Mapping[str, Value], cell: Mapping[str, Value],
    versions: Mapping[str, VersionRow], place: Place,
) -> dict[str, Any]:  # fmt: skip
    words: dict[str, Value] = {"python": place.python, **values}
    for name, version in versions.items():
        words[f"data.{name}"] = str(place.home.datasets / version.name / str(version.number))
    recipe = _recipe(stage, words, {**chosen(stage, values), **cell}, cell, versions, place)
    return {
        "name": recipe.cell,
        "kind": "batch",
        "pipeline": spec.name,
        "stage": stage.name,
        "experiment": spec.name,
        "argv": list(recipe.argv),
        "params": dict(recipe.params),
        "inputs": [{"name": name, "version_id": version.id} for name, version in versions.items()],
        "cwd": recipe.at(stage.wdir),
        "env": dict(place.env),
        **_demands(stage),
        **_files(recipe, versions),
    }


def _demands(stage: StageSpec) -> dict[str, Any]:
    """What it asks of the queue, and how it may end."""
    return {
        "gpus": stage.resources.gpus,
        "gpu_bytes": stage.resources.gpu_mem_bytes,
        "gpu_slots": stage.resources.gpu_slots,
        "gpu_prefer": list(stage.resources.prefer),
        "cpus": stage.resources.cpus,
        "memory_bytes": stage.resources.mem_bytes,
        "time_limit_s": stage.limits.time_s,
        "grace_s": stage.limits.grace_s,
        "checkpoint_signal": stage.limits.checkpoint,
        "preemptible": stage.limits.preemptible,
        "retry_max": stage.retry.max,
        "retry_on": list(stage.retry.on),
        "retry_backoff_s": stage.retry.backoff_s,
        "watch": list(stage.watch),
    }


def _files(recipe: Recipe, versions: Mapping[str, VersionRow]) -> dict[str, Any]:
    """What it reads and makes. A stage that neither makes nor keeps anything is run as it is, unwrapped."""
    deps: list[dict[str, Any]] = [{"path": recipe.at(dep), "digest": None} for dep in recipe.deps]
    deps += [{"path": f"dataset:{v.name}@{v.number}", "digest": v.digest} for v in versions.values()]
    if recipe.makes or recipe.may_skip or recipe.deps:
        deps.append({RECIPE: json.loads(json.dumps(asdict(recipe)))})
    return {
        "deps": deps,
        "outs": [recipe.at(path) for path in recipe.makes],
        "metrics": [recipe.at(path) for path in recipe.metrics],
    }


def _recipe(
    stage: StageSpec, words: Mapping[str, Value], params: Mapping[str, Value], cell: Mapping[str, Value],
    versions: Mapping[str, VersionRow], place: Place,
) -> Recipe:  # fmt: skip
    def paths(texts: Sequence[str]) -> tuple[str, ...]:
        return tuple(within(stage.wdir, filled(text, words)) for text in texts)

    return Recipe(
        cell=named(stage.name, cell), folder=str(place.folder), wdir=os.path.normpath(stage.wdir),
        cmd=stage.cmd, argv=argv_of(stage, words), params=params,
        deps=paths([dep for dep in stage.deps if not dep.startswith("dataset:")]),
        datasets={name: version.digest for name, version in versions.items()},
        outs=paths(stage.outs), metrics=paths(stage.metrics), env=stage.env, shell=stage.shell,
        python=place.python, may_skip=stage.may_skip and not place.force, records=stage.cache is not False,
    )  # fmt: skip


def argv_of(stage: StageSpec, words: Mapping[str, Value]) -> tuple[str, ...]:
    """The command as words; a value with a blank in it stays one word."""
    if stage.shell:
        return ("/bin/sh", "-c", filled(stage.cmd, words, quote=True))
    return tuple(filled(word, words) for word in shlex.split(stage.cmd))
