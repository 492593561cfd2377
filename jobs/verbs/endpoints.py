"""What may be asked of endpoints: to look at one, or not any more."""

import sqlite3
from urllib.parse import urlsplit

from lineside.jobs import arguments
from lineside.jobs.context import Context, Json, verb
from lineside.jobs.monitor import adapters
from lineside.store.actors import Actor, Role
from lineside.store.clock import Micros, now
from lineside.store.errors import Usage
from lineside.store.queries import audit, endpoints


@verb("endpoints.add", role=Role.OPERATOR)
async def add(ctx: Context, actor: Actor, args: Json) -> Json:
    """Look at the server at `url` from now on, as `name`, through `adapter`, each `period_s`."""
    name, adapter = arguments.text(args, "name"), arguments.text(args, "adapter", default="prometheus")
    url = _checked(arguments.text(args, "url"))
    metrics_url = args.get("metrics_url") and _checked(arguments.text(args, "metrics_url"))
    adapters.check(adapter)
    try:
        period_s = float(args.get("period_s") or 5.0)
    except (TypeError, ValueError) as error:
        raise Usage("period_s is a number of seconds", hint="say period_s = 5") from error
    if not 0.1 <= period_s <= 3600:
        raise Usage(f"a period of {period_s:g} s", hint="between 0.1 and 3600 seconds")

    def change(db: sqlite3.Connection) -> Json:
        at = now()
        id = endpoints.upsert(
            db, name=name, adapter=adapter, url=url, metrics_url=metrics_url or None, period_s=period_s,
            by=actor.label, at=at,
        )  # fmt: skip
        detail = {"name": name, "url": url, "adapter": adapter}
        audit.append(db, actor, "endpoints.add", subject=("endpoint", id), detail=detail, at=at)
        return {"endpoint": id, "name": name}

    return await ctx.write(change)


@verb("endpoints.rm", role=Role.OPERATOR)
async def rm(ctx: Context, actor: Actor, args: Json) -> Json:
    """Stop looking at `name`; what was seen stays."""
    row = endpoints.find(ctx.db, arguments.text(args, "name"))
    return await ctx.write(lambda db: remove(db, actor, row.id, row.name, at=now()))


def remove(db: sqlite3.Connection, actor: Actor, endpoint_id: int, name: str, *, at: Micros) -> Json:
    """The endpoint gone from the looks, with its audit row."""
    endpoints.remove(db, endpoint_id, at=at)
    audit.append(db, actor, "endpoints.rm", subject=("endpoint", endpoint_id), detail={"name": name}, at=at)
    return {"endpoint": endpoint_id, "name": name}


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Usage(f"{url} is not the address of a server", hint="such as http://127.0.0.1:8080")
    return url.rstrip("/")
