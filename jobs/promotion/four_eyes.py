"""Who may say yes. Pure rules over names and uids; the runner asks them before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass

from lineside.store.actors import Actor, Role
from lineside.store.errors import NotPermitted
from lineside.store.queries.evidence import ApprovalRow
from lineside.store.queries.promotions import PromotionRow

SINGLE_ACCOUNT = "single account"
"""The stamp on an approval that nobody else could have given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What one model's promotions ask for, the home's floors included."""

    approvals: int
    author_may_not_approve: bool
    ttl_s: float
    one_person: bool  # the home knows only one person who may approve
    masks: bool  # a demo home: one uid may be several people


def may_approve(actor: Actor, request: PromotionRow, said: Sequence[ApprovalRow], policy: Policy) -> str:
    """The stamp that this person's approval carries: "" or SINGLE_ACCOUNT.

    Raises:
        NotPermitted: they may not; the message says which rule.
    """
    _may_judge(actor)
    for earlier in said:
        if same_person(actor, earlier.actor, earlier.uid, policy):
            raise NotPermitted(f"{actor.label} has already spoken on request {request.id}")
    if same_person(actor, request.requested_by, request.requester_uid, policy):
        return _alone_or_refuse(policy, f"{actor.label} asked for request {request.id} and cannot approve it")
    if policy.author_may_not_approve and request.author in _names(actor):
        return _alone_or_refuse(policy, f"{actor.label} trained {request.label} and may not approve it")
    return ""


def may_ratify(actor: Actor, request: PromotionRow, policy: Policy) -> str:
    """The stamp on standing up for broken glass: it takes somebody other than who broke it.

    Raises:
        NotPermitted: they may not.
    """
    _may_judge(actor)
    if same_person(actor, request.requested_by, request.requester_uid, policy):
        return _alone_or_refuse(policy, f"{actor.label} broke the glass of request {request.id}")
    return ""


def may_reject(actor: Actor) -> None:
    """Anyone who may approve may refuse, the requester too.

    Raises:
        NotPermitted: they may not approve either.
    """
    _may_judge(actor)


def may_break_glass(actor: Actor) -> None:
    """A person at a prompt may; a job and lineside itself may not.

    Raises:
        NotPermitted: it is not a person who asks.
    """
    if actor.in_job or actor.uid < 0:
        raise NotPermitted("only a person may break the glass", hint="ask from your own shell")


def same_person(actor: Actor, label: str, uid: int, policy: Policy) -> bool:
    """One uid is one person, but for the masks of a demo home, where the label decides."""
    if policy.masks and actor.acting_as is not None:
        return actor.label == label
    return actor.uid == uid or label in _names(actor)


def _may_judge(actor: Actor) -> None:
    if actor.in_job:
        raise NotPermitted("a job never approves, whoever it runs as", hint="ask from your own shell")
    if actor.uid < 0:
        raise NotPermitted("lineside never approves; it only asks")
    if actor.role < Role.APPROVER:
        raise NotPermitted(
            f"{actor.label} is {actor.role.name.lower()}; this takes approver",
            hint="the home's owner gives roles in config.toml, [roles]",
        )


def _alone_or_refuse(policy: Policy, why: str) -> str:
    if policy.one_person:
        return SINGLE_ACCOUNT
    hint = "act as somebody else, e.g. --as demo:ben" if policy.masks else "ask another approver"
    raise NotPermitted(why, hint=hint)


def _names(actor: Actor) -> set[str]:
    """The names rows know this actor by."""
    return {actor.label} if actor.acting_as else {actor.label, actor.name}
