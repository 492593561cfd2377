"""The rules of the queue in a real runner: sharing, making room, draining, arrays, tries by cause, paths."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fixtures.runners import RunnerUnderTest, running
from fixtures.waiting import until

from lineside.jobs import commands
from lineside.store.errors import Conflict
from lineside.store.homes import Home
from lineside.store.queries import audit, jobs, runs, settings

CONFIG = (
    "[runner]\nslots = 8\npoll_s = 0.2\nretry_backoff_s = 0.05\n"
    "[queue]\nreserve_after_s = 0\ngpu_slots = 2\n"
)  # fmt: skip
SAVES = (
    "import signal, sys, time\n"
    "def save(*_): print('saved', flush=True); sys.exit(0)\n"
    "signal.signal(signal.SIGTERM, save); print('ready', flush=True); time.sleep(600)"
)

STUBBORN = (
    "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('ready', flush=True); time.sleep(600)"
)
SLOW = (
    "import signal, sys, time\n"
    "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(1), sys.exit(0)))\n"
    "print('ready', flush=True); time.sleep(600)"
)
STARVED = "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 30,) * 2); bytearray(1 << 31)"
CAUGHT = (
    "try:\n    raise RuntimeError('CUDA out of memory')\nexcept RuntimeError as e:\n    print(e)\n"
    "raise KeyError(1)"
)


@pytest.fixture(scope="module")
def _module_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunnerUnderTest]:
    begun = running(tmp_path_factory.mktemp("box") / "home", config=CONFIG)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINESIDE_FAKE_GPUS", "2")
        runner = next(begun)
    yield runner
    begun.close()


@pytest.fixture
def box(_module_box: RunnerUnderTest, tmp_path: Path) -> RunnerUnderTest:
    """A runner of a box with two (fake) GPUs and eight slots, with nothing of other tests left in it."""
    _module_box.begin_afresh(tmp_path)
    return _module_box


def gate(box: RunnerUnderTest, name: str, **more: Any) -> int:
    """A job that runs until the file `name` exists."""
    return box.submit("sh", "-c", f"until [ -e {name} ]; do sleep 0.02; done", name=name, **more)


def ready(box: RunnerUnderTest, *argv: str, **more: Any) -> int:
    id = box.submit(*argv, **more)
    until(lambda: "ready" in box.log(id))
    box.wait_for(id, "RUNNING")
    return id


def test_a_waiting_job_says_who_holds_the_gpus(box: RunnerUnderTest) -> None:
    wide = gate(box, "wide", gpus=2)
    box.wait_for(wide, "RUNNING")
    narrow = box.submit("true", gpus=1)

    words = f"waits for 1 GPU: 0 held by job {wide} (you), 1 by job {wide} (you)"
    until(lambda: box.job(narrow).reason == words)
    (box.work / "wide").touch()
    assert box.wait_for(narrow).reason == ""


@pytest.mark.integration
def test_a_stranger_on_a_gpu_is_named_and_waited_for(tmp_path: Path) -> None:
    told = tmp_path / "gpus.json"
    begun = running(tmp_path / "home")
    maria = {"pid": 4121, "user": "maria", "bytes": 12 << 30}
    told.write_text(json.dumps({"gpus": [{"held": [maria]}]}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINESIDE_FAKE_GPUS", str(told))
        runner = next(begun)
    whole = runner.submit("true", gpus=1)
    small = runner.submit("true", gpus=1, gpu_bytes=4 << 30)

    assert runner.wait_for(small).state == "SUCCEEDED"
    until(lambda: runner.job(whole).reason == "waits for 1 GPU: 0 held by pid 4121 of maria, 12 GiB")
    told.write_text(json.dumps({"gpus": [{}]}))
    assert runner.wait_for(whole).state == "SUCCEEDED"
    begun.close()


def test_jobs_of_one_slot_share_a_gpu_and_a_third_takes_the_next(box: RunnerUnderTest) -> None:
    sharing = [gate(box, "go", gpus=1, gpu_slots=1) for _ in range(3)]

    given = [box.wait_for(id, "RUNNING").devices for id in sharing]

    assert given == [("GPU-fake-0",), ("GPU-fake-0",), ("GPU-fake-1",)]


def test_the_preferred_gpu_is_given_when_it_is_free(box: RunnerUnderTest) -> None:
    assert box.wait_for(box.submit("true", gpus=1, gpu_prefer=["1"])).devices == ("GPU-fake-1",)


def test_a_wide_job_that_has_waited_is_not_passed_by_narrow_ones(box: RunnerUnderTest) -> None:
    first = gate(box, "first", cpus=7)
    box.wait_for(first, "RUNNING")
    wide = box.submit("true", name="wide", cpus=2)
    narrow = box.submit("true", name="narrow")

    until(lambda: box.job(narrow).reason == f"waits for 1 CPU slot, behind job {wide} (wide)")
    assert box.job(wide).reason == f"waits for 2 CPU slots: held by job {first} (first)"
    (box.work / "first").touch()
    assert box.wait_for(narrow).state == box.wait_for(wide).state == "SUCCEEDED"


def test_a_more_urgent_job_stops_a_preemptible_one_which_goes_on_after_it(box: RunnerUnderTest) -> None:
    low = ready(box, sys.executable, "-c", SAVES, gpus=2, preemptible=True, priority=40)

    urgent = gate(box, "urgent", gpus=1, priority=50)
    box.wait_for(urgent, "RUNNING")

    words = f"preempted by job {urgent} (urgent)"
    until(lambda: box.job(low).reason.startswith(f"{words}; waits for 2 GPUs: 0 held by job {urgent} (you)"))
    row = box.job(low)
    assert (row.state, row.attempt, row.cause, row.detail) == ("QUEUED", 1, "preempted", words)
    assert "saved" in box.log(low)
    last = next(row for row in audit.of_subject(box.db, "job", low) if row.verb == "jobs.preempt")
    assert (last.name, json.loads(last.detail)) == ("lineside", {"reason": words})
    assert runs.get(box.db, row.run_id or 0).status == "SCHEDULED"
    (box.work / "urgent").touch()
    until(lambda: box.job(low).attempt == 2 and box.job(low).state == "RUNNING")
    assert box.job(low).run_id == row.run_id


def test_making_room_is_no_failure_that_a_policy_counts(box: RunnerUnderTest) -> None:
    code = f"import os\nif os.environ['LINESIDE_ATTEMPT'] == '1':\n    exec({SAVES!r})\nraise SystemExit(3)"
    low = ready(box, sys.executable, "-c", code, gpus=2, preemptible=True, priority=40,
                retry_max=1, retry_on=["exit"])  # fmt: skip
    box.wait_for(box.submit("true", gpus=1))

    assert box.wait_for(low, "FAILED").attempt == 3
    assert [a.cause for a in jobs.attempts(box.db, low)] == ["preempted", "exit", "exit"]


def test_a_job_that_makes_room_and_is_cancelled_then_does_not_come_back(box: RunnerUnderTest) -> None:
    low = ready(box, sys.executable, "-c", STUBBORN, gpus=2, preemptible=True, priority=40, grace_s=1.0)
    urgent = box.submit("true", gpus=1)
    box.wait_for(low, "STOPPING")

    box.ask("jobs.cancel", {"job": low, "reason": "enough"})

    row = box.wait_for(low, "CANCELLED")
    assert row.reason == f"cancelled by {row.submitted_by}: enough"
    assert box.wait_for(urgent).state == "SUCCEEDED"


def test_jobs_that_write_one_path_run_one_after_the_other(box: RunnerUnderTest) -> None:
    out = str(box.work / "model")
    first = gate(box, "first", outs=[out])
    box.wait_for(first, "RUNNING")
    second = box.submit("true", outs=[f"{out}/weights.pt"])

    until(lambda: box.job(second).reason == f"waits for job {first} (first): both write {out}")
    (box.work / "first").touch()
    assert box.wait_for(second).state == "SUCCEEDED"


def test_each_job_of_an_array_knows_its_index(box: RunnerUnderTest) -> None:
    say = ["sh", "-c", "echo index $LINESIDE_ARRAY_INDEX of $LINESIDE_ARRAY"]
    asked = [{"argv": say, "cwd": "/", "array": 0, "array_index": n} for n in (3, 5)]
    sent = [each["job"] for each in box.ask("jobs.submit", {"jobs": asked})["jobs"]]

    for id, index in zip(sent, (3, 5), strict=True):
        box.wait_for(id)
        assert f"index {index} of {sent[0]}" in box.log(id)


def test_what_waits_for_a_job_that_is_tried_again_waits_for_its_last_try(box: RunnerUnderTest) -> None:
    flaky = box.submit("sh", "-c", "[ $LINESIDE_ATTEMPT = 2 ]", retry_max=1, retry_on=["exit"])
    after = box.submit("true", after=[{"job": flaky}])

    assert box.wait_for(after).state == "SUCCEEDED"
    assert box.job(flaky).attempt == 2


def test_what_was_skipped_for_a_job_runs_when_that_job_is_tried_again(box: RunnerUnderTest) -> None:
    flaky = box.submit("sh", "-c", "[ $LINESIDE_ATTEMPT = 2 ]")
    left = box.submit("true", after=[{"job": flaky}])
    right = box.submit("true", after=[{"job": flaky}])
    last = box.submit("true", after=[{"job": left}, {"job": right}])
    hopeless = box.submit("false")
    never = box.submit("true", after=[{"job": flaky}, {"job": hopeless}])
    for id in (left, right, last, never):
        assert box.wait_for(id).state == "SKIPPED"
    box.wait_for(hopeless, "FAILED")

    assert box.ask("jobs.retry", {"job": flaky})["with"] == [left, right, last]

    assert [box.wait_for(id, "SUCCEEDED").state for id in (flaky, left, right, last)] == ["SUCCEEDED"] * 4
    assert box.job(never).state == "SKIPPED", "something else keeps it from running"
    assert runs.get(box.db, box.job(last).run_id or 0).status == "FINISHED"


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("raise SystemExit(3)", "exit"),
        ("import os; os.kill(os.getpid(), 11)", "signal"),
        ("raise type('OutOfMemoryError', (RuntimeError,), {})('CUDA out of memory. Tried')", "oom_cuda"),
        (STARVED, "oom_host"),
        ("import time; time.sleep(600)", "timeout"),
        (CAUGHT, "exit"),
    ],
)  # fmt: skip
def test_only_the_causes_that_a_policy_names_are_tried_again(
    box: RunnerUnderTest, code: str, cause: str
) -> None:
    limit = {"time_limit_s": 0.3, "grace_s": 0.1} if cause == "timeout" else {}
    others = [each for each in ("exit", "signal", "oom_cuda", "oom_host", "timeout", "lost") if each != cause]

    again = box.python(code, retry_max=1, retry_on=[cause], **limit)
    once = box.python(code, retry_max=1, retry_on=others, **limit)

    assert [a.cause for a in jobs.attempts(box.db, box.wait_for(again).id)] == [cause, cause]
    assert [a.cause for a in jobs.attempts(box.db, box.wait_for(once).id)] == [cause]


def test_a_lost_attempt_is_tried_again_only_where_the_policy_says_so(box: RunnerUnderTest) -> None:
    found = [gate(box, "go", retry_max=1, retry_on=on) for on in (["lost"], ["exit"])]
    for id in found:
        box.wait_for(id, "RUNNING")
        os.kill(box.start_file(id).shim, signal.SIGKILL)

    until(lambda: box.job(found[0]).attempt == 2)
    assert box.wait_for(found[1]).cause == "lost"


def test_a_job_waits_longer_before_each_try_and_says_when_it_is_tried(box: RunnerUnderTest) -> None:
    job = box.submit("false", retry_max=3, retry_on=["exit"], retry_backoff_s=0.1)
    box.wait_for(job)

    tried = jobs.attempts(box.db, job)
    pauses = [(b.started_us - (a.ended_us or 0)) / 1e6 for a, b in pairwise(tried)]
    assert len(tried) == 4
    assert all(pause >= least for pause, least in zip(pauses, (0.1, 0.2, 0.4), strict=True))
    late = box.submit("false", retry_max=1, retry_on=["exit"], retry_backoff_s=600)
    until(lambda: box.job(late).reason.startswith("tries again at "))
    assert box.job(late).reason.endswith(" UTC: attempt 1 ended with exit, exit 1")


def test_a_drained_runner_starts_nothing_even_after_a_restart_and_what_runs_goes_on(tmp_path: Path) -> None:
    begun = running(tmp_path / "home")
    runner = next(begun)
    job = gate(runner, "go")
    runner.wait_for(job, "RUNNING")

    assert runner.ask("runner.drain", {"reason": "new driver"})["running"] == [job]
    runner.kill()
    runner.restart()
    waits = runner.submit("true")
    (runner.work / "go").touch()

    assert runner.wait_for(job).state == "SUCCEEDED"
    who = runner.job(waits).submitted_by
    words = f"drained by {who}, new driver"
    until(lambda: runner.job(waits).reason == f"waits for the end of the drain: {words}")
    assert (found := settings.get(runner.db, settings.DRAIN)) is not None
    assert found.value == words
    runner.ask("runner.undrain")
    assert runner.wait_for(waits).state == "SUCCEEDED"
    with pytest.raises(Conflict, match="not drained"):
        runner.ask("runner.undrain")
    begun.close()


def test_a_preempted_job_comes_back_though_the_runner_was_killed_meanwhile(tmp_path: Path) -> None:
    config = "[runner]\nslots = 1\npoll_s = 0.2\n"
    begun = running(Home(tmp_path / "home").path, config=config)
    runner = next(begun)
    low = ready(runner, sys.executable, "-c", SLOW, preemptible=True, priority=1)
    urgent = runner.submit("true")
    runner.wait_for(low, "STOPPING")

    runner.kill()
    runner.restart()

    assert runner.wait_for(urgent).state == "SUCCEEDED"
    until(lambda: runner.job(low).attempt == 2)
    assert jobs.attempts(runner.db, low)[0].cause == "preempted"
    assert commands.runner_info(runner.home) is not None
    begun.close()
