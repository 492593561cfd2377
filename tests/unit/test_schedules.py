"""Schedules in the table: what fires, what is made up for, what waits, what is parked. Without a runner.

What APScheduler's own job stores do wrong, and the test that shows it cannot happen here:
1  a locked database ends the clock       a_locked_database_…, test_clock.py, tests/chaos
2  what cannot be read is deleted         a_row_that_nobody_can_read_…
3  a shutdown eats what is due            of_three_missed_times_…, test_clock.py
4  a crash in the middle fires twice      a_kill_at_any_step_…, test_schedules_runner.py, tests/chaos
5  two clocks fire twice                  two_clocks_on_one_table_…, test_control.py (the lock)
6  a second late is missed                of_three_missed_times_…, a_minute_late_is_not_missed
7  catching up walks every missed time    test_schedule_times.py: …_found_by_jumping
8  Sunday is 6                            test_cron.py
9  DST nights fire twice                  test_schedule_times.py, property/test_schedule_laws.py
10 a job never learns its time            a_firing_starts_a_planner_job_…
11 overlap is counted in one process      an_overlapping_firing_…, a_stage_that_still_runs_…
12 the loop waits for the job store       a_locked_database_…: writes go through the writer's thread
13 SQLAlchemy is heavy                    nothing imports it
"""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fixtures.contexts import Here, Killed

from lineside.jobs.schedules import entries, looking, planners
from lineside.jobs.schedules.entries import Entry
from lineside.store.actors import Actor, Role
from lineside.store.clock import SECOND, Micros
from lineside.store.errors import Conflict, Refused, Usage
from lineside.store.homes import Home
from lineside.store.queries import audit, jobs, schedules
from lineside.store.queries import queue as queued
from lineside.store.queries.schedules import FiringRow, ScheduleRow
from lineside.store.states import JobState

MARIA = Actor(uid=1000, name="maria", role=Role.OPERATOR)
HOUR = Micros(3_600 * SECOND)


def at(text: str) -> Micros:
    return Micros(int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND)


class Clockwork:
    """Schedules of one home, looked at whenever the test says so."""

    def __init__(self, home: Home, db: sqlite3.Connection, folder: Path) -> None:
        self.ctx, self.db, self.folder = Here(home, db), db, folder

    def add(self, spec: str, when: Micros, *, kind: str = "cron", **more: Any) -> ScheduleRow:
        argv = planners.packed({"PATH": "/usr/bin"}, ["true"])
        entry = Entry(
            **{"name": "nightly", "folder": str(self.folder), **more}, kind=kind, spec=spec, argv=argv
        )
        with self.db:
            return entries.add(self.db, MARIA, entry, at=when)

    def look(self, when: Micros) -> None:
        asyncio.run(looking.look(self.ctx, at=when))

    def firings(self, name: str = "nightly") -> list[FiringRow]:
        """In the order of what was due."""
        found = schedules.firings(self.db, schedules.find(self.db, name).id, limit=2_000)
        return sorted(found, key=lambda each: each.due)

    def dues(self) -> list[str]:
        """Up to the minute, without the offset."""
        return [each.due[:16] for each in self.firings()]

    def outcomes(self) -> list[str]:
        return [each.outcome for each in self.firings()]

    def row(self, name: str = "nightly") -> ScheduleRow:
        return schedules.find(self.db, name)

    def end(self, job_id: int) -> None:
        """A job's whole life."""
        with self.db:
            queued.move(self.db, job_id, old=JobState.QUEUED, new=JobState.STARTING)
            queued.move(self.db, job_id, old=JobState.STARTING, new=JobState.SUCCEEDED)


@pytest.fixture
def clockwork(home: Home, db: sqlite3.Connection, tmp_path: Path) -> Iterator[Clockwork]:
    folder = tmp_path / "project"
    folder.mkdir()
    yield Clockwork(home, db, folder)
    looking._looked.clear()


