"""A promotion request's steps. Each function is one transaction's worth: rules, rows, alias and audit.

They take the writer's connection inside a transaction and never commit, so a kill leaves a step wholly
done or not begun. What comes between the steps (evaluating, hashing, swapping) is in promotions.py.
"""

import sqlite3

from lineside.jobs.promotion import four_eyes, pins
from lineside.jobs.promotion.four_eyes import Policy
from lineside.jobs.promotion.pins import Pins
from lineside.store.actors import LINESIDE, Actor
from lineside.store.clock import Micros, after
from lineside.store.errors import Conflict, NotPermitted, Refused, Usage
from lineside.store.queries import aliases, audit, lineage, models, promotions
from lineside.store.queries.evidence import GateRow, add_gates, say
from lineside.store.queries.lineage import Node
from lineside.store.queries.models import VersionRow
from lineside.store.queries.promotions import PromotionRow
from lineside.store.states import PromotionState as S
from lineside.store.states import VersionStatus

RATIFY_WITHIN_S = 24 * 3600.0


def ask(
    db: sqlite3.Connection,
    actor: Actor,
    version: VersionRow,
    *,
    alias: str,
    reason: str,
    policy: Policy,
    break_glass: bool = False,
    at: Micros,
) -> PromotionRow:
    """A new request, CHECKING.

    Raises:
        Usage: the alias is reserved; broken glass without a reason.
        Refused: the version is not READY, holds the alias already, or is asked for already.
    """
    aliases.check_name(alias)
    if break_glass:
        four_eyes.may_break_glass(actor)
        _need(reason, "breaking the glass")
    _promotable(db, version, alias)
    current = aliases.holder(db, version.model_id, alias)
    made = promotions.add(
        db,
        version_id=version.id,
        model_id=version.model_id,
        alias=alias,
        by=actor,
        reason=reason,
        expected_id=current.version_id if current else None,
        needed=policy.approvals,
        break_glass=break_glass,
        at=at,
        expires=after(at, policy.ttl_s),
    )
    src, dst = Node("model_version", version.id), Node("promotion", made.id)
    lineage.link(db, src=src, dst=dst, relation="proposed", at=at)
    said = {"reason": reason, "break_glass": break_glass}
    return promotions.step(db, made, S.CHECKING, by=actor, verb="promotions.request", at=at, detail=said)


def checked(
    db: sqlite3.Connection, request: PromotionRow, found: list[GateRow], pinned: Pins, *, at: Micros
) -> PromotionRow:
    """Keep what the gates found; on to CHECKS_FAILED, to people, or through broken glass to APPLYING."""
    add_gates(db, request.id, found)
    if _holder_moved(db, request):
        return void(db, request, why=f"{request.alias} got another holder while the gates ran", at=at)
    failed = [gate.gate for gate in found if not gate.passed]
    new = S.CHECKS_FAILED if failed else S.PENDING_MANUAL_APPROVAL
    told = f"failed: {', '.join(failed)}" if failed else None
    request = promotions.step(
        db, request, new, by=LINESIDE, verb="promotions.check", at=at, outcome=told,
        pins=pins.write(pinned), decided=bool(failed),
    )  # fmt: skip
    if request.break_glass:
        return _begin(db, request, at=at, verb="promotions.break_glass")
    if not failed and request.needed == 0:
        return promotions.step(
            db, request, S.APPROVED, by=LINESIDE, verb="promotions.approve", at=at, decided=True,
            detail={"approvals": 0, "why": "the policy asks for none"},
        )  # fmt: skip
    return request


def approve(
    db: sqlite3.Connection,
    actor: Actor,
    request: PromotionRow,
    *,
    reason: str,
    pinned_now: Pins,
    broken: list[str],
    policy: Policy,
    at: Micros,
) -> PromotionRow:
    """One person's yes; APPROVED when it was the last one needed, VOIDED when a pin has moved.

    Raises:
        NotPermitted: four-eyes.
        Conflict: the request does not wait for approvals.
    """
    _waits(request)
    if request.expires_us <= at:
        return _expire(db, request, at=at)
    if (moved := pins.moved(request, pinned_now, broken=broken)) is not None:
        return void(db, request, why=moved, at=at)
    said = promotions.approvals(db, request.id)
    stamp = four_eyes.may_approve(actor, request, said, policy)
    pinned = pins.digest(pinned_now)
    say(db, request.id, actor, "approve", reason=reason, stamp=stamp, pins_digest=pinned, at=at)
    given = 1 + sum(one.verdict == "approve" and one.pins_digest == pinned for one in said)
    detail = {"approvals": given, "needed": request.needed, "pins": pinned, "reason": reason}
    if stamp:
        detail["stamp"] = stamp
    if given < request.needed:
        audit.append(db, actor, "promotions.approve", subject=("promotion", request.id), detail=detail, at=at)
        return promotions.get(db, request.id)
    return promotions.step(
        db, request, S.APPROVED, by=actor, verb="promotions.approve", at=at, outcome=stamp or None,
        decided=True, detail=detail,
    )  # fmt: skip


