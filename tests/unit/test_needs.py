"""What needs a person, and what happened since one left, in the home that tells the demo's story."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures import demo_home
from fixtures.story import at

from lineside.console.reads import visits, walls
from lineside.console.reads.badges import surroundings
from lineside.console.reads.needs import needs, why
from lineside.jobs.schedules import entries, looking
from lineside.jobs.schedules.entries import Entry
from lineside.store.actors import Actor, Role
from lineside.store.clock import Micros
from lineside.store.db import reader
from lineside.store.homes import Home
from lineside.store.queries import monitors, windows

NOW = at(26)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    home = demo_home.build(Home(tmp_path_factory.mktemp("told") / "home"))
    db = reader(home)
    yield db
    db.close()


def test_the_most_urgent_needs_come_first(told: sqlite3.Connection) -> None:
    found = needs(told, at=NOW)
    assert [need.kind for need in found] == ["approve", "alert", "alert", "failed", "failed"]
    approve = found[0]
    assert approve.text == "digit-reader v3 → champion, lineside asks, gates passed"
    assert (approve.area, approve.target, approve.model) == (
        "models",
        f"promotion:{approve.id}",
        "digit-reader@v3",
    )


def test_a_parked_schedule_needs_somebody_until_it_is_resumed(
    home: Home, db: sqlite3.Connection, tmp_path: Path
) -> None:
    folder = tmp_path / "project"
    entry = Entry(name="nightly", kind="push", spec="main", folder=str(tmp_path), argv='["env", "true"]')
    somebody = Actor(uid=1, name="maria", role=Role.OPERATOR)
    with db:
        row = entries.add(db, somebody, entry, at=at(1))
        looking.park(db, row, f"no folder {folder}", at=at(2))
    (need,) = needs(db, at=NOW)
    assert (need.kind, need.text, need.at_us) == ("parked", f"schedule nightly: no folder {folder}", at(2))
    with db:
        entries.resume(db, somebody, row, at=at(3))
    assert needs(db, at=NOW) == []


def test_yesterdays_failures_no_longer_need_anybody(told: sqlite3.Connection) -> None:
    later = Micros(NOW + 25 * 3_600_000_000)
    assert "failed" not in {need.kind for need in needs(told, at=later)}


def test_the_title_bar_counts_what_the_wall_lists(told: sqlite3.Connection) -> None:
    frame = surroundings(told, at=NOW)
    assert frame.badges == {"wall": 5, "models": 1, "monitor": 2}
    assert frame.story is not None
    assert frame.story.key == "5"


def test_the_wall_tells_who_moved_the_alias_since_one_left(told: sqlite3.Connection) -> None:
    wall = walls.read(told, at=NOW, left=at(5))
    told_texts = [event.text for event in wall.events]
    assert "digit-reader champion → v2, asked by lineside, approved by demo:ben" in told_texts
    assert not any("→ v1" in text for text in told_texts)  # that was before
    assert not wall.first_visit
    assert wall.ended["FINISHED"] == 2


def test_the_drift_of_an_endpoint_is_that_of_its_newest_window_the_farthest_first(
    told: sqlite3.Connection,
) -> None:
    [drift] = [one.drift for one in walls.read(told, at=at(26), left=None).endpoints if one.drift is not None]
    [monitor] = [one for one in monitors.every(told) if one.name == drift.monitor]
    scores = [one for one in windows.judged(told, monitor.id) if one.feature == drift.scores[0][0]]
    newest = [one for one in windows.scores(told, scores[-1].window_id) if one.line is not None]
    assert list(drift.scores) == [(one.feature, one.value, one.fired) for one in newest][: len(drift.scores)]
    assert list(drift.values) == [one.value for one in scores][-len(drift.values) :]
    assert drift.values[-1] == drift.scores[0][1]


def test_a_training_job_is_told_by_the_metric_people_look_at(told: sqlite3.Connection) -> None:
    wall = walls.read(told, at=NOW, left=None)
    network = next(work for work in wall.working if work.job.name == "network wide")
    assert network.metric is not None
    assert network.metric.metric == "val_loss"
    assert wall.first_visit


@pytest.mark.parametrize(
    ("cause", "detail", "told_as"),
    [
        ("signal", "signal 9", "signal 9"),
        ("exit", "exit 3", "exit 3"),
        ("oom_cuda", "at step 9", "oom_cuda: at step 9"),
        ("timeout", None, "timeout"),
        (None, None, "never began"),
    ],
)
def test_cause_and_detail_never_say_the_same_twice(
    cause: str | None, detail: str | None, told_as: str
) -> None:
    assert why(cause, detail) == told_as


def test_leaving_is_remembered_for_each_person_outside_the_home(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert visits.last(home) is None
    visits.leave(home, at=Micros(7))
    assert visits.last(home) == 7
    assert not list(home.path.rglob("*left*"))
