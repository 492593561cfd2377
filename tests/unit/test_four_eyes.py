"""Who may say yes: the rules, each as its own sentence."""

from dataclasses import replace

import pytest
from fixtures.registry import EVE, MARIA, OLLI, POLICY, TOM, masked

from lineside.jobs.promotion import four_eyes
from lineside.jobs.promotion.four_eyes import SINGLE_ACCOUNT
from lineside.store.actors import LINESIDE, Actor
from lineside.store.clock import Micros
from lineside.store.errors import NotPermitted
from lineside.store.queries.evidence import ApprovalRow
from lineside.store.queries.promotions import PromotionRow

MASKS = replace(POLICY, masks=True)
ALONE = replace(POLICY, one_person=True)


def asked_by(actor: Actor, *, author: str = "nobody") -> PromotionRow:
    return PromotionRow(
        id=41, uid="promo_1", model_id=1, model="digits", version_id=7, number=7, alias="champion",
        state="PENDING_MANUAL_APPROVAL", requested_by=actor.label, requester_uid=actor.uid, reason="",
        author=author, expected_id=None, expected=None, pins="{}", needed=1, given=0, created_us=Micros(1),
        expires_us=Micros(9), decided_us=None, applied_us=None, break_glass=False, ratify_before_us=None,
        ratified_by=None, outcome="",
    )  # fmt: skip


def word_of(actor: Actor) -> ApprovalRow:
    return ApprovalRow(
        actor=actor.label, uid=actor.uid, verdict="approve", reason="", stamp="", pins_digest="p",
        at_us=Micros(2),
    )  # fmt: skip


def test_a_second_person_may_approve() -> None:
    assert four_eyes.may_approve(MARIA, asked_by(TOM), [], POLICY) == ""


def test_who_asked_may_not_approve() -> None:
    with pytest.raises(NotPermitted, match="asked for request 41 and cannot approve it"):
        four_eyes.may_approve(TOM, asked_by(TOM), [], POLICY)


def test_another_name_of_the_same_uid_is_the_same_person() -> None:
    renamed = replace(TOM, name="thomas")

    with pytest.raises(NotPermitted):
        four_eyes.may_approve(renamed, asked_by(TOM), [], POLICY)


def test_a_person_counts_once() -> None:
    with pytest.raises(NotPermitted, match="already spoken"):
        four_eyes.may_approve(MARIA, asked_by(TOM), [word_of(MARIA)], POLICY)
    assert four_eyes.may_approve(EVE, asked_by(TOM), [word_of(MARIA)], POLICY) == ""


def test_an_author_may_approve_unless_the_policy_forbids_it() -> None:
    request = asked_by(TOM, author="maria")
    strict = replace(POLICY, author_may_not_approve=True)

    assert four_eyes.may_approve(MARIA, request, [], POLICY) == ""
    with pytest.raises(NotPermitted, match="trained digits@v7"):
        four_eyes.may_approve(MARIA, request, [], strict)


def test_the_only_person_of_a_home_may_approve_and_it_is_stamped() -> None:
    assert four_eyes.may_approve(TOM, asked_by(TOM), [], ALONE) == SINGLE_ACCOUNT
    assert four_eyes.may_approve(TOM, asked_by(LINESIDE), [], ALONE) == ""


def test_in_a_demo_home_masks_are_people() -> None:
    ana, ben = masked("ana"), masked("ben")

    assert four_eyes.may_approve(ben, asked_by(ana), [], MASKS) == ""
    with pytest.raises(NotPermitted):
        four_eyes.may_approve(ana, asked_by(ana), [], MASKS)


def test_taking_the_mask_off_makes_no_second_person() -> None:
    bare = replace(masked("ana"), acting_as=None)

    with pytest.raises(NotPermitted):
        four_eyes.may_approve(bare, asked_by(masked("ana")), [], MASKS)


def test_masks_mean_nothing_where_the_home_knows_none() -> None:
    with pytest.raises(NotPermitted):
        four_eyes.may_approve(masked("ben"), asked_by(masked("ana")), [], POLICY)


@pytest.mark.parametrize(
    ("actor", "says"),
    [
        (replace(MARIA, in_job=True), "a job never approves"),
        (LINESIDE, "lineside never approves"),
        (OLLI, "takes approver"),
    ],
)
def test_jobs_lineside_and_operators_never_approve(actor: Actor, says: str) -> None:
    for rule in (
        lambda: four_eyes.may_approve(actor, asked_by(TOM), [], ALONE),
        lambda: four_eyes.may_ratify(actor, asked_by(TOM), ALONE),
        lambda: four_eyes.may_reject(actor),
    ):
        with pytest.raises(NotPermitted, match=says):
            rule()


def test_only_a_person_at_a_prompt_breaks_the_glass() -> None:
    four_eyes.may_break_glass(OLLI)
    for actor in (LINESIDE, replace(OLLI, in_job=True)):
        with pytest.raises(NotPermitted, match="only a person"):
            four_eyes.may_break_glass(actor)


def test_who_broke_the_glass_does_not_ratify_it() -> None:
    assert four_eyes.may_ratify(MARIA, asked_by(TOM), POLICY) == ""
    with pytest.raises(NotPermitted, match="broke the glass"):
        four_eyes.may_ratify(TOM, asked_by(TOM), POLICY)
