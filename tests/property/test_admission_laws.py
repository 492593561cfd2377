"""Laws of the queue over random crowds: nothing is given twice, nobody is passed, everybody gets a reason."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from lineside.jobs.execution.admission import Admission, Holder, Room, Waiting, admit

rooms = st.builds(
    lambda cpus, gpus: Room(cpus=cpus, gpus=tuple(f"GPU-{i}" for i in range(gpus))),
    st.integers(1, 8),
    st.integers(0, 4),
)
crowds = st.lists(st.tuples(st.integers(0, 9), st.integers(-1, 5)), max_size=20).map(
    lambda wants: [Waiting(id=i, name="n", cpus=cpus, gpus=gpus) for i, (cpus, gpus) in enumerate(wants)]
)


@settings(max_examples=200, deadline=None)
@given(room=rooms, crowd=crowds)
def test_running_a_crowd_to_its_end_never_gives_anything_twice(room: Room, crowd: list[Waiting]) -> None:
    holders: list[Holder] = []
    waiting = {job.id: job for job in crowd}
    while True:
        decided = admit(list(waiting.values()), holders, room)
        holders += [_holder(waiting.pop(place.id), place.gpus, room) for place in decided.places]
        _check(decided, holders, waiting, room)
        if not holders:
            break
        holders.pop(0)
    assert all(job.gpus > len(room.gpus) for job in waiting.values())  # only the impossible still waits


@settings(max_examples=200, deadline=None)
@given(room=rooms, crowd=crowds)
def test_nobody_is_passed_by_a_later_job_that_wants_the_same_things(room: Room, crowd: list[Waiting]) -> None:
    started = {place.id for place in admit(crowd, [], room).places}
    possible = [job for job in crowd if job.gpus <= len(room.gpus)]

    for things in {_things(job, room) for job in possible}:
        line = [job.id in started for job in possible if _things(job, room) == things]
        assert line == sorted(line, reverse=True)  # first those that start, then those that wait


def _things(job: Waiting, room: Room) -> tuple[bool, bool]:
    """Whether it takes a GPU, and a CPU slot."""
    return (job.gpus > 0 or (job.gpus < 0 and bool(room.gpus)), job.cpus > 0)


def _holder(job: Waiting, gpus: tuple[str, ...], room: Room) -> Holder:
    return Holder(id=job.id, name=job.name, cpus=min(job.cpus, room.cpus), gpus=gpus)


def _check(decided: Admission, holders: list[Holder], waiting: dict[int, Waiting], room: Room) -> None:
    given_out = Counter(uuid for holder in holders for uuid in holder.gpus)
    assert all(count == 1 for count in given_out.values())
    assert set(given_out) <= set(room.gpus)
    assert sum(holder.cpus for holder in holders) <= room.cpus
    assert set(decided.reasons) == set(waiting)
