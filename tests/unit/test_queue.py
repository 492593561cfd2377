"""The queue in the runner: order, needs, holding, moving, trying again, reasons."""

import pytest
from fixtures.runners import RunnerUnderTest
from fixtures.waiting import until

from lineside.store.errors import Conflict, LinesideError, NotFound, Usage
from lineside.store.queries import audit, jobs, runs


def test_a_wide_job_is_not_passed_by_narrow_ones_and_says_what_it_waits_for(runner: RunnerUnderTest) -> None:
    first = runner.submit("sleep", "60", name="first")
    runner.wait_for(first, "RUNNING")
    wide = runner.submit("true", name="wide", cpus=2)
    narrow = runner.submit("true", name="narrow")

    reasons = until(
        lambda: [r for id in (wide, narrow) if (r := runner.job(id).reason)][1:] and runner.job(wide).reason
    )

    assert reasons == f"waits for 2 CPU slots: held by job {first} (first)"
    assert runner.job(narrow).reason == f"waits for 1 CPU slot, behind job {wide} (wide)"
    runner.ask("jobs.cancel", {"job": first})
    assert runner.wait_for(narrow).state == "SUCCEEDED"
    assert runner.job(wide).started_us is not None
    assert runner.job(wide).started_us <= runner.job(narrow).started_us  # type: ignore[operator]


def test_a_service_takes_no_slot_and_has_no_run(runner: RunnerUnderTest) -> None:
    busy = [runner.submit("sleep", "60") for _ in range(2)]
    service = runner.submit("sleep", "60", kind="service", cpus=0)

    row = runner.wait_for(service, "RUNNING")

    assert row.run_id is None
    assert [runner.job(id).state for id in busy] == ["RUNNING", "RUNNING"]


def test_a_job_waits_for_what_it_needs_and_names_it(runner: RunnerUnderTest) -> None:
    first = runner.submit("sh", "-c", "until [ -e go ]; do sleep 0.02; done", name="first")
    second = runner.submit("true", after=[{"job": first}])
    until(lambda: runner.job(second).reason == f"waits for job {first} (first)")

    (runner.home.path / "go").touch()

    assert runner.wait_for(second).state == "SUCCEEDED"


def test_what_needs_a_failed_job_is_skipped_with_the_reason_and_so_is_what_needs_that(
    runner: RunnerUnderTest,
) -> None:
    asked = [
        {"argv": ["false"], "name": "a"},
        {"argv": ["true"], "name": "b", "after": [{"index": 0}]},
        {"argv": ["true"], "name": "c", "after": [{"index": 0}, {"index": 1}]},
        {"argv": ["true"], "name": "d", "after": [{"index": 0, "condition": "any"}]},
    ]
    sent = [each["job"] for each in runner.ask("jobs.submit", {"jobs": asked})["jobs"]]

    ended = [runner.wait_for(id) for id in sent]

    assert [row.state for row in ended] == ["FAILED", "SKIPPED", "SKIPPED", "SUCCEEDED"]
    assert ended[1].reason == f"job {sent[0]} (a) ended FAILED"
    assert [runs.get(runner.db, row.run_id or 0).status for row in ended] == [
        "FAILED",
        "KILLED",
        "KILLED",
        "FINISHED",
    ]


def test_submitting_after_a_job_that_failed_already_is_skipped_at_once(runner: RunnerUnderTest) -> None:
    failed = runner.submit("false")
    runner.wait_for(failed)

    assert runner.job(runner.submit("true", after=[{"job": failed}])).state == "SKIPPED"


def test_a_held_job_starts_only_when_released(runner: RunnerUnderTest) -> None:
    blocker = [runner.submit("sleep", "60") for _ in range(2)]
    held = runner.submit("true")
    runner.ask("jobs.hold", {"job": held})
    for id in blocker:
        runner.ask("jobs.cancel", {"job": id})
        runner.wait_for(id)
    assert runner.wait_for(runner.submit("true")).state == "SUCCEEDED"
    assert runner.job(held).state == "HELD"

    runner.ask("jobs.release", {"job": held})

    assert runner.wait_for(held).state == "SUCCEEDED"


