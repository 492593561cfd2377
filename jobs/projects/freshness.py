"""Which jobs of a plan will run, and which are thought to be cached: what the planner can know beforehand.

The word of the planner is a forecast: each stage looks again when its turn has come. Its use is that a stage
which need not run waits for no GPU, and that a person sees beforehand what will happen and why.
"""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lineside.jobs.context import Json
from lineside.jobs.projects import keys
from lineside.jobs.projects.cells import recipe_of, with_recipe
from lineside.jobs.projects.hashing import Files
from lineside.jobs.projects.keys import Recipe
from lineside.jobs.projects.stage import why
from lineside.jobs.projects.words import overlap
from lineside.store.errors import NotFound

_MOST_BYTES, _CHEAP_BYTES = 256 << 20, 16 << 20
"""What is hashed while a person waits, or only looks; stages that read more decide when their turn comes."""

Known = Callable[[str, str], Sequence[Mapping[str, Any]]]
"""Pipeline and cell → its earlier results, the newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What will become of one job of a plan."""

    name: str
    stage: str
    state: str  # "run", "cached", or "open": it is decided when its turn comes
    reason: str
    key: str | None  # None: not known yet
    job: int | None  # that made what is cached


def judge(
    jobs: Sequence[Json], known: Known, env: Mapping[str, str], *, cheap: bool = False
) -> list[Verdict]:
    """A verdict for each job of a plan, in its order.

    Args:
        cheap: leave open what would take a while to read, and refuse nothing.

    Raises:
        NotFound: a file that a stage needs is not there, and no stage makes it; or its command is not.
    """
    verdicts: list[Verdict] = []
    unsure: dict[str, str] = {}  # paths that may yet change, and who makes them
    files = None
    for job in jobs:
        recipe = recipe_of(job)
        files = files or Files.of(job["cwd"] if recipe is None else recipe.folder)
        try:
            _refuse_unknown_command(job, unsure, env)
            most = _CHEAP_BYTES if cheap else _MOST_BYTES
            found = _verdict(job, recipe, unsure, known, files, env, most=most)
        except NotFound as error:
            if not cheap:
                raise
            found = _open(job, str(error))
        verdicts.append(found)
        if found.state != "cached":
            unsure |= dict.fromkeys(job["outs"], str(job["name"]))
    if files is not None:
        files.keep()
    return verdicts


def prepared(jobs: Sequence[Json], verdicts: Sequence[Verdict]) -> list[Json]:
    """The jobs to submit: what is thought to be cached only looks, and waits for nothing but its needs."""
    return [_looking(job, verdict) if verdict.state == "cached" else job
            for job, verdict in zip(jobs, verdicts, strict=True)]  # fmt: skip


def _verdict(
    job: Json, recipe: Recipe | None, unsure: Mapping[str, str], known: Known, files: Files,
    env: Mapping[str, str], *, most: int,
) -> Verdict:  # fmt: skip
    if recipe is None:
        return _made(job, "run", "it declares nothing that it makes")
    paths = [recipe.at(dep) for dep in recipe.deps]
    upstream = next((unsure[out] for path in paths for out in unsure if overlap(path, out)), None)
    if upstream is not None:
        return _open(job, f"depends on what {upstream} makes")
    unread = sum(files.unread_bytes(path) for path in (*paths, *map(recipe.at, recipe.makes)))
    if recipe.may_skip and unread > most:
        return _open(job, f"{unread >> 20} MiB are to be hashed first")
    inputs = keys.gather(recipe, files, env)
    earlier = known(job["pipeline"], recipe.cell)
    reason, same = why(recipe, inputs, earlier, files)
    key = keys.key_of(inputs)
    if same is None:
        return _made(job, "run", reason, key=key)
    words = f"same as job {same['job_id']}; nothing changed"
    return _made(job, "cached", words, key=key, by=same["job_id"])


def _made(job: Json, state: str, reason: str, *, key: str | None = None, by: int | None = None) -> Verdict:
    return Verdict(name=job["name"], stage=job["stage"], state=state, reason=reason, key=key, job=by)


def _open(job: Json, reason: str) -> Verdict:
    return _made(job, "open", reason)


def _looking(job: Json, verdict: Verdict) -> Json:
    recipe = recipe_of(job)
    assert recipe is not None
    free = {"gpus": 0, "cpus": 0, "gpu_bytes": None, "gpu_slots": None, "memory_bytes": None}
    looking = with_recipe(job, replace(recipe, look=True))
    return {**looking, **free, "cache_key": verdict.key}


def _refuse_unknown_command(job: Json, unsure: Mapping[str, str], env: Mapping[str, str]) -> None:
    """Better now than when a GPU was waited for; a stage before it may make it, though."""
    word = job["argv"][0]
    path = os.path.normpath(os.path.join(job["cwd"], word)) if os.sep in word else word
    made = any(overlap(path, out) for out in unsure)
    if not made and shutil.which(path, path=env.get("PATH")) is None:
        hint = f"stage {job['stage']} runs it: is it on the PATH, and may it be run?"
        raise NotFound("command", word, hint=hint)
