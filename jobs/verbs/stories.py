"""What the demo's driver may say on the screen of a demo home."""

from lineside.jobs import arguments
from lineside.jobs.context import Context, Json, verb
from lineside.store.actors import Actor, Role
from lineside.store.clock import now
from lineside.store.errors import Refused
from lineside.store.queries import stories


@verb("story.say", role=Role.OPERATOR)
async def say(ctx: Context, actor: Actor, args: Json) -> Json:
    """Show one line above the footer of every console on this home."""
    if not ctx.home.demo:
        raise Refused("only a demo home tells a story", hint="see one with: lineside demo")
    text, key = arguments.text(args, "text"), arguments.text(args, "key", default="") or None
    await ctx.write(lambda db: stories.say(db, text, key=key, at=now()))
    return {}
