"""What the runner knows of its GPUs: the newest look, from NVML or from the fake of a test."""

import asyncio
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from lineside.jobs.context import Context
from lineside.jobs.devices import idling, owners
from lineside.jobs.devices.fakes import FakeGpus
from lineside.jobs.devices.gpus import Gpus, Inventory
from lineside.jobs.devices.nvml import Nvml
from lineside.store.clock import Micros, now
from lineside.store.queries import jobs

NOTHING = Inventory(gpus=(), words="not looked at yet")
_last = NOTHING
_nvml = Nvml()
_fakes: dict[str, FakeGpus] = {}
_looking = threading.Lock()
"""Two threads may want to know at once; the library is asked by one."""
PATIENCE_S = 10.0
"""A driver that hangs keeps nothing else waiting for longer."""
_HANGS = "the NVIDIA driver has not answered for {:g} s: no GPU is given out"


def inventory() -> Inventory:
    """The newest look, from memory."""
    return _last


def take_inventory() -> Inventory:
    """Look at the box. Never raises: a box without a driver has no GPUs, and says why."""
    if not _looking.acquire(timeout=PATIENCE_S):
        return Inventory(gpus=(), words=_HANGS.format(PATIENCE_S))
    try:
        return _backend().look(at=time.monotonic())
    finally:
        _looking.release()


def look(leaders: Mapping[int, int], home: Path) -> Inventory:
    """Look at the box, and at whose the processes are; `leaders` is first process → job."""
    return owners.named(take_inventory(), leaders, home=home)


async def tick(ctx: Context) -> None:
    """Look again."""
    await refresh(ctx)


async def refresh(ctx: Context, *, at: Micros | None = None) -> Inventory:
    """Look again, off the loop, as a driver may take its time; the queue is told when there is other room.

    Args:
        at: None: now.
    """
    global _last
    live = jobs.live(ctx.db)
    leaders = {row.pid: row.id for row in live if row.pid is not None}
    try:
        seen = await asyncio.wait_for(asyncio.to_thread(look, leaders, ctx.home.path), PATIENCE_S)
    except TimeoutError:
        seen = Inventory(gpus=(), words=_HANGS.format(PATIENCE_S))
    before = {gpu.uuid: gpu.idle_since_us for gpu in _last.gpus if gpu.idle_since_us is not None}
    held = {uuid for row in live for uuid in row.devices}
    changed = _room(seen) != _room(_last)
    _last = replace(seen, gpus=tuple(idling.since(seen.gpus, held, before, at=now() if at is None else at)))
    if changed:
        ctx.wake()
    return _last


def _room(inventory: Inventory) -> list[tuple[str, int, tuple[int, ...]]]:
    """What admission goes by: devices, the strangers on them, and memory too coarse to be noise."""
    return [
        (gpu.uuid, gpu.mem_used_bytes >> 28, tuple(process.pid for process in gpu.foreign))
        for gpu in inventory.gpus
    ]


def _backend() -> Gpus:
    told = os.environ.get("LINESIDE_FAKE_GPUS")
    return _fakes.setdefault(told, FakeGpus(told)) if told else _nvml
