"""All that the clock calls again and again. Each owner adds a line; modules load at the first call."""

import importlib
from collections.abc import Awaitable, Callable

from lineside.jobs.context import Context, Tick


def _at(place: str) -> Callable[[Context], Awaitable[bool | None]]:
    """The coroutine function at `module:name`, imported when it is first called."""
    module, _, name = place.partition(":")

    async def call(ctx: Context) -> bool | None:
        rests: bool | None = await getattr(importlib.import_module(module), name)(ctx)
        return rests

    return call


TICKS: tuple[Tick, ...] = (
    Tick(name="gpus", period_s=5.0, run=_at("lineside.jobs.execution.gpus:tick")),
    Tick(name="schedules", period_s=0.5, run=_at("lineside.jobs.schedules.looking:tick")),
    Tick(name="ingest", period_s=0.2, run=_at("lineside.jobs.ingesting:tick")),
    Tick(name="watching", period_s=1.0, run=_at("lineside.jobs.watching.watching:tick")),
    Tick(name="compacting", period_s=5.0, run=_at("lineside.jobs.compacting:tick")),
    Tick(name="sampling", period_s=2.0, run=_at("lineside.jobs.sampling:tick")),
    Tick(name="deployments", period_s=0.5, run=_at("lineside.jobs.serving.deployments:tick")),
    Tick(name="registration", period_s=2.0, run=_at("lineside.jobs.promotion.registration:tick")),
    Tick(name="promotions", period_s=1.0, run=_at("lineside.jobs.promotion.promotions:tick")),
    Tick(name="poller", period_s=1.0, run=_at("lineside.jobs.monitor.poller:tick")),
    Tick(name="windows", period_s=0.5, run=_at("lineside.jobs.monitor.windows:tick")),
    Tick(name="measuring", period_s=0.5, run=_at("lineside.jobs.monitor.measuring:tick")),
    Tick(name="alerts", period_s=1.0, run=_at("lineside.jobs.monitor.upkeep:tick")),
    Tick(name="retraining", period_s=0.5, run=_at("lineside.jobs.monitor.retraining:tick")),
    Tick(name="statistics", period_s=60.0, run=_at("lineside.jobs.statistics:tick")),
)
