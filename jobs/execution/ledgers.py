"""Who has what of the box at one moment of a decision, and what is kept for whom."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from lineside.jobs.execution.demands import Demand, Device, Holder, Room, Rules, Waiting, named


class Ledger:
    """Starts as what runs; each job that is placed is written in, each reservation is noted."""

    def __init__(self, room: Room, rules: Rules, holders: Sequence[Holder]) -> None:
        self.room, self.rules = room, rules
        self.holders: list[Holder] = []
        self.on: dict[str, list[Holder]] = defaultdict(list)  # GPU → who is on it
        self.cpus, self.memory = room.cpus, room.memory_bytes
        self.leaving = {holder.id for holder in holders if holder.stopping}
        self.kept: dict[str, Waiting] = {}  # GPU → who waits for it and lets nobody else on it
        self.lines: dict[str, Waiting] = {}  # "cpu", "memory" → who is first in that line
        self._outs: dict[str, Holder] = {}
        self._of_person: dict[str, list[Holder]] = defaultdict(list)
        self._of_array: dict[int, int] = defaultdict(int)
        for holder in holders:
            self.add(holder)

    def add(self, holder: Holder) -> None:
        self.holders.append(holder)
        for uuid in holder.gpus:
            self.on[uuid].append(holder)
        self.cpus -= holder.cpus
        if self.memory is not None:
            self.memory -= holder.memory_bytes or 0
        self._outs.update(dict.fromkeys(holder.outs, holder))
        self._of_person[holder.who].append(holder)
        if holder.array is not None:
            self._of_array[holder.array] += 1

    def without(self, gone: Sequence[Holder]) -> "Ledger":
        """The same decision, were these jobs gone already."""
        ids = {holder.id for holder in gone}
        other = Ledger(self.room, self.rules, [h for h in self.holders if h.id not in ids])
        other.kept, other.lines = self.kept, self.lines
        other.cpus = self.cpus + sum(holder.cpus for holder in gone)
        if self.memory is not None:
            other.memory = self.memory + sum(holder.memory_bytes or 0 for holder in gone)
        return other

    def writer(self, outs: Iterable[str]) -> tuple[Holder, str] | None:
        """Who writes to one of these paths, or to a folder above or below it."""
        for out in outs:
            for path, holder in self._outs.items():
                if out == path or out.startswith(f"{path}/") or path.startswith(f"{out}/"):
                    return holder, path
        return None

    def person(self, who: str) -> list[Holder]:
        """What runs for one person."""
        return self._of_person.get(who, [])

    def of_array(self, array: int) -> int:
        """How many of an array run."""
        return self._of_array.get(array, 0)


def spare_bytes(device: Device, holders: Iterable[Holder]) -> int:
    """What is really free of a GPU, less what those on it may still take of what they asked for."""
    promised = sum(max(0, (h.gpu_bytes or 0) - device.ours.get(h.id, 0)) for h in holders)
    return device.free_bytes - promised


def get_along(jobs: Sequence[Demand], rules: Rules, device: Device) -> bool:
    """Whether these may share a GPU: all say how much memory, or all say how many slots."""
    if len(jobs) == 1:
        return True
    by_bytes = all(job.gpu_bytes is not None for job in jobs)
    by_slots = all(job.gpu_slots is not None for job in jobs)
    slots = sum(job.gpu_slots or 0 for job in jobs)
    declared = sum(job.gpu_bytes or 0 for job in jobs)
    return (by_bytes or by_slots) and slots <= rules.gpu_slots and declared <= device.total_bytes


def own_rule(job: Waiting, ledger: Ledger) -> str | None:
    """A rule about this job alone that keeps it from starting, whatever is free."""
    rules = ledger.rules
    most = rules.at_most.get(job.array, 0) if job.array is not None else 0
    if job.array is not None and 0 < most <= ledger.of_array(job.array):
        return f"waits for its array: {most} of array {job.array} at once"
    mine = ledger.person(job.who)
    if rules.per_person_running and job.cpus and sum(1 for h in mine if h.cpus) >= rules.per_person_running:
        return f"waits for one of your jobs to end: each person may run {rules.per_person_running} at once"
    held = sum(len(h.gpus) for h in mine)
    if rules.per_person_gpus and job.gpus > 0 and held + job.gpus > rules.per_person_gpus:
        return f"waits for your GPUs: you hold {held}, and each person may hold {rules.per_person_gpus}"
    if job.outs and (found := ledger.writer(job.outs)):
        return f"waits for {named(found[0])}: both write {found[1]}"
    return None
