"""Who may start, and who waits for what: examples of the rules; tests/property holds the laws."""

from dataclasses import replace
from typing import Any

from lineside.jobs.execution.admission import Admission, admit
from lineside.jobs.execution.demands import Device, Foreign, Holder, Place, Room, Rules, Waiting, Yielding
from lineside.store.clock import SECOND, Micros

GIB = 1 << 30
NOW = Micros(10_000 * SECOND)


def gpu(index: int, *foreign: Foreign, total: int = 80 * GIB, **more: Any) -> Device:
    used = sum(process.bytes for process in foreign)
    return Device(
        index=index, uuid=f"GPU-{'abcd'[index]}", total_bytes=total, foreign=foreign,
        **{"free_bytes": total - used, **more},
    )  # fmt: skip


BOX = Room(cpus=2, gpus=(gpu(0), gpu(1)))
AT_ONCE = Rules(reserve_after_s=0)


def wants(id: int, **more: Any) -> Waiting:
    return Waiting(id=id, name=f"n{id}", **{"since_us": NOW, **more})


def holds(id: int, *gpus: str, **more: Any) -> Holder:
    return Holder(id=id, name=f"n{id}", gpus=gpus, **more)


def decide(
    waiting: list[Waiting], holders: list[Holder], room: Room = BOX, rules: Rules | None = None
) -> Admission:
    return admit(waiting, holders, room, rules=rules or Rules(), at=NOW)


def started(decided: Admission) -> list[int]:
    return [place.id for place in decided.places]


def test_every_gpu_a_job_cannot_have_is_told_with_who_holds_it() -> None:
    maria = Foreign(pid=4121, user="maria", bytes=18 * GIB)
    room = Room(cpus=8, gpus=(gpu(0), gpu(1, maria)))

    decided = decide([wants(50, gpus=1, who="ana")], [holds(41, "GPU-a", who="ana")], room)

    assert decided.reasons == {
        50: "waits for 1 GPU: 0 held by job 41 (you), 1 by pid 4121 of maria, 18 GiB"
    }  # fmt: skip


def test_a_holder_that_is_somebody_elses_or_stopping_is_told_so() -> None:
    busy = [holds(41, "GPU-a", who="ben", stopping=True), holds(42, "GPU-b", who="ben")]

    reason = decide([wants(50, gpus=2, who="ana")], busy).reasons[50]

    assert reason == "waits for 2 GPUs: 0 held by job 41 (ben, stopping), 1 by job 42 (ben)"


def test_a_gpu_with_a_small_foreign_process_is_given_and_one_with_a_large_is_not() -> None:
    small, large = (Foreign(pid=1, user="x", bytes=size) for size in (GIB, GIB + 1))

    assert started(decide([wants(1, gpus=1)], [], Room(cpus=2, gpus=(gpu(0, small),)))) == [1]
    assert started(decide([wants(1, gpus=1)], [], Room(cpus=2, gpus=(gpu(0, large),)))) == []


def test_a_job_that_says_how_much_memory_it_needs_shares_by_what_is_really_free() -> None:
    maria = Foreign(pid=4121, user="maria", bytes=30 * GIB)
    room = Room(cpus=9, gpus=(gpu(0, maria, free_bytes=40 * GIB, ours={41: 10 * GIB}),))
    beside = [holds(41, "GPU-a", gpu_bytes=20 * GIB, who="ana")]  # has ten, may take ten more

    assert started(decide([wants(50, gpus=1, gpu_bytes=30 * GIB)], beside, room)) == [50]
    decided = decide([wants(50, gpus=1, gpu_bytes=31 * GIB, who="ana")], beside, room)
    assert decided.reasons[50] == (
        "waits for 31 GiB of 1 GPU: 0 has 30 GiB to spare, "
        "held by job 41 (you) and pid 4121 of maria, 30 GiB"
    )  # fmt: skip


def test_a_job_without_memory_or_slots_has_its_gpu_for_itself() -> None:
    one = Room(cpus=9, gpus=(gpu(0),))
    rules = Rules(gpu_slots=4)
    sharing: list[dict[str, Any]] = [{"gpu_bytes": GIB}, {"gpu_slots": 1}, {}]

    for asked in sharing:
        assert not started(decide([wants(2, gpus=1)], [holds(1, "GPU-a", **asked)], one, rules))
        assert not started(decide([wants(2, gpus=1, **asked)], [holds(1, "GPU-a")], one, rules))
    assert not started(
        decide([wants(2, gpus=1, gpu_slots=1)], [holds(1, "GPU-a", gpu_bytes=GIB)], one, rules)
    )


