"""What jobs had of the GPUs: energy and memory by look, hours and kWh by ledger, and what to expect."""

import asyncio
import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fixtures.contexts import Here
from hypothesis import given
from hypothesis import strategies as st

from lineside.jobs.devices import idling, predicting
from lineside.jobs.devices import usage as used
from lineside.jobs.devices.gpus import Gpu, GpuProcess
from lineside.jobs.devices.meters import Meters
from lineside.jobs.devices.usage import Box
from lineside.jobs.execution import gpus, queue
from lineside.store.actors import Actor, Role
from lineside.store.clock import SECOND, Micros, after
from lineside.store.homes import Home
from lineside.store.queries import jobs, usage
from lineside.store.queries import queue as queued
from lineside.store.queries.usage import HeldRow, PeakRow
from lineside.store.states import Cause, JobState

GIB = 1 << 30
HOUR = 3600.0
NOW = Micros(200_000 * SECOND)
GPU = Gpu(
    index=0, uuid="GPU-a", name="H100", util=50, mem_used_bytes=0, mem_total_bytes=80 * GIB, temp_c=40,
    watts=100.0, energy_j=1000.0,
)  # fmt: skip


def holding(**bytes_of: int | None) -> tuple[GpuProcess, ...]:
    """`job_7=5`: a process of job 7 that has five bytes."""
    return tuple(
        GpuProcess(pid=pid, job=int(name.removeprefix("job_")), bytes=size)
        for pid, (name, size) in enumerate(bytes_of.items())
    )


def submit(db: sqlite3.Connection, who: str = "ana", **more: Any) -> int:
    job = {"argv": ["python", "train.py"], "cwd": "/", "gpus": 1, **more}
    return queue.submit(db, Actor(uid=1000, name=who, role=Role.OPERATOR), [job], NOW)[0].job_id


def had(
    db: sqlite3.Connection, who: str = "ana", *, hours: float = 1.0, ended: float | None = 1.0,
    devices: tuple[str, ...] = ("GPU-a",), joules: float | None = None, peak: int | None = None, **more: Any,
) -> int:  # fmt: skip
    """A job that ran for `hours` and ended `ended` hours ago, or did not end."""
    id = submit(db, who, **more)
    begin = after(NOW, -HOUR * (hours + (ended or 0.0)))
    number = queued.claim(db, id, gpu_uuids=list(devices), at=begin)
    assert number is not None
    queued.move(db, id, old=JobState.STARTING, new=JobState.RUNNING, started=begin)
    usage.note(db, id, number, energy_j=joules, peak_bytes=peak)
    if ended is not None:
        end = after(NOW, -HOUR * ended)
        values = {"ended_us": end, "detail": "", "code": 0, "user_s": None, "system_s": None,
                  "max_rss_bytes": None}  # fmt: skip
        queued.end_attempt(db, id, number=number, cause=Cause.OK, values=values)
        queued.move(db, id, old=JobState.RUNNING, new=JobState.SUCCEEDED, ended=end)
    return id


def row(**more: Any) -> HeldRow:
    usual = {"job_id": 1, "number": 1, "submitted_by": "ana", "run_id": None, "gpu_uuids": '["GPU-a"]',
             "gpu_bytes": None, "gpu_slots": None, "started_us": NOW, "ended_us": after(NOW, HOUR),
             "energy_j": None, "gpu_peak_bytes": None}  # fmt: skip
    return HeldRow(**{**usual, **more})


# -- by look ----------------------------------------------------------------------------------------


def test_a_job_alone_on_a_device_is_charged_all_that_its_counter_went_up() -> None:
    meters = Meters()
    meters.look([GPU], {(7, 1): ["GPU-a"]}, at=0.0)
    taken = meters.look([replace(GPU, energy_j=1250.0)], {(7, 1): ["GPU-a"]}, at=2.0)
    assert taken[7, 1].energy_j == 250.0


def test_without_a_counter_or_with_one_that_began_anew_power_is_added_up() -> None:
    for first, second in ((None, None), (1000.0, 3.0)):
        meters = Meters()
        meters.look([replace(GPU, energy_j=first)], {(7, 1): ["GPU-a"]}, at=0.0)
        taken = meters.look([replace(GPU, energy_j=second)], {(7, 1): ["GPU-a"]}, at=2.0)
        assert taken[7, 1].energy_j == 200.0


def test_jobs_that_share_a_device_share_its_energy_by_memory_or_alike_where_nobody_tells() -> None:
    both = {(7, 1): ["GPU-a"], (8, 1): ["GPU-a"]}
    for held, parts in ((holding(job_7=30, job_8=10), (75.0, 25.0)), (holding(job_7=30), (50.0, 50.0))):
        meters, device = Meters(), replace(GPU, held=held)
        meters.look([device], both, at=0.0)
        taken = meters.look([replace(device, energy_j=1100.0)], both, at=2.0)
        assert (taken[7, 1].energy_j, taken[8, 1].energy_j) == parts


