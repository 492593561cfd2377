"""What the queue weighs: the box, those who wait, those who hold, and the house rules. Plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lineside.store.clock import Micros

_EVER = Micros(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A process on a GPU that is none of our jobs'."""

    pid: int  # 0: memory is in use, and no process that we may see has it
    user: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A GPU at the newest look."""

    index: int
    uuid: str
    total_bytes: int
    free_bytes: int  # really free, whoever has the rest
    foreign: tuple[Foreign, ...] = ()
    ours: Mapping[int, int] = field(default_factory=dict)  # job → what it really has of it

    @property
    def foreign_bytes(self) -> int:
        return sum(process.bytes for process in self.foreign)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What the box has."""

    cpus: int
    gpus: tuple[Device, ...] = ()
    memory_bytes: int | None = None  # None: not known, so not weighed


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The house's: [queue] of config.toml, and what is set at run time."""

    per_person_gpus: int = 0  # 0: no limit
    per_person_running: int = 0  # 0: no limit
    reserve_after_s: float = 600.0
    preempt_gap: int = 10
    gpu_slots: int = 1  # of each GPU
    foreign_bytes: int = 1 << 30
    at_most: Mapping[int, int] = field(default_factory=dict)  # array → how many of it run at once
    drained: str = ""  # why nothing new starts; "": it does


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What a job takes while it runs. With neither bytes nor slots its GPUs are its own."""

    id: int
    name: str
    who: str = ""
    priority: int = 50
    cpus: int = 1
    gpu_bytes: int | None = None  # of each GPU
    gpu_slots: int | None = None  # of each GPU
    memory_bytes: int | None = None  # of the box
    outs: tuple[str, ...] = ()
    array: int | None = None
    since_us: Micros = _EVER  # when it could have started, or did


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting(Demand):
    """A job whose needs are met."""

    gpus: int = 0  # -1: one if the box has any
    gpu_prefer: tuple[str, ...] = ()  # UUIDs or indexes, the best first
    before: str = ""  # what became of it before, said with why it waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder(Demand):
    """A job that runs, and which GPUs it has."""

    gpus: tuple[str, ...] = ()
    preemptible: bool = False
    stopping: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One job to start, and the GPUs it may see."""

    id: int
    gpus: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Yielding:
    """A running job that makes room for another."""

    id: int
    to: int
    words: str


def named(job: Demand) -> str:
    return f"job {job.id} ({job.name})"
