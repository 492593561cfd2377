"""Promotions inside the runner: from request to alias, back again, and through every kind of no."""

import asyncio
import sqlite3
from dataclasses import replace
from typing import Any

import pytest
from fixtures.contexts import Here
from fixtures.promoting import GOOD, TEAM, WORSE, held, promote, record_swaps, run, team
from fixtures.registry import EVE, MARIA, OLLI, POLICY, TOM, add_ready_version, apply_at_once, masked

from lineside.jobs.promotion import promotions as promoting
from lineside.jobs.promotion import transitions
from lineside.store import homes
from lineside.store.actors import LINESIDE
from lineside.store.clock import Micros
from lineside.store.errors import Conflict, NotPermitted, Refused, Usage
from lineside.store.homes import Home
from lineside.store.queries import audit, lineage, models, projects, promotions
from lineside.store.queries.lineage import Node
from lineside.store.queries.projects import ProjectRow

TWO = '[policy]\napprovals_min = 2\n[roles]\nmaria = "approver"\ntom = "approver"\neve = "approver"\n'


@pytest.fixture
def ctx(home: Home, db: sqlite3.Connection) -> Here:
    return team(home, db)


@pytest.fixture(autouse=True)
def swaps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return record_swaps(monkeypatch)


def test_a_request_that_passes_its_gates_waits_for_a_person(ctx: Here, swaps: list[str]) -> None:
    version = add_ready_version(ctx.db)

    row = run(promoting.request(ctx, TOM, version.id, alias="champion", reason="first"))

    assert (row.state, row.given, row.needed, row.expected) == ("PENDING_MANUAL_APPROVAL", 0, 1, None)
    assert held(ctx) is None
    assert swaps == []
    assert all(gate.passed for gate in promotions.gates(ctx.db, row.id))


def test_the_yes_of_a_second_person_moves_the_alias_and_swaps_what_is_served(
    ctx: Here, swaps: list[str]
) -> None:
    version = add_ready_version(ctx.db)

    row = promote(ctx, version.id)

    assert row.state == "APPLIED"
    assert held(ctx) == 1
    assert swaps == ["champion"]
    assert models.get_version(ctx.db, version.id).aliases == ("champion",)
    assert [r.verb for r in audit.of_subject(ctx.db, "promotion", row.id)] == [
        f"promotions.{verb}" for verb in ("request", "check", "approve", "begin", "apply")
    ]
    assert audit.verify(ctx.db).broken_seq is None
    graph = lineage.around(ctx.db, Node("model_version", version.id))
    assert "proposed" in {edge.relation for edge in graph.edges}


def test_the_requester_is_refused_and_the_request_still_waits(ctx: Here) -> None:
    row = run(promoting.request(ctx, TOM, add_ready_version(ctx.db).id, alias="champion"))

    with pytest.raises(NotPermitted, match="tom asked for request 1"):
        run(promoting.approve(ctx, TOM, row.id))
    assert promotions.get(ctx.db, row.id).state == "PENDING_MANUAL_APPROVAL"
    assert promotions.approvals(ctx.db, row.id) == []


def test_failed_gates_end_a_request_with_their_numbers(ctx: Here) -> None:
    promote(ctx, add_ready_version(ctx.db).id)
    ctx.answers["compare"] = lambda **_: WORSE

    row = run(promoting.request(ctx, TOM, add_ready_version(ctx.db).id, alias="champion"))

    assert (row.state, row.outcome) == ("CHECKS_FAILED", "failed: beats_champion")
    assert "-0.020 [-0.080" in promotions.gates(ctx.db, row.id)[0].observed
    with pytest.raises(Conflict, match="does not wait for approvals"):
        run(promoting.approve(ctx, MARIA, row.id))
    assert held(ctx) == 1


def test_an_evaluation_that_breaks_is_a_failed_gate_and_not_a_stuck_request(ctx: Here) -> None:
    def broken(**_: object) -> Any:
        raise Refused("the compute child was killed")

    ctx.answers["compare"] = broken

    row = run(promoting.request(ctx, TOM, add_ready_version(ctx.db).id, alias="champion"))

    assert row.state == "CHECKS_FAILED"
    assert promotions.gates(ctx.db, row.id)[0].observed == "the compute child was killed"


