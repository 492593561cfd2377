"""What a job is asked to be: one entry of `jobs.submit`, checked before anything is written."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from lineside.store import toml
from lineside.store.errors import Usage
from lineside.store.states import Cause

_HINT = "the keys of a job are listed in docs/jobs.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Wait for an earlier job: one that exists, or one of the same request."""

    job: int | None = None
    index: int | None = None
    condition: str = "ok"  # "any": also when it failed

    @classmethod
    def of(cls, said: Mapping[str, Any], at: int) -> Self:
        toml.reject_unknown(said, ("job", "index", "condition"), "after")
        need = cls(**said)
        if (need.job is None) == (need.index is None):
            raise Usage(
                "after names neither a job nor an index", hint='{"job": 57} or {"index": 0}, and not both'
            )
        if need.index is not None and not 0 <= need.index < at:
            raise Usage(f"after: index {need.index} is not an earlier job of this request", hint=_HINT)
        if need.condition not in ("ok", "any"):
            raise Usage(f"after: condition {need.condition!r}", hint="ok or any")
        return need


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A dataset version the job reads."""

    name: str
    version_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """One job to queue."""

    name: str
    argv: tuple[str, ...]
    cwd: str
    env: Mapping[str, str]
    kind: str = "batch"
    params: Mapping[str, Any]
    gpus: int = 0  # -1: one if the box has any
    cpus: int = 1  # 0: takes no slot
    priority: int = 50
    after: tuple[Need, ...] = ()
    pipeline: str | None = None
    stage: str | None = None
    experiment: str = "default"
    inputs: tuple[Input, ...] = ()
    time_limit_s: float | None = None
    grace_s: float = 10.0
    retry_max: int = 0
    retry_on: tuple[str, ...] = ()
    parent: int | None = None

    @classmethod
    def of(cls, said: Mapping[str, Any], *, at: int) -> Self:
        """Check one entry; `at` is its place in the request.

        Raises:
            Usage: an unknown key, a missing command, a value that means nothing.
        """
        where = f"job {at}"
        toml.reject_unknown(said, cls.__slots__, where)
        given = {key: value for key, value in said.items() if value is not None}
        argv = _argv(given, where)
        named = str(given.get("name") or os.path.basename(argv[0]))
        spec = cls(**{
            **{key: value for key, value in given.items() if key not in _SHAPED},
            "name": named,
            "argv": argv,
            "cwd": str(given.get("cwd") or "/"),
            "env": {str(k): str(v) for k, v in given.get("env", {}).items()},
            "params": dict(given.get("params", {})),
            "after": tuple(Need.of(need, at) for need in given.get("after", ())),
            "inputs": tuple(Input(**each) for each in given.get("inputs", ())),
            "retry_on": tuple(given.get("retry_on", ())),
        })  # fmt: skip
        for wrong, message, hint in _rules(spec):
            if wrong:
                raise Usage(f"{where} ({named}): {message}", hint=hint)
        return spec


_SHAPED = ("name", "argv", "cwd", "env", "params", "after", "inputs", "retry_on")


def read_all(said: Sequence[Mapping[str, Any]]) -> list[JobSpec]:
    """All entries of one request.

    Raises:
        Usage: one of them is wrong, or there is none.
    """
    if not said:
        raise Usage("no job to submit", hint='{"jobs": [{"argv": ["python", "train.py"]}]}')
    return [JobSpec.of(each, at=index) for index, each in enumerate(said)]


def _argv(said: Mapping[str, Any], where: str) -> tuple[str, ...]:
    argv = said.get("argv")
    if not isinstance(argv, (list, tuple)) or not argv or not all(isinstance(word, str) for word in argv):
        raise Usage(f"{where}: argv is not a list of words", hint='argv = ["python", "train.py"]')
    if any("\0" in word for word in argv):
        raise Usage(f"{where}: argv holds a NUL", hint=_HINT)
    return tuple(argv)


def _rules(spec: JobSpec) -> list[tuple[bool, str, str]]:
    """(broken, what is wrong, what to do) for every rule of one job."""
    odd = [cause for cause in spec.retry_on if cause not in set(Cause)]
    return [
        (spec.kind not in ("batch", "service", "planner"), f"kind {spec.kind!r}",
         "batch, service or planner"),
        (not _whole(spec.gpus) or spec.gpus < -1, f"gpus = {spec.gpus!r}",
         "a number; -1 is one if there is any"),
        (not _whole(spec.cpus) or spec.cpus < 0, f"cpus = {spec.cpus!r}", "a number; 0 takes no slot"),
        (not _whole(spec.priority), f"priority = {spec.priority!r}", "a whole number; higher goes first"),
        (not _whole(spec.retry_max) or spec.retry_max < 0, f"retry_max = {spec.retry_max!r}", "0 or more"),
        (bool(odd), f"retry on {', '.join(map(str, odd))}", f"known causes: {', '.join(Cause)}"),
        (not _positive(spec.grace_s, zero=True), f"grace_s = {spec.grace_s!r}", "seconds, 0 or more"),
        (spec.time_limit_s is not None and not _positive(spec.time_limit_s, zero=False),
         f"time_limit_s = {spec.time_limit_s!r}", "seconds, more than 0; leave it out for no limit"),
        (not os.path.isdir(spec.cwd), f"no folder {spec.cwd}", "name a folder of the runner's box"),
    ]  # fmt: skip


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _positive(value: object, *, zero: bool) -> bool:
    return isinstance(value, (int, float)) and (value >= 0 if zero else value > 0)
