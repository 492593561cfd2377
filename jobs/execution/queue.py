"""The durable queue: submitting, and the one transaction that ends, admits and claims. It starts nothing."""

import json
import logging
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lineside.jobs.context import Context
from lineside.jobs.execution import admission, arrays, attempts, endings, placing, specs, steps, weighing
from lineside.jobs.execution.attempts import Phase, Sighting
from lineside.jobs.execution.demands import Room, Rules, Waiting
from lineside.jobs.execution.specs import JobSpec
from lineside.jobs.execution.weighing import Scales
from lineside.store import states
from lineside.store.actors import Actor
from lineside.store.clock import SECOND, Micros, new_id, now
from lineside.store.errors import Usage
from lineside.store.homes import Home
from lineside.store.queries import audit, jobs, lineage, runs, settings
from lineside.store.queries import queue as queued
from lineside.store.queries import weighing as weighed
from lineside.store.queries.lineage import Node
from lineside.store.states import Cause, JobState

log = logging.getLogger(__name__)
_SHOWN = ("PATH", "HOME", "USER", "LANG", "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "LD_LIBRARY_PATH")
_SHOWN_PREFIXES = ("LINESIDE_", "OMP_", "CUDA_", "NCCL_", "TORCH_")
"""The variables the database may hold; everything else lies in `env` alone, 0600."""
_AS_IS = (
    "kind", "name", "pipeline", "stage", "cwd", "priority", "gpus", "gpu_bytes", "gpu_slots", "cpus",
    "memory_bytes", "time_limit_s", "grace_s", "retry_max", "retry_backoff_s", "preemptible",
    "checkpoint_signal", "array_index", "cache_key", "schedule_id", "due_us",
)  # fmt: skip
"""The fields of a spec that are columns already."""
_LISTS = ("retry_on", "gpu_prefer", "watch", "deps", "outs", "metrics")
"""Those that are columns as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What one entry of a request became."""

    job_id: int
    run_id: int | None  # None for services and planners


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """An attempt to start."""

    job_id: int
    number: int
    gpus: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one step of the queue decided; the transaction that says so is on disk."""

    claimed: list[Claimed]  # to be started
    ended: list[int]  # jobs, skipped ones too


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was found when an attempt was looked at."""

    job_id: int
    number: int
    sighting: Sighting
    tail: str = ""  # the end of its log, when it ended badly


def submit(
    db: sqlite3.Connection, actor: Actor, said: Sequence[Mapping[str, Any]], at: Micros,
    *, room: Room | None = None,
) -> list[Submitted]:  # fmt: skip
    """Queue all entries of one request, or none of them. Call `ctx.wake()` after the commit.

    Args:
        room: what cannot be had of it is refused; None, or one without GPUs: what is asked for may yet come.

    Raises:
        Usage: an entry is wrong.
        NotFound: an entry waits for a job that does not exist.
    """
    home, read, kept = _home_of(db), specs.read_all(arrays.unfold(said)), list[int]()
    _refuse_beyond(read, room)
    done: list[Submitted] = []
    try:
        for spec in read:
            first = kept[spec.array] if spec.array is not None and spec.array < len(kept) else None
            id = _insert(db, actor, spec, at, array=first)
            if spec.array == len(kept):
                queued.bind_array(db, id)
            if spec.array_limit:
                settings.limit_array(db, id, spec.array_limit, at=at, by=actor.label)
            kept.append(id)
            _keep_environment(home, id, spec.env)
            done.append(Submitted(job_id=id, run_id=_of_batch(db, actor, spec, id, at)))
            _add_needs(db, home, spec, id, kept, at)
    except BaseException:  # all is rolled back: what may hold secrets goes with it
        for id in kept:
            shutil.rmtree(folder_of(home, id), ignore_errors=True)
        raise
    return done


def turn(
    db: sqlite3.Connection, seen: Sequence[Seen], room: Room, *, at: Micros, backoff_s: float,
    rules: Rules, scales: Scales,
) -> Turn:  # fmt: skip
    """One step of the queue: note what began and ended, then give the free room to who waits."""
    ended: list[int] = []
    for each in seen:
        row = jobs.get(db, each.job_id)
        if row.attempt != each.number or row.state not in states.JOB_LIVE:
            continue  # ended by an earlier look
        if each.sighting.start is not None:
            endings.note_start(db, row, each.sighting.start)
        if each.sighting.phase in (Phase.ENDED, Phase.GONE):
            row = jobs.get(db, each.job_id)
            ended += endings.finish(db, row, each.sighting, tail=each.tail, at=at, backoff_s=backoff_s)
    return Turn(claimed=_admit(db, room, rules, scales, at), ended=ended)


async def cancel(ctx: Context, job_id: int, actor: Actor, reason: str = "") -> str:
    """End a job: at once when it waits, else by SIGTERM, its grace, SIGKILL. Returns the state it is in now.

    Raises:
        NotFound: no such job.
        Conflict: it has ended already.
    """
    ended = await ctx.write(lambda db: endings.cancel(db, job_id, actor, reason, at=now()))
    for id in ended:
        forget_environment(ctx.home, id)
    ctx.wake()
    return JobState.CANCELLED if ended else JobState.STOPPING


async def cancel_array(ctx: Context, array: int, actor: Actor, reason: str = "") -> list[int]:
    """End all jobs of an array that have not ended, in one step; their numbers.

    Raises:
        Conflict: all have ended.
    """
    ended: list[int] = []

    def change(db: sqlite3.Connection) -> list[int]:
        alive = steps.of_array(db, array, "cancelled", without=states.JOB_ENDED)
        for id in reversed(alive):  # the last first: none of them takes the place of one that ended
            ended.extend(endings.cancel(db, id, actor, reason, at=now()))
        return alive

    asked = await ctx.write(change)
    for id in ended:
        forget_environment(ctx.home, id)
    ctx.wake()
    return asked


def folder_of(home: Home, job_id: int) -> Path:
    """The folder of all attempts of one job."""
    return home.attempt(job_id, 0).parent


def environment(home: Home, job_id: int) -> dict[str, str] | None:
    """What the submitter's shell had; None when it was deleted, or never sent."""
    try:
        env: dict[str, str] = json.loads((folder_of(home, job_id) / "env").read_bytes())
    except FileNotFoundError:
        return None
    return env


def forget_environment(home: Home, job_id: int) -> None:
    """Delete what may hold secrets: the job has ended."""
    (folder_of(home, job_id) / "env").unlink(missing_ok=True)


def _refuse_beyond(read: Sequence[JobSpec], room: Room | None) -> None:
    """Say at once what this box can never do; a box without GPUs may have lost its driver."""
    if room is None or not room.gpus:
        return
    for place, spec in enumerate(read):
        asked = Waiting(id=0, name=spec.name, gpus=spec.gpus, gpu_bytes=spec.gpu_bytes)
        if reason := placing.beyond(asked, room):
            raise Usage(f"job {place} ({spec.name}): {reason}", hint="see what there is: lineside gpus")


def _admit(db: sqlite3.Connection, room: Room, rules: Rules, scales: Scales, at: Micros) -> list[Claimed]:
    """Decide, and write the decision down: places, who makes room, and a reason for everybody else."""
    rows = weighed.holding(db)
    waiting = scales.waiting(db, rows, at=at, gpu_slots=rules.gpu_slots)
    rules = replace(rules, at_most=_limits(db, waiting), drained=drained(db))
    decided = admission.admit(waiting, [weighing.holder(row) for row in rows], room, rules=rules, at=at)
    claimed = []
    for place in decided.places:
        if number := queued.claim(db, place.id, gpu_uuids=place.gpus, at=at):
            claimed.append(Claimed(job_id=place.id, number=number, gpus=place.gpus))
    for each in decided.yielding:
        endings.make_room(db, each.id, words=each.words, at=at)
    before = {job.id: f"{job.before}; " for job in waiting if job.before}
    told = {id: before.get(id, "") + reason for id, reason in decided.reasons.items()}
    queued.set_reasons(db, told | _later(db, at) | _blocked(db))
    return claimed


def drained(db: sqlite3.Connection) -> str:
    """Why nothing new starts; empty when it does."""
    row = settings.get(db, settings.DRAIN)
    return f"waits for the end of the drain: {row.value}" if row else ""


def _limits(db: sqlite3.Connection, waiting: Sequence[Waiting]) -> dict[int, int]:
    arrays = {job.array for job in waiting if job.array is not None}
    return settings.array_limits(db, sorted(arrays))


def _later(db: sqlite3.Connection, at: Micros) -> dict[int, str]:
    """When those go on that are tried again, and after what."""
    return {
        row.id: f"tries again at {datetime.fromtimestamp(row.not_before_us / SECOND, UTC):%H:%M:%S} UTC: "
        f"attempt {row.attempt} ended with {row.cause}" + (f", {row.detail}" if row.detail else "")
        for row in weighed.later(db, at=at)
    }


def _blocked(db: sqlite3.Connection) -> dict[int, str]:
    """Why the jobs wait that other jobs have to end for."""
    names: dict[int, list[str]] = {}
    for row in weighed.blocked(db):
        held = " (held)" if row.needs_state == JobState.HELD else ""
        names.setdefault(row.id, []).append(f"job {row.needs_id} ({row.needs_name}){held}")
    return {id: f"waits for {', '.join(needed[:4])}" for id, needed in names.items()}


def _insert(db: sqlite3.Connection, actor: Actor, spec: JobSpec, at: Micros, *, array: int | None) -> int:
    shown = {
        k: v.encode(errors="replace").decode()
        for k, v in spec.env.items()
        if k in _SHOWN or k.startswith(_SHOWN_PREFIXES)
    }
    as_is = {name: getattr(spec, name) for name in _AS_IS}
    texts = {
        "argv": list(spec.argv),
        "env": shown,
        "inputs": [asdict(each) for each in spec.inputs],
        "params": dict(spec.params),
        **{name: list(getattr(spec, name)) for name in _LISTS},
    }
    who = {"submitted_by": actor.label, "submitter_uid": actor.uid}
    whose = {"parent_id": spec.parent, "array_id": array}
    json_texts = {name: json.dumps(value) for name, value in texts.items()}
    return queued.add(db, {"uid": new_id("job"), "at_us": at, **as_is, **json_texts, **who, **whose})


def _of_batch(db: sqlite3.Connection, actor: Actor, spec: JobSpec, id: int, at: Micros) -> int | None:
    """The run of a batch job, None for the others; audited either way."""
    run_id = _make_run(db, actor, spec, id, at) if spec.kind == "batch" else None
    detail = {"name": spec.name, "argv": list(spec.argv), "run": run_id, "stage": spec.stage}
    audit.append(db, actor, "jobs.submit", subject=("job", id), detail=detail, at=at)
    return run_id


def _make_run(db: sqlite3.Connection, actor: Actor, spec: JobSpec, id: int, at: Micros) -> int:
    """The run all attempts of this job write to, and the data it comes from."""
    run_id = runs.create(
        db,
        uid=new_id("run"),
        experiment=spec.experiment,
        name=spec.name,
        author=actor.label,
        job_id=id,
        at=at,
        context={"command": list(spec.argv), "cwd": spec.cwd},
    )
    queued.bind_run(db, id, run_id=run_id)
    for each in spec.inputs:
        src = Node("dataset_version", each.version_id)
        lineage.describe(db, src)  # refuses an input that does not exist
        lineage.link(db, src=src, dst=Node("run", run_id), relation="trained", at=at)
    return run_id


def _add_needs(
    db: sqlite3.Connection, home: Home, spec: JobSpec, id: int, sent: Sequence[int], at: Micros
) -> None:
    for need in spec.after:
        needed = jobs.get(db, need.job if need.job is not None else sent[need.index or 0])
        if needed.state == JobState.SKIPPED and needed.cause == Cause.OK:
            queued.add_need(db, id, needs_id=needed.id, condition="any")  # cached: as good as succeeded
            continue
        queued.add_need(db, id, needs_id=needed.id, condition=need.condition)
        if need.condition == "ok" and needed.state in states.JOB_ENDED - {JobState.SUCCEEDED}:
            endings.skip(db, id, because=needed.id, at=at)
            forget_environment(home, id)


def _keep_environment(home: Home, id: int, env: Mapping[str, str]) -> None:
    """Before the commit, so that no committed job lacks it; the next one overwrites a rolled-back one's."""
    folder = folder_of(home, id)
    if folder.exists():
        shutil.rmtree(folder)  # of a submission that was never committed
    folder.mkdir(parents=True, mode=0o750)
    if env:
        attempts.put(folder / "env", dict(env))


def _home_of(db: sqlite3.Connection) -> Home:
    """The home this database lies in."""
    return Home(Path(db.execute("pragma database_list").fetchone()["file"]).parent)