def test_jobs_share_a_gpu_up_to_its_slots() -> None:
    one, rules = Room(cpus=9, gpus=(gpu(0),)), Rules(gpu_slots=4)
    crowd = [wants(id, gpus=1, gpu_slots=2) for id in (1, 2, 3)]

    decided = decide(crowd, [], one, rules)

    assert started(decided) == [1, 2]
    assert decided.reasons[3].startswith("waits for 2 slots of 1 GPU: 0 held by job 1")


def test_preferred_gpus_come_first_and_shared_ones_before_free_ones() -> None:
    rules = Rules(gpu_slots=4)

    for liked, given in ((("1",), "GPU-b"), (("GPU-b", "0"), "GPU-b"), ((), "GPU-a"), (("7",), "GPU-a")):
        assert decide([wants(1, gpus=1, gpu_prefer=liked)], []).places == [Place(id=1, gpus=(given,))]
    beside = [holds(7, "GPU-b", gpu_slots=1)]
    assert decide([wants(1, gpus=1, gpu_slots=1)], beside, BOX, rules).places[0].gpus == ("GPU-b",)


def test_a_narrow_job_passes_a_wide_one_until_that_has_waited_long() -> None:
    crowd = [wants(3, gpus=2), wants(4, gpus=1)]
    busy = [holds(1, "GPU-a", cpus=0)]

    assert started(decide(crowd, busy)) == [4]
    long_ago = [replace(crowd[0], since_us=Micros(NOW - 600 * SECOND)), crowd[1]]
    decided = decide(long_ago, busy)
    assert started(decided) == []
    assert decided.reasons[4] == "waits for 1 GPU, behind job 3 (n3)"


def test_a_reservation_keeps_no_gpu_that_it_does_not_need() -> None:
    box = Room(cpus=9, gpus=(gpu(0), gpu(1), gpu(2)))
    busy = [holds(1, "GPU-a", gpu_bytes=70 * GIB), holds(2, "GPU-b", gpu_bytes=20 * GIB)]
    wide = wants(3, gpus=2)
    small = wants(4, gpus=1, gpu_bytes=20 * GIB)

    decided = decide([wide, small], busy, box, AT_ONCE)

    assert decided.places == [Place(id=4, gpus=("GPU-b",))]  # not C, which is kept, nor A, which wide needs


def test_a_cpu_job_never_waits_for_one_that_waits_for_a_gpu() -> None:
    decided = decide([wants(3, gpus=2), wants(4)], [holds(1, "GPU-a")], rules=AT_ONCE)

    assert started(decided) == [4]


def test_a_wide_cpu_job_that_has_waited_is_not_passed_by_a_narrow_one() -> None:
    crowd = [wants(3, cpus=2), wants(4), wants(5, cpus=0)]

    assert started(decide(crowd, [holds(1)])) == [4, 5]
    decided = decide(crowd, [holds(1)], rules=AT_ONCE)
    assert started(decided) == [5]
    assert decided.reasons == {
        3: "waits for 2 CPU slots: held by job 1 (n1)",
        4: "waits for 1 CPU slot, behind job 3 (n3)",
    }


def test_memory_of_the_box_is_given_out_once() -> None:
    room = Room(cpus=9, memory_bytes=24 * GIB)
    busy = [holds(1, memory_bytes=20 * GIB)]

    assert started(decide([wants(2, memory_bytes=4 * GIB)], busy, room)) == [2]
    decided = decide([wants(2, memory_bytes=5 * GIB), wants(3, memory_bytes=25 * GIB)], busy, room)
    assert decided.reasons == {
        2: "waits for 5 GiB of memory: held by job 1 (n1)",
        3: "asks for 25 GiB of memory; this box has 24 GiB",
    }


def test_one_gpu_if_there_is_any_runs_on_the_cpu_of_a_box_without() -> None:
    assert decide([wants(1, gpus=-1)], []).places == [Place(id=1, gpus=("GPU-a",))]
    assert decide([wants(1, gpus=-1)], [], Room(cpus=2)).places == [Place(id=1, gpus=())]


def test_asking_for_more_than_the_box_has_holds_nobody_up_and_is_told() -> None:
    asked: list[tuple[dict[str, Any], str]] = [
        ({"gpus": 3}, "asks for 3 GPUs; this box has 2"),
        ({"gpus": 1, "gpu_bytes": 90 * GIB}, "asks for 90 GiB of 1 GPU; the largest has 80 GiB"),
        ({"gpus": 1, "gpu_slots": 2}, "asks for 2 slots of a GPU; each has 1"),
    ]
    for demand, reason in asked:
        decided = decide([wants(1, **demand), wants(2, gpus=2)], [], rules=AT_ONCE)
        assert started(decided) == [2]
        assert decided.reasons[1] == reason
    assert decide([wants(1, gpus=1)], [], Room(cpus=2)).reasons[1] == "asks for 1 GPU; this box has none"


