"""The GPUs of a box, as the driver tells of them: through a double of its library, and a fake for runners."""

import asyncio
import ctypes
import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pynvml
import pytest
from fixtures.contexts import Here
from fixtures.nvml import CALLED, Card, Nvidia

from lineside.jobs.devices import idling, nvml, owners
from lineside.jobs.devices.fakes import FakeGpus
from lineside.jobs.devices.gpus import UNKNOWN, Gpu, GpuProcess, Inventory
from lineside.jobs.devices.nvml import RETRY_S, Nvml
from lineside.jobs.execution import gpus, launch, queue
from lineside.store.actors import Actor, Role
from lineside.store.clock import Micros, after
from lineside.store.homes import Home
from lineside.store.queries import jobs

GIB = 1 << 30
START = Micros(1_000_000_000)


@pytest.fixture
def stranger() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that belongs to no job."""
    with subprocess.Popen(["sleep", "600"], env={}) as started:
        yield started
        started.kill()


def only(inventory: Inventory) -> Gpu:
    [gpu] = inventory.gpus
    return gpu


def owned(pid: int, leaders: dict[int, int], home: Path) -> GpuProcess:
    """The process, once it is known whose it is."""
    look = Inventory(gpus=(Gpu.of({**vars_of("GPU-a"), "held": [{"pid": pid}]}),), words="")
    [process] = only(owners.named(look, leaders, home=home)).held
    return process


def vars_of(uuid: str, **more: object) -> dict[str, object]:
    usual = {"index": 0, "uuid": uuid, "name": "H100", "util": 0, "mem_used_bytes": 0,
             "mem_total_bytes": 80 * GIB, "temp_c": 40, "watts": 70.0}  # fmt: skip
    return {**usual, **more}


def test_the_double_has_only_functions_that_the_real_library_has() -> None:
    assert [name for name in CALLED if not callable(getattr(pynvml, name, None))] == []


def test_a_device_is_told_with_its_load_its_heat_its_energy_and_all_that_is_on_it() -> None:
    card = Card(
        uuid="GPU-a", used=20 * GIB, util=91, milliwatts=338_500, millijoules=5_000,
        compute={41: 18 * GIB, 42: None}, clients={9: GIB}, graphics={41: 1 * GIB, 7: 2 * GIB},
    )  # fmt: skip

    seen = Nvml(Nvidia([card]).module).look(at=0.0)

    assert seen.words == "1 GPU: NVIDIA H100 80GB HBM3"
    gpu = only(seen)
    assert (gpu.uuid, gpu.util, gpu.mem_used_bytes, gpu.mem_total_bytes) == ("GPU-a", 91, 20 * GIB, 80 * GIB)
    assert (gpu.temp_c, gpu.watts, gpu.energy_j) == (41, 338.5, 5.0)
    assert {process.pid: process.bytes for process in gpu.held} == {
        41: 18 * GIB, 42: None, 9: GIB, 7: 2 * GIB,
    }  # fmt: skip


def test_what_a_device_does_not_support_is_none_and_the_rest_is_told() -> None:
    card = Card(uuid="GPU-a", util=None, milliwatts=None, millijoules=None, compute={41: GIB})

    gpu = only(Nvml(Nvidia([card], old=True).module).look(at=0.0))

    assert (gpu.util, gpu.watts, gpu.energy_j) == (None, None, None)
    assert gpu.held == (GpuProcess(pid=41, bytes=GIB),)


def test_each_instance_of_a_partitioned_gpu_is_a_device_of_its_own() -> None:
    parts = [
        Card(uuid="MIG-1", total=20 * GIB, used=5 * GIB, compute={41: 5 * GIB}), None,
        Card(uuid="MIG-2", total=40 * GIB),
    ]  # fmt: skip
    cards = [Card(uuid="GPU-a", instances=parts, milliwatts=400_000, millijoules=8_000), Card(uuid="GPU-b")]

    first, second, whole = Nvml(Nvidia(cards).module).look(at=0.0).gpus

    assert [gpu.index for gpu in (first, second, whole)] == [0, 1, 2]
    assert (first.uuid, first.parent, first.mem_total_bytes) == ("MIG-1", "GPU-a", 20 * GIB)
    assert (first.watts, first.energy_j, first.util) == (100.0, 2.0, None)
    assert first.held == (GpuProcess(pid=41, bytes=5 * GIB),)
    assert (second.uuid, second.energy_j, second.held) == ("MIG-2", 4.0, ())
    assert (whole.uuid, whole.parent) == ("GPU-b", None)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (pynvml.NVML_ERROR_LIBRARY_NOT_FOUND, "no NVIDIA driver here"),
        (pynvml.NVML_ERROR_DRIVER_NOT_LOADED, "no NVIDIA driver here"),
        (pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH, "the NVIDIA driver was upgraded"),
    ],
)
def test_without_a_driver_that_answers_there_are_words_and_it_is_asked_again_later(
    code: int, words: str
) -> None:
    driver = Nvidia([Card(uuid="GPU-a")], broken=code)
    asked = Nvml(driver.module)

    seen = asked.look(at=0.0)
    assert (seen.gpus, seen.words.startswith(words), "on the CPU" in seen.words) == ((), True, True)
    driver.broken = None
    assert asked.look(at=RETRY_S - 1) == seen
    assert only(asked.look(at=RETRY_S)).uuid == "GPU-a"
    assert driver.loaded == 2


def test_the_library_stays_up_between_looks_and_is_read_anew_when_the_driver_went_away() -> None:
    driver = Nvidia([Card(uuid="GPU-a")])
    asked = Nvml(driver.module)
    for at in (0.0, 5.0, 10.0):
        assert asked.look(at=at).gpus
    assert (driver.begun, driver.ended, driver.loaded) == (1, 0, 1)

    driver.broken = pynvml.NVML_ERROR_DRIVER_NOT_LOADED
    assert asked.look(at=15.0).words.startswith("the NVIDIA driver does not answer")
    driver.broken = None
    assert asked.look(at=15.0 + RETRY_S).gpus
    assert (driver.begun, driver.ended, driver.loaded) == (2, 1, 2)


def test_a_gpu_that_fell_off_the_bus_is_said_and_the_others_are_given_out() -> None:
    cards = [Card(uuid="GPU-a", error=pynvml.NVML_ERROR_GPU_IS_LOST), Card(uuid="GPU-b")]

    seen = Nvml(Nvidia(cards).module).look(at=0.0)

    assert only(seen).uuid == "GPU-b"
    assert seen.words == "1 GPU: NVIDIA H100 80GB HBM3; GPU 0 does not answer (GPU is lost)"


def test_without_the_package_there_are_words() -> None:
    def missing() -> None:
        raise ImportError("no module named pynvml")

    assert "pip install 'lineside[gpu]'" in Nvml(missing).look(at=0.0).words


def test_the_real_library_is_imported_once_while_no_driver_was_found() -> None:
    assert nvml.fresh() is nvml.fresh() is sys.modules["pynvml"]


def test_a_process_belongs_to_the_job_it_descends_from(
    stranger: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    found = owned(stranger.pid, {os.getpid(): 41}, tmp_path)
    assert (found.job, found.user) == (41, owners.user_of(os.getpid()))


def test_a_process_that_left_its_parents_belongs_to_the_running_job_it_was_marked_for(tmp_path: Path) -> None:
    mark = {"LINESIDE_HOME": str(tmp_path), "LINESIDE_JOB": "41"}
    with subprocess.Popen(["sleep", "600"], env=mark) as started:
        assert owned(started.pid, {1 << 22: 41}, tmp_path).job == 41
        assert owned(started.pid, {1 << 22: 40}, tmp_path).job is None  # the job it was of has ended
        assert owned(started.pid, {1 << 22: 41}, tmp_path / "other").job is None
        started.kill()


def test_a_stranger_is_told_with_its_user_and_one_that_nobody_sees_as_unknown(
    stranger: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    found = owned(stranger.pid, {}, tmp_path)
    assert (found.job, found.user) == (None, owners.user_of(os.getpid()))
    assert owned((1 << 22) + 1, {}, tmp_path).user == UNKNOWN


def test_a_job_has_what_its_processes_have_and_nobody_guesses_what_the_driver_does_not_say() -> None:
    held = [{"pid": 1, "job": 7, "bytes": 5}, {"pid": 2, "job": 7, "bytes": 6}, {"pid": 3, "job": 8},
            {"pid": 4, "user": "maria", "bytes": 9}]  # fmt: skip
    gpu = Gpu.of(vars_of("GPU-a", held=held))
    assert (gpu.job_bytes(7), gpu.job_bytes(8), gpu.job_bytes(9)) == (11, None, None)
    assert [process.pid for process in gpu.foreign] == [4]


def test_a_fake_is_what_its_file_says_at_each_look(tmp_path: Path) -> None:
    path = tmp_path / "gpus.json"
    fake = FakeGpus(str(path))
    assert fake.look(at=0.0).gpus == ()
    path.write_text(
        json.dumps({"gpus": [{"util": 91, "held": [{"pid": 4, "user": "maria", "bytes": 18}]}, {}]})
    )
    first, second = fake.look(at=0.0).gpus
    assert (first.util, first.mem_used_bytes, first.held[0].user) == (91, 18, "maria")
    assert (second.index, second.uuid, second.held) == (1, "GPU-fake-1", ())
    path.write_text('{"gpus": [')  # half written
    assert fake.look(at=0.0).gpus == (first, second)
    path.write_text('{"gpus": [], "words": "no NVIDIA driver here"}')
    assert fake.look(at=0.0) == Inventory(gpus=(), words="no NVIDIA driver here")


def test_a_driver_that_hangs_keeps_nobody_waiting_and_its_gpus_are_not_given_out(
    home: Home, db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, told = threading.Event(), []

    class Hanging:
        def look(self, *, at: float) -> Inventory:
            answer.wait(60.0)
            return Inventory(gpus=(), words="back")

    monkeypatch.setattr(gpus, "_backend", Hanging)
    monkeypatch.setattr(gpus, "PATIENCE_S", 0.05)

    async def story() -> None:
        for _ in range(2):  # the second finds the first still waiting
            told.append((await gpus.refresh(Here(home, db))).words)
        answer.set()

    asyncio.run(story())

    assert told == ["the NVIDIA driver has not answered for 0.05 s: no GPU is given out"] * 2
    assert gpus.take_inventory().words == "back"


def test_the_library_in_memory_is_let_go_before_another_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pynvml, "nvmlLib", ctypes.CDLL("libm.so.6"))
    assert nvml.fresh() is pynvml
    assert pynvml.nvmlLib is None


def test_a_job_gets_its_devices_in_the_order_of_the_bus_whatever_its_submitter_had_set(
    home: Home, db: sqlite3.Connection
) -> None:
    actor = Actor(uid=1000, name="ana", role=Role.OPERATOR)
    [sent] = queue.submit(db, actor, [{"argv": ["true"], "cwd": "/"}], START)
    job = jobs.command(db, sent.job_id)
    theirs = {"CUDA_VISIBLE_DEVICES": "7", "CUDA_DEVICE_ORDER": "FASTEST_FIRST", "LANG": "C"}
    for given, seen in ((["MIG-1", "GPU-b"], "MIG-1,GPU-b"), ([], "")):
        env = launch.environment(
            theirs, job, home=home, folder=home.path, sdk=home.path, gpus=given
        )  # fmt: skip
        assert (env["CUDA_VISIBLE_DEVICES"], env["CUDA_DEVICE_ORDER"]) == (seen, "PCI_BUS_ID")
        assert env["LANG"] == "C"


def test_a_device_is_idle_from_the_first_look_at_which_it_was_held_and_did_nothing() -> None:
    free, idle, busy, silent = (
        Gpu.of(vars_of(uuid, util=util)) for uuid, util in (("f", 0), ("i", 4), ("b", 5), ("s", None))
    )
    held = {"i", "b", "s"}
    before: dict[str, Micros] = {"b": START}
    for later in (0.0, 5.0, 10.0):
        seen = idling.since([free, idle, busy, silent], held, before, at=after(START, later))
        before = {gpu.uuid: gpu.idle_since_us for gpu in seen if gpu.idle_since_us is not None}
    assert before == {"i": START}
    assert idling.since([idle], set(), before, at=START)[0].idle_since_us is None