def test_a_job_moved_to_the_front_starts_first(runner: RunnerUnderTest) -> None:
    blockers = [runner.submit("sleep", "60") for _ in range(2)]
    late, early = runner.submit("true", cpus=2), runner.submit("true", cpus=2)

    runner.ask("jobs.move", {"job": early, "to": "front"})
    for id in blockers:
        runner.ask("jobs.cancel", {"job": id})

    assert runner.wait_for(late).started_us > (runner.wait_for(early).started_us or 0)  # type: ignore[operator]


def test_a_failed_job_is_tried_again_as_the_same_job_and_run(runner: RunnerUnderTest) -> None:
    job = runner.submit("sh", "-c", "test -e go")
    run = runner.wait_for(job).run_id
    (runner.home.path / "go").touch()

    runner.ask("jobs.retry", {"job": job})
    row = until(lambda: r if (r := runner.job(job)).state == "SUCCEEDED" else None)

    assert (row.attempt, row.run_id) == (2, run)
    assert [(a.number, a.cause) for a in jobs.attempts(runner.db, job)] == [(1, "exit"), (2, "ok")]
    assert runs.get(runner.db, run or 0).status == "FINISHED"


def test_a_policy_tries_again_by_cause_and_gives_up_after_its_maximum(runner: RunnerUnderTest) -> None:
    job = runner.submit("false", retry_max=2, retry_on=["exit"])
    other = runner.submit("false", retry_max=2, retry_on=["oom_cuda"])

    assert runner.wait_for(job).attempt == 3
    assert runner.wait_for(other).attempt == 1


def test_running_out_of_gpu_memory_has_a_cause_of_its_own(runner: RunnerUnderTest) -> None:
    job = runner.submit(
        "sh", "-c", "echo 'torch.OutOfMemoryError: CUDA out of memory. Tried ...' >&2; exit 1"
    )

    assert runner.wait_for(job).cause == "oom_cuda"


def test_one_bad_job_of_a_request_keeps_the_others_from_being_queued(runner: RunnerUnderTest) -> None:
    with pytest.raises(Usage, match="job 1: unknown key 'gpu'"):
        runner.ask("jobs.submit", {"jobs": [{"argv": ["true"]}, {"argv": ["x"], "gpu": 1}]})

    assert jobs.ids(runner.db) == []


def test_what_cannot_be_done_is_refused_with_its_own_error(runner: RunnerUnderTest) -> None:
    job = runner.submit("true")
    runner.wait_for(job)

    for verb, args, error in (
        ("jobs.cancel", {"job": job}, Conflict),
        ("jobs.retry", {"job": job}, Conflict),
        ("jobs.hold", {"job": job}, Conflict),
        ("jobs.release", {"job": job}, Conflict),
        ("jobs.move", {"job": job, "to": "front"}, Conflict),
        ("jobs.move", {"job": job}, Usage),
        ("jobs.cancel", {"job": 999}, NotFound),
        ("jobs.submit", {"jobs": [{"argv": ["x"], "after": [{"job": 999}]}]}, NotFound),
    ):
        with pytest.raises(error):
            runner.ask(verb, args)


def test_everything_a_person_did_stands_in_the_audit(runner: RunnerUnderTest) -> None:
    job = runner.submit("sleep", "60")
    runner.ask("jobs.cancel", {"job": job, "reason": "typo"})
    runner.wait_for(job)
    runner.ask("jobs.retry", {"job": job})

    assert [row.verb for row in audit.of_subject(runner.db, "job", job)] == [
        "jobs.submit",
        "jobs.cancel",
        "jobs.retry",
    ]
    assert audit.verify(runner.db).broken_seq is None


def test_a_job_is_found_by_number_uid_and_tail(runner: RunnerUnderTest) -> None:
    row = runner.job(runner.submit("true"))

    assert {jobs.find(runner.db, text).id for text in (str(row.id), row.uid, row.uid[-6:])} == {row.id}
    with pytest.raises(LinesideError):
        jobs.find(runner.db, "zzzz")