def test_asking_for_more_slots_than_the_box_has_means_all_of_them() -> None:
    assert started(decide([wants(1, cpus=16)], [])) == [1]
    assert decide([wants(1, cpus=16)], [holds(7)]).reasons == {1: "waits for 2 CPU slots: held by job 7 (n7)"}


def test_each_person_has_no_more_than_the_limits() -> None:
    box = Room(cpus=9, gpus=(gpu(0), gpu(1), gpu(2)))
    crowd = [wants(id, gpus=1, who="ana") for id in (1, 2)] + [wants(3, gpus=1, who="ben")]

    by_gpus = decide(crowd, [], box, Rules(per_person_gpus=1))
    by_number = decide(crowd, [], box, Rules(per_person_running=1))

    assert started(by_gpus) == started(by_number) == [1, 3]
    assert by_gpus.reasons[2] == "waits for your GPUs: you hold 1, and each person may hold 1"
    assert by_number.reasons[2] == "waits for one of your jobs to end: each person may run 1 at once"


def test_jobs_that_write_the_same_path_never_run_together() -> None:
    crowd = [
        wants(1, outs=("/p/model",)), wants(2, outs=("/p/model/a.pt",)), wants(3, outs=("/p/model-b",)),
    ]  # fmt: skip

    decided = decide(crowd, [], Room(cpus=9))

    assert started(decided) == [1, 3]
    assert decided.reasons[2] == "waits for job 1 (n1): both write /p/model"


def test_no_more_jobs_of_an_array_run_than_it_says() -> None:
    crowd = [wants(id, array=5) for id in (6, 7)] + [wants(8)]

    decided = decide(crowd, [holds(5, array=5)], Room(cpus=9), Rules(at_most={5: 2}))

    assert started(decided) == [6, 8]
    assert decided.reasons[7] == "waits for its array: 2 of array 5 at once"


def test_while_the_runner_is_drained_nothing_starts_and_all_say_why() -> None:
    decided = decide([wants(1), wants(2, cpus=0)], [], rules=Rules(drained="waits for the end of the drain"))

    assert not decided.places
    assert set(decided.reasons.values()) == {"waits for the end of the drain"}


def test_an_urgent_job_stops_the_lowest_and_youngest_that_make_room() -> None:
    busy = [
        holds(1, "GPU-a", cpus=0, priority=40, preemptible=True, since_us=Micros(9)),
        holds(2, "GPU-b", cpus=0, priority=40, preemptible=True, since_us=Micros(10)),
    ]

    decided = decide([wants(3, gpus=1, priority=50)], busy)

    assert decided.yielding == [Yielding(id=2, to=3, words="preempted by job 3 (n3)")]
    assert decided.reasons[3] == "waits for job 2 (n2) to make room"
    assert not decide([wants(3, gpus=1, priority=49)], busy).yielding  # the gap is ten
    steady = [replace(each, preemptible=False) for each in busy]
    assert not decide([wants(3, gpus=1, priority=99)], steady).yielding


def test_the_fewest_jobs_make_room() -> None:
    busy = [
        holds(1, "GPU-a", cpus=0, priority=1, preemptible=True, gpu_bytes=GIB),
        holds(2, "GPU-a", cpus=0, priority=1, preemptible=True, gpu_bytes=GIB),
        holds(3, "GPU-b", cpus=0, priority=20, preemptible=True),
    ]

    assert [each.id for each in decide([wants(4, gpus=1)], busy).yielding] == [3]
    assert {each.id for each in decide([wants(4, gpus=2)], busy).yielding} == {1, 2, 3}


def test_nobody_is_stopped_in_vain() -> None:
    busy = [
        holds(1, "GPU-a", cpus=0, priority=1, preemptible=True),
        holds(2, "GPU-b", cpus=0, priority=50),
    ]

    assert not decide([wants(3, gpus=2)], busy).yielding  # job 2 would stay


def test_room_that_is_being_made_is_for_whom_it_is_made() -> None:
    busy = [
        holds(1, "GPU-a", cpus=0, priority=1),
        holds(2, "GPU-b", cpus=0, priority=1, stopping=True, preemptible=True),
    ]

    decided = decide([wants(3, gpus=1), wants(4, gpus=1)], busy)

    assert not decided.yielding  # one is going already
    assert decided.reasons[4] == "waits for 1 GPU: 0 held by job 1 (you), 1 kept for job 3 (n3)"


def test_a_long_list_of_holders_is_cut() -> None:
    busy = [holds(id) for id in range(6)]

    assert decide([wants(9)], busy, Room(cpus=6)).reasons[9].endswith("job 3 (n3) and 2 more")
