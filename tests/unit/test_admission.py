"""Who may start: examples of the rules; tests/property holds the laws."""

from lineside.jobs.execution.admission import Admission, Holder, Place, Room, Waiting, admit

BOX = Room(cpus=2, gpus=("GPU-a", "GPU-b"))


def wants(id: int, *, cpus: int = 1, gpus: int = 0) -> Waiting:
    return Waiting(id=id, name=f"n{id}", cpus=cpus, gpus=gpus)


def holds(id: int, *gpus: str, cpus: int = 1) -> Holder:
    return Holder(id=id, name=f"n{id}", cpus=cpus, gpus=gpus)


def started(decided: Admission) -> list[int]:
    return [place.id for place in decided.places]


def test_a_cpu_job_passes_one_that_waits_for_a_gpu() -> None:
    decided = admit([wants(3, gpus=2), wants(4)], [holds(1, "GPU-a")], BOX)

    assert started(decided) == [4]
    assert decided.reasons == {3: "waits for 2 GPUs: held by job 1 (n1)"}


def test_a_job_never_passes_an_earlier_one_that_waits_for_the_same_thing() -> None:
    decided = admit([wants(3, gpus=2), wants(4, gpus=1)], [holds(1, "GPU-a")], BOX)

    assert started(decided) == []
    assert decided.reasons[4] == "waits for 1 GPU, behind job 3 (n3)"


def test_one_gpu_if_there_is_any_runs_on_the_cpu_of_a_box_without() -> None:
    assert admit([wants(1, gpus=-1)], [], BOX).places == [Place(id=1, gpus=("GPU-a",))]
    assert admit([wants(1, gpus=-1)], [], Room(cpus=2, gpus=())).places == [Place(id=1, gpus=())]


def test_asking_for_more_gpus_than_the_box_has_holds_nobody_up() -> None:
    decided = admit([wants(1, gpus=3), wants(2, gpus=1)], [], BOX)

    assert started(decided) == [2]
    assert decided.reasons[1] == "asks for 3 GPUs; this box has 2"


def test_asking_for_more_slots_than_the_box_has_means_all_of_them() -> None:
    assert started(admit([wants(1, cpus=16)], [], BOX)) == [1]
    assert admit([wants(1, cpus=16)], [holds(7)], BOX).reasons == {
        1: "waits for 2 CPU slots: held by job 7 (n7)"
    }


def test_a_long_list_of_holders_is_cut() -> None:
    busy = [holds(id) for id in range(6)]

    assert admit([wants(9)], busy, Room(cpus=6, gpus=())).reasons[9].endswith("job 3 (n3) and 2 more")
