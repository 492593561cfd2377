"""`lineside run` and `lineside jobs` against a real runner: arrays, wishes, lists, and misuse in words."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fixtures.runners import RunnerUnderTest, running
from fixtures.waiting import until

from lineside.console.__main__ import main
from lineside.store.queries import jobs


@pytest.fixture(scope="module")
def _module_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunnerUnderTest]:
    begun = running(tmp_path_factory.mktemp("box") / "home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINESIDE_FAKE_GPUS", "2")
        runner = next(begun)
    yield runner
    begun.close()


@pytest.fixture
def box(_module_box: RunnerUnderTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunnerUnderTest:
    """A runner of a box with two (fake) GPUs and two CPU slots."""
    _module_box.begin_afresh(tmp_path)
    monkeypatch.chdir(tmp_path)
    return _module_box


def say(box: RunnerUnderTest, *words: str) -> int:
    return main(["--home", str(box.home.path), *words])


def started(
    box: RunnerUnderTest,
    capsys: pytest.CaptureFixture[str],
    *words: str,
    command: tuple[str, ...] = ("true",),
) -> list[int]:
    capsys.readouterr()
    assert say(box, "run", "--json", *words, "--", *command) == 0, capsys.readouterr().err
    return [each["job"] for each in json.loads(capsys.readouterr().out)]


def test_an_array_is_a_job_for_each_index(box: RunnerUnderTest, capsys: pytest.CaptureFixture[str]) -> None:
    command = ("sh", "-c", "echo seed {index} $LINESIDE_ARRAY_INDEX")
    sent = started(box, capsys, "--name", "sweep", "--array", "0-2,7", command=command)

    rows = [box.wait_for(id) for id in sent]

    assert [row.name for row in rows] == ["sweep[0]", "sweep[1]", "sweep[2]", "sweep[7]"]
    assert [box.log(id).strip().splitlines()[-1] for id in sent] == [f"seed {n} {n}" for n in (0, 1, 2, 7)]


def test_an_array_is_one_line_of_the_list_and_all_of_it_is_cancelled_at_once(
    box: RunnerUnderTest, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = started(box, capsys, "--name", "long", "--array", "0-7%1", command=("sleep", "600"))
    box.wait_for(sent[0], "RUNNING")
    until(lambda: box.job(sent[1]).reason == f"waits for its array: 1 of array {sent[0]} at once")

    assert say(box, "jobs", "ls") == 0
    folded = [line for line in capsys.readouterr().out.splitlines() if "long[" in line]
    assert len(folded) == 1
    assert f"{sent[0]}..{sent[-1]}" in folded[0]
    assert "1 RUNNING 7 QUEUED" in folded[0]
    assert say(box, "jobs", "ls", "--all") == 0
    assert sum("long[" in line for line in capsys.readouterr().out.splitlines()) == 8

    assert say(box, "jobs", "cancel", "--array", str(sent[0])) == 0
    assert {box.wait_for(id).state for id in sent} == {"CANCELLED"}
    assert say(box, "jobs", "cancel", "--array", str(sent[0])) != 0
    assert "no job of array" in capsys.readouterr().err


def test_a_job_waits_for_a_whole_array_and_for_the_end_of_one_that_fails(
    box: RunnerUnderTest, capsys: pytest.CaptureFixture[str]
) -> None:
    go = ("sh", "-c", "until [ -e go ]; do sleep 0.02; done; [ {index} != 1 ]")
    sent = started(box, capsys, "--array", "0-1", command=go)
    span = f"{sent[0]}..{sent[1]}"
    (all_ok,) = started(box, capsys, "--after", span)
    (either,) = started(box, capsys, "--after", f"{span}:any")
    until(lambda: box.job(all_ok).reason.startswith(f"waits for job {sent[0]} (sh[0])"))

    (box.work / "go").touch()

    assert box.wait_for(either).state == "SUCCEEDED"
    assert box.wait_for(all_ok).state == "SKIPPED"
    assert box.job(all_ok).reason == f"job {sent[1]} (sh[1]) ended FAILED"


def test_a_range_of_jobs_is_held_released_and_cancelled_but_for_those_that_cannot_be(
    box: RunnerUnderTest, capsys: pytest.CaptureFixture[str]
) -> None:
    busy = [box.submit("sleep", "600") for _ in range(2)]
    for id in busy:
        box.wait_for(id, "RUNNING")
    waiting = [box.submit("true") for _ in range(3)]
    span = f"{busy[0]}..{waiting[-1]}"

    assert say(box, "jobs", "hold", span) == 0
    assert {box.job(id).state for id in waiting} == {"HELD"}
    assert say(box, "jobs", "release", span) == 0
    assert {box.job(id).state for id in waiting} == {"QUEUED"}
    assert say(box, "jobs", "cancel", span) == 0
    assert {box.wait_for(id).state for id in busy + waiting} == {"CANCELLED"}
    assert say(box, "jobs", "cancel", "900..990") == 1
    assert "no job '900..990'" in capsys.readouterr().err


def test_all_that_can_be_wished_for_reaches_the_job_and_is_shown(
    box: RunnerUnderTest, capsys: pytest.CaptureFixture[str]
) -> None:
    (id,) = started(
        box, capsys, "--gpu-mem", "2GiB", "--prefer", "1", "--prefer", "0", "--mem", "512MiB",
        "--preemptible", "--checkpoint", "USR1", "--retry", "3", "--retry-on", "oom_cuda,lost",
        "--retry-backoff", "2", "--time-limit", "60", "--grace", "3", "--priority", "70",
    )  # fmt: skip
    asked = jobs.command(box.db, id)

    assert (asked.gpus, asked.gpu_bytes, asked.memory_bytes) == (1, 2 << 30, 512 << 20)
    assert (json.loads(asked.gpu_prefer), asked.preemptible) == (["1", "0"], 1)
    assert (asked.checkpoint_signal, asked.retry_max, json.loads(asked.retry_on)) == (
        "USR1", 3, ["oom_cuda", "lost"],
    )  # fmt: skip
    assert (asked.retry_backoff_s, asked.time_limit_s, asked.grace_s) == (2.0, 60.0, 3.0)
    assert box.wait_for(id).devices == ("GPU-fake-1",)
    assert say(box, "jobs", "show", str(id)) == 0
    shown = capsys.readouterr().out
    for words in ("of each GPU", "rather GPU 1, 0", "priority 70", "gets SIGUSR1 before it is stopped",
                  "tried again 3 times after oom_cuda, lost", "may make room", "stopped after 60 s",
                  "on GPU-fake-1"):  # fmt: skip
        assert words in shown


def test_retry_alone_means_after_any_failure(
    box: RunnerUnderTest, capsys: pytest.CaptureFixture[str]
) -> None:
    (id,) = started(box, capsys, "--retry", "1", "--retry-backoff", "0", command=("false",))

    assert box.wait_for(id).attempt == 2


def test_asking_twice_with_one_key_starts_one_job(
    box: RunnerUnderTest, capsys: pytest.CaptureFixture[str]
) -> None:
    first = started(box, capsys, "--key", "nightly")

    assert started(box, capsys, "--key", "nightly") == first


def test_the_list_is_cut_by_state_and_by_person(
    box: RunnerUnderTest, capsys: pytest.CaptureFixture[str]
) -> None:
    failed, fine = box.submit("false"), box.submit("true")
    who = box.wait_for(failed).submitted_by
    box.wait_for(fine)

    def listed(*words: str) -> list[dict[str, Any]]:
        capsys.readouterr()
        assert say(box, "jobs", "ls", "--json", *words) == 0
        return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]

    assert failed in [row["id"] for row in listed("--state", "failed", "--who", who)]
    assert fine not in [row["id"] for row in listed("--state", "FAILED")]
    assert listed("--who", "nobody") == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--gpus", "3"], "asks for 3 GPUs; this box has 2"),
        (["--gpu-mem", "17GiB"], "asks for 17 GiB of 1 GPU; the largest has 16 GiB"),
        (["--gpu-mem", "much"], "'much' is no size: 20GiB"),
        (["--array", "5-1"], "an array has 1 to 1000"),
        (["--array", "0-1000"], "an array has 1 to 1000"),
        (["--array", "a-b"], "are no indexes"),
        (["--array", "0-3%0"], "are no indexes"),
        (["--retry-on", "lost"], "say how often"),
        (["--retry", "1", "--retry-on", "bad_luck"], "retry on bad_luck"),
        (["--checkpoint", "KILL"], "checkpoint_signal = 'KILL'"),
        (["--gpu-slots", "0"], "above 0"),
        (["--after", "first"], "'first' names no job: 57, 57:any"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_in_words(
    box: RunnerUnderTest, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert say(box, "run", *words, "--", "true") == 2
    assert told in " ".join(capsys.readouterr().err.split())


def test_a_drained_runner_says_so_and_goes_on_when_told(
    box: RunnerUnderTest, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say(box, "runner", "drain", "new driver") == 0
    assert "nothing new starts; nothing runs" in capsys.readouterr().err
    assert say(box, "runner", "status") == 0
    assert "new driver: nothing new starts" in capsys.readouterr().out
    waits = box.submit("true")

    assert say(box, "runner", "undrain") == 0
    assert box.wait_for(waits).state == "SUCCEEDED"
    assert say(box, "runner", "status") == 0
    assert "new driver" not in capsys.readouterr().out
