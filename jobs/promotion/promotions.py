"""Promotions inside the runner: what happens between the steps of a request, and what a crash left undone.

A request that is CHECKING, APPROVED or APPLYING belongs to the runner: `advance` takes it as far as it goes
without a person, the tick picks up whatever nobody is advancing. The alias moves in the very transaction that
says APPLIED, so a request found APPLYING has not moved it yet and is simply applied.
"""

import logging
import sqlite3
from collections.abc import Callable

from lineside.jobs.context import Context
from lineside.jobs.promotion import gates, pins, policies, transitions
from lineside.jobs.turns import Turns
from lineside.store.actors import Actor
from lineside.store.clock import now
from lineside.store.errors import LinesideError, Refused
from lineside.store.queries import aliases, holdouts, models, promotions
from lineside.store.queries.aliases import AliasRow
from lineside.store.queries.promotions import PromotionRow
from lineside.store.states import PromotionState as S

log = logging.getLogger(__name__)

_OURS = (S.CHECKING, S.APPROVED, S.APPLYING)
_TURNS = Turns()
Change = Callable[[sqlite3.Connection, PromotionRow], PromotionRow]


async def request(
    ctx: Context, actor: Actor, version_id: int, *, alias: str, reason: str = "", break_glass: bool = False
) -> PromotionRow:
    """Ask that a version hold an alias, and run its gates; the row says where it stands now.

    Raises:
        Usage, Refused: it cannot be asked; nothing was written.
    """
    version = models.get_version(ctx.db, version_id)
    policy = policies.policy_of(ctx.home, policies.spec_of(ctx.db, version.model))
    asked = await ctx.write(
        lambda db: transitions.ask(
            db, actor, models.get_version(db, version_id), alias=alias, reason=reason, policy=policy,
            break_glass=break_glass, at=now(),
        )
    )  # fmt: skip
    return await advance(ctx, asked.id)


async def approve(ctx: Context, actor: Actor, id: int, *, reason: str = "") -> PromotionRow:
    """One person's yes. The last one needed also applies the request and swaps what is served.

    Raises:
        Refused: the person may not, the request does not wait, or a pin has moved (it is VOIDED then).
    """
    row = promotions.get(ctx.db, id)
    spec = policies.spec_of(ctx.db, row.model)
    policy = policies.policy_of(ctx.home, spec)
    broken = await _broken(ctx, row)
    row = await ctx.write(
        lambda db: transitions.approve(
            db, actor, promotions.get(db, id), reason=reason, pinned_now=pins.now(db, row, spec),
            broken=broken, policy=policy, at=now(),
        )
    )  # fmt: skip
    if row.state in (S.VOIDED, S.EXPIRED):
        raise Refused(f"request {id} is {row.state}: {row.outcome}", hint="ask for a new promotion")
    return await advance(ctx, id)


async def reject(ctx: Context, actor: Actor, id: int, *, reason: str) -> PromotionRow:
    return await ctx.write(
        lambda db: transitions.reject(db, actor, promotions.get(db, id), reason=reason, at=now())
    )


async def withdraw(ctx: Context, actor: Actor, id: int, *, reason: str = "") -> PromotionRow:
    row = promotions.get(ctx.db, id)
    policy = policies.policy_of(ctx.home, policies.spec_of(ctx.db, row.model))
    return await ctx.write(
        lambda db: transitions.withdraw(
            db, actor, promotions.get(db, id), reason=reason, policy=policy, at=now()
        )
    )


async def ratify(ctx: Context, actor: Actor, id: int, *, reason: str) -> PromotionRow:
    row = promotions.get(ctx.db, id)
    policy = policies.policy_of(ctx.home, policies.spec_of(ctx.db, row.model))
    return await ctx.write(
        lambda db: transitions.ratify(
            db, actor, promotions.get(db, id), reason=reason, policy=policy, at=now()
        )
    )


async def rollback(ctx: Context, actor: Actor, *, model: str, alias: str, reason: str) -> AliasRow:
    """Give an alias back to its holder before, whose bytes must be whole, and swap what is served.

    Raises:
        Refused: there is no earlier holder, or its bytes were changed.
    """
    row = models.find(ctx.db, model)
    current = aliases.holder(ctx.db, row.id, alias)
    if current is None:
        raise Refused(f"nobody is {alias} of {model}", hint=f"look with: lineside models show {model}")
    await _still_whole(ctx, current)
    held = await ctx.write(lambda db: transitions.rollback(db, actor, current, reason=reason, at=now()))
    await _swap(ctx, held.model_id, held.alias)
    return held


async def advance(ctx: Context, id: int) -> PromotionRow:
    """Take a request as far as it goes without a person, or wait until somebody else has."""
    async with _TURNS.take((ctx.home.path, id)):
        row = promotions.get(ctx.db, id)
        while row.state in _OURS:
            row = await _next(ctx, row)
    return row


