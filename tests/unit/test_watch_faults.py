"""What a rule does when it cannot act, when points come late or from beside, and when none is watched."""

import asyncio
import errno
import sqlite3
from collections.abc import Iterator

import pytest
from fixtures.contexts import Here
from fixtures.spools import clock_at, writing

from lineside.jobs import ingesting
from lineside.jobs.execution import attempts, queue
from lineside.jobs.watching import watching
from lineside.jobs.watching.watched import Watched
from lineside.store.actors import Actor, Role
from lineside.store.clock import now
from lineside.store.homes import Home
from lineside.store.queries import alerts, jobs, runs
from lineside.store.queries import queue as queued
from lineside.store.states import Cause, JobState

ANA = Actor(uid=1000, name="ana", role=Role.OPERATOR)


@pytest.fixture
def ctx(home: Home, db: sqlite3.Connection) -> Iterator[Here]:
    yield Here(home, db)
    watching._WATCHING.pop(home.path, None)


def begin(ctx: Here, *rules: str) -> tuple[int, str]:
    """A job that runs, and the uid of its run."""
    at = now()
    spec = {"argv": ["true"], "watch": list(rules), "cwd": str(ctx.home.path)}
    made = queue.submit(ctx.db, ANA, [spec], at)[0]
    assert made.run_id is not None
    claim(ctx, made.job_id)
    return made.job_id, runs.get(ctx.db, made.run_id).uid


def claim(ctx: Here, job: int) -> None:
    """Its next attempt runs."""
    number = queued.claim(ctx.db, job, gpu_uuids=(), at=now())
    assert number is not None
    queued.move(ctx.db, job, old=JobState.STARTING, new=JobState.RUNNING)
    ctx.home.attempt(job, number).mkdir(parents=True)


def tick(ctx: Here) -> None:
    asyncio.run(ingesting.tick(ctx))


def titles(ctx: Here) -> list[str]:
    return [alert.title for alert in reversed(alerts.recent(ctx.db))]


def test_an_order_that_a_full_disk_refused_is_given_by_the_next_tick(
    ctx: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, uid = begin(ctx, "nan(loss) stop")
    run = writing(ctx.home, uid, attempt="1")
    run.log_metric("loss", float("nan"))
    full = OSError(errno.ENOSPC, "no space")
    with monkeypatch.context() as patch:
        patch.setattr(attempts, "put", lambda *args, **more: (_ for _ in ()).throw(full))
        tick(ctx)
        with pytest.raises(OSError, match="no space"):
            asyncio.run(watching.tick(ctx))
    assert titles(ctx) == []

    asyncio.run(watching.tick(ctx))

    assert titles(ctx) == [f"loss is NaN at step 0; job {job} is stopped"]
    assert ctx.stopped == [(ctx.home.attempt(job, 1), Cause.NAN)]
    run.finish()


def test_a_job_that_took_its_folder_away_is_told_of_all_the_same(ctx: Here) -> None:
    job, uid = begin(ctx, "nan(loss) stop")
    ctx.home.attempt(job, 1).rmdir()
    run = writing(ctx.home, uid, attempt="1")
    run.log_metric("loss", float("nan"))

    tick(ctx)

    assert titles(ctx) == ["loss is NaN at step 0"]
    assert ctx.stopped == []
    run.finish()


def test_a_script_outside_the_runner_and_what_the_runner_measures_are_not_watched(ctx: Here) -> None:
    watching.begin(ctx.home, "nan(*) notify")
    _, uid = begin(ctx)
    stranger, own = writing(ctx.home, "run_x"), writing(ctx.home, uid, attempt="1")
    stranger.log_metric("loss", float("nan"))
    own.log_metric("loss", 1.0)
    tick(ctx)
    measured = writing(ctx.home, f"{uid}.sys")
    measured.log_metric("sys.gpu0.watts", float("nan"))

    tick(ctx)

    assert titles(ctx) == []
    for run in (stranger, own, measured):
        run.finish()


def test_a_rule_about_what_nobody_logs_folds_no_point(ctx: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    job, uid = begin(ctx, "diverges(other) stop")
    run = writing(ctx.home, uid, attempt="1")
    run.log_metrics({"loss": 1.0, "lr": 0.1})
    monkeypatch.setattr("lineside.jobs.watching.judging.fold", None)  # calling it would be an error

    tick(ctx)

    watched = watching.watching_of(ctx.home).known[uid]
    assert isinstance(watched, Watched)
    assert (watched.last_step, watched.pending) == (0, [])
    assert jobs.get(ctx.db, job).state == JobState.RUNNING
    run.finish()


def test_a_second_attempt_is_judged_by_its_own_points_even_by_a_new_runner(ctx: Here) -> None:
    job, uid = begin(ctx, "plateau(loss) 3")
    first = writing(ctx.home, uid, attempt="1")
    for step, value in enumerate([9.0, 0.1, 0.2]):
        first.log_metric("loss", value, step=step)
    tick(ctx)
    first.finish()
    queued.move(ctx.db, job, old=JobState.RUNNING, new=JobState.QUEUED)
    claim(ctx, job)
    second = writing(ctx.home, uid, attempt="2")
    for step, value in enumerate([8.0, 7.0]):
        second.log_metric("loss", value, step=10 + step)
    tick(ctx)
    watching._WATCHING.clear()  # as after a restart

    for step, value in enumerate([6.0, 6.5, 6.5, 6.5]):
        second.log_metric("loss", value, step=12 + step)
    tick(ctx)

    assert titles(ctx) == ["loss is no better for 3 steps at step 15: best 6"]
    second.finish()


def test_a_system_clock_set_back_an_hour_makes_no_run_look_silent(ctx: Here) -> None:
    _, uid = begin(ctx, "stall 60 stop")
    run = writing(ctx.home, uid, attempt="1")
    with clock_at(now() - 3_600_000_000):
        run.log_metric("loss", 1.0)
    tick(ctx)
    asyncio.run(watching.tick(ctx))
    assert titles(ctx) == []

    watching._WATCHING.clear()  # as after a restart
    ingesting._WATCHES.clear()
    asyncio.run(watching.tick(ctx))  # what the script wrote meanwhile is not read yet
    run.log_metric("loss", 1.0, step=9)
    tick(ctx)
    asyncio.run(watching.tick(ctx))
    assert titles(ctx) == []

    watched = watching.watching_of(ctx.home).known[uid]
    assert isinstance(watched, Watched)
    watched.heard_at -= 60.0
    asyncio.run(watching.tick(ctx))
    assert [title.partition(";")[0] for title in titles(ctx)] == ["no step for 60 s after step 9"]
    run.finish()
