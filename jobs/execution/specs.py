"""What a job is asked to be: one entry of `jobs.submit`, checked before anything is written."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from lineside.jobs.watching.words import table
from lineside.store import toml
from lineside.store.errors import Usage
from lineside.store.states import Cause

_MOST = 1_000_000_000
"""The largest number that means anything in a job."""
_SIGNALS = ("USR1", "USR2", "INT", "HUP", "CONT", "TERM")
"""What a checkpoint may be asked for with."""
_HINT = "the keys of a job are listed in docs/jobs.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Wait for an earlier job: one that exists, or one of the same request."""

    job: int | None = None
    index: int | None = None
    condition: str = "ok"  # "any": also when it failed

    @classmethod
    def of(cls, said: Mapping[str, Any], at: int) -> Self:
        toml.reject_unknown(_object(said, "after"), ("job", "index", "condition"), "after")
        need = cls(**said)
        if not all(value is None or _whole(value) for value in (need.job, need.index)):
            raise Usage("after: job and index are whole numbers", hint=_HINT)
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

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        toml.reject_unknown(_object(said, "inputs"), cls.__slots__, "inputs")
        if not isinstance(said.get("name"), str) or not _whole(said.get("version_id")):
            raise Usage("an input is a name and a version_id", hint='{"name": "digits", "version_id": 1}')
        return cls(**said)


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
    gpu_bytes: int | None = None  # of each; None: it wants its GPUs for itself
    gpu_slots: int | None = None  # of each; None: it wants its GPUs for itself
    gpu_prefer: tuple[str, ...] = ()  # UUIDs or indexes, the best first
    cpus: int = 1  # 0: takes no slot
    memory_bytes: int | None = None  # of the box
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
    retry_backoff_s: float | None = None  # None: the home's
    preemptible: bool = False  # may be stopped for a more urgent job, and goes on later
    checkpoint_signal: str | None = None  # "USR1": sent before a stop and before the time limit
    watch: tuple[Mapping[str, Any], ...] = ()  # rules on live metrics
    array: int | None = None  # the place, in this request, of the first job of its array
    array_index: int | None = None
    array_limit: int | None = None  # how many of its array run at once; said by the first
    deps: tuple[Mapping[str, Any], ...] = ()  # {path, digest}, as they were when it was planned
    outs: tuple[str, ...] = ()  # absolute paths; jobs that share one never run together
    metrics: tuple[str, ...] = ()  # absolute paths of JSON files it writes
    cache_key: str | None = None  # None: it always runs
    schedule_id: int | None = None  # the schedule whose firing asked for it
    due_us: int | None = None
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
            "env": {str(k): str(v) for k, v in _object(given.get("env", {}), f"{where}: env").items()},
            "params": dict(_object(given.get("params", {}), f"{where}: params")),
            "after": tuple(Need.of(need, at) for need in _list(given, "after", where)),
            "inputs": tuple(Input.of(each) for each in _list(given, "inputs", where)),
            "retry_on": tuple(str(cause) for cause in _list(given, "retry_on", where)),
            "gpu_prefer": tuple(str(gpu) for gpu in _list(given, "gpu_prefer", where)),
            "outs": _paths(given, "outs", where),
            "metrics": _paths(given, "metrics", where),
            "watch": tuple(table(rule, f"{where}: watch") for rule in _list(given, "watch", where)),
            "deps": tuple(_object(dep, f"{where}: deps") for dep in _list(given, "deps", where)),
        })  # fmt: skip
        for wrong, message, hint in _rules(spec):
            if wrong:
                raise Usage(f"{where} ({named}): {message}", hint=hint)
        return spec


_SHAPED = ("name", "argv", "cwd", "env", "params", "after", "inputs", "retry_on", "gpu_prefer", "outs",
           "metrics", "watch", "deps")  # fmt: skip


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


def _object(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Usage(f"{where} is not an object", hint=_HINT)
    return value


def _list(said: Mapping[str, Any], key: str, where: str) -> Sequence[Any]:
    value = said.get(key, ())
    if not isinstance(value, (list, tuple)):
        raise Usage(f"{where}: {key} is not a list", hint=_HINT)
    return value


def _paths(said: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    """Whole paths, without dots in them."""
    paths = _list(said, key, where)
    if not all(isinstance(path, str) and os.path.isabs(path) for path in paths):
        raise Usage(f"{where}: {key} are not whole paths", hint=_HINT)
    return tuple(os.path.normpath(path) for path in paths)


def _rules(spec: JobSpec) -> list[tuple[bool, str, str]]:
    """(broken, what is wrong, what to do) for every rule of one job."""
    odd = [cause for cause in spec.retry_on if cause not in set(Cause)]
    texts = {"pipeline": spec.pipeline, "stage": spec.stage, "experiment": spec.experiment, "kind": spec.kind}
    mute = [key for key, value in texts.items() if value is not None and not isinstance(value, str)]
    unset = [key for key in spec.env if not key or "=" in key]
    return [
        (bool(mute), f"{', '.join(mute)} must be text", _HINT),
        (bool(unset), f"no variable can be called {', '.join(map(repr, unset))}", "NAME = value"),
        (len(spec.name) > 200, f"a name of {len(spec.name)} characters", "200 at most"),
        (spec.parent is not None and not _whole(spec.parent), f"parent = {spec.parent!r}", "a job's number"),
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
        (not all(value is None or (_whole(value, 1 << 62) and value > 0) for value in
                 (spec.gpu_bytes, spec.gpu_slots, spec.memory_bytes, spec.array_limit)),
         "gpu_bytes, gpu_slots, memory_bytes and array_limit are whole numbers above 0", _HINT),
        (not isinstance(spec.preemptible, bool), f"preemptible = {spec.preemptible!r}", "true or false"),
        (spec.checkpoint_signal is not None and spec.checkpoint_signal not in _SIGNALS,
         f"checkpoint_signal = {spec.checkpoint_signal!r}", f"one of {', '.join(_SIGNALS)}"),
        (spec.checkpoint_signal is None and any(rule.get("do") == "checkpoint" for rule in spec.watch),
         "watch: a rule wants a checkpoint, and the job has no signal for it", 'checkpoint_signal = "USR1"'),
        (spec.retry_backoff_s is not None and not _positive(spec.retry_backoff_s, zero=True),
         f"retry_backoff_s = {spec.retry_backoff_s!r}", "seconds, 0 or more"),
        (not all(value is None or _whole(value, 1 << 62) for value in
                 (spec.array, spec.array_index, spec.schedule_id, spec.due_us)),
         "array, array_index, schedule_id and due_us are whole numbers", _HINT),
        (spec.cache_key is not None and not isinstance(spec.cache_key, str), "cache_key must be text", _HINT),
        (not os.path.isabs(spec.cwd) or not os.path.isdir(spec.cwd), f"no folder {spec.cwd}",
         "the whole path of a folder of the runner's box"),
    ]  # fmt: skip


def _whole(value: object, most: int = _MOST) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= most


def _positive(value: object, *, zero: bool) -> bool:
    """Seconds: a year is as good as no limit, and no clock overflows by it."""
    return isinstance(value, (int, float)) and math.isfinite(value) and (value >= 0 if zero else value > 0)