async def tick(ctx: Context) -> bool:
    """Finish what a crash or a vanished client left, expire what waited too long, note what is overdue."""
    at = now()
    if any(row.expires_us <= at for row in promotions.in_progress(ctx.db)):
        await ctx.write(lambda db: transitions.expire(db, at=at))
    if promotions.overdue(ctx.db, at=at):
        await ctx.write(lambda db: transitions.note_overdue(db, at=at))
    rows = promotions.in_progress(ctx.db)
    for row in rows:  # last: one that cannot go on holds up no expiry
        if row.state in _OURS and not _TURNS.taken((ctx.home.path, row.id)):
            await advance(ctx, row.id)
    return not rows


async def _next(ctx: Context, row: PromotionRow) -> PromotionRow:
    """One step, whichever the state asks for."""
    if row.state == S.CHECKING:
        return await _check(ctx, row)
    if row.state == S.APPROVED:
        return await _step(ctx, row, lambda db, fresh: transitions.begin(db, fresh, at=now()))
    return await _apply(ctx, row)


async def _step(ctx: Context, row: PromotionRow, change: Change) -> PromotionRow:
    """Write `change`, unless somebody moved the request since it was read: withdrew it, or overtook it."""

    def write(db: sqlite3.Connection) -> PromotionRow:
        fresh = promotions.get(db, row.id)
        return change(db, fresh) if fresh.state == row.state else fresh

    return await ctx.write(write)


async def _check(ctx: Context, row: PromotionRow) -> PromotionRow:
    """Run the gates and keep what they found."""
    version = models.get_version(ctx.db, row.version_id)
    champion = models.get_version(ctx.db, row.expected_id) if row.expected_id is not None else None
    rows = holdouts.newest(ctx.db, run_id=version.run_id) if champion else None
    spec = policies.spec_of(ctx.db, row.model)
    assert version.artifact_digest is not None, "only READY versions are promoted"
    try:
        told = await ctx.compute(
            "lineside.jobs.promotion.evaluation:compare",
            home=str(ctx.home.path),
            candidate=version.artifact_digest,
            champion=champion.artifact_digest if champion else None,
            rows=rows.digest if rows else None,
            target=rows.target if rows else None,
            higher=spec.direction == "maximize",
        )
        evidence = gates.Evidence.of(told)
        found = gates.judge(evidence, spec, champion=champion.label if champion else None, at=now())
    except LinesideError as error:
        found = gates.broken_down(str(error), at=now())
    pinned = pins.take(
        artifact=version.artifact_digest, rows=rows.digest if rows else None, spec=spec, found=found
    )
    return await _step(ctx, row, lambda db, fresh: transitions.checked(db, fresh, found, pinned, at=now()))


async def _apply(ctx: Context, row: PromotionRow) -> PromotionRow:
    """Look at the bytes once more, move the alias, then have the new holder served."""
    spec = policies.spec_of(ctx.db, row.model)
    broken = await _broken(ctx, row)
    done = await _step(
        ctx, row,
        lambda db, fresh: transitions.apply(
            db, fresh, pinned_now=pins.now(db, fresh, spec), broken=broken, at=now()
        ),
    )  # fmt: skip
    if done.state == S.APPLIED:
        await _swap(ctx, done.model_id, done.alias)
    return done


async def _broken(ctx: Context, row: PromotionRow) -> list[str]:
    """The pins whose bytes on disk are not what they were."""
    pinned = pins.read(row)
    files = {name: pinned.get(name) for name in ("artifact", "rows")}
    told = await ctx.compute(
        "lineside.jobs.promotion.evaluation:intact", home=str(ctx.home.path), digests=files
    )
    return list(told["broken"])


async def _still_whole(ctx: Context, current: AliasRow) -> None:
    """Refuse to go back to a version whose bytes were changed."""
    back = aliases.before(ctx.db, current)
    if back is None:
        return  # the transition says so, in words
    version = models.get_version(ctx.db, back.version_id)
    files = {"artifact": version.artifact_digest}
    told = await ctx.compute(
        "lineside.jobs.promotion.evaluation:intact", home=str(ctx.home.path), digests=files
    )
    if told["broken"]:
        raise Refused(
            f"the bytes of {version.label} are not what was registered",
            hint="restore them from a backup, or promote another version",
        )


async def _swap(ctx: Context, model_id: int, alias: str) -> None:
    """Have the holder served. A server that will not swap is its own trouble: the alias stands."""
    from lineside.jobs.serving import deployments

    try:
        await deployments.swap_for(ctx, model_id, alias)
    except LinesideError as error:
        log.warning("a swap failed", extra={"model": model_id, "alias": alias, "error": str(error)})