@given(
    sizes=st.lists(st.integers(0, 80) | st.none(), min_size=1, max_size=6),
    steps=st.lists(st.integers(0, 1000), min_size=1, max_size=8),
)
def test_no_joule_is_charged_twice_and_none_is_lost(sizes: list[int | None], steps: list[int]) -> None:
    holders = {(job, 1): ["GPU-a"] for job in range(len(sizes))}
    device = replace(GPU, held=holding(**{f"job_{job}": size for job, size in enumerate(sizes)}))
    meters, counter = Meters(), 1000.0
    meters.look([device], holders, at=0.0)
    for at, step in enumerate(steps, 1):
        counter += step
        taken = meters.look([replace(device, energy_j=counter)], holders, at=float(at))
    assert sum(each.energy_j or 0.0 for each in taken.values()) == pytest.approx(sum(steps))


def test_the_peak_is_over_all_devices_at_one_look_and_goes_on_with_the_next_runner() -> None:
    devices = [replace(GPU, held=holding(job_7=5)), replace(GPU, uuid="GPU-b", held=holding(job_7=6))]
    less = [replace(GPU, held=holding(job_7=1)), replace(GPU, uuid="GPU-b", held=holding(job_7=None))]
    meters, holders = Meters(), {(7, 1): ["GPU-a", "GPU-b"]}
    meters.look(devices, holders, at=0.0)
    assert meters.look(less, holders, at=1.0)[7, 1].peak_bytes == 11

    again = Meters()
    again.begin((7, 1), energy_j=50.0, peak_bytes=11)
    again.look(less, holders, at=0.0)
    taken = again.look([replace(each, energy_j=1001.0) for each in less], holders, at=1.0)[7, 1]
    assert (taken.energy_j, taken.peak_bytes) == (52.0, 11)


def test_what_nobody_tells_stays_unknown() -> None:
    silent = replace(GPU, energy_j=None, watts=None)
    meters = Meters()
    for at in (0.0, 1.0):
        taken = meters.look([silent], {(7, 1): ["GPU-a", "GPU-gone"]}, at=at)[7, 1]
    assert (taken.energy_j, taken.peak_bytes) == (None, None)


# -- by ledger --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "hours"),
    [
        ({}, 1.0),
        ({"gpu_uuids": '["GPU-a", "GPU-b"]'}, 2.0),
        ({"gpu_slots": 1}, 0.25),
        ({"gpu_slots": 9}, 1.0),
        ({"gpu_bytes": 20 * GIB}, 0.25),
        ({"gpu_bytes": 20 * GIB, "gpu_uuids": '["GPU-unknown"]'}, 1.0),
    ],
)
def test_a_share_of_a_device_counts_as_that_share(asked: dict[str, Any], hours: float) -> None:
    box = Box(slots=4, totals={"GPU-a": 80 * GIB})
    assert used.total([row(**asked)], box, until=after(NOW, 5 * HOUR)).gpu_h == pytest.approx(hours)


def test_a_kilowatt_for_an_hour_is_a_kilowatt_hour_and_only_the_part_in_the_span_counts() -> None:
    found = used.total(
        [row(energy_j=3.6e6, gpu_peak_bytes=5)], Box(slots=1, totals={}), since=after(NOW, HOUR / 2),
        until=after(NOW, 9 * HOUR),
    )  # fmt: skip
    assert (found.gpu_h, found.kwh, found.peak_bytes) == (0.5, 0.5, 5)


def test_the_ledger_of_people_is_that_of_their_jobs(db: sqlite3.Connection) -> None:
    ids = [
        had(db, "ana", hours=2, joules=3.6e6, peak=GIB),
        had(db, "ana", hours=1, devices=("GPU-a", "GPU-b")),
        had(db, "ben", hours=3, joules=7.2e6, gpu_slots=1),
        had(db, "ben", hours=30 * 24, ended=None, joules=3.6e5),
        had(db, "cleo", gpus=0, devices=()),
    ]
    week = used.of_people(db, since=after(NOW, -7 * 24 * HOUR), until=NOW, slots=4)
    ever = used.of_people(db, since=Micros(-(1 << 50)), until=NOW, slots=4)
    each = [used.of_job(db, id, slots=4, at=NOW) for id in ids]

    assert [(one.who, one.jobs) for one in week] == [("ben", 2), ("ana", 2)]
    assert week[1].usage.gpu_h == pytest.approx(4.0)
    assert week[0].usage.gpu_h == pytest.approx(7 * 24 + 0.75)
    assert each[4] is None
    assert sum(one.usage.gpu_h for one in ever) == pytest.approx(sum(one.gpu_h for one in each if one))
    assert sum(one.usage.kwh or 0.0 for one in ever) == pytest.approx(3.1)
    run = jobs.get(db, ids[0]).run_id
    assert run is not None
    assert used.of_run(db, run, slots=4, at=NOW) == each[0]
    assert each[0] is not None
    assert each[0].words == "2.00 GPU-hours, 1 kWh, at most 1.0 GiB of memory"