def test_a_firing_starts_a_planner_job_in_the_folder_as_the_owner(clockwork: Clockwork) -> None:
    row = clockwork.add("30 2 * * *", at("2026-01-01T00:00"), time_zone="Europe/Berlin")
    clockwork.look(at("2026-01-01T01:29"))
    assert clockwork.firings() == []
    clockwork.look(at("2026-01-01T01:30"))

    (fired,) = clockwork.firings()
    assert (fired.due, fired.outcome) == ("2026-01-01T02:30", "started")
    assert fired.job_id is not None
    job, command = jobs.get(clockwork.db, fired.job_id), jobs.command(clockwork.db, fired.job_id)
    assert (job.kind, job.cpus, job.submitted_by, job.submitter_uid) == ("planner", 0, "maria", 1000)
    assert (command.cwd, command.argv) == (str(clockwork.folder), '["true"]')
    assert '"LINESIDE_SCHEDULE": "nightly"' in command.env
    assert '"LINESIDE_DUE": "2026-01-01T02:30"' in command.env
    of = schedules.of_job(clockwork.db, fired.job_id)
    assert (of.schedule_id, of.due_us) == (row.id, at("2026-01-01T01:30"))
    assert clockwork.row().next_us == at("2026-01-02T01:30")


@pytest.mark.parametrize(
    ("catch_up", "dues"),
    [
        ("latest", ["2026-01-01T03:00"]),
        ("all", ["2026-01-01T01:00", "2026-01-01T02:00", "2026-01-01T03:00"]),
        ("none", []),
    ],
)
def test_of_three_missed_times_the_rule_says_which_are_made_up_for(
    clockwork: Clockwork, catch_up: str, dues: list[str]
) -> None:
    clockwork.add("0 1-5 * * *", at("2026-01-01T00:00"), catch_up=catch_up)
    clockwork.look(at("2026-01-01T03:30"))

    assert [each.due for each in clockwork.firings() if each.job_id is not None] == dues
    assert clockwork.row().next_us == at("2026-01-01T04:00")


def test_a_minute_late_is_not_missed(clockwork: Clockwork) -> None:
    clockwork.add("0 1-5 * * *", at("2026-01-01T00:00"), catch_up="none")
    clockwork.look(at("2026-01-01T01:01"))

    assert clockwork.outcomes() == ["started"]


def test_all_missed_times_wait_for_each_other_fifty_at_a_look(clockwork: Clockwork) -> None:
    clockwork.add("*/10 * * * *", at("2026-01-01T00:00"), catch_up="all")
    clockwork.look(at("2026-01-01T12:00"))
    assert len(clockwork.firings()) == 50
    clockwork.look(at("2026-01-01T12:00"))

    outcomes = clockwork.outcomes()
    assert len(outcomes) == 72
    assert outcomes[:2] == ["started", "queued: job 1 still waits"]
    assert outcomes[-1] == "skipped: job 1 still waits"  # it fell due just now: its own rule holds


def test_more_than_a_thousand_missed_times_are_cut_and_it_is_said(clockwork: Clockwork) -> None:
    clockwork.add("* * * * *", at("2026-01-01T00:00"), catch_up="all")
    clockwork.look(at("2026-02-01T00:00"))

    assert clockwork.dues()[0] == "2026-01-01T00:01"
    assert "more than 1,000" in clockwork.outcomes()[0]
    assert len(clockwork.firings()) == 51


def test_an_overlapping_firing_is_skipped_and_says_for_whom(clockwork: Clockwork) -> None:
    clockwork.add("0 * * * *", at("2026-01-01T00:30"))
    clockwork.look(at("2026-01-01T01:00"))
    clockwork.look(at("2026-01-01T02:00"))
    clockwork.end(1)
    clockwork.look(at("2026-01-01T03:00"))

    assert clockwork.outcomes() == ["started", "skipped: job 1 still waits", "started"]


def test_a_stage_that_still_runs_counts_as_the_firing_it_came_from(clockwork: Clockwork) -> None:
    from lineside.jobs.execution import queue

    row = clockwork.add("0 * * * *", at("2026-01-01T00:30"))
    clockwork.look(at("2026-01-01T01:00"))
    stage = {"argv": ["true"], "parent": 1, "schedule_id": row.id}
    with clockwork.db:
        queue.submit(clockwork.db, MARIA, [stage], at("2026-01-01T01:01"))
    clockwork.end(1)
    clockwork.look(at("2026-01-01T02:00"))

    assert clockwork.outcomes() == ["started", "skipped: job 2 still waits"]


