"""Schedules, a view of Jobs: when each fires, what it did, and what may be done to it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fixtures.consoles import Sitting, at_console

from lineside.console.ports import SqliteStore
from lineside.store import homes
from lineside.store.clock import SECOND, Micros, new_id, now
from lineside.store.db import writer
from lineside.store.homes import Home
from lineside.store.migrations import migrate
from lineside.store.queries import schedules
from lineside.store.queries.schedules import ScheduleRow

SOON = Micros(now() + 3_600 * SECOND)


def _row(name: str, **more: object) -> ScheduleRow:
    given = {
        "id": 0, "uid": new_id("sched"), "name": name, "kind": "cron", "spec": "30 2 * * *",
        "time_zone": "UTC", "folder": "/srv/digits", "argv": '["env", "true"]', "owner": "maria",
        "owner_uid": 1, "catch_up": "latest", "overlap": "skip", "paused": 0, "broken": "",
        "next_us": SOON, "created_us": now(), "project": None, **more,
    }  # fmt: skip
    return ScheduleRow(**given)  # type: ignore[arg-type]


@pytest.fixture
def clocked(tmp_path: Path) -> Iterator[SqliteStore]:
    """A home with three schedules: one fires, one is paused, one is parked."""
    home = Home(tmp_path / "home")
    homes.create(home)
    with closing(writer(home.db)) as db:
        migrate(db)
        schedules.add(db, _row("nightly"))
        schedules.pause(
            db, schedules.get(db, schedules.add(db, _row("hourly", kind="interval", spec="3600")))
        )
        schedules.park(
            db, schedules.add(db, _row("stale", kind="dataset", spec="digits")), "no folder /srv/old"
        )
        id = schedules.find(db, "nightly").id
        schedules.fire(db, id, "2026-01-01T02:30", outcome="skipped: job 7 still runs", at=now())
    made = SqliteStore(home)
    yield made
    made.close()


def test_a_list_says_when_each_fires_and_why_one_does_not(clocked: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("3", "S")
        rows = {line.split()[0]: line for line in text.splitlines() if line.strip()}
        assert "30 2 * * *" in rows["nightly"]
        assert "● fires" in rows["nightly"]
        assert "every 1 h" in rows["hourly"]
        assert "‖ paused" in rows["hourly"]
        assert "! parked" in rows["stale"]
        assert "FIRINGS of hourly" in text
        assert "skipped: job 7 still runs" in await here.press("down")
        assert "parked: no folder /srv/old" in await here.press("down")

    at_console(clocked, do)


def test_in_their_view_the_one_under_the_cursor_is_meant(clocked: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("3", "S", "down", ".", "s", "y")
        assert here.actions.asked == [("schedules.fire", {"schedule": "nightly"})]
        await here.press("escape")
        assert here.app.area is not None
        assert "queue" in here.app.area.showing  # type: ignore[attr-defined]

    at_console(clocked, do)


def test_one_that_fires_is_paused_after_a_yes(clocked: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("3", ".", "p")
        assert "nightly" in text
        assert "stale" not in text
        assert "Pause schedule nightly?" in await here.press("a")
        await here.press("y")
        assert here.actions.asked == [("schedules.pause", {"schedule": "nightly"})]

    at_console(clocked, do)


def test_what_stands_still_is_resumed_and_what_is_not_parked_may_be_fired(clocked: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("3", ".", "r", "b", "y")
        await here.press(".", "s", "a", "y")
        assert here.actions.asked == [
            ("schedules.resume", {"schedule": "stale"}), ("schedules.fire", {"schedule": "hourly"}),
        ]  # fmt: skip

    at_console(clocked, do)
