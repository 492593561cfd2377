"""The state machines: every legal step is allowed, every other one is refused with words."""

import itertools
import sqlite3
from collections.abc import Mapping

import pytest
from fixtures.registry import TOM, add_ready_version

from lineside.store import states
from lineside.store.clock import Micros
from lineside.store.errors import Conflict
from lineside.store.queries import audit, promotions
from lineside.store.queries.promotions import PromotionRow
from lineside.store.states import ALERT, JOB, PROMOTION, PROMOTION_ENDED, RUN, PromotionState

MACHINES = {"job": JOB, "run": RUN, "promotion": PROMOTION, "alert": ALERT}


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_allows_its_own_steps_and_no_other(name: str) -> None:
    machine: Mapping[states.S, frozenset[states.S]] = MACHINES[name]  # type: ignore[assignment]
    kinds = type(next(iter(machine)))
    assert set(machine) == set(kinds), "a state without a line"
    for old, new in itertools.product(kinds, kinds):
        if new in machine[old]:
            states.check(machine, old, new, what="it")
        else:
            with pytest.raises(Conflict, match=f"it is {old} and cannot become {new}"):
                states.check(machine, old, new, what="it")


@pytest.mark.parametrize("name", MACHINES)
def test_every_state_can_be_reached(name: str) -> None:
    machine: Mapping[states.S, frozenset[states.S]] = MACHINES[name]  # type: ignore[assignment]
    first = next(iter(machine))
    seen, front = {first}, [first]
    while front:
        front = [new for old in front for new in machine[old] if new not in seen]
        seen.update(front)
    assert seen == set(machine)


def test_an_alias_only_moves_on_the_way_that_people_approved_or_broke() -> None:
    """APPLIED comes after APPLYING only, and APPLYING after APPROVED or through broken glass."""
    before_applied = {old for old, new in PROMOTION.items() if PromotionState.APPLIED in new}

    assert before_applied == {PromotionState.APPLYING}
    for state in PROMOTION_ENDED - {PromotionState.CHECKS_FAILED}:
        assert not PROMOTION[state]


def test_the_store_takes_only_legal_steps_of_a_request_and_audits_each(db: sqlite3.Connection) -> None:
    draft = a_draft(db)
    for old, new in itertools.product(PromotionState, PromotionState):
        db.execute("begin")
        db.execute("update promotion set state = ? where id = ?", (old, draft.id))
        row, audited = promotions.get(db, draft.id), audit.verify(db).rows
        if new in PROMOTION[old]:
            assert promotions.step(db, row, new, by=TOM, verb="x", at=Micros(2)).state == new
            assert audit.verify(db).rows == audited + 1
        else:
            with pytest.raises(Conflict):
                promotions.step(db, row, new, by=TOM, verb="x", at=Micros(2))
            assert audit.verify(db).rows == audited
        db.execute("rollback")


def test_a_request_that_moved_since_it_was_read_is_not_stepped(db: sqlite3.Connection) -> None:
    stale = a_draft(db)
    promotions.step(db, stale, PromotionState.WITHDRAWN, by=TOM, verb="x", at=Micros(2))

    with pytest.raises(Conflict, match="is no longer DRAFT"):
        promotions.step(db, stale, PromotionState.CHECKING, by=TOM, verb="x", at=Micros(3))


def a_draft(db: sqlite3.Connection) -> PromotionRow:
    version = add_ready_version(db)
    return promotions.add(
        db, version_id=version.id, model_id=version.model_id, alias="champion", by=TOM, reason="",
        expected_id=None, needed=1, break_glass=False, at=Micros(1), expires=Micros(9),
    )  # fmt: skip
