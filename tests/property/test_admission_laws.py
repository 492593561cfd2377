"""Laws of the queue over random crowds: nothing is given twice, who reserved is not delayed, all know why."""

import os
from collections import defaultdict
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from lineside.jobs.execution.admission import Admission, admit
from lineside.jobs.execution.demands import Device, Foreign, Holder, Place, Room, Rules, Waiting
from lineside.store.clock import Micros

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
SCHEDULES, CROWDS = (10_000, 2_000) if THOROUGH else (300, 100)
SIZE = 16  # of a GPU: small numbers collide more often
NOW = Micros(10**12)

rules = st.builds(
    Rules,
    per_person_gpus=st.sampled_from([0, 0, 2]),
    per_person_running=st.sampled_from([0, 0, 3]),
    reserve_after_s=st.sampled_from([0.0, 600.0]),
    preempt_gap=st.sampled_from([1, 10]),
    gpu_slots=st.integers(1, 4),
    foreign_bytes=st.just(2),
    at_most=st.sampled_from([{}, {1: 1}]),
)
boxes = st.builds(
    lambda cpus, gpus, memory: Room(
        cpus=cpus, memory_bytes=memory, gpus=tuple(device(index, ()) for index in range(gpus))
    ),
    st.integers(1, 6), st.integers(0, 4), st.sampled_from([None, 8]),
)  # fmt: skip
demands = st.fixed_dictionaries(
    {
        "who": st.sampled_from(["ana", "ben"]),
        "priority": st.sampled_from([40, 50, 60]),
        "cpus": st.integers(0, 4),
        "gpus": st.integers(-1, 4),
        "gpu_bytes": st.sampled_from([None, None, 3, 8, 17]),
        "gpu_slots": st.sampled_from([None, None, 1, 2]),
        "memory_bytes": st.sampled_from([None, None, 5]),
        "outs": st.sampled_from([(), (), ("/p/a",), ("/p/a/b",), ("/p/c",)]),
        "array": st.sampled_from([None, None, 1]),
        "gpu_prefer": st.sampled_from([(), ("1",), ("GPU-2", "0")]),
    }
)
moves = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), demands),
        st.tuples(st.just("end"), st.integers(0, 9)),
        st.tuples(st.just("foreign"), st.tuples(st.integers(0, 3), st.integers(0, SIZE))),
    ),
    min_size=5,
    max_size=40,
)


def device(index: int, foreign: tuple[Foreign, ...]) -> Device:
    used = sum(process.bytes for process in foreign)
    return Device(index=index, uuid=f"GPU-{index}", total_bytes=SIZE, free_bytes=SIZE - used, foreign=foreign)


class Box:
    """A box in time: jobs come and end, strangers take memory, and each decision is checked."""

    def __init__(self, room: Room, rules: Rules) -> None:
        self.room, self.rules = room, rules
        self.waiting: dict[int, Waiting] = {}
        self.holders: dict[int, Holder] = {}
        self.asked: dict[int, Waiting] = {}

    def submit(self, demand: dict[str, object]) -> None:
        id = len(self.asked) + 1
        self.asked[id] = self.waiting[id] = Waiting(id=id, name="n", since_us=NOW, **demand)  # type: ignore[arg-type]

    def end(self, which: int) -> None:
        if self.holders:
            ids = sorted(self.holders)
            self._ended(ids[which % len(ids)])

    def foreign(self, where: tuple[int, int]) -> None:
        index, amount = where
        strangers = (Foreign(pid=1, user="x", bytes=amount),) if amount else ()
        gpus = tuple(device(d.index, strangers if d.index == index else d.foreign) for d in self.room.gpus)
        self.room = replace(self.room, gpus=gpus)

    def decide(self) -> Admission:
        """One step of the queue; who is told to make room is gone at the next one."""
        order = sorted(self.waiting.values(), key=lambda job: (-job.priority, job.id))
        holders = list(self.holders.values())
        decided = admit(order, holders, self.room, rules=self.rules, at=NOW)
        for place in decided.places:
            self._placed(place)
        self.check(decided)
        for each in decided.yielding:
            self.holders[each.id] = replace(self.holders[each.id], stopping=True)
        return decided

    def _placed(self, place: Place) -> None:
        job = self.waiting.pop(place.id)
        self.holders[job.id] = Holder(
            id=job.id, name=job.name, who=job.who, priority=job.priority, gpus=place.gpus,
            cpus=min(job.cpus, self.room.cpus), gpu_bytes=job.gpu_bytes, gpu_slots=job.gpu_slots,
            memory_bytes=job.memory_bytes, outs=job.outs, array=job.array, preemptible=job.id % 2 == 0,
        )  # fmt: skip

    def _ended(self, id: int) -> None:
        if self.holders.pop(id).stopping:  # it made room, and waits again
            self.waiting[id] = self.asked[id]

    def check(self, decided: Admission) -> None:
        placed = {place.id for place in decided.places}
        assert set(decided.reasons) == set(self.waiting)
        assert all(decided.reasons.values())
        on: dict[str, list[Holder]] = defaultdict(list)
        for holder in self.holders.values():
            assert len(set(holder.gpus)) == len(holder.gpus)
            for uuid in holder.gpus:
                on[uuid].append(holder)
        assert set(on) <= {gpu.uuid for gpu in self.room.gpus}
        for gpu in self.room.gpus:
            self._check_gpu(gpu, on[gpu.uuid], placed)
        assert sum(holder.cpus for holder in self.holders.values()) <= self.room.cpus
        if self.room.memory_bytes is not None:
            assert sum(h.memory_bytes or 0 for h in self.holders.values()) <= self.room.memory_bytes
        self._check_rules()

    def _check_gpu(self, gpu: Device, on: list[Holder], placed: set[int]) -> None:
        """Whole for one, or shared within its memory and slots; never over what strangers leave."""
        if len(on) > 1:
            for each in ("gpu_bytes", "gpu_slots"):
                if any(getattr(holder, each) is None for holder in on):
                    assert all(getattr(h, "gpu_slots" if each == "gpu_bytes" else "gpu_bytes") for h in on)
            assert sum(h.gpu_slots or 0 for h in on) <= self.rules.gpu_slots
        assert sum(h.gpu_bytes or 0 for h in on) <= SIZE
        if placed & {holder.id for holder in on}:
            if any(h.id in placed and h.gpu_bytes is None for h in on):
                assert gpu.foreign_bytes <= self.rules.foreign_bytes
            if any(h.id in placed and h.gpu_bytes is not None for h in on):
                assert sum(h.gpu_bytes or 0 for h in on) <= gpu.free_bytes

    def _check_rules(self) -> None:
        running = list(self.holders.values())
        for who in ("ana", "ben"):
            mine = [h for h in running if h.who == who]
            held = sum(len(h.gpus) for h in mine)
            assert not self.rules.per_person_gpus or held <= self.rules.per_person_gpus
            number = sum(1 for h in mine if h.cpus)
            assert not self.rules.per_person_running or number <= self.rules.per_person_running
        paths = [f"{out}/" for h in running for out in h.outs]
        assert not any(a is not b and a.startswith(b) for a in paths for b in paths)
        assert sum(h.array == 1 for h in running) <= self.rules.at_most.get(1, 99)


