"""One episode per rule and subject: it opens, fires, is acknowledged or silenced, and ends."""

import asyncio
import sqlite3

import pytest
from fixtures.contexts import Here

from lineside.jobs.monitor import upkeep
from lineside.jobs.monitor.alerts import Observation, observe
from lineside.store.clock import Micros, now
from lineside.store.errors import Conflict
from lineside.store.homes import Home
from lineside.store.queries import alerts, audit
from lineside.store.states import AlertState

_JOB = """
    insert into job (uid, kind, name, argv, cwd, state, submitted_us, ended_us, submitted_by, submitter_uid,
                     attempt)
    values ('job_1', 'batch', 'train', '[]', '/', 'FAILED', 1, :at_us, 'ana', 1, 1) returning id
"""
_ATTEMPT = """
    insert into attempt (job_id, number, started_us, cause, detail) values (:id, 1, 1, 'exit', 'exit 3')
"""


def say(firing: bool, *, looks: int = 1, clean_looks: int = 3) -> Observation:
    return Observation(
        rule="endpoint", subject=("endpoint", 7, "bike-api"), firing=firing, title="no answer",
        looks=looks, clean_looks=clean_looks,
    )  # fmt: skip


def states(db: sqlite3.Connection) -> list[AlertState]:
    return [alert.state for alert in alerts.recent(db)]


def test_it_fires_only_after_as_many_looks_in_a_row_as_the_rule_asks(db: sqlite3.Connection) -> None:
    assert observe(db, say(True, looks=3), at=Micros(1)) is None
    assert observe(db, say(True, looks=3), at=Micros(2)) is None
    assert states(db) == [AlertState.PENDING]
    assert observe(db, say(True, looks=3), at=Micros(3)) == 1
    alert = alerts.find(db, 1)
    assert (alert.state, alert.opened_us, alert.fired_us) == (AlertState.FIRING, 1, 3)


def test_what_is_gone_before_it_fired_ends_without_noise(db: sqlite3.Connection) -> None:
    observe(db, say(True, looks=2), at=Micros(1))
    observe(db, say(False, looks=2), at=Micros(2))
    assert alerts.find(db, 1).fired_us is None
    assert states(db) == [AlertState.RESOLVED]


def test_one_clean_look_among_bad_ones_ends_nothing(db: sqlite3.Connection) -> None:
    for at, firing in enumerate((True, False, False, True, False, False), start=1):
        observe(db, say(firing), at=Micros(at))
    assert states(db) == [AlertState.FIRING]
    observe(db, say(False), at=Micros(9))
    assert alerts.find(db, 1).resolution == "clean for 3 looks in a row"


def test_firing_and_ending_are_in_the_audit_trail_and_false_starts_are_not(db: sqlite3.Connection) -> None:
    observe(db, say(True, looks=2), at=Micros(1))
    observe(db, say(False, looks=2), at=Micros(2))
    assert audit.newest(db) == []
    observe(db, say(True), at=Micros(3))
    observe(db, say(False, clean_looks=1), at=Micros(4))
    told = [(row.verb, row.name, row.subject_id) for row in reversed(audit.newest(db))]
    assert told == [("alerts.fired", "lineside", 2), ("alerts.resolved", "lineside", 2)]


def test_a_second_trouble_is_a_second_episode_and_the_first_is_kept(db: sqlite3.Connection) -> None:
    observe(db, say(True), at=Micros(1))
    observe(db, say(False, clean_looks=1), at=Micros(2))
    observe(db, say(True), at=Micros(3))
    assert states(db) == [AlertState.FIRING, AlertState.RESOLVED]


def test_an_acknowledged_episode_never_fires_again(db: sqlite3.Connection) -> None:
    observe(db, say(True), at=Micros(1))
    alerts.move(db, alerts.find(db, 1), AlertState.ACKED, by="ben", at=Micros(2))
    assert observe(db, say(True), at=Micros(3)) is None
    alert = alerts.find(db, 1)
    assert (alert.state, alert.acked_by, alert.seen) == (AlertState.ACKED, "ben", 2)
    with pytest.raises(Conflict, match="cannot become FIRING"):
        alerts.move(db, alert, AlertState.FIRING, at=Micros(4))


@pytest.mark.parametrize(("still", "state"), [(True, AlertState.FIRING), (False, AlertState.RESOLVED)])
def test_when_a_silence_runs_out_the_last_look_decides(
    home: Home, db: sqlite3.Connection, still: bool, state: AlertState
) -> None:
    observe(db, say(True), at=Micros(1))
    alerts.move(db, alerts.find(db, 1), AlertState.SILENCED, until=Micros(now() - 1), at=Micros(2))
    observe(db, say(still), at=Micros(3))
    asyncio.run(upkeep.tick(Here(home, db)))
    assert states(db) == [state]


def test_a_failed_job_is_told_once_and_forgotten_when_it_is_tried_again(
    home: Home, db: sqlite3.Connection
) -> None:
    job = db.execute(_JOB, {"at_us": now()}).fetchone()[0]
    db.execute(_ATTEMPT, {"id": job})
    for _ in range(2):
        asyncio.run(upkeep.tick(Here(home, db)))
    assert [alert.title for alert in alerts.recent(db)] == [f"job {job} train: exit (exit 3)"]
    db.execute("update job set state = 'QUEUED'")
    asyncio.run(upkeep.tick(Here(home, db)))
    assert [(alert.state, alert.resolution) for alert in alerts.recent(db)] == [
        (AlertState.RESOLVED, "the job was tried again")
    ]
