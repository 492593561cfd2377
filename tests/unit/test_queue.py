"""The queue in the runner: order, needs, holding, moving, trying again, reasons."""

import pytest
from fixtures.runners import RunnerUnderTest
from fixtures.waiting import until

from lineside.store.errors import Conflict, LinesideError, NotFound, Usage
from lineside.store.queries import audit, jobs, runs


def test_a_narrow_job_passes_a_wide_one_that_has_not_waited_long(busy_runner: RunnerUnderTest) -> None:
    first = busy_runner.submit("sleep", "600", name="first")
    busy_runner.wait_for(first, "RUNNING")
    wide = busy_runner.submit("true", name="wide", cpus=2)
    narrow = busy_runner.submit("true", name="narrow")

    assert busy_runner.wait_for(narrow).state == "SUCCEEDED"
    assert busy_runner.job(wide).reason.startswith("waits for 2 CPU slots: held by job")
    busy_runner.ask("jobs.cancel", {"job": first})
    assert busy_runner.wait_for(wide).state == "SUCCEEDED"


def test_a_service_takes_no_slot_and_has_no_run(busy_runner: RunnerUnderTest) -> None:
    busy = [busy_runner.submit("sleep", "600") for _ in range(2)]
    service = busy_runner.submit("sleep", "600", kind="service", cpus=0)

    row = busy_runner.wait_for(service, "RUNNING")

    assert row.run_id is None
    assert [busy_runner.job(id).state for id in busy] == ["RUNNING", "RUNNING"]


def test_a_job_waits_for_what_it_needs_and_names_it(busy_runner: RunnerUnderTest) -> None:
    first = busy_runner.submit("sh", "-c", "until [ -e go ]; do sleep 0.02; done", name="first")
    second = busy_runner.submit("true", after=[{"job": first}])
    until(lambda: busy_runner.job(second).reason == f"waits for job {first} (first)")

    (busy_runner.work / "go").touch()

    assert busy_runner.wait_for(second).state == "SUCCEEDED"


def test_what_needs_a_failed_job_is_skipped_with_the_reason_and_so_is_what_needs_that(
    busy_runner: RunnerUnderTest,
) -> None:
    asked = [
        {"argv": ["false"], "name": "a"},
        {"argv": ["true"], "name": "b", "after": [{"index": 0}]},
        {"argv": ["true"], "name": "c", "after": [{"index": 0}, {"index": 1}]},
        {"argv": ["true"], "name": "d", "after": [{"index": 0, "condition": "any"}]},
    ]
    sent = [each["job"] for each in busy_runner.ask("jobs.submit", {"jobs": asked})["jobs"]]

    ended = [busy_runner.wait_for(id) for id in sent]

    assert [row.state for row in ended] == ["FAILED", "SKIPPED", "SKIPPED", "SUCCEEDED"]
    assert ended[1].reason == f"job {sent[0]} (a) ended FAILED"
    assert [runs.get(busy_runner.db, row.run_id or 0).status for row in ended] == [
        "FAILED",
        "KILLED",
        "KILLED",
        "FINISHED",
    ]


def test_submitting_after_a_job_that_failed_already_is_skipped_at_once(busy_runner: RunnerUnderTest) -> None:
    failed = busy_runner.submit("false")
    busy_runner.wait_for(failed)

    assert busy_runner.job(busy_runner.submit("true", after=[{"job": failed}])).state == "SKIPPED"


def test_a_held_job_starts_only_when_released(busy_runner: RunnerUnderTest) -> None:
    blocker = [busy_runner.submit("sleep", "600") for _ in range(2)]
    held = busy_runner.submit("true")
    busy_runner.ask("jobs.hold", {"job": held})
    for id in blocker:
        busy_runner.ask("jobs.cancel", {"job": id})
        busy_runner.wait_for(id)
    assert busy_runner.wait_for(busy_runner.submit("true")).state == "SUCCEEDED"
    assert busy_runner.job(held).state == "HELD"

    busy_runner.ask("jobs.release", {"job": held})

    assert busy_runner.wait_for(held).state == "SUCCEEDED"


def test_a_job_that_is_cancelled_or_skipped_before_it_began_keeps_no_secret(
    busy_runner: RunnerUnderTest,
) -> None:
    blocker = busy_runner.submit("sleep", "600", cpus=2)
    first = busy_runner.submit("true")
    second = busy_runner.submit("true", after=[{"job": first}])
    environments = [busy_runner.folder(id).parent / "env" for id in (first, second)]
    assert all(path.exists() for path in environments)

    busy_runner.ask("jobs.cancel", {"job": first, "reason": "typo"})

    rows = [busy_runner.job(id) for id in (first, second)]
    assert [row.state for row in rows] == ["CANCELLED", "SKIPPED"]
    assert rows[0].reason == f"cancelled by {rows[0].submitted_by}: typo"
    assert not any(path.exists() for path in environments)
    busy_runner.wait_for(blocker, "RUNNING")


