"""Promotions inside the runner: from request to alias, back again, and through every kind of no."""

import asyncio
import json
import sqlite3
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from fixtures.contexts import Here
from fixtures.registry import EVE, MARIA, OLLI, TOM, add_ready_version, apply_at_once, masked

from lineside.jobs import promotions as promoting
from lineside.store import homes
from lineside.store.actors import LINESIDE
from lineside.store.clock import Micros
from lineside.store.errors import Conflict, NotPermitted, Refused, Usage
from lineside.store.homes import Home
from lineside.store.queries import audit, lineage, models, projects, promotions
from lineside.store.queries.lineage import Node
from lineside.store.queries.projects import ProjectRow

T = TypeVar("T")
GOOD: dict[str, Any] = {"broken": [], "golden": "", "metric": "accuracy", "holdout": None, "fault": "",
        "duel": {"candidate": 0.92, "champion": 0.83, "gain": 0.09, "low": 0.04, "high": 0.14, "n": 100,
                 "kind": "paired", "note": ""}}  # fmt: skip
WORSE = GOOD | {"duel": {**GOOD["duel"], "gain": -0.02, "low": -0.08}}

TWO = '[policy]\napprovals_min = 2\n[roles]\nmaria = "approver"\ntom = "approver"\neve = "approver"\n'
TEAM = '[roles]\nmaria = "approver"\ntom = "approver"\neve = "approver"\nolli = "operator"\n'


@pytest.fixture
def ctx(home: Home, db: sqlite3.Connection) -> Here:
    home.config.write_text(TEAM)
    here = Here(home, db)
    here.answers = {"compare": lambda **_: GOOD, "intact": lambda **_: {"broken": []}}
    return here


@pytest.fixture(autouse=True)
def swaps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The aliases whose deployments were asked to swap."""
    asked: list[str] = []

    async def swap(_: object, __: int, alias: str) -> None:
        asked.append(alias)

    monkeypatch.setattr(promoting, "_swap", swap)
    return asked


def run(task: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(task)


def promote(ctx: Here, version: int, *, by: Any = TOM, yes: Any = MARIA) -> promotions.PromotionRow:
    row = run(promoting.request(ctx, by, version, alias="champion"))
    return run(promoting.approve(ctx, yes, row.id))


def held(ctx: Here, model: str = "digits", alias: str = "champion") -> int | None:
    now = models.holding(ctx.db, models.find(ctx.db, model).id, alias)
    return now.number if now else None


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
    assert ctx.computed == ["lineside.jobs.evaluation:compare"]


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
