"""Killed at any step, a promotion leaves the old or the new holder, and a restarted runner finishes it."""

import asyncio
import itertools
import sqlite3
from typing import Any

import pytest
from fixtures.contexts import Here, Killed
from fixtures.promoting import record_swaps, team
from fixtures.registry import MARIA, TOM, add_ready_version, apply_at_once

from lineside.jobs.promotion import promotions as promoting
from lineside.store.homes import Home
from lineside.store.queries import audit, models, promotions


@pytest.fixture(autouse=True)
def swaps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return record_swaps(monkeypatch)


def a_home_with_a_champion(home: Home, db: sqlite3.Connection) -> Here:
    apply_at_once(db, add_ready_version(db))
    return team(home, db)


def killed(ctx: Here, steps: int, task: Any) -> bool:
    """Run `task` until `steps` steps were made; True when that killed it. A new runner remembers nothing."""
    ctx.steps_left = steps
    try:
        asyncio.run(task)
    except Killed:
        return True
    finally:
        ctx.steps_left = None
    return False


def restart(ctx: Here) -> None:
    asyncio.run(promoting.tick(ctx))


def test_killed_while_asking_it_is_checked_after_a_restart_or_was_never_asked(
    home: Home, db: sqlite3.Connection
) -> None:
    ctx = a_home_with_a_champion(home, db)
    for steps in itertools.count():
        version = add_ready_version(db)
        before = len(promotions.recent(db))
        died = killed(ctx, steps, promoting.request(ctx, TOM, version.id, alias="champion"))
        asked = len(promotions.recent(db)) - before

        restart(ctx)

        assert asked == (steps > 0)
        if asked:
            row = promotions.recent(db)[0]
            assert row.state == "PENDING_MANUAL_APPROVAL"
            assert len(promotions.gates(db, row.id)) == 3
        if not died:
            break
    assert steps == 5  # two transactions, one computation: each was hit, from both sides
    assert audit.verify(db).broken_seq is None


def test_killed_while_applying_the_alias_is_the_old_or_the_new_one_and_the_request_says_which(
    home: Home, db: sqlite3.Connection
) -> None:
    ctx = a_home_with_a_champion(home, db)
    seen = set()
    for steps in itertools.count():
        old = models.find_version(db, "digits@champion")
        new = add_ready_version(db)
        row = asyncio.run(promoting.request(ctx, TOM, new.id, alias="champion"))

        died = killed(ctx, steps, promoting.approve(ctx, MARIA, row.id))
        row = promotions.get(db, row.id)
        holder = models.find_version(db, "digits@champion")

        seen.add(row.state)
        assert holder.id == (new.id if row.state == "APPLIED" else old.id)
        if row.state == "PENDING_MANUAL_APPROVAL":  # the yes was never told to anybody: it may be said again
            assert promotions.approvals(db, row.id) == []
            row = asyncio.run(promoting.approve(ctx, MARIA, row.id))
        restart(ctx)
        assert promotions.get(db, row.id).state == "APPLIED"
        assert models.find_version(db, "digits@champion").id == new.id
        if not died:
            break
    assert seen == {"PENDING_MANUAL_APPROVAL", "APPROVED", "APPLYING", "APPLIED"}
    assert audit.verify(db).broken_seq is None