@settings(max_examples=SCHEDULES, deadline=None)
@given(room=boxes, rules=rules, schedule=moves)
def test_whatever_comes_and_goes_no_gpu_is_given_twice_or_beyond_its_memory(
    room: Room, rules: Rules, schedule: list[tuple[str, object]]
) -> None:
    box = Box(room, rules)
    for what, value in schedule:
        getattr(box, what)(value)
        box.decide()


@settings(max_examples=CROWDS, deadline=None)
@given(room=boxes, rules=rules, crowd=st.lists(demands, max_size=15))
def test_all_that_is_possible_runs_in_the_end(
    room: Room, rules: Rules, crowd: list[dict[str, object]]
) -> None:
    box = Box(room, rules)
    for demand in crowd:
        box.submit(demand)
    for _ in range(200):
        decided = box.decide()
        if not box.holders:
            break
        box.end(0)
    assert not box.holders
    assert all(reason.startswith("asks for ") for reason in decided.reasons.values())


@settings(max_examples=CROWDS, deadline=None)
@given(
    room=boxes,
    rules=rules,
    before=st.lists(demands, max_size=8),
    wide=demands,
    after=st.lists(demands, max_size=8),
)
def test_who_reserved_starts_when_all_that_ran_then_has_ended_whoever_comes_after(
    room: Room, rules: Rules, before: list[dict[str, object]], wide: dict[str, object],
    after: list[dict[str, object]],
) -> None:  # fmt: skip
    rules = replace(rules, per_person_gpus=0, per_person_running=0, at_most={}, preempt_gap=1000)
    box = Box(room, replace(rules, reserve_after_s=0.0))
    for demand in before:
        box.submit(demand | {"priority": 90, "outs": ()})
    box.decide()
    for job in list(box.waiting):
        box.waiting.pop(job)  # of those before, only what runs
    ran = set(box.holders)
    box.submit(wide | {"priority": 60, "outs": ()})
    id = len(box.asked)
    if box.decide().reasons.get(id, "").startswith("asks for "):
        return
    for demand in after:
        box.submit(demand | {"priority": 50})
        box.decide()
    for holder in sorted(ran):
        box.holders.pop(holder)
        box.decide()

    waits_for_gpu = bool(wide["gpus"]) and bool(room.gpus)
    if not waits_for_gpu:
        assert id in box.holders
    elif id not in box.holders:  # it has its GPUs; CPU slots are what jobs without a GPU took meanwhile
        for holder in [h for h in box.holders.values() if not h.gpus]:
            box.holders.pop(holder.id)
        box.decide()
        assert id in box.holders


@settings(max_examples=CROWDS, deadline=None)
@given(room=boxes, crowd=st.lists(demands, max_size=15), ahead=st.lists(demands, max_size=5))
def test_a_job_that_wants_only_cpu_never_waits_for_a_gpu(
    room: Room, crowd: list[dict[str, object]], ahead: list[dict[str, object]]
) -> None:
    """Jobs that wait for GPUs may stand before it or not: it makes no difference."""
    rules = Rules(reserve_after_s=0.0, foreign_bytes=2)
    strangers = (Foreign(pid=1, user="x", bytes=SIZE),)
    full = replace(room, gpus=tuple(device(gpu.index, strangers) for gpu in room.gpus))
    plain = [
        Waiting(id=100 + n, name="n", **each | {"gpus": 0, "outs": ()})  # type: ignore[arg-type]
        for n, each in enumerate(crowd)
    ]
    stuck = [
        Waiting(id=n, name="n", **each | {"gpus": 1, "outs": ()})  # type: ignore[arg-type]
        for n, each in enumerate(ahead)
    ]

    alone = admit(plain, [], full, rules=rules, at=NOW).places

    assert admit([*stuck, *plain], [], full, rules=rules, at=NOW).places == alone