def test_a_job_moved_to_the_front_starts_first(busy_runner: RunnerUnderTest) -> None:
    blockers = [busy_runner.submit("sleep", "600") for _ in range(2)]
    late, early = busy_runner.submit("true", cpus=2), busy_runner.submit("true", cpus=2)

    busy_runner.ask("jobs.move", {"job": early, "to": "front"})
    for id in blockers:
        busy_runner.ask("jobs.cancel", {"job": id})

    assert busy_runner.wait_for(late).started_us > (busy_runner.wait_for(early).started_us or 0)  # type: ignore[operator]


def test_a_failed_job_is_tried_again_as_the_same_job_and_run(busy_runner: RunnerUnderTest) -> None:
    job = busy_runner.submit("sh", "-c", "test -e go")
    run = busy_runner.wait_for(job).run_id
    (busy_runner.work / "go").touch()

    busy_runner.ask("jobs.retry", {"job": job})
    row = until(lambda: r if (r := busy_runner.job(job)).state == "SUCCEEDED" else None)

    assert (row.attempt, row.run_id) == (2, run)
    assert [(a.number, a.cause) for a in jobs.attempts(busy_runner.db, job)] == [(1, "exit"), (2, "ok")]
    assert runs.get(busy_runner.db, run or 0).status == "FINISHED"


def test_a_policy_tries_again_by_cause_and_gives_up_after_its_maximum(busy_runner: RunnerUnderTest) -> None:
    job = busy_runner.submit("false", retry_max=2, retry_on=["exit"])
    other = busy_runner.submit("false", retry_max=2, retry_on=["oom_cuda"])

    assert busy_runner.wait_for(job).attempt == 3
    assert busy_runner.wait_for(other).attempt == 1


def test_running_out_of_gpu_memory_has_a_cause_of_its_own(busy_runner: RunnerUnderTest) -> None:
    job = busy_runner.submit(
        "sh", "-c", "echo 'torch.OutOfMemoryError: CUDA out of memory. Tried ...' >&2; exit 1"
    )

    assert busy_runner.wait_for(job).cause == "oom_cuda"


def test_one_bad_job_of_a_request_keeps_the_others_from_being_queued(busy_runner: RunnerUnderTest) -> None:
    before = jobs.ids(busy_runner.db)

    with pytest.raises(Usage, match="job 1: unknown key 'gpu'"):
        busy_runner.ask("jobs.submit", {"jobs": [{"argv": ["true"]}, {"argv": ["x"], "gpu": 1}]})

    assert jobs.ids(busy_runner.db) == before


def test_a_request_that_is_refused_leaves_no_secret_on_the_disk(busy_runner: RunnerUnderTest) -> None:
    good = {"argv": ["true"], "cwd": "/", "env": {"TOKEN": "secret"}}
    kept = {path for path in (busy_runner.home.path / "jobs").iterdir()}

    with pytest.raises(NotFound):
        busy_runner.ask("jobs.submit", {"jobs": [good, {**good, "after": [{"job": 10**6}]}]})

    assert {path for path in (busy_runner.home.path / "jobs").iterdir()} == kept


def test_what_cannot_be_done_is_refused_with_its_own_error(busy_runner: RunnerUnderTest) -> None:
    job = busy_runner.submit("true")
    busy_runner.wait_for(job)

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
            busy_runner.ask(verb, args)


def test_everything_a_person_did_stands_in_the_audit(busy_runner: RunnerUnderTest) -> None:
    job = busy_runner.submit("sleep", "600")
    busy_runner.ask("jobs.cancel", {"job": job, "reason": "typo"})
    busy_runner.wait_for(job)
    busy_runner.ask("jobs.retry", {"job": job})

    assert [row.verb for row in audit.of_subject(busy_runner.db, "job", job)] == [
        "jobs.submit",
        "jobs.cancel",
        "jobs.retry",
    ]
    assert audit.verify(busy_runner.db).broken_seq is None


def test_a_job_is_found_by_number_uid_and_tail(busy_runner: RunnerUnderTest) -> None:
    row = busy_runner.job(busy_runner.submit("true"))

    for text in (str(row.id), row.uid, row.uid[-6:]):
        assert jobs.find(busy_runner.db, text).id == row.id
    with pytest.raises(LinesideError):
        jobs.find(busy_runner.db, "zzzz")