def reject(
    db: sqlite3.Connection, actor: Actor, request: PromotionRow, *, reason: str, at: Micros
) -> PromotionRow:
    """One person's no ends it.

    Raises:
        Usage: no reason.
        NotPermitted: they may not approve either.
        Conflict: the request does not wait for approvals.
    """
    _need(reason, "rejecting")
    _waits(request)
    four_eyes.may_reject(actor)
    said = pins.digest(pins.read(request))
    if all(one.actor != actor.label for one in promotions.approvals(db, request.id)):
        say(db, request.id, actor, "reject", reason=reason, stamp="", pins_digest=said, at=at)
    return promotions.step(
        db, request, S.REJECTED, by=actor, verb="promotions.reject", at=at, outcome=reason, decided=True
    )


def withdraw(
    db: sqlite3.Connection, actor: Actor, request: PromotionRow, *, reason: str, policy: Policy, at: Micros
) -> PromotionRow:
    """Who asked may take it back.

    Raises:
        NotPermitted: somebody else asked.
        Conflict: it is too late.
    """
    if not four_eyes.same_person(actor, request.requested_by, request.requester_uid, policy):
        raise NotPermitted(
            f"{request.requested_by} asked for request {request.id}; only they may withdraw it",
            hint="an approver may reject it instead",
        )
    why = reason or "withdrawn"
    return promotions.step(
        db, request, S.WITHDRAWN, by=actor, verb="promotions.withdraw", at=at, outcome=why, decided=True
    )


def begin(db: sqlite3.Connection, request: PromotionRow, *, at: Micros) -> PromotionRow:
    """APPROVED → APPLYING: from here on the runner finishes it, or says why it cannot.

    Raises:
        Conflict: nobody approved it; the shorter ways to APPLYING are for broken glass only.
    """
    if request.state != S.APPROVED:
        raise Conflict(f"request {request.id} is {request.state}: nobody approved it")
    return _begin(db, request, at=at, verb="promotions.begin")


def apply(
    db: sqlite3.Connection, request: PromotionRow, *, pinned_now: Pins, broken: list[str], at: Micros
) -> PromotionRow:
    """Move the alias and say so, in one transaction: APPLIED, or the alias is as it was."""
    if (moved := pins.moved(request, pinned_now, broken=broken)) is not None:
        glass = request.break_glass and moved.startswith("pin 'gates'")  # it goes past the gates anyway
        if not glass:
            return void(db, request, why=moved, at=at)
    if _holder_moved(db, request):
        why = f"{request.alias} is no longer held by the version this was judged against"
        return promotions.step(
            db, request, S.APPLY_FAILED, by=LINESIDE, verb="promotions.apply", at=at, outcome=why
        )
    said = [one.actor for one in promotions.approvals(db, request.id) if one.verdict == "approve"]
    by = ", ".join(said) or request.requested_by
    _move(db, LINESIDE, request, before=request.expected_id, label=by, at=at)
    ratify = after(at, RATIFY_WITHIN_S) if request.break_glass else None
    done = promotions.step(
        db, request, S.APPLIED, by=LINESIDE, verb="promotions.apply", at=at, applied=True,
        ratify_before=ratify, detail={"approved_by": said, "before": request.expected},
    )  # fmt: skip
    _supersede(db, done, why=f"request {done.id} moved {done.alias} to v{done.number}", at=at)
    return done


def rollback(
    db: sqlite3.Connection, actor: Actor, current: aliases.AliasRow, *, reason: str, at: Micros
) -> aliases.AliasRow:
    """Give the alias back to the holder before; the request that had moved it is ROLLED_BACK.

    Raises:
        Refused: there was no holder before.
        Conflict: the alias moved meanwhile.
    """
    back = aliases.before(db, current)
    if back is None:
        raise Refused(
            f"{current.model} has no earlier {current.alias} to go back to",
            hint=f"promote another version: lineside promote {current.model}@N --to {current.alias}",
        )
    undone = promotions.get(db, current.promotion_id)
    restored = promotions.get(db, back.promotion_id)
    _move(db, actor, restored, before=current.version_id, label=actor.label, at=at)
    promotions.step(
        db, undone, S.ROLLED_BACK, by=actor, verb="alias.rollback", at=at, outcome=reason,
        detail={"back_to": back.number, "reason": reason},
    )  # fmt: skip
    _supersede(db, undone, why=f"{current.alias} was rolled back to v{back.number}", at=at)
    now_held = aliases.holder(db, current.model_id, current.alias)
    assert now_held is not None
    return now_held


