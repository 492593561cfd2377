"""What may be asked of promotions. A job may ask for one; it may never decide one."""

from lineside.jobs import arguments
from lineside.jobs.context import Context, Json, verb
from lineside.jobs.promotion import promotions
from lineside.store.actors import Actor, Role
from lineside.store.queries import models
from lineside.store.queries.promotions import PromotionRow


@verb("promotions.request", role=Role.OPERATOR)
async def request(ctx: Context, actor: Actor, args: Json) -> Json:
    """Ask that `model`@`version` hold `alias`; `break_glass` applies it at once, with a `reason`."""
    model, number = arguments.text(args, "model"), arguments.number(args, "version")
    version = models.find_version(ctx.db, f"{model}@{number}")
    row = await promotions.request(
        ctx,
        actor,
        version.id,
        alias=arguments.text(args, "alias"),
        reason=arguments.text(args, "reason", default=""),
        break_glass=arguments.flag(args, "break_glass"),
    )
    return _told(row)


@verb("promotions.approve", role=Role.APPROVER, jobs_may=False)
async def approve(ctx: Context, actor: Actor, args: Json) -> Json:
    """Say yes to `request`; the last yes needed applies it."""
    id, reason = arguments.number(args, "request"), arguments.text(args, "reason", default="")
    return _told(await promotions.approve(ctx, actor, id, reason=reason))


@verb("promotions.reject", role=Role.APPROVER, jobs_may=False)
async def reject(ctx: Context, actor: Actor, args: Json) -> Json:
    """Say no to `request`, with a `reason`; one no ends it."""
    id, reason = arguments.number(args, "request"), arguments.text(args, "reason", default="")
    return _told(await promotions.reject(ctx, actor, id, reason=reason))


@verb("promotions.withdraw", role=Role.OPERATOR)
async def withdraw(ctx: Context, actor: Actor, args: Json) -> Json:
    """Take back `request`; only who asked may."""
    id, reason = arguments.number(args, "request"), arguments.text(args, "reason", default="")
    return _told(await promotions.withdraw(ctx, actor, id, reason=reason))


@verb("promotions.ratify", role=Role.APPROVER, jobs_may=False)
async def ratify(ctx: Context, actor: Actor, args: Json) -> Json:
    """Stand behind `request`, which somebody else applied by breaking the glass."""
    id, reason = arguments.number(args, "request"), arguments.text(args, "reason", default="")
    return _told(await promotions.ratify(ctx, actor, id, reason=reason))


@verb("alias.rollback", role=Role.OPERATOR, jobs_may=False)
async def rollback(ctx: Context, actor: Actor, args: Json) -> Json:
    """Give `alias` of `model` back to the version that held it before."""
    held = await promotions.rollback(
        ctx,
        actor,
        model=arguments.text(args, "model"),
        alias=arguments.text(args, "alias"),
        reason=arguments.text(args, "reason", default=""),
    )
    return {"model": held.model, "alias": held.alias, "version": held.number}


def _told(row: PromotionRow) -> Json:
    return {"request": row.id, "state": row.state, "outcome": row.outcome, "given": row.given,
            "needed": row.needed}  # fmt: skip
