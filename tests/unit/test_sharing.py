"""The order of the queue between people, from rows: priority, who had least of late, who came first."""

import json
import sqlite3
from typing import Any

import pytest

from lineside.jobs.execution import queue
from lineside.jobs.execution.demands import Device, Room, Rules
from lineside.jobs.execution.weighing import Scales
from lineside.store.actors import Actor, Role
from lineside.store.clock import SECOND, Micros, after
from lineside.store.errors import Usage
from lineside.store.queries import jobs, settings
from lineside.store.queries import queue as queued
from lineside.store.states import Cause, JobState

NOW = Micros(200_000 * SECOND)
HOUR = 3600.0
NOTHING_USED: dict[str, Any] = {"code": 0, "user_s": None, "system_s": None, "max_rss_bytes": None}
ONE_GPU = Room(
    cpus=4, gpus=(Device(index=0, uuid="GPU-a", total_bytes=80 << 30, free_bytes=80 << 30),)
)  # fmt: skip


def actor(name: str) -> Actor:
    return Actor(uid=1000, name=name, role=Role.OPERATOR)


def submit(db: sqlite3.Connection, who: str, *, at: Micros = NOW, **more: Any) -> int:
    job = {"argv": ["true"], "cwd": "/", "name": who, **more}
    return queue.submit(db, actor(who), [job], at)[0].job_id


def had(db: sqlite3.Connection, who: str, *, hours: float, ended: float, gpus: int = 1, **more: Any) -> int:
    """A job of `who` that ran for `hours` and ended `ended` hours ago."""
    id = submit(db, who, gpus=gpus, **more)
    begin, end = (after(NOW, -HOUR * h) for h in (hours + ended, ended))
    number = queued.claim(db, id, gpu_uuids=["GPU-x"] * gpus, at=begin)
    assert number is not None
    queued.end_attempt(
        db, id, number=number, cause=Cause.OK, values={**NOTHING_USED, "ended_us": end, "detail": ""}
    )
    queued.move(db, id, old=JobState.STARTING, new=JobState.SUCCEEDED, ended=end)
    return id


def order(db: sqlite3.Connection, *, gpu_slots: int = 1) -> list[int]:
    return [job.id for job in Scales().waiting(db, [], at=NOW, gpu_slots=gpu_slots)]


def turn(db: sqlite3.Connection, room: Room, **rules: Any) -> list[int]:
    done = queue.turn(db, [], room, at=NOW, backoff_s=1.0, rules=Rules(**rules), scales=Scales())
    return [each.job_id for each in done.claimed]


def test_priority_goes_first_then_who_had_fewest_gpu_hours_then_who_came_first(
    db: sqlite3.Connection,
) -> None:
    had(db, "ana", hours=3, ended=1)
    had(db, "ben", hours=1, ended=1)
    late, urgent = submit(db, "ana", gpus=1), submit(db, "ana", gpus=1, priority=60)
    first, second = submit(db, "ben", gpus=1), submit(db, "ben", gpus=1)

    assert order(db) == [urgent, first, second, late]


def test_what_was_had_more_than_a_day_ago_is_forgotten(db: sqlite3.Connection) -> None:
    had(db, "ana", hours=3, ended=23)
    had(db, "ben", hours=1, ended=2)
    assert order(db) == []
    ana, ben = submit(db, "ana", gpus=1), submit(db, "ben", gpus=1)

    assert order(db) == [ana, ben]


def test_gpu_hours_do_not_count_for_jobs_that_want_only_cpu(db: sqlite3.Connection) -> None:
    had(db, "ana", hours=3, ended=1)
    had(db, "ben", hours=1, ended=1, gpus=0)
    ben, ana = submit(db, "ben"), submit(db, "ana")

    assert order(db) == [ana, ben]


def test_a_slot_of_a_gpu_is_a_part_of_it(db: sqlite3.Connection) -> None:
    had(db, "ana", hours=3, ended=1, gpu_slots=1)
    had(db, "ben", hours=1, ended=1)
    ben, ana = submit(db, "ben", gpus=1), submit(db, "ana", gpus=1)

    assert order(db, gpu_slots=4) == [ana, ben]
    assert order(db, gpu_slots=1) == [ben, ana]


