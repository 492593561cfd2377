"""Windows are measured, labels join them, and both speak up through alerts."""

import asyncio
import sqlite3

import pytest
from fixtures import served
from fixtures.contexts import Here

from lineside.jobs.monitor import measuring, upkeep
from lineside.jobs.monitor import windows as following
from lineside.jobs.monitor.performance import realised, worse
from lineside.store.clock import SECOND, Micros, now
from lineside.store.homes import Home
from lineside.store.queries import alerts, labels, lineage, models, monitors, windows
from lineside.store.queries.lineage import Node
from lineside.store.states import AlertState


@pytest.fixture
def ctx(home: Home, db: sqlite3.Connection) -> Here:
    return Here(home, db)


def look(ctx: Here) -> None:
    for tick in (following.tick, following.tick, measuring.tick, upkeep.tick):
        asyncio.run(tick(ctx))


@pytest.fixture
def watched(ctx: Here, home: Home, db: sqlite3.Connection) -> int:
    """One full window of digits 500..700, one row in ten misread."""
    served.deploy(db, served.register_digits(home, db))
    monitor = served.watch(db, window_rows=200, domain=False)
    served.send_digits(served.payload_log(home), 500, 700, wrong=2)
    look(ctx)
    return monitor


def test_the_first_window_of_new_writers_shows_two_witnesses_before_any_label(
    ctx: Here, home: Home, db: sqlite3.Connection
) -> None:
    served.deploy(db, served.register_digits(home, db))
    watched = served.watch(db, window_rows=200)
    served.send_digits(served.payload_log(home), 500, 700)
    look(ctx)
    window = windows.recent(db, watched)[0]
    assert (window.state, window.columns_fired, window.columns_tested) == ("MEASURED", 7, 64)
    assert window.domain_auc == pytest.approx(0.855, abs=0.01)
    assert window.calibrated is False
    assert window.value is None
    scores = windows.scores(db, window.id)
    assert [score.fired for score in scores[:8]] == [True] * 7 + [False]
    assert sum(scores[0].reference) == pytest.approx(1.0, abs=1e-3)
    assert {alert.rule for alert in alerts.open_ones(db)} == {"drift.columns", "drift.domain"}


def test_labels_that_come_late_say_what_no_column_could(
    ctx: Here, watched: int, db: sqlite3.Connection
) -> None:
    labels.add(db, watched, served.truth(500, 700), at=now())
    look(ctx)
    window = windows.recent(db, watched)[0]
    assert (window.labelled, window.metric, window.value) == (200, "accuracy", 0.8)
    assert window.low is not None
    assert window.high is not None
    assert 0.73 < window.low < 0.8 < window.high < 0.86
    alert = next(a for a in alerts.open_ones(db) if a.rule == "performance")
    assert alert.state is AlertState.FIRING
    assert alert.value == 0.8
    assert alert.line == pytest.approx(0.92)
    edges = lineage.around(db, Node("alert", alert.id), down=False).edges
    assert next((edge.src_kind, edge.relation) for edge in edges) == ("window", "raised")


def test_a_few_labels_are_shown_and_not_judged(ctx: Here, watched: int, db: sqlite3.Connection) -> None:
    labels.add(db, watched, served.truth(500, 600), at=now())
    look(ctx)
    assert windows.recent(db, watched)[0].labelled == 100
    assert "performance" not in {alert.rule for alert in alerts.open_ones(db)}
    labels.add(db, watched, served.truth(600, 700), at=now())
    look(ctx)
    assert "performance" in {alert.rule for alert in alerts.open_ones(db)}


def test_a_corrected_label_changes_the_value_and_nothing_twice(
    ctx: Here, watched: int, db: sqlite3.Connection
) -> None:
    labels.add(db, watched, served.truth(500, 700), at=Micros(10))
    look(ctx)
    before = alerts.recent(db)
    labels.add(db, watched, [("row-500", "99")], at=Micros(20))
    labels.add(db, watched, [("row-505", "99")], at=Micros(21))
    look(ctx)
    window = windows.recent(db, watched)[0]
    assert window.value == pytest.approx(159 / 200)
    assert [(a.id, a.seen) for a in alerts.recent(db)] == [(a.id, a.seen) for a in before]


def test_too_few_rows_are_measured_and_raise_nothing(ctx: Here, home: Home, db: sqlite3.Connection) -> None:
    served.deploy(db, served.register_digits(home, db))
    monitor = served.watch(db, window_rows=200)
    served.send_digits(served.payload_log(home), 500, 597)
    asyncio.run(following.tick(ctx))
    asyncio.run(following.follow(ctx, monitors.find(db, monitor), at=Micros(now() + 31 * SECOND)))
    look(ctx)
    window = windows.recent(db, monitor)[0]
    assert (window.detail, window.columns_fired) == ("too few rows, n = 97", None)
    assert window.domain_auc is not None
    assert alerts.open_ones(db) == []


def test_when_another_version_serves_the_old_alarms_end_and_say_why(
    ctx: Here, watched: int, home: Home, db: sqlite3.Connection
) -> None:
    better = served.register_digits(home, db, rows=700)
    db.execute("update deployment set live_id = ?", (better.id,))
    look(ctx)
    assert alerts.open_ones(db) == []
    assert {alert.resolution for alert in alerts.recent(db)} == {"v2 serves now"}
    labels.add(db, watched, served.truth(500, 700), at=now())
    look(ctx)
    assert alerts.open_ones(db) == []  # old news about v1


def test_a_window_without_a_profile_fails_alone_and_says_why(
    ctx: Here, home: Home, db: sqlite3.Connection
) -> None:
    served.deploy(db, served.register_digits(home, db))
    monitor = served.watch(db, window_rows=10)
    served.send_digits(served.payload_log(home), 500, 510, version="unknown")
    look(ctx)
    window = windows.recent(db, monitor)[0]
    assert window.state == "FAILED"
    assert "no version" in window.detail


def test_the_worst_predictions_are_the_wrong_ones_the_model_was_sure_of(
    ctx: Here, watched: int, home: Home, db: sqlite3.Connection
) -> None:
    labels.add(db, watched, served.truth(500, 700), at=now())
    window = windows.recent(db, watched)[0]
    worst = windows.worst(home, db, window.id, 5)
    assert len(worst) == 5
    assert all(row.true != row.predicted for row in worst)
    assert len(worst[0].values) == 64
    assert models.versions(db)[0].number == 1


def test_an_error_grows_by_share_and_its_interval_must_exclude_the_holdout() -> None:
    pairs = [(str(50.0 + i % 3), "20.0") for i in range(300)]
    found = realised(pairs, "mae")
    assert found["value"] == pytest.approx(31.0, abs=0.1)
    assert worse("mae", value=31, low=30.9, high=31.1, baseline=20.0, drop=0.1)
    assert not worse("mae", value=31, low=15.0, high=60.0, baseline=20.0, drop=0.1)
