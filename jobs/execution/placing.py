"""Which GPUs a job gets, and in words why it does not get them."""

from collections.abc import Sequence

from lineside.jobs.execution.demands import Device, Holder, Room, Waiting, named
from lineside.jobs.execution.ledgers import Ledger, get_along, spare_bytes

_SHOWN = 4
"""How many holders or devices a reason names."""


def choose(job: Waiting, ledger: Ledger) -> tuple[str, ...] | None:
    """The GPUs for a job, preferred ones first, then those that are shared already; None: too few."""
    if not job.gpus:
        return ()
    able = [device for device in ledger.room.gpus if fits(job, device, ledger)]
    if len(able) < job.gpus:
        return None
    able.sort(key=lambda device: _taste(job, device, ledger))
    return tuple(device.uuid for device in able[: job.gpus])


def fits(job: Waiting, device: Device, ledger: Ledger) -> bool:
    """Whether the job could begin on this GPU now."""
    if device.uuid in ledger.kept and ledger.kept[device.uuid].id != job.id:
        return False
    on = ledger.on.get(device.uuid, ())
    if not get_along([*on, job], ledger.rules, device):
        return False
    if job.gpu_bytes is not None and spare_bytes(device, on) < job.gpu_bytes:
        return False
    return job.gpu_bytes is not None or device.foreign_bytes <= ledger.rules.foreign_bytes


def keep(job: Waiting, ledger: Ledger) -> None:
    """Let no later job on the GPUs this one waits for: those that fit, those about to, then the first ones.

    A device leaves this choice only for one that fits, and nobody else is let on that; so the job starts, at
    the latest, when all have ended that were on these devices when it began to keep them.
    """
    mine = [d for d in ledger.room.gpus if d.uuid not in ledger.kept and large_enough(job, d)]
    mine.sort(key=lambda device: (not fits(job, device, ledger), _stay(device, ledger), device.index))
    ledger.kept.update((device.uuid, job) for device in mine[: job.gpus])


def _stay(device: Device, ledger: Ledger) -> bool:
    """Whether somebody on it is not on the way out."""
    return any(holder.id not in ledger.leaving for holder in ledger.on.get(device.uuid, ()))


def large_enough(job: Waiting, device: Device) -> bool:
    return job.gpu_bytes is None or job.gpu_bytes <= device.total_bytes


def impossible(job: Waiting, ledger: Ledger) -> str | None:
    """Why this box can never run it; None when it can."""
    room, rules = ledger.room, ledger.rules
    if reason := beyond(job, room):
        return reason
    if job.gpus and (job.gpu_slots or 0) > rules.gpu_slots:
        return f"asks for {count(job.gpu_slots or 0, 'slot')} of a GPU; each has {rules.gpu_slots}"
    if room.memory_bytes is not None and (job.memory_bytes or 0) > room.memory_bytes:
        return f"asks for {size(job.memory_bytes or 0)} of memory; this box has {size(room.memory_bytes)}"
    if rules.per_person_gpus and job.gpus > rules.per_person_gpus:
        return f"asks for {count(job.gpus, 'GPU')}; each person may hold {rules.per_person_gpus}"
    return None


def beyond(job: Waiting, room: Room) -> str | None:
    """Why the GPUs of this box are too few or too small for it; None when they are not."""
    if job.gpus > len(room.gpus):
        return f"asks for {count(job.gpus, 'GPU')}; this box has {len(room.gpus) or 'none'}"
    if job.gpus > 0 and sum(1 for device in room.gpus if large_enough(job, device)) < job.gpus:
        largest = size(max(device.total_bytes for device in room.gpus))
        return f"asks for {size(job.gpu_bytes or 0)} of {count(job.gpus, 'GPU')}; the largest has {largest}"
    return None


def wanted(job: Waiting) -> str:
    """What it waits for: "1 GPU", "20 GiB of 1 GPU"."""
    whole = count(job.gpus, "GPU")
    if job.gpu_bytes is not None:
        return f"{size(job.gpu_bytes)} of {whole}"
    return f"{count(job.gpu_slots, 'slot')} of {whole}" if job.gpu_slots is not None else whole


def who_has_them(job: Waiting, ledger: Ledger) -> str:
    """Each GPU that it cannot have, and why: ": 0 held by job 41 (you), 1 by pid 4121 of maria, 18 GiB"."""
    said: list[str] = []
    busy = [d for d in ledger.room.gpus if not fits(job, d, ledger)]
    if all(device.uuid in ledger.kept for device in busy):
        return f", behind {named(ledger.kept[busy[0].uuid])}"
    for device in busy[:_SHOWN]:
        held = "by" if any(" held by " in words for words in said) else "held by"
        said.append(f"{device.index} {_state(job, device, ledger, held)}")
    more = f" and {len(busy) - _SHOWN} more" if len(busy) > _SHOWN else ""
    return f": {', '.join(said)}{more}"


def _state(job: Waiting, device: Device, ledger: Ledger, held: str) -> str:
    if device.uuid in ledger.kept and ledger.kept[device.uuid].id != job.id:
        return f"kept for {named(ledger.kept[device.uuid])}"
    on = ledger.on.get(device.uuid, [])
    holders = [f"job {h.id} ({_whose(h, job)})" for h in on]
    foreign = [
        f"pid {p.pid} of {p.user}, {size(p.bytes)}" if p.pid else f"a process nobody can see, {size(p.bytes)}"
        for p in sorted(device.foreign, key=lambda p: -p.bytes)[:2]
    ]
    names = " and ".join(holders[:_SHOWN] + foreign) + (f" and {len(on) - 4} more" if len(on) > 4 else "")
    if job.gpu_bytes is None:
        return f"{held} {names}"
    spare = f"has {size(max(0, spare_bytes(device, on)))} to spare"
    return f"{spare}, {held} {names}" if names else spare


def _whose(holder: Holder, job: Waiting) -> str:
    who = "you" if holder.who == job.who else holder.who
    return f"{who}, stopping" if holder.stopping else who


def _taste(job: Waiting, device: Device, ledger: Ledger) -> tuple[int, int, int]:
    names = (device.uuid, str(device.index))
    liked = [place for place, name in enumerate(job.gpu_prefer) if name in names]
    return min(liked, default=len(job.gpu_prefer)), -len(ledger.on.get(device.uuid, ())), device.index


def count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def size(amount: int) -> str:
    """Memory for a person, coarse enough that a reason does not change with every look."""
    gib = amount / (1 << 30)
    return f"{gib:.0f} GiB" if gib >= 10 or gib == int(gib) else f"{gib:.1f} GiB"


def names(holders: Sequence[Holder]) -> str:
    """Who holds it, the first few by name."""
    more = f" and {len(holders) - _SHOWN} more" if len(holders) > _SHOWN else ""
    return ", ".join(named(holder) for holder in holders[:_SHOWN]) + more