def test_what_runs_now_counts_from_the_moment_it_began(db: sqlite3.Connection) -> None:
    had(db, "ben", hours=1, ended=1)
    running = submit(db, "ana", gpus=1)
    queued.claim(db, running, gpu_uuids=["GPU-x"], at=after(NOW, -2 * HOUR))
    ana, ben = submit(db, "ana", gpus=1), submit(db, "ben", gpus=1)

    assert turn(db, ONE_GPU) == [ben]
    assert jobs.get(db, ana).reason == f"waits for 1 GPU: 0 held by job {ben} (ben)"


def test_nobodys_crowd_hides_the_job_of_another(db: sqlite3.Connection) -> None:
    crowd = [{"argv": ["true"], "cwd": "/", "gpus": 1}] * 200
    queue.submit(db, actor("ana"), crowd, NOW)
    had(db, "ana", hours=1, ended=1)
    ben = submit(db, "ben", gpus=1)

    assert turn(db, ONE_GPU) == [ben]


def test_a_job_is_not_looked_at_before_its_time_and_says_when(db: sqlite3.Connection) -> None:
    id = submit(db, "ana")
    queued.claim(db, id, gpu_uuids=[], at=NOW)
    values = {**NOTHING_USED, "ended_us": NOW, "detail": "CUDA out of memory"}
    queued.end_attempt(db, id, number=1, cause=Cause.OOM_CUDA, values=values)
    queued.move(db, id, old=JobState.STARTING, new=JobState.QUEUED, not_before=after(NOW, 65))

    assert turn(db, ONE_GPU) == []
    assert jobs.get(db, id).reason == (
        "tries again at 07:34:25 UTC: attempt 1 ended with oom_cuda, CUDA out of memory"
    )  # fmt: skip


def test_waiting_long_counts_from_when_a_job_could_have_started(db: sqlite3.Connection) -> None:
    first = submit(db, "ana", at=after(NOW, -2 * HOUR))
    wide = submit(db, "ana", at=after(NOW, -HOUR), cpus=4, after=[{"job": first}])
    queued.claim(db, first, gpu_uuids=[], at=after(NOW, -2 * HOUR))
    queued.move(db, first, old=JobState.STARTING, new=JobState.SUCCEEDED, ended=NOW)
    busy, narrow = submit(db, "ana"), submit(db, "ana")
    queued.claim(db, busy, gpu_uuids=[], at=NOW)

    assert turn(db, ONE_GPU) == [narrow]
    assert jobs.get(db, wide).reason.startswith("waits for 4 CPU slots: held by job")


@pytest.mark.parametrize("limit", [1, 3])
def test_an_array_has_no_more_running_than_it_says(db: sqlite3.Connection, limit: int) -> None:
    entry = {"argv": ["true"], "cwd": "/", "array": 0}
    asked = [{**entry, "array_index": n, "array_limit": limit if n == 0 else None} for n in range(4)]
    sent = [each.job_id for each in queue.submit(db, actor("ana"), asked, NOW)]

    assert turn(db, ONE_GPU) == sent[:limit]
    assert settings.array_limits(db, [sent[0]]) == {sent[0]: limit}
    assert {jobs.command(db, id).array_id for id in sent} == {sent[0]}


def test_an_array_that_runs_as_much_as_it_may_hides_no_other_job(db: sqlite3.Connection) -> None:
    entry = {"argv": ["true"], "cwd": "/", "indexes": list(range(200)), "array_limit": 1}
    queue.submit(db, actor("ana"), [entry], NOW)
    assert len(turn(db, ONE_GPU)) == 1
    other = submit(db, "ana")

    assert turn(db, ONE_GPU) == [other]


def test_an_array_stands_alone_in_its_request_and_knows_its_indexes(db: sqlite3.Connection) -> None:
    entry = {"argv": ["echo", "{index}"], "cwd": "/", "name": "n", "indexes": [3, 5]}
    first, second = queue.submit(db, actor("ana"), [entry], NOW)

    assert json.loads(jobs.command(db, second.job_id).argv) == ["echo", "5"]
    assert [row.name for row in jobs.of_array(db, first.job_id)] == ["n[3]", "n[5]"]
    for wrong in ([entry, {"argv": ["x"]}], [{**entry, "indexes": []}], [{**entry, "indexes": [1, 1]}],
                  [{**entry, "indexes": ["1"]}], [{**entry, "indexes": list(range(1001))}]):  # fmt: skip
        with pytest.raises(Usage):
            queue.submit(db, actor("ana"), wrong, NOW)