def test_little_is_said_in_little_units() -> None:
    assert used.Usage(gpu_h=0.001, kwh=0.0002).words == "under 0.01 GPU-hours, 0.2 Wh"
    assert used.Usage(gpu_h=1.5).words == "1.50 GPU-hours, energy not measured"


def test_the_memory_of_devices_is_remembered_for_when_no_runner_is_up(db: sqlite3.Connection) -> None:
    usage.note_totals(db, {"GPU-a": 80 * GIB}, at=NOW)
    usage.note_totals(db, {"GPU-b": 40 * GIB}, at=NOW)
    id = had(db, hours=4, gpu_bytes=20 * GIB)
    found = used.of_job(db, id, slots=1, at=NOW)
    assert usage.totals_of(db) == {"GPU-a": 80 * GIB, "GPU-b": 40 * GIB}
    assert found is not None
    assert (found.gpu_h, found.kwh) == (1.0, None)


# -- what to expect ---------------------------------------------------------------------------------


def test_a_script_is_expected_to_need_what_its_newest_twenty_attempts_needed(db: sqlite3.Connection) -> None:
    for peak in (70 * GIB, *range(1, 21)):
        had(
            db,
            peak=peak,
            ended=100 - (0 if peak > 20 else peak),
            argv=["python", "train.py", "--lr", str(peak)],
        )
    had(db, peak=90 * GIB, argv=["python", "other.py"])
    had(db, peak=90 * GIB, cwd="/usr")
    had(db, peak=90 * GIB, ended=None)

    found = predicting.predicted(db, submit(db, argv=["python", "train.py"]))

    assert found is not None
    assert (found.max_bytes, found.p95_bytes, found.attempts) == (20, 19, 20)
    assert predicting.predicted(db, submit(db, argv=["python", "new.py"])) is None


def test_every_cell_of_a_stage_tells_of_the_stage(db: sqlite3.Connection) -> None:
    stage = {"pipeline": "churn", "stage": "train", "argv": ["train"]}
    had(db, peak=12 * GIB, devices=("GPU-a", "GPU-b"), name="train[lr=1]", **stage)
    had(db, peak=90 * GIB, name="train", **{**stage, "pipeline": "other"})
    had(db, peak=90 * GIB, name="train-2", **{**stage, "stage": "train-2"})

    found = predicting.predicted(db, submit(db, name="train[lr=2]", **stage))

    assert found is not None
    assert found.words == "6.0 GiB of each GPU, by 1 earlier attempt of the same entry point"


def test_of_a_hundred_the_95th_percentile_is_the_95th() -> None:
    peaks = [PeakRow(job_id=n, argv="[]", cwd="/", devices=1, gpu_peak_bytes=n) for n in range(1, 101)]
    found = predicting.of_peaks(peaks)
    assert found is not None
    assert (found.p95_bytes, found.max_bytes) == (95, 100)
    assert predicting.of_peaks([]) is None


# -- idle while held --------------------------------------------------------------------------------


def test_the_runner_remembers_since_when_a_held_device_idles(
    home: Home, db: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "gpus.json"
    monkeypatch.setenv("LINESIDE_FAKE_GPUS", str(told))
    job, here = had(db, hours=3, ended=None, devices=("GPU-fake-0",)), Here(home, db)

    def blamed(util: int, minute: float) -> list[tuple[int, int, float]]:
        at = after(NOW, 60 * minute)
        told.write_text(json.dumps({"gpus": [{"util": util}, {"util": 0}]}))
        seen = asyncio.run(gpus.refresh(here, at=at))
        found = idling.report(seen.gpus, jobs.live(db), at=at)
        return [(each.index, each.job, (each.since_us - NOW) / SECOND / 60) for each in found]

    assert [blamed(4, 0), blamed(0, 29), blamed(0, 30)] == [[], [], [(0, job, 0.0)]]
    assert [blamed(5, 31), blamed(0, 32), blamed(0, 61), blamed(0, 62)] == [[], [], [], [(0, job, 32.0)]]


def test_who_holds_a_device_for_half_an_hour_without_using_it_is_named_and_since_when(
    db: sqlite3.Connection,
) -> None:
    first, second = had(db, "ana", hours=2, ended=None), had(db, "ben", hours=0.2, ended=None)
    live = jobs.live(db)
    device = replace(GPU, util=0, idle_since_us=after(NOW, -HOUR))

    [found] = idling.report([device], live, at=NOW)

    assert (found.job, found.who, found.since_us) == (first, "ana", after(NOW, -HOUR))
    later = idling.report([device], live, at=after(NOW, 0.4 * HOUR))
    assert [(each.job, each.since_us) for each in later] == [
        (first, after(NOW, -HOUR)),
        (second, after(NOW, -0.2 * HOUR)),
    ]
    assert idling.report([device], live, at=after(NOW, -HOUR / 2 - 1)) == []
    assert idling.report([replace(device, idle_since_us=None)], live, at=NOW) == []
