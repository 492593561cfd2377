"""What one look at the GPUs of a box finds. Plain values, and who may be asked for them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol, Self

from lineside.jobs.context import Json
from lineside.store.clock import Micros

UNKNOWN = "unknown"
"""The user of a process that nobody here can see: in another container, or gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuProcess:
    """A process that has memory of a device."""

    pid: int
    user: str | None = None  # None: nobody has asked yet
    bytes: int | None = None  # None where the driver does not say
    job: int | None = None  # None: none of ours that runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """One device that may be given out, at one look: a whole GPU, or an instance of a partitioned one."""

    index: int  # place in this look: without partitions NVML's; it may change with a reboot, so bind by uuid
    uuid: str
    name: str
    util: int | None  # percent; None where the driver does not say
    mem_used_bytes: int
    mem_total_bytes: int
    temp_c: int | None
    watts: float | None  # of an instance: its share by memory
    energy_j: float | None = None  # since the driver was loaded, an instance's by share; None: no counter
    parent: str | None = None  # UUID of the GPU that an instance is a part of; None: it is whole
    held: tuple[GpuProcess, ...] = ()
    idle_since_us: Micros | None = None  # held by a job, and hardly used since; None: it works, or is free

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        """From JSON, as another process told it."""
        held = tuple(GpuProcess(**process) for process in said.get("held", ()))
        return cls(**{**said, "held": held})

    def job_bytes(self, job: int) -> int | None:
        """What a job has of its memory; None where that is not known."""
        mine = [process.bytes for process in self.held if process.job == job]
        return None if not mine or None in mine else sum(each or 0 for each in mine)

    @property
    def foreign(self) -> tuple[GpuProcess, ...]:
        """Processes of nobody's job."""
        return tuple(process for process in self.held if process.job is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """All GPUs, and a sentence for a person."""

    gpus: tuple[Gpu, ...]
    words: str

    def as_json(self) -> Json:
        return {"gpus": [asdict(gpu) for gpu in self.gpus], "words": self.words}


class Gpus(Protocol):
    """Who knows the devices: NVML, or a fake."""

    def look(self, *, at: float) -> Inventory:
        """The devices now, with the numbers of the processes on them. Never raises: trouble is words.

        Args:
            at: monotonic seconds; a driver that did not answer is not asked again at once.
        """
        ...
