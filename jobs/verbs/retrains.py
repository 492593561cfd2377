"""What may be asked of retrain triggers: to act now, without waiting for a cooldown or more labels."""

from lineside.jobs import arguments
from lineside.jobs.context import Context, Json, verb
from lineside.jobs.monitor import retraining
from lineside.store.actors import Actor, Role
from lineside.store.errors import NotFound, Refused
from lineside.store.queries import alerts, retrains


@verb("retrains.start", role=Role.OPERATOR)
async def start(ctx: Context, actor: Actor, args: Json) -> Json:
    """Let `trigger` learn from all that was labelled, because of the newest open alert of its monitor."""
    name = arguments.text(args, "trigger")
    trigger = next((each for each in retraining.declared(ctx.db) if each.spec.name == name), None)
    if trigger is None:
        raise NotFound("retrain trigger", name, hint="declare it as [retrain.NAME], then: lineside apply")
    about = ("monitor", trigger.spec.monitor)
    found = [a for a in alerts.open_ones(ctx.db) if (a.subject_kind, a.subject) == about]
    if not found:
        raise Refused(
            f"no alert is open about {trigger.spec.monitor}", hint="to train anyway: lineside run PIPELINE"
        )
    made = retrains.get(ctx.db, await retraining.start(ctx, actor, trigger, found[0]))
    return {"retrain": made.id, "job": made.job_id, "run": made.run_id, "alert": made.alert_id}
