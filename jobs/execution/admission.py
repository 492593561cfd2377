"""Which waiting job may start now, on which GPUs, and what each of the others waits for. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from lineside.jobs.execution import placing, preempting
from lineside.jobs.execution.demands import Holder, Place, Room, Rules, Waiting, Yielding, named
from lineside.jobs.execution.ledgers import Ledger, own_rule
from lineside.store.clock import Micros, after

_NO_RULES = Rules()
_EVER = Micros(0)


@dataclass(slots=True)
class Admission:
    """The decision: who starts, who makes room, and a reason for everybody else."""

    places: list[Place] = field(default_factory=list)
    yielding: list[Yielding] = field(default_factory=list)
    reasons: dict[int, str] = field(default_factory=dict)


def admit(
    waiting: Sequence[Waiting],
    holders: Sequence[Holder],
    room: Room,
    *,
    rules: Rules = _NO_RULES,
    at: Micros = _EVER,
) -> Admission:
    """Give room in the order of `waiting`; a later job may pass one that has not waited long.

    One that has waited `reserve_after_s`, or that room is being made for, reserves: nobody behind it gets
    what it waits for. While that is a GPU, jobs that only want CPU go on.

    Args:
        waiting: in the order of the queue.
        holders: all that run, stopping ones too: they hold what they have until they are gone.
    """
    done, ledger = Admission(), Ledger(room, rules, holders)
    stopping = [holder for holder in holders if holder.stopping]
    hopeless: dict[object, str] = {}  # what did not fit; the ledger only gets fuller
    for job in waiting:
        want = _wanted(job, room)
        if rules.drained or (reason := placing.impossible(want, ledger) or own_rule(want, ledger)):
            done.reasons[job.id] = rules.drained or reason or ""
        elif (same := _likeness(want)) in hopeless and not _waited(want, rules, at):
            done.reasons[job.id] = hopeless[same]
        elif (gpus := placing.choose(want, ledger)) is not None and not (lack := _lack(want, ledger)):
            done.places.append(Place(id=job.id, gpus=gpus))
            ledger.add(_begun(want, gpus))
        else:
            lack = [] if gpus is None else _lack(want, ledger)
            done.reasons[job.id] = _words(want, ledger, gpus is None, lack)
            if _makes_room(want, ledger, stopping, done) or _waited(want, rules, at):
                _reserve(want, ledger, None if gpus is None else lack)
            else:
                hopeless[same] = done.reasons[job.id]
    return done


def _wanted(job: Waiting, room: Room) -> Waiting:
    """The job, with "if any" decided and no more CPU slots than the box has: alone is as good as it gets."""
    gpus = min(1, len(room.gpus)) if job.gpus < 0 else job.gpus
    if gpus == job.gpus and job.cpus <= room.cpus:
        return job
    return replace(job, cpus=min(job.cpus, room.cpus), gpus=gpus)


def _likeness(job: Waiting) -> object:
    """Two jobs of one likeness wait for the same, in the same words."""
    asked = (job.gpus, job.gpu_bytes, job.gpu_slots, job.cpus, job.memory_bytes)
    return (job.who, job.priority, *asked)


def _waited(job: Waiting, rules: Rules, at: Micros) -> bool:
    return at >= after(job.since_us, rules.reserve_after_s)


def _lack(job: Waiting, ledger: Ledger) -> list[str]:
    """What of the box is too little for it, or kept for another."""
    short = []
    if job.cpus and (job.cpus > ledger.cpus or "cpu" in ledger.lines):
        short.append("cpu")
    asked = job.memory_bytes
    if asked and ledger.memory is not None and (asked > ledger.memory or "memory" in ledger.lines):
        short.append("memory")
    return short


def _words(job: Waiting, ledger: Ledger, short_of_gpus: bool, lack: Sequence[str]) -> str:
    if short_of_gpus:
        return f"waits for {placing.wanted(job)}{placing.who_has_them(job, ledger)}"
    kind = lack[0]
    what = (
        placing.count(job.cpus, "CPU slot") if kind == "cpu"
        else f"{placing.size(job.memory_bytes or 0)} of memory"
    )  # fmt: skip
    if kind in ledger.lines:
        return f"waits for {what}, behind {named(ledger.lines[kind])}"
    having = [h for h in ledger.holders if (h.cpus if kind == "cpu" else h.memory_bytes)]
    return f"waits for {what}: held by {placing.names(having)}" if having else f"waits for {what}"


def _makes_room(job: Waiting, ledger: Ledger, stopping: Sequence[Holder], done: Admission) -> bool:
    """Whether room for it is on its way: some are stopping already, or are told to, once a decision."""

    def fits(other: Ledger) -> bool:
        return placing.choose(job, other) is not None and not _lack(job, other)

    if stopping and fits(ledger.without(stopping)):
        return True
    if done.yielding:
        return False
    chosen = preempting.victims(job, ledger, fits=fits)
    words = f"preempted by {named(job)}"
    done.yielding += [Yielding(id=holder.id, to=job.id, words=words) for holder in chosen]
    if chosen:
        ledger.leaving |= {holder.id for holder in chosen}
        done.reasons[job.id] = f"waits for {placing.names(chosen)} to make room"
    return bool(chosen)


def _reserve(job: Waiting, ledger: Ledger, lack: Sequence[str] | None) -> None:
    """Keep for it what it waits for, and set aside what it could have already.

    Args:
        lack: None while it waits for a GPU: until it has that, it takes nothing else from anybody.
    """
    if job.gpus:
        placing.keep(job, ledger)
    if lack is None:
        return
    for kind in lack:
        ledger.lines.setdefault(kind, job)
    if "cpu" not in lack:
        ledger.cpus -= job.cpus
    if "memory" not in lack and ledger.memory is not None:
        ledger.memory -= job.memory_bytes or 0


def _begun(job: Waiting, gpus: tuple[str, ...]) -> Holder:
    return Holder(
        id=job.id, name=job.name, who=job.who, priority=job.priority, cpus=job.cpus, gpus=gpus,
        gpu_bytes=job.gpu_bytes, gpu_slots=job.gpu_slots, memory_bytes=job.memory_bytes, outs=job.outs,
        array=job.array, since_us=job.since_us,
    )  # fmt: skip
