"""Going back, and going past the gates: what one person may do alone, and how it shows."""

import json
import sqlite3

import pytest
from fixtures.contexts import Here
from fixtures.promoting import WORSE, held, promote, record_swaps, run, team
from fixtures.registry import EVE, MARIA, OLLI, TOM, add_ready_version

from lineside.jobs.promotion import promotions as promoting
from lineside.store.errors import Conflict, Refused, Usage
from lineside.store.homes import Home
from lineside.store.queries import audit, models, promotions


@pytest.fixture
def ctx(home: Home, db: sqlite3.Connection) -> Here:
    return team(home, db)


@pytest.fixture(autouse=True)
def swaps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return record_swaps(monkeypatch)


def test_a_rollback_gives_the_alias_back_without_approval(ctx: Here, swaps: list[str]) -> None:
    promote(ctx, add_ready_version(ctx.db).id)
    second = promote(ctx, add_ready_version(ctx.db).id)
    waiting = run(promoting.request(ctx, TOM, add_ready_version(ctx.db).id, alias="champion"))

    back = run(promoting.rollback(ctx, OLLI, model="digits", alias="champion", reason="worse at night"))

    assert (back.number, held(ctx)) == (1, 1)
    assert promotions.get(ctx.db, second.id).state == "ROLLED_BACK"
    assert promotions.get(ctx.db, waiting.id).state == "SUPERSEDED"
    assert swaps == ["champion"] * 3
    assert [h.number for h in models.alias_history(ctx.db, back.model_id)] == [1, 2, 1]
    moves = [row.detail for row in audit.every(ctx.db) if row.verb == "alias.move"]
    assert [json.loads(move)["before"] for move in moves] == [None, 1, 2]
    with pytest.raises(Refused, match="no earlier champion"):
        run(promoting.rollback(ctx, OLLI, model="digits", alias="champion", reason="again"))


def test_rollbacks_go_down_the_stack_and_never_back_to_what_was_rolled_back(ctx: Here) -> None:
    for _ in range(3):
        promote(ctx, add_ready_version(ctx.db).id)

    numbers = [
        run(promoting.rollback(ctx, OLLI, model="digits", alias="champion", reason="x")).number for _ in "ab"
    ]

    assert numbers == [2, 1]


def test_nothing_goes_back_to_a_version_whose_bytes_were_changed(ctx: Here) -> None:
    promote(ctx, add_ready_version(ctx.db).id)
    promote(ctx, add_ready_version(ctx.db).id)
    ctx.answers["intact"] = lambda **_: {"broken": ["artifact"]}

    with pytest.raises(Refused, match="bytes of digits@v1"):
        run(promoting.rollback(ctx, OLLI, model="digits", alias="champion", reason="x"))
    assert held(ctx) == 2


def test_broken_glass_goes_past_failed_gates_and_people_and_stays_red(ctx: Here) -> None:
    promote(ctx, add_ready_version(ctx.db).id)
    ctx.answers["compare"] = lambda **_: WORSE
    version = add_ready_version(ctx.db)

    with pytest.raises(Usage, match="breaking the glass takes a reason"):
        run(promoting.request(ctx, OLLI, version.id, alias="champion", break_glass=True))
    row = run(promoting.request(ctx, OLLI, version.id, alias="champion", reason="outage", break_glass=True))

    assert (row.state, row.break_glass, row.unratified, held(ctx)) == ("APPLIED", True, True, 2)
    assert [r.verb for r in audit.of_subject(ctx.db, "promotion", row.id)] == [
        "promotions.request", "promotions.check", "promotions.break_glass", "promotions.apply",
    ]  # fmt: skip
    assert [p.id for p in promotions.open_for(ctx.db, MARIA)] == [row.id]
    ratified = run(promoting.ratify(ctx, MARIA, row.id, reason="it was right"))
    assert (ratified.ratified_by, ratified.unratified) == ("maria", False)
    with pytest.raises(Conflict, match="nothing to ratify"):
        run(promoting.ratify(ctx, EVE, row.id, reason="me too"))


def test_broken_glass_nobody_ratified_is_said_once_when_overdue(
    ctx: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = add_ready_version(ctx.db)
    row = run(promoting.request(ctx, OLLI, version.id, alias="champion", reason="outage", break_glass=True))
    assert row.ratify_before_us is not None
    assert row.ratify_before_us - row.applied_us == 24 * 3600 * 1_000_000  # type: ignore[operator]

    monkeypatch.setattr(promoting, "now", lambda: row.ratify_before_us + 1)
    run(promoting.tick(ctx))
    run(promoting.tick(ctx))

    verbs = [r.verb for r in audit.of_subject(ctx.db, "promotion", row.id)]
    assert verbs.count("promotions.overdue") == 1


def test_not_even_broken_glass_applies_bytes_that_were_changed(ctx: Here) -> None:
    version = add_ready_version(ctx.db)
    ctx.answers["intact"] = lambda **_: {"broken": ["artifact"]}

    row = run(promoting.request(ctx, OLLI, version.id, alias="champion", reason="outage", break_glass=True))

    assert (row.state, held(ctx)) == ("VOIDED", None)
