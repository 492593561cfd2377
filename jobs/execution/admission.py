"""Which waiting job may start now, on which GPUs, and what each of the others waits for. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What the box has."""

    cpus: int
    gpus: tuple[str, ...]  # UUIDs, in the order they are to be given out


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A job whose needs are met. `gpus` -1: one if the box has any."""

    id: int
    name: str
    cpus: int
    gpus: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A job that runs, and what it holds."""

    id: int
    name: str
    cpus: int
    gpus: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One job to start, and the GPUs it may see."""

    id: int
    gpus: tuple[str, ...]


@dataclass(slots=True)
class Admission:
    """The decision: who starts, and a reason for everybody else."""

    places: list[Place] = field(default_factory=list)
    reasons: dict[int, str] = field(default_factory=dict)


def admit(waiting: Sequence[Waiting], holders: Sequence[Holder], room: Room) -> Admission:
    """Give room in the order of `waiting`, never letting a later job pass one that waits for the same thing.

    A job that waits for a GPU holds up no job that only wants CPU; one that waits for CPU slots holds up
    every later job that wants any, so that a wide job is not starved by narrow ones.

    Args:
        waiting: highest priority first, oldest first within one.
        holders: all that run, stopping ones too: they hold what they have until they are gone.
    """
    done = Admission()
    taken = list(holders)
    ahead: dict[str, str] = {}  # "cpu" or "gpu" → who is first in that line
    for job in waiting:
        want = _wanted(job, room)
        reason = _hindrance(want, taken, room, ahead)
        if reason is None:
            gpus = tuple(_free_gpus(taken, room)[: want.gpus])
            done.places.append(Place(id=job.id, gpus=gpus))
            taken.append(Holder(id=job.id, name=job.name, cpus=want.cpus, gpus=gpus))
        else:
            done.reasons[job.id] = reason
    return done


def _wanted(job: Waiting, room: Room) -> Waiting:
    """The job, with "if any" decided and no more CPU slots than the box has: alone is as good as it gets."""
    gpus = min(1, len(room.gpus)) if job.gpus < 0 else job.gpus
    return Waiting(id=job.id, name=job.name, cpus=min(job.cpus, room.cpus), gpus=gpus)


def _hindrance(job: Waiting, taken: Sequence[Holder], room: Room, ahead: dict[str, str]) -> str | None:
    """Why it cannot start; None when it can. Puts the job at the head of the line it has to join."""
    if job.gpus > len(room.gpus):
        return f"asks for {_count(job.gpus, 'GPU')}; this box has {len(room.gpus) or 'none'}"
    short_gpus = job.gpus - len(_free_gpus(taken, room))
    if job.gpus and (reason := _line("gpu", job, short_gpus, ahead)):
        return reason + _held_by([h for h in taken if h.gpus], ahead.get("gpu"), job)
    short_cpus = job.cpus - (room.cpus - sum(h.cpus for h in taken))
    if job.cpus and (reason := _line("cpu", job, short_cpus, ahead)):
        return reason + _held_by([h for h in taken if h.cpus], ahead.get("cpu"), job)
    return None


def _line(kind: str, job: Waiting, short: int, ahead: dict[str, str]) -> str | None:
    wanted = job.gpus if kind == "gpu" else job.cpus
    what = _count(wanted, "GPU" if kind == "gpu" else "CPU slot")
    if kind in ahead:
        return f"waits for {what}, behind {ahead[kind]}"
    if short > 0:
        ahead[kind] = _named(job)
        return f"waits for {what}"
    return None


def _held_by(holders: Sequence[Holder], first: str | None, job: Waiting) -> str:
    """Who holds it; said to the head of a line only, the others wait for the head."""
    if first != _named(job) or not holders:
        return ""
    names = [_named(holder) for holder in holders]
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return f": held by {', '.join(names[:4])}{more}"


def _free_gpus(taken: Sequence[Holder], room: Room) -> list[str]:
    busy = {uuid for holder in taken for uuid in holder.gpus}
    return [uuid for uuid in room.gpus if uuid not in busy]


def _named(job: Waiting | Holder) -> str:
    return f"job {job.id} ({job.name})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
