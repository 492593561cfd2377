"""GPUs: bound by UUID, told in the log, never seen by a job that asked for none."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from fixtures.runners import RunnerUnderTest, running

from lineside.jobs.execution import gpus
from lineside.store.queries import jobs

SHOW = "import os,time; print('sees', repr(os.environ['CUDA_VISIBLE_DEVICES']), flush=True)"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunnerUnderTest]:
    """A runner on a box with two (fake) GPUs and eight slots."""
    config = "[runner]\nslots = 8\npoll_s = 0.2\n"
    begun = running(tmp_path_factory.mktemp("box") / "home", config=config)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINESIDE_FAKE_GPUS", "2")
        runner = next(begun)
    yield runner
    begun.close()


def test_a_job_sees_exactly_the_gpus_it_was_given(box: RunnerUnderTest) -> None:
    one = box.python(SHOW, gpus=1, env={"CUDA_VISIBLE_DEVICES": "7"})
    two = box.python(SHOW, gpus=2)

    box.wait_for(one)
    box.wait_for(two)

    assert "sees 'GPU-fake-0'" in box.log(one)
    assert "this job sees 1 GPU: GPU-fake-0" in box.log(one)
    assert "sees 'GPU-fake-0,GPU-fake-1'" in box.log(two)
    assert box.job(two).devices == ("GPU-fake-0", "GPU-fake-1")


def test_a_job_that_asked_for_none_is_told_so_loudly(box: RunnerUnderTest) -> None:
    job = box.python(SHOW)
    box.wait_for(job)

    assert box.log(job).startswith("lineside: this job asked for no GPU and sees none; ask with gpus = 1\n")
    assert "sees ''" in box.log(job)


def test_no_gpu_is_ever_given_to_two_jobs_at_once(box: RunnerUnderTest) -> None:
    asked = [box.submit("sleep", "0.05", gpus=1) for _ in range(8)]

    for id in asked:
        box.wait_for(id)

    spans = sorted(
        (a.started_us, a.ended_us or 0, a.gpu_uuids) for id in asked for a in jobs.attempts(box.db, id)
    )
    for uuid in ("GPU-fake-0", "GPU-fake-1"):
        mine = [(begin, end) for begin, end, given in spans if uuid in given]
        assert mine
        assert all(end <= begin for (_, end), (begin, _) in pairwise(mine))


def test_without_a_driver_there_are_no_gpus_and_words_that_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LINESIDE_FAKE_GPUS", raising=False)
    seen = gpus.take_inventory()

    if seen.gpus:  # this box has real ones
        assert seen.words.startswith(f"{len(seen.gpus)} GPU")
    else:
        assert "run on the CPU" in seen.words


def test_one_if_there_is_any_runs_on_the_cpu_and_says_so(runner: RunnerUnderTest) -> None:
    if runner.ask("gpus.list")["gpus"]:
        pytest.skip("this box has GPUs")
    job = runner.python(SHOW, gpus=-1)

    assert runner.wait_for(job).state == "SUCCEEDED"
    assert runner.log(job).startswith("lineside: this box has no GPU; this job runs on the CPU\n")
