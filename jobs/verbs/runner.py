"""The runner about itself: what it is, what it sees, and that it should end."""

import asyncio
import os
import time
from dataclasses import asdict

from lineside.jobs import health
from lineside.jobs.context import VERBS, Context, Json, verb
from lineside.jobs.execution import gpus, queue
from lineside.jobs.runner import Runner, version
from lineside.store.actors import Actor, Role
from lineside.store.clock import now
from lineside.store.errors import Conflict
from lineside.store.queries import audit, jobs


@verb("runner.info", role=Role.VIEWER)
async def info(ctx: Context, actor: Actor, args: Json) -> Json:
    """Everything a status line or `doctor` wants to know, from memory and two small queries."""
    runner = _runner(ctx)
    clock, rounds = runner.ticker.clock, runner.rounds()
    still_s = time.monotonic() - clock.last_pass
    return {
        "pid": os.getpid(),
        "version": version(),
        "home": str(ctx.home.path),
        "demo": ctx.home.demo,
        "started_us": runner.started_us,
        "now_us": now(),
        "you": {"name": actor.label, "role": actor.role.name.lower()},
        "slots": runner.config.runner.slots,
        "jobs": jobs.counts(ctx.db),
        "gpus": len(gpus.inventory().gpus),
        "gpu_words": gpus.inventory().words,
        "clock": {"passes": clock.passes, "failures": clock.failures, "still_s": round(still_s, 3)},
        "going": {name: round(seconds, 3) for name, seconds in runner.ticker.going().items()},
        "zygote": runner.executor.zygote,
        "compute": runner.computing.pid,
        "rounds": [asdict(each) for each in rounds],
        "memory_bytes": health.memory_bytes(),
        "cpu_percent": round(runner.meter.cpu_percent(), 3),
        "problems": [*runner.problems, *(f"{each.name}: {each.words}" for each in rounds if each.words)],
        "verbs": sorted(VERBS),
    }


@verb("runner.stop", role=Role.ADMIN, jobs_may=False)
async def stop(ctx: Context, actor: Actor, args: Json) -> Json:
    """End the runner; with `jobs`, first everything it has running or waiting, services too."""
    if args.get("jobs"):
        await _end_jobs(ctx, actor)
    at = now()
    await ctx.write(
        lambda db: audit.append(
            db, actor, "runner.stop", subject=("runner", None), detail={"jobs": bool(args.get("jobs"))}, at=at
        )
    )
    asyncio.get_running_loop().call_later(0.05, _runner(ctx).stop)  # after this answer is on its way
    return {"pid": os.getpid()}


@verb("gpus.list", role=Role.VIEWER)
async def list_gpus(ctx: Context, actor: Actor, args: Json) -> Json:
    """The newest look at the devices; `fresh` looks again."""
    if args.get("fresh"):
        await gpus.tick(ctx)
    return gpus.inventory().as_json()


async def _end_jobs(ctx: Context, actor: Actor) -> None:
    """Cancel all that waits and runs, and wait until it is gone: each has its own grace."""
    for row in [*jobs.waiting(ctx.db), *jobs.live(ctx.db)]:
        try:
            await queue.cancel(ctx, row.id, actor, "the runner was told to stop")
        except Conflict:  # ended by itself meanwhile
            continue
    while jobs.live(ctx.db):
        ctx.wake()
        await asyncio.sleep(0.02)


def _runner(ctx: Context) -> Runner:
    """The context's other side: these verbs are about the runner itself."""
    assert isinstance(ctx, Runner)
    return ctx
