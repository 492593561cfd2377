"""What may be asked of alerts: to say that one has seen it, or to keep it quiet for a while."""

import sqlite3

from lineside.jobs import arguments
from lineside.jobs.context import Args, Context, Json, verb
from lineside.store.actors import Actor, Role
from lineside.store.clock import Micros, after, now
from lineside.store.errors import Usage
from lineside.store.queries import alerts, audit
from lineside.store.states import AlertState

_HOURS = 1.0


@verb("alerts.ack", role=Role.OPERATOR)
async def ack(ctx: Context, actor: Actor, args: Json) -> Json:
    """Say that `alert` was seen and somebody is on it; it does not fire again."""
    number = arguments.number(args, "alert")
    return await ctx.write(lambda db: move(db, actor, number, AlertState.ACKED, at=now()))


@verb("alerts.silence", role=Role.OPERATOR)
async def silence(ctx: Context, actor: Actor, args: Json) -> Json:
    """Keep `alert` quiet for `minutes` or `hours`; then the newest look decides. The `reason` is kept."""
    number, reason = arguments.number(args, "alert"), arguments.text(args, "reason", default="")
    at = now()
    until = after(at, _seconds(args))
    return await ctx.write(
        lambda db: move(db, actor, number, AlertState.SILENCED, at=at, until=until, reason=reason)
    )


def move(
    db: sqlite3.Connection,
    actor: Actor,
    number: int,
    state: AlertState,
    *,
    at: Micros,
    until: Micros | None = None,
    reason: str = "",
) -> Json:
    """One step of an alert that a person asked for, with its audit row."""
    alert = alerts.find(db, number)
    alerts.move(db, alert, state, by=actor.label, until=until, at=at)
    detail = {"rule": alert.rule, "subject": alert.subject, "until_us": until, "reason": reason}
    verb_name = "alerts.ack" if state is AlertState.ACKED else "alerts.silence"
    audit.append(db, actor, verb_name, subject=("alert", alert.id), detail=detail, at=at)
    return {"alert": alert.id, "state": state, "until_us": until}


def _seconds(args: Args) -> float:
    minutes, hours = args.get("minutes"), args.get("hours")
    if minutes is None and hours is None:
        hours = _HOURS
    try:
        seconds = float(minutes or 0) * 60 + float(hours or 0) * 3600
    except (TypeError, ValueError):
        seconds = 0.0
    if not 0 < seconds < 366 * 86_400:
        raise Usage("a silence lasts some minutes or hours", hint="say minutes = 60")
    return seconds
