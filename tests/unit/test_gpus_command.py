"""`lineside gpus` with a real runner of a box whose GPUs a test makes up, strangers and all."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fixtures.runners import FAST, RunnerUnderTest, running
from fixtures.waiting import until

from lineside.console.__main__ import main
from lineside.jobs.devices import usage
from lineside.jobs.devices.owners import user_of
from lineside.store.clock import now
from lineside.store.queries import jobs, runs

GIB = 1 << 30
MARIA = {"pid": 4194305, "user": "maria", "bytes": 18 * GIB}


class Box:
    """A runner, and the devices it sees."""

    def __init__(self, runner: RunnerUnderTest, file: Path) -> None:
        self.runner, self._file = runner, file

    def say(self, *devices: dict[str, Any], **more: Any) -> None:
        """Let these be the GPUs from now on."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps({"gpus": list(devices), **more}))
        fresh.rename(self._file)

    def told(self, capsys: pytest.CaptureFixture[str], *words: str) -> str:
        """What `lineside gpus` prints."""
        return self.asked(capsys, "gpus", *words)

    def asked(self, capsys: pytest.CaptureFixture[str], *words: str) -> str:
        """What any verb prints."""
        capsys.readouterr()
        assert main(["--home", str(self.runner.home.path), *words]) in (0, None)
        return capsys.readouterr().out


@pytest.fixture(scope="module")
def module_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    folder = tmp_path_factory.mktemp("box")
    (folder / "gpus.json").write_text('{"gpus": [{}]}')
    begun = running(folder / "home", config=FAST)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINESIDE_FAKE_GPUS", str(folder / "gpus.json"))
        runner = next(begun)
    yield Box(runner, folder / "gpus.json")
    begun.close()


@pytest.fixture
def box(module_box: Box, tmp_path: Path) -> Box:
    module_box.say({})
    module_box.runner.begin_afresh(tmp_path)
    return module_box


def test_each_device_is_a_line_with_all_who_are_on_it(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    box.say({}, {"util": 78, "held": [MARIA], "watts": 338.4, "name": "H100"})

    head, free, strange = box.told(capsys).splitlines()

    assert head.split()[:4] == ["gpu", "name", "util", "memory"]
    assert "free" in free
    for words in ("H100", "78 %", "18 GiB of 16 GiB", "338 W", "pid 4194305 of maria, 18 GiB"):
        assert words in strange
    said = json.loads(box.told(capsys, "--json"))
    assert said["gpus"][1]["held"] == [{**MARIA, "job": None}]


@pytest.mark.integration
def test_a_process_of_a_job_is_the_jobs_and_its_memory_and_energy_are_written_down(
    box: Box, capsys: pytest.CaptureFixture[str]
) -> None:
    box.say({"energy_j": 1000.0})
    id = box.runner.python("import time; time.sleep(600)", name="big", gpus=1)
    row = box.runner.wait_for(id, "RUNNING")
    mine = {"pid": box.runner.start_file(id).pid, "bytes": 3 * GIB}
    box.say({"held": [mine, {"pid": os.getpid(), "bytes": GIB}], "energy_j": 1000.0})
    run = row.run_id
    assert run is not None

    def measured(metric: str) -> float | None:
        found = {each.metric: each.last_value for each in runs.summaries(box.runner.db, run, system=True)}
        return found.get(metric)

    until(lambda: measured("sys.gpu0.own_memory_bytes") == 3 * GIB)
    box.say({"held": [mine], "energy_j": 4600.0})
    until(lambda: measured("sys.gpu_energy_j") == 3600.0)
    assert used_of(box, id).kwh == 0.001

    [gpu] = json.loads(box.told(capsys, "--json"))["gpus"]
    assert gpu["jobs"] == [{"job": id, "name": "big", "who": row.submitted_by}]
    assert gpu["held"] == [{**mine, "user": user_of(os.getpid()), "job": id}]
    assert f"job {id} {row.submitted_by}" in box.told(capsys)

    box.runner.ask("jobs.cancel", {"job": id})
    box.runner.wait_for(id)
    assert (used_of(box, id).kwh, used_of(box, id).peak_bytes) == (0.001, 3 * GIB)
    assert row.submitted_by in box.told(capsys, "--usage", "--days", "1")
    [person] = json.loads(box.told(capsys, "--usage", "--json"))
    assert (person["usage"]["kwh"], person["usage"]["peak_bytes"]) == (0.001, 3 * GIB)


def test_a_job_and_its_run_say_what_they_had_and_the_next_of_its_kind_what_to_expect(
    box: Box, capsys: pytest.CaptureFixture[str]
) -> None:
    box.say({"energy_j": 1000.0})
    (box.runner.work / "train.py").write_text("import time; time.sleep(600)")
    first = box.runner.submit(sys.executable, "train.py", gpus=1)
    box.runner.wait_for(first, "RUNNING")
    box.say({"held": [{"pid": box.runner.start_file(first).pid, "bytes": 3 * GIB}], "energy_j": 1000.0})
    until(lambda: used_of(box, first).peak_bytes)
    box.runner.ask("jobs.cancel", {"job": first})
    box.runner.wait_for(first)
    next_one = box.runner.submit(sys.executable, "train.py", "--lr", "1", gpus=1)

    for words in (("jobs", "show", str(first)), ("runs", "show", str(box.runner.job(first).run_id))):
        assert "at most 3.0 GiB of memory" in box.asked(capsys, *words)
    assert "expected to need 3.0 GiB of each GPU, by 1 earlier attempt of the same entry point" in box.asked(
        capsys, "jobs", "show", str(next_one)
    )
    said = json.loads(box.asked(capsys, "jobs", "show", str(next_one), "--json"))
    assert said["gpu_predicted"]["max_bytes"] == 3 * GIB


def test_a_driver_that_goes_away_is_words_and_comes_back(
    box: Box, capsys: pytest.CaptureFixture[str]
) -> None:
    box.say(words="no NVIDIA driver here: jobs run on the CPU")
    assert box.told(capsys) == "no NVIDIA driver here: jobs run on the CPU\n"
    box.say({})
    assert "GPU-fake-0" in box.told(capsys)


def used_of(box: Box, job: int) -> usage.Usage:
    """What a job had of the GPUs."""
    assert jobs.get(box.runner.db, job)
    found = usage.of_job(box.runner.db, job, slots=1, at=now())
    return found or usage.Usage()
