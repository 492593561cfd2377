"""What may be asked of the registry."""

from lineside.jobs import arguments
from lineside.jobs.context import Context, Json, verb
from lineside.jobs.promotion import registration
from lineside.store.actors import Actor, Role
from lineside.store.queries import models


@verb("models.register", role=Role.OPERATOR)
async def register(ctx: Context, actor: Actor, args: Json) -> Json:
    """Make the model of run `run` the next version of model `name`."""
    run, name = arguments.number(args, "run"), arguments.text(args, "name")
    version = models.get_version(ctx.db, await registration.register(ctx, actor, run, name))
    return {"id": version.id, "model": version.model, "version": version.number, "status": version.status}
