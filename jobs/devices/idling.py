"""GPUs that somebody holds and hardly anybody uses."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from lineside.jobs.devices.gpus import Gpu
from lineside.store.clock import Micros, after
from lineside.store.queries.jobs import JobRow

BUSY_PERCENT = 5
"""Below this a device does nothing worth holding it for."""
IDLE_S = 1800.0
"""How long it may do so before it is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """A job that holds a device and has not used it for long."""

    index: int
    uuid: str
    job: int
    name: str
    who: str
    since_us: Micros


def since(
    gpus: Sequence[Gpu], held: Collection[str], before: Mapping[str, Micros], *, at: Micros
) -> list[Gpu]:
    """The devices, each with the moment since when it is held and idle.

    Args:
        held: UUIDs of devices that jobs have.
        before: UUID → what was found by the last look. A device whose load nobody tells is never idle.
    """
    return [
        replace(gpu, idle_since_us=before.get(gpu.uuid, at) if gpu.uuid in held and _idle(gpu) else None)
        for gpu in gpus
    ]


def report(gpus: Sequence[Gpu], live: Sequence[JobRow], *, at: Micros) -> list[Idle]:
    """Every job that has held a device for half an hour without using it, the longest first.

    Args:
        live: jobs that have begun and not ended; one is not blamed for the time before it began.
    """
    found = [
        Idle(index=gpu.index, uuid=gpu.uuid, job=job.id, name=job.name, who=job.submitted_by,
             since_us=max(gpu.idle_since_us, job.started_us or at))
        for gpu in gpus if gpu.idle_since_us is not None
        for job in live if gpu.uuid in job.devices
    ]  # fmt: skip
    return sorted((each for each in found if at >= after(each.since_us, IDLE_S)), key=lambda e: e.since_us)


def _idle(gpu: Gpu) -> bool:
    return gpu.util is not None and gpu.util < BUSY_PERCENT