def test_queued_firings_go_one_after_the_other(clockwork: Clockwork) -> None:
    clockwork.add("0 * * * *", at("2026-01-01T00:30"), overlap="queue")
    for hour in (1, 2, 3):
        clockwork.look(at(f"2026-01-01T0{hour}:00"))
    assert [jobs.get(clockwork.db, id).state for id in (1, 2, 3)] == ["QUEUED", "HELD", "HELD"]

    clockwork.end(1)
    clockwork.look(at("2026-01-01T03:01"))
    assert [jobs.get(clockwork.db, id).state for id in (2, 3)] == ["QUEUED", "HELD"]
    clockwork.end(2)
    clockwork.look(at("2026-01-01T03:02"))
    assert jobs.get(clockwork.db, 3).state == "QUEUED"


def test_a_planner_that_a_person_holds_stays_held(clockwork: Clockwork) -> None:
    clockwork.add("0 * * * *", at("2026-01-01T00:30"), overlap="queue")
    clockwork.look(at("2026-01-01T01:00"))
    with clockwork.db:
        queued.move(clockwork.db, 1, old=JobState.QUEUED, new=JobState.HELD, reason="held by maria")
    clockwork.look(at("2026-01-01T01:30"))

    assert jobs.get(clockwork.db, 1).state == "HELD"


def test_a_replacing_firing_cancels_the_one_before(clockwork: Clockwork) -> None:
    clockwork.add("0 * * * *", at("2026-01-01T00:30"), overlap="replace")
    clockwork.look(at("2026-01-01T01:00"))
    clockwork.look(at("2026-01-01T02:00"))
    assert [jobs.get(clockwork.db, id).state for id in (1, 2)] == ["CANCELLED", "QUEUED"]

    with clockwork.db:
        queued.move(clockwork.db, 2, old=JobState.QUEUED, new=JobState.STARTING)
    clockwork.look(at("2026-01-01T03:00"))
    assert [jobs.get(clockwork.db, id).state for id in (2, 3)] == ["STOPPING", "HELD"]


def test_a_clock_set_back_an_hour_fires_nothing_twice_and_waits_for_nothing_far_ahead(
    clockwork: Clockwork,
) -> None:
    clockwork.add("*/20 * * * *", at("2026-01-01T00:00"), overlap="queue")
    for minute in (20, 40):
        clockwork.look(at(f"2026-01-01T10:{minute}"))
    clockwork.look(at("2026-01-01T09:41"))
    assert clockwork.row().next_us == at("2026-01-01T10:00")
    for minute in (0, 20, 40):
        clockwork.look(at(f"2026-01-01T10:{minute:02}"))
    clockwork.look(at("2026-01-01T11:00"))

    assert clockwork.dues() == [f"2026-01-01T{time}" for time in ("10:00", "10:20", "10:40", "11:00")]


def test_a_clock_that_was_a_year_ahead_leaves_no_schedule_waiting_a_year(clockwork: Clockwork) -> None:
    clockwork.add("0 * * * *", at("2026-01-01T00:30"))
    clockwork.look(at("2027-01-01T00:00"))
    looking._looked.clear()  # a new runner, with the clock put right
    clockwork.look(at("2026-01-01T00:40"))

    assert clockwork.row().next_us == at("2026-01-01T01:00")


def test_a_kill_at_any_step_of_a_firing_takes_each_due_time_once(clockwork: Clockwork) -> None:
    clockwork.add("0 * * * *", at("2026-01-01T00:30"), overlap="queue")
    for hour in range(1, 10):
        when = at(f"2026-01-01T{hour:02}:00")
        for steps in (0, 1):
            clockwork.ctx.steps_left = steps
            with pytest.raises(Killed):
                clockwork.look(when)
        clockwork.ctx.steps_left = None
        clockwork.look(when)

    fired = clockwork.firings()
    assert len(fired) == 9
    assert sorted(each.job_id or 0 for each in fired) == list(range(1, 10))
    assert len(jobs.recent(clockwork.db)) == 9


def test_two_clocks_on_one_table_take_a_due_time_once(clockwork: Clockwork) -> None:
    row = clockwork.add("0 * * * *", at("2026-01-01T00:30"), overlap="queue")
    when = at("2026-01-01T01:00")
    with clockwork.db:
        looking.by_time(clockwork.db, row, at=when)
    with clockwork.db, pytest.raises(Conflict, match="was changed"):
        looking.by_time(clockwork.db, row, at=when)  # it read the row before the first one wrote
    with clockwork.db:
        clockwork.db.execute("update schedule set next_us = :us", {"us": row.next_us})
        looking.by_time(clockwork.db, row, at=when)

    assert len(clockwork.firings()) == len(jobs.recent(clockwork.db)) == 1