def test_two_approvals_take_two_people(ctx: Here) -> None:
    ctx.home.config.write_text(TWO)
    row = run(promoting.request(ctx, OLLI, add_ready_version(ctx.db).id, alias="champion"))

    row = run(promoting.approve(ctx, MARIA, row.id))
    assert (row.state, row.given, row.needed) == ("PENDING_MANUAL_APPROVAL", 1, 2)
    with pytest.raises(NotPermitted, match="already spoken"):
        run(promoting.approve(ctx, MARIA, row.id))
    row = run(promoting.approve(ctx, EVE, row.id))

    assert (row.state, row.given) == ("APPLIED", 2)


def test_one_no_ends_it_and_needs_a_reason(ctx: Here) -> None:
    row = run(promoting.request(ctx, TOM, add_ready_version(ctx.db).id, alias="champion"))

    with pytest.raises(Usage, match="takes a reason"):
        run(promoting.reject(ctx, MARIA, row.id, reason=" "))
    row = run(promoting.reject(ctx, MARIA, row.id, reason="not on a Friday"))

    assert (row.state, row.outcome) == ("REJECTED", "not on a Friday")
    with pytest.raises(Conflict):
        run(promoting.approve(ctx, EVE, row.id))
    assert held(ctx) is None


def test_only_who_asked_may_withdraw(ctx: Here) -> None:
    row = run(promoting.request(ctx, TOM, add_ready_version(ctx.db).id, alias="champion"))

    with pytest.raises(NotPermitted, match="only they may withdraw"):
        run(promoting.withdraw(ctx, MARIA, row.id))
    assert run(promoting.withdraw(ctx, TOM, row.id)).state == "WITHDRAWN"


def test_a_request_withdrawn_while_its_gates_run_stays_withdrawn(ctx: Here) -> None:
    def meanwhile(**_: object) -> Any:
        row = promotions.recent(ctx.db)[0]
        transitions.withdraw(ctx.db, TOM, row, reason="typo", policy=POLICY, at=Micros(5))
        return GOOD

    ctx.answers["compare"] = meanwhile

    row = run(promoting.request(ctx, TOM, add_ready_version(ctx.db).id, alias="champion"))

    assert (row.state, row.outcome) == ("WITHDRAWN", "typo")
    assert promotions.gates(ctx.db, row.id) == []