def ratify(
    db: sqlite3.Connection, actor: Actor, request: PromotionRow, *, reason: str, policy: Policy, at: Micros
) -> PromotionRow:
    """A second person stands up for broken glass.

    Raises:
        NotPermitted: they broke it themselves.
        Conflict: there is nothing to ratify.
    """
    stamp = four_eyes.may_ratify(actor, request, policy)
    promotions.ratified(db, request, by=actor.label)
    pinned = pins.digest(pins.read(request))
    say(db, request.id, actor, "ratify", reason=reason, stamp=stamp, pins_digest=pinned, at=at)
    detail = {"reason": reason, "stamp": stamp, "late": at > (request.ratify_before_us or at)}
    audit.append(db, actor, "promotions.ratify", subject=("promotion", request.id), detail=detail, at=at)
    return promotions.get(db, request.id)


def void(db: sqlite3.Connection, request: PromotionRow, *, why: str, at: Micros) -> PromotionRow:
    """What was judged is no longer what would be applied."""
    return promotions.step(
        db, request, S.VOIDED, by=LINESIDE, verb="promotions.void", at=at, outcome=why, decided=True
    )


def expire(db: sqlite3.Connection, *, at: Micros) -> list[PromotionRow]:
    """End the requests that waited too long for people."""
    waiting = (S.PENDING_MANUAL_APPROVAL, S.APPROVED)
    late = [p for p in promotions.in_progress(db) if p.state in waiting and p.expires_us <= at]
    return [_expire(db, request, at=at) for request in late]


def note_overdue(db: sqlite3.Connection, *, at: Micros) -> list[PromotionRow]:
    """Audit, once each, the broken glass that nobody ratified in time."""
    verb, fresh = "promotions.overdue", []
    for request in promotions.overdue(db, at=at):
        told = audit.of_subject(db, "promotion", request.id)
        if all(row.verb != verb for row in told):
            audit.append(db, LINESIDE, verb, subject=("promotion", request.id), at=at)
            fresh.append(request)
    return fresh


def _move(
    db: sqlite3.Connection, actor: Actor, to: PromotionRow, *, before: int | None, label: str, at: Micros
) -> None:
    """The alias goes to the version of request `to`, if `before` still holds it; audited on the version."""
    aliases.move(
        db, model_id=to.model_id, alias=to.alias, version_id=to.version_id, expected_id=before,
        promotion_id=to.id, by=label, at=at,
    )  # fmt: skip
    held = models.get_version(db, before).number if before is not None else None
    detail = {"alias": to.alias, "model": to.model, "version": to.number, "before": held, "request": to.id}
    audit.append(db, actor, "alias.move", subject=("model_version", to.version_id), detail=detail, at=at)


def _begin(db: sqlite3.Connection, request: PromotionRow, *, at: Micros, verb: str) -> PromotionRow:
    return promotions.step(db, request, S.APPLYING, by=LINESIDE, verb=verb, at=at, decided=True)


def _expire(db: sqlite3.Connection, request: PromotionRow, *, at: Micros) -> PromotionRow:
    why = "nobody decided in time"
    return promotions.step(
        db, request, S.EXPIRED, by=LINESIDE, verb="promotions.expire", at=at, outcome=why, decided=True
    )


def _supersede(db: sqlite3.Connection, winner: PromotionRow, *, why: str, at: Micros) -> None:
    """End what waits for the same alias: it was judged against another holder. CHECKING sees it itself."""
    for rival in promotions.rivals(db, winner):
        if rival.state in (S.PENDING_MANUAL_APPROVAL, S.APPROVED):
            promotions.step(
                db, rival, S.SUPERSEDED, by=LINESIDE, verb="promotions.supersede", at=at, outcome=why,
                decided=True,
            )  # fmt: skip


def _promotable(db: sqlite3.Connection, version: VersionRow, alias: str) -> None:
    if version.status != VersionStatus.READY:
        raise Refused(
            f"{version.label} is {version.status} and cannot be promoted",
            hint=version.failure or "wait until it is READY",
        )
    if alias in models.get_version(db, version.id).aliases:
        raise Refused(f"{version.label} is {alias} already", hint="lineside models show " + version.model)
    for other in promotions.in_progress(db):
        if other.version_id == version.id and other.alias == alias:
            raise Refused(
                f"request {other.id} asks for {other.label} already",
                hint=f"lineside promotions show {other.id}",
            )


def _holder_moved(db: sqlite3.Connection, request: PromotionRow) -> bool:
    current = aliases.holder(db, request.model_id, request.alias)
    return (current.version_id if current else None) != request.expected_id


def _waits(request: PromotionRow) -> None:
    if request.state != S.PENDING_MANUAL_APPROVAL:
        raise Conflict(
            f"request {request.id} is {request.state}: it does not wait for approvals",
            hint=f"lineside promotions show {request.id}",
        )


def _need(reason: str, what: str) -> None:
    if not reason.strip():
        raise Usage(f"{what} takes a reason", hint="say why with --reason TEXT")
