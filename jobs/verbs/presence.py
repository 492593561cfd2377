"""Who else looks at what: a console says what it shows, and hears of the others."""

from lineside.jobs import arguments
from lineside.jobs.context import Args, Context, Json, verb
from lineside.jobs.presence import KEPT_S, Presence
from lineside.store.actors import Actor, Role
from lineside.store.errors import Usage

_LONGEST = 200
"""Characters of a token or a subject."""

_PRESENCE = Presence()


@verb("presence.attend", role=Role.VIEWER, jobs_may=False)
async def attend(ctx: Context, actor: Actor, args: Json) -> Json:
    """The `console` shows `subject` ("" for nothing); wait up to `wait_s` for news after version `seen`."""
    _PRESENCE.sit(_short(args, "console"), actor.label, _short(args, "subject") or None)
    await _PRESENCE.news(arguments.number(args, "seen"), wait_s=_wait_s(args))
    return {"version": _PRESENCE.version, "others": dict(_PRESENCE.others(actor.label))}


def _short(args: Args, key: str) -> str:
    text = arguments.text(args, key, default="")
    if len(text) > _LONGEST:
        raise Usage(f"{key} has at most {_LONGEST} characters")
    return text


def _wait_s(args: Args) -> float:
    """Shorter than a seat is kept, so that whoever waits is never taken for gone."""
    wait_s = args.get("wait_s", 0.0)
    if not isinstance(wait_s, (int, float)) or not 0 <= wait_s <= KEPT_S / 2:
        raise Usage(f"wait_s is 0 to {KEPT_S / 2:g} seconds, not {wait_s!r}")
    return float(wait_s)