def test_an_unanswered_request_expires(ctx: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    ctx.home.config.write_text(TEAM + "[policy]\nttl_h = 0.0\n")
    first, second = add_ready_version(ctx.db), add_ready_version(ctx.db)
    row = run(promoting.request(ctx, TOM, first.id, alias="champion"))

    with pytest.raises(Refused, match="EXPIRED: nobody decided in time"):
        run(promoting.approve(ctx, MARIA, row.id))
    row = run(promoting.request(ctx, TOM, second.id, alias="champion"))
    run(promoting.tick(ctx))

    assert promotions.get(ctx.db, row.id).state == "EXPIRED"


def test_the_winner_supersedes_who_waited_for_the_same_alias(ctx: Here) -> None:
    first, second = add_ready_version(ctx.db), add_ready_version(ctx.db)
    waiting = run(promoting.request(ctx, TOM, first.id, alias="champion"))
    elsewhere = run(promoting.request(ctx, TOM, first.id, alias="shadow"))

    winner = promote(ctx, second.id)

    lost = promotions.get(ctx.db, waiting.id)
    assert (lost.state, lost.outcome) == ("SUPERSEDED", f"request {winner.id} moved champion to v2")
    assert promotions.get(ctx.db, elsewhere.id).state == "PENDING_MANUAL_APPROVAL"


def test_a_holder_that_changes_while_the_gates_run_voids_the_request(ctx: Here) -> None:
    first, second = add_ready_version(ctx.db), add_ready_version(ctx.db)

    def meanwhile(**_: object) -> Any:
        apply_at_once(ctx.db, second)
        return GOOD

    ctx.answers["compare"] = meanwhile
    row = run(promoting.request(ctx, TOM, first.id, alias="champion"))

    assert (row.state, held(ctx)) == ("VOIDED", 2)
    assert "another holder" in row.outcome


@pytest.mark.parametrize("broken", ["artifact", "rows"])
def test_a_byte_changed_after_the_checks_voids_the_request_by_name(ctx: Here, broken: str) -> None:
    row = run(promoting.request(ctx, TOM, add_ready_version(ctx.db).id, alias="champion"))
    ctx.answers["intact"] = lambda **_: {"broken": [broken]}

    with pytest.raises(Refused, match=f"VOIDED: the bytes of pin '{broken}' were changed"):
        run(promoting.approve(ctx, MARIA, row.id))
    assert promotions.get(ctx.db, row.id).state == "VOIDED"
    assert held(ctx) is None


def test_a_byte_changed_after_the_approval_still_stops_it(ctx: Here) -> None:
    row = run(promoting.request(ctx, TOM, add_ready_version(ctx.db).id, alias="champion"))
    looks = iter([[], ["artifact"]])
    ctx.answers["intact"] = lambda **_: {"broken": next(looks)}

    row = run(promoting.approve(ctx, MARIA, row.id))

    assert (row.state, held(ctx)) == ("VOIDED", None)


def test_gates_edited_after_the_checks_void_the_request(ctx: Here) -> None:
    row = run(promoting.request(ctx, TOM, add_ready_version(ctx.db).id, alias="champion"))
    text = "[model.digits]\nmin_holdout = 0.1\n"
    tighter = ProjectRow(
        name="p", folder="/", text=text, digest="d", applied_us=Micros(1), applied_by="tom", uid=1
    )
    projects.apply(ctx.db, tighter)

    with pytest.raises(Refused, match="pin 'gates' is no longer what was checked"):
        run(promoting.approve(ctx, MARIA, row.id))


def test_a_gate_row_edited_in_the_database_voids_the_request(ctx: Here) -> None:
    row = run(promoting.request(ctx, TOM, add_ready_version(ctx.db).id, alias="champion"))
    ctx.db.execute("update gate_result set observed = 'perfect' where gate = 'golden'")

    with pytest.raises(Refused, match="pin 'found' is no longer what was checked"):
        run(promoting.approve(ctx, MARIA, row.id))


def test_the_only_person_of_a_home_approves_their_own_request_and_it_says_so(ctx: Here) -> None:
    ctx.home.config.unlink()
    row = run(promoting.request(ctx, TOM, add_ready_version(ctx.db).id, alias="champion"))

    row = run(promoting.approve(ctx, TOM, row.id))

    assert (row.state, row.outcome) == ("APPLIED", "single account")
    assert promotions.approvals(ctx.db, row.id)[0].stamp == "single account"
    said = [r.detail for r in audit.of_subject(ctx.db, "promotion", row.id) if r.verb == "promotions.approve"]
    assert '"stamp":"single account"' in said[0]


def test_in_a_demo_home_one_uid_takes_two_masks(tmp_path: Any, ctx: Here, db: sqlite3.Connection) -> None:
    demo = Home(tmp_path / "demo")
    homes.create(demo, demo=True)
    ctx.home = demo
    row = run(promoting.request(ctx, masked("ana"), add_ready_version(ctx.db).id, alias="champion"))

    with pytest.raises(NotPermitted):
        run(promoting.approve(ctx, masked("ana"), row.id))
    with pytest.raises(NotPermitted):
        run(promoting.approve(ctx, replace(masked("ben"), acting_as=None), row.id))
    row = run(promoting.approve(ctx, masked("ben"), row.id))

    assert row.state == "APPLIED"
    assert promotions.approvals(ctx.db, row.id)[0].actor == "demo:ben"


def test_a_request_that_the_clock_got_to_first_is_still_answered_when_its_gates_have_run(ctx: Here) -> None:
    version = add_ready_version(ctx.db)

    async def both() -> promotions.PromotionRow:
        asked = asyncio.ensure_future(promoting.request(ctx, TOM, version.id, alias="champion"))
        await asyncio.sleep(0)
        await promoting.tick(ctx)
        return await asked

    row = asyncio.run(both())

    assert row.state == "PENDING_MANUAL_APPROVAL"
    assert ctx.computed == ["lineside.jobs.promotion.evaluation:compare"]


@pytest.mark.parametrize("alias", ["latest", "v3", "3", "with space"])
def test_a_reserved_alias_cannot_be_asked_for(ctx: Here, alias: str) -> None:
    with pytest.raises(Usage):
        run(promoting.request(ctx, TOM, add_ready_version(ctx.db).id, alias=alias))
    assert promotions.recent(ctx.db) == []


def test_asking_twice_for_the_same_is_refused(ctx: Here) -> None:
    version = add_ready_version(ctx.db)
    run(promoting.request(ctx, TOM, version.id, alias="champion"))

    with pytest.raises(Refused, match="request 1 asks for"):
        run(promoting.request(ctx, LINESIDE, version.id, alias="champion"))


def test_who_holds_the_alias_already_is_not_promoted_again(ctx: Here) -> None:
    version = add_ready_version(ctx.db)
    promote(ctx, version.id)

    with pytest.raises(Refused, match="is champion already"):
        run(promoting.request(ctx, TOM, version.id, alias="champion"))
