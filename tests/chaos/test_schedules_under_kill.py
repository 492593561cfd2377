"""The full kill counts of the clock, and a database that somebody else has locked."""

import random
import sqlite3
import time
from contextlib import closing

import pytest
from fixtures.runners import RunnerUnderTest
from fixtures.scheduling import gaps, often
from fixtures.waiting import until

from lineside.store.db import writer
from lineside.store.queries import jobs, schedules

pytestmark = pytest.mark.chaos


@pytest.fixture
def clocked(runner: RunnerUnderTest) -> tuple[RunnerUnderTest, int]:
    """A runner with a schedule that is due ten times a second."""
    runner.kill()
    with closing(writer(runner.home.db)) as db:
        id = often(db, runner.work, times=10)
    runner.restart()
    return runner, id


def test_a_hundred_kills_over_four_hundred_due_times_take_each_of_them_exactly_once(
    clocked: tuple[RunnerUnderTest, int],
) -> None:
    (runner, id), rng = clocked, random.Random(5)
    for _ in range(100):
        time.sleep(rng.uniform(0.0, 0.4))  # a random moment is the point
        runner.kill()
        runner.restart()
    until(lambda: len(schedules.firings(runner.db, id, limit=10_000)) >= 400)

    fired = schedules.firings(runner.db, id, limit=10_000)
    assert gaps(fired, times=10) == []
    planners = sorted(each.job_id for each in fired if each.job_id is not None)
    assert planners == sorted(job.id for job in jobs.recent(runner.db, limit=10_000))


@pytest.mark.parametrize("seconds", [7, 10])
def test_a_database_that_somebody_else_locks_for_seconds_stops_no_clock(
    clocked: tuple[RunnerUnderTest, int], seconds: int
) -> None:
    runner, id = clocked
    until(lambda: schedules.firings(runner.db, id))
    with closing(sqlite3.connect(runner.home.db, isolation_level=None)) as foreign:
        foreign.execute("begin immediate")
        time.sleep(seconds)  # the length of the lock is the point
        before = len(schedules.firings(runner.db, id, limit=10_000))
        foreign.execute("rollback")
    until(
        lambda: len(schedules.firings(runner.db, id, limit=10_000)) >= before + 10 * seconds - 5, within=2.0
    )

    assert gaps(schedules.firings(runner.db, id, limit=10_000), times=10) == []
