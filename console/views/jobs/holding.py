"""Who is on a GPU, in words: the jobs it was given to, strangers with their memory, and who lets it idle."""

from collections.abc import Callable, Sequence

from lineside.console.format import amount, clock
from lineside.jobs.devices import idling
from lineside.jobs.devices.gpus import UNKNOWN, Gpu, GpuProcess
from lineside.store.clock import Micros
from lineside.store.queries.jobs import JobRow

_STRANGERS = 2
"""How many of them are named; those with most memory."""


def holders(gpu: Gpu, jobs: Sequence[JobRow]) -> list[JobRow]:
    """The jobs that were given this device."""
    return [job for job in jobs if gpu.uuid in job.devices]


def words(gpu: Gpu, jobs: Sequence[JobRow], *, named: Callable[[str], str]) -> str:
    """`job 41 ana, pid 4121 of maria, 18 GiB`; nothing when nobody is on it.

    Args:
        named: how a person is called here.
    """
    said = [f"job {job.id} {named(job.submitted_by)}" for job in holders(gpu, jobs)]
    if gpu.foreign:
        said.append(_strangers(gpu.foreign))
    return ", ".join(said)


def idle_since(gpu: Gpu, jobs: Sequence[JobRow], *, at: Micros) -> str:
    """`idle since 13:20:07` when a job has held it unused for half an hour; nothing when none has."""
    found = idling.report([gpu], jobs, at=at)
    return f"idle since {clock(found[0].since_us, now=at)}" if found else ""


def _strangers(processes: Sequence[GpuProcess]) -> str:
    most = sorted(processes, key=lambda process: -(process.bytes or 0))
    more = f", {len(most) - _STRANGERS} more" if len(most) > _STRANGERS else ""
    return " and ".join(_stranger(process) for process in most[:_STRANGERS]) + more


def _stranger(process: GpuProcess) -> str:
    size = "" if process.bytes is None else f", {amount(process.bytes)}"
    return f"pid {process.pid} of {process.user or UNKNOWN}{size}"