def test_a_locked_database_fails_one_look_and_the_next_one_fires(clockwork: Clockwork, home: Home) -> None:
    clockwork.add("0 * * * *", at("2026-01-01T00:30"))
    clockwork.look(at("2026-01-01T00:31"))
    clockwork.db.execute("pragma busy_timeout = 10")
    with closing(sqlite3.connect(home.db, isolation_level=None)) as foreign:
        foreign.execute("begin immediate")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            clockwork.look(at("2026-01-01T01:00"))
        foreign.execute("rollback")
    clockwork.look(at("2026-01-01T01:00"))

    assert clockwork.outcomes() == ["started"]


def test_the_clock_may_leave_the_tick_alone_while_nothing_is_due_soon(
    clockwork: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    clockwork.add("0 * * * *", at("2026-01-01T00:30"))
    rests = []
    for time in ("00:31:00", "00:59:50", "01:00:00"):
        monkeypatch.setattr(looking, "now", lambda time=time: at(f"2026-01-01T{time}"))
        rests.append(asyncio.run(looking.tick(clockwork.ctx)))

    assert rests == [True, False, True]


def test_a_new_version_fires_what_waits_for_it_once(clockwork: Clockwork) -> None:
    _version(clockwork.db, 1, at("2026-01-01T00:00"))
    clockwork.add("digits", at("2026-01-01T01:00"), kind="dataset", overlap="queue")
    clockwork.look(at("2026-01-01T01:01"))
    assert clockwork.firings() == []

    _version(clockwork.db, 2, at("2026-01-01T02:00"))
    _version(clockwork.db, 3, at("2026-01-01T02:00"))
    for _ in range(2):
        clockwork.look(at("2026-01-01T02:00"))

    assert clockwork.dues() == ["digits@2", "digits@3"]
    assert clockwork.outcomes() == ["skipped: digits@3 is newer", "started"]


def test_versions_that_come_while_it_is_paused_are_not_made_up_for(clockwork: Clockwork) -> None:
    row = clockwork.add("digits", at("2026-01-01T01:00"), kind="dataset")
    with clockwork.db:
        entries.pause(clockwork.db, MARIA, row, at=at("2026-01-01T01:01"))
    _version(clockwork.db, 1, at("2026-01-01T02:00"))
    clockwork.look(at("2026-01-01T02:00"))
    with clockwork.db:
        entries.resume(clockwork.db, MARIA, clockwork.row(), at=at("2026-01-01T03:00"))
    clockwork.look(at("2026-01-01T03:00"))
    _version(clockwork.db, 2, at("2026-01-01T04:00"))
    clockwork.look(at("2026-01-01T04:00"))

    assert clockwork.outcomes() == ["skipped: it came while the schedule was paused", "started"]


def _version(db: sqlite3.Connection, number: int, when: Micros) -> None:
    with db:
        db.execute("insert or ignore into dataset (id, name, created_us) values (1, 'digits', 1)")
        db.execute(
            """insert into dataset_version (uid, dataset_id, number, digest, rows, bytes, columns, origin,
                                            created_us, created_by)
               values (:uid, 1, :number, :uid, 1, 1, '[]', '{}', :at_us, 'maria')""",
            {"uid": f"data_{number}", "number": number, "at_us": when},
        )


def test_a_paused_schedule_fires_nothing_and_begins_anew_when_resumed(clockwork: Clockwork) -> None:
    row = clockwork.add("0 * * * *", at("2026-01-01T00:30"), catch_up="all")
    with clockwork.db:
        entries.pause(clockwork.db, MARIA, row, at=at("2026-01-01T00:40"))
    clockwork.look(at("2026-01-01T05:30"))
    with clockwork.db:
        entries.resume(clockwork.db, MARIA, clockwork.row(), at=at("2026-01-01T05:30"))
    clockwork.look(at("2026-01-01T06:00"))

    assert clockwork.dues() == ["2026-01-01T06:00"]
    with pytest.raises(Conflict, match="neither paused nor parked"):
        entries.resume(clockwork.db, MARIA, clockwork.row(), at=at("2026-01-01T06:01"))


def test_a_schedule_whose_folder_is_gone_is_parked_with_the_reason_until_it_is_back(
    clockwork: Clockwork,
) -> None:
    clockwork.add("0 * * * *", at("2026-01-01T00:30"))
    clockwork.folder.rmdir()
    clockwork.look(at("2026-01-01T01:00"))

    parked = clockwork.row()
    assert parked.broken == f"no folder {clockwork.folder}"
    assert parked.next_us is None
    assert clockwork.firings() == []
    assert [row.verb for row in audit.newest(clockwork.db, limit=1)] == ["schedules.park"]
    with pytest.raises(Usage, match="no folder"):
        entries.resume(clockwork.db, MARIA, parked, at=at("2026-01-01T02:00"))
    clockwork.folder.mkdir()
    with clockwork.db:
        entries.resume(clockwork.db, MARIA, parked, at=at("2026-01-01T02:00"))
    clockwork.look(at("2026-01-01T03:00"))
    assert clockwork.dues() == ["2026-01-01T03:00"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("update schedule set spec = '99 * * * *'", "minute: there is no '99'"),
        ("update schedule set time_zone = 'Mars/Olympus'", "no time zone 'Mars/Olympus'"),
    ],
)
def test_a_row_that_nobody_can_read_any_more_is_parked_not_deleted(
    clockwork: Clockwork, change: str, reason: str
) -> None:
    clockwork.add("0 * * * *", at("2026-01-01T00:30"))
    with clockwork.db:
        clockwork.db.execute(change)
    clockwork.look(at("2026-01-01T01:00"))

    assert reason in clockwork.row().broken


