"""What the box has at this moment, as admission weighs it: slots, memory, and each GPU by its newest look."""

import functools
import os
from collections.abc import Collection
from pathlib import Path

from lineside.jobs.devices.gpus import UNKNOWN, Gpu, Inventory
from lineside.jobs.execution.demands import Device, Foreign, Room, Rules
from lineside.store.config import QueueConfig

_CGROUP = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def room(inventory: Inventory, *, slots: int, busy: Collection[str], unseen_bytes: int) -> Room:
    """The box now.

    Args:
        busy: UUIDs of GPUs that our jobs are on: memory of theirs need not be explained by a process.
        unseen_bytes: how much of a GPU may be in use by nobody one can see; a driver needs some itself.
    """
    gpus = devices(inventory, busy=busy, unseen_bytes=unseen_bytes)
    return Room(cpus=slots, gpus=gpus, memory_bytes=memory())


def devices(
    inventory: Inventory, *, busy: Collection[str] = (), unseen_bytes: int = 1 << 62
) -> tuple[Device, ...]:
    """The GPUs alone."""
    return tuple(device(gpu, busy=gpu.uuid in busy, unseen_bytes=unseen_bytes) for gpu in inventory.gpus)


def device(gpu: Gpu, *, busy: bool, unseen_bytes: int) -> Device:
    """One GPU: what is really free of it, and which processes on it are no jobs of ours."""
    foreign = [Foreign(pid=p.pid, user=p.user or UNKNOWN, bytes=p.bytes or 0) for p in gpu.foreign]
    jobs = {process.job for process in gpu.held if process.job is not None}
    ours = {job: gpu.job_bytes(job) or 0 for job in jobs}
    unseen = gpu.mem_used_bytes - sum(ours.values()) - sum(p.bytes for p in foreign)
    if not busy and unseen > unseen_bytes:
        foreign.append(Foreign(pid=0, user="", bytes=unseen))
    return Device(
        index=gpu.index, uuid=gpu.uuid, total_bytes=gpu.mem_total_bytes,
        free_bytes=gpu.mem_total_bytes - gpu.mem_used_bytes, foreign=tuple(foreign), ours=ours,
    )  # fmt: skip


def rules(config: QueueConfig) -> Rules:
    """The house rules of config.toml."""
    return Rules(
        per_person_gpus=config.per_person_gpus,
        per_person_running=config.per_person_running,
        reserve_after_s=config.reserve_after_s,
        preempt_gap=config.preempt_gap,
        gpu_slots=config.gpu_slots,
        foreign_bytes=config.foreign_bytes,
    )


@functools.cache
def memory() -> int:
    """What jobs of this box share, in bytes: a container's limit where there is one."""
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for path in _CGROUP:
        if path.exists() and (text := path.read_text().strip()).isdigit():
            limits.append(int(text))
    return min(limits)
