"""What a person does with jobs: submit, cancel, hold, release, retry, move."""

import sqlite3
from collections.abc import Callable
from typing import Any

from lineside.jobs import arguments
from lineside.jobs.context import Context, Json, verb
from lineside.jobs.execution import attempts, gpus, queue, rooms, steps
from lineside.jobs.execution.demands import Room
from lineside.store import toml
from lineside.store.actors import Actor, Role
from lineside.store.clock import now
from lineside.store.errors import Usage
from lineside.store.queries import jobs, keys
from lineside.store.states import JobState


@verb("jobs.submit", role=Role.OPERATOR, keeps=True)
async def submit(ctx: Context, actor: Actor, args: Json) -> Json:
    """Queue all of `jobs` or none: {"jobs": [{"job": 57, "run": 812}]}, in the order sent.

    `env` is of every job that sends none of its own: the cells of a matrix would each repeat a shell's.
    """
    given = _args(args, "jobs", "env", "_key")
    said = given.get("jobs")
    if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
        raise Usage("jobs is not a list of objects", hint='{"jobs": [{"argv": ["python", "train.py"]}]}')
    if "env" in given:
        said = [{"env": given["env"], **each} for each in said]
    at, room = now(), Room(cpus=0, gpus=rooms.devices(gpus.inventory()))

    def change(db: Any) -> Json:
        done = queue.submit(db, actor, said, at, room=room)
        answer = {"jobs": [{"job": each.job_id, "run": each.run_id} for each in done]}
        if key := given.get("_key"):
            keys.keep(db, key, "jobs.submit", answer, at=at)
        return answer

    answer = await ctx.write(change)
    ctx.wake()
    return answer


@verb("jobs.cancel", role=Role.OPERATOR)
async def cancel(ctx: Context, actor: Actor, args: Json) -> Json:
    """End one job, or an `array`; the state it is in after that was asked."""
    given = _args(args, "job", "array", "reason")
    reason = str(given.get("reason", ""))
    if "array" in given:
        array = arguments.number(given, "array")
        return {"array": array, "jobs": await queue.cancel_array(ctx, array, actor, reason)}
    id = _job(ctx, given)
    return {"job": id, "state": await queue.cancel(ctx, id, actor, reason)}


@verb("jobs.hold", role=Role.OPERATOR)
async def hold(ctx: Context, actor: Actor, args: Json) -> Json:
    """Keep a queued job from starting, or all such of an `array`."""
    given = _args(args, "job", "array")
    if "array" in given:
        return await _array(ctx, given, "held", steps.hold, actor, [JobState.QUEUED])
    id = _job(ctx, given)
    await ctx.write(lambda db: steps.hold(db, id, actor, at=now()))
    ctx.wake()
    return {"job": id, "state": "HELD"}


@verb("jobs.release", role=Role.OPERATOR)
async def release(ctx: Context, actor: Actor, args: Json) -> Json:
    """Let a held job wait its turn again, or all such of an `array`."""
    given = _args(args, "job", "array")
    if "array" in given:
        return await _array(ctx, given, "released", steps.release, actor, [JobState.HELD])
    id = _job(ctx, given)
    await ctx.write(lambda db: steps.release(db, id, actor, at=now()))
    ctx.wake()
    return {"job": id, "state": "QUEUED"}


@verb("jobs.retry", role=Role.OPERATOR)
async def retry(ctx: Context, actor: Actor, args: Json) -> Json:
    """Queue an ended job again: same job, same run, next attempt; `env` as the caller's shell has it now.

    What was skipped because it had failed waits for it again: `with`.
    """
    given = _args(args, "job", "array", "env")
    array = arguments.number(given, "array") if "array" in given else None
    id = _job(ctx, given) if array is None else 0

    def change(db: sqlite3.Connection) -> tuple[list[int], list[int]]:
        failed = [JobState.FAILED, JobState.CANCELLED]
        asked = [id] if array is None else steps.of_array(db, array, "tried again", among=failed)
        again = [each for one in asked for each in steps.retry(db, one, actor, at=now())]
        for each in again:  # before the commit: once it waits, it may start
            _keep_env(ctx, each, given.get("env"))
        return asked, [each for each in again if each not in asked]

    asked, others = await ctx.write(change)
    ctx.wake()
    if array is not None:
        return {"array": array, "jobs": asked, "with": others}
    return {"job": id, "state": "QUEUED", "with": others}


@verb("jobs.move", role=Role.OPERATOR)
async def move(ctx: Context, actor: Actor, args: Json) -> Json:
    """Change the place of a waiting job: `priority`, or `to` = "front" or "back"."""
    given = _args(args, "job", "priority", "to")
    id = _job(ctx, given)
    priority, to = given.get("priority"), given.get("to")
    if (priority is None) == (to is None) or to not in (None, "front", "back"):
        raise Usage("say where to move it", hint='a priority (higher goes first), or to = "front" or "back"')
    placed = await ctx.write(lambda db: steps.move(db, id, actor, priority=priority, to=to, at=now()))
    ctx.wake()
    return {"job": id, "priority": placed}


async def _array(
    ctx: Context, given: Json, done: str, step: Callable[..., None], actor: Actor, among: list[JobState]
) -> Json:
    """One step for every job of an array that it is for, or for none."""
    array = arguments.number(given, "array")

    def change(db: sqlite3.Connection) -> list[int]:
        found = steps.of_array(db, array, done, among=among)
        for id in found:
            step(db, id, actor, at=now())
        return found

    found = await ctx.write(change)
    ctx.wake()
    return {"array": array, "jobs": found}


def _keep_env(ctx: Context, id: int, env: object) -> None:
    """The caller's variables for the next attempt: those of the first were forgotten at its end."""
    if isinstance(env, dict):
        folder = queue.folder_of(ctx.home, id)
        attempts.put(folder / "env", {str(name): str(value) for name, value in env.items()})


def _args(args: Json, *known: str) -> Json:
    toml.reject_unknown(args, known, "args")
    return args


def _job(ctx: Context, args: Json) -> int:
    """The job that is meant: a number, a uid or a tail of one."""
    if "job" not in args:
        raise Usage("which job?", hint='send {"job": 57}')
    return jobs.find(ctx.db, str(args["job"])).id