def test_one_broken_schedule_keeps_no_other_from_firing(clockwork: Clockwork) -> None:
    clockwork.add("0 * * * *", at("2026-01-01T00:30"), name="a")
    clockwork.add("0 * * * *", at("2026-01-01T00:30"), name="b")
    with clockwork.db:
        clockwork.db.execute("update schedule set spec = 'nonsense' where name = 'a'")
    clockwork.look(at("2026-01-01T01:00"))

    assert len(clockwork.firings("b")) == 1


def test_a_removed_schedule_fires_no_more_and_frees_its_name(clockwork: Clockwork) -> None:
    row = clockwork.add("0 * * * *", at("2026-01-01T00:30"))
    with pytest.raises(Conflict, match="there is a schedule 'nightly' already"):
        clockwork.add("0 * * * *", at("2026-01-01T00:30"))
    with clockwork.db:
        entries.remove(clockwork.db, MARIA, row, at=at("2026-01-01T00:31"))
    clockwork.look(at("2026-01-01T01:00"))
    assert schedules.every(clockwork.db) == []

    assert clockwork.add("0 * * * *", at("2026-01-01T00:30")).id != row.id


def test_what_stands_in_a_project_file_is_not_removed_by_hand(clockwork: Clockwork) -> None:
    row = clockwork.add("0 * * * *", at("2026-01-01T00:30"), project="digits")

    with pytest.raises(Refused, match=r"stands in the lineside\.toml of digits"):
        entries.by_hand(row)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"name": "a b"}, "is no name for a schedule"),
        ({"catch_up": "some"}, "catch-up 'some'"),
        ({"overlap": "both"}, "overlap 'both'"),
        ({"kind": "moon"}, "kind 'moon'"),
        ({"spec": "61 * * * *"}, "there is no '61'"),
        ({"kind": "interval", "spec": "1ms"}, "is no length of time"),
        ({"time_zone": "Mars"}, "no time zone 'Mars'"),
        ({"folder": "/nowhere/at/all"}, "no folder /nowhere/at/all"),
        ({"folder": "."}, r"no folder \."),
    ],
)
def test_what_cannot_be_is_refused_with_words(clockwork: Clockwork, more: dict[str, str], says: str) -> None:
    given = {"spec": "0 * * * *", "kind": "cron", **more}
    with pytest.raises(Usage, match=says):
        clockwork.add(given.pop("spec"), at("2026-01-01T00:00"), **given)
    assert schedules.every(clockwork.db) == []


def test_only_variables_without_secrets_are_kept() -> None:
    environ = {"PATH": "/usr/bin", "HOME": "/root", "VIRTUAL_ENV": "/v", "AWS_SECRET_ACCESS_KEY": "x",
               "WANDB_API_KEY": "y", "OMP_NUM_THREADS": "4"}  # fmt: skip

    env, argv = planners.unpacked(planners.packed(planners.captured(environ), ["python", "a=b"]))

    assert set(env) == {"PATH", "HOME", "VIRTUAL_ENV", "OMP_NUM_THREADS"}
    assert argv == ["python", "a=b"]
