"""What a person says about runs: tags, a name, a note."""

import sqlite3

from lineside.jobs.arguments import text
from lineside.jobs.context import Context, Json, verb
from lineside.store import toml
from lineside.store.actors import Actor, Role
from lineside.store.clock import now
from lineside.store.errors import Usage
from lineside.store.queries import audit, runs

_MAX = 6_000


@verb("runs.tag", role=Role.OPERATOR)
async def tag(ctx: Context, actor: Actor, args: Json) -> Json:
    """Set tags of one run; a tag whose value is null is taken away."""
    run = _run(ctx, args, "tags")
    tags = args.get("tags")
    if not isinstance(tags, dict) or not tags or not all(_short(k) and _short(v) for k, v in tags.items()):
        raise Usage("tags must be names with texts", hint='for example {"tags": {"baseline": "yes"}}')

    def change(db: sqlite3.Connection) -> None:
        runs.put_tags(db, run, tags)
        audit.append(db, actor, "runs.tag", subject=("run", run), detail={"tags": tags}, at=now())

    await ctx.write(change)
    return {"run": run, "tags": runs.tags(ctx.db, run)}


@verb("runs.rename", role=Role.OPERATOR)
async def rename(ctx: Context, actor: Actor, args: Json) -> Json:
    """Give one run another name."""
    run, name = _run(ctx, args, "name"), text(args, "name").strip()
    if not name or len(name) > 250:
        raise Usage("a name has 1 to 250 characters", hint='for example {"name": "wider network"}')
    old = runs.get(ctx.db, run).name

    def change(db: sqlite3.Connection) -> None:
        runs.rename(db, run, name)
        audit.append(
            db, actor, "runs.rename", subject=("run", run), detail={"from": old, "to": name}, at=now()
        )

    await ctx.write(change)
    return {"run": run, "name": name}


@verb("runs.note", role=Role.OPERATOR)
async def note(ctx: Context, actor: Actor, args: Json) -> Json:
    """Write the note of one run; an empty one takes it away."""
    run = _run(ctx, args, "note")
    words = args.get("note")
    if not isinstance(words, str) or not _short(words):
        raise Usage(f"note must be text of at most {_MAX} characters")

    def change(db: sqlite3.Connection) -> None:
        runs.annotate(db, run, words)
        audit.append(db, actor, "runs.note", subject=("run", run), detail={"note": words}, at=now())

    await ctx.write(change)
    return {"run": run, "note": words}


def _run(ctx: Context, args: Json, other: str) -> int:
    """The run that is meant: a number, a uid or a tail of one."""
    toml.reject_unknown(args, ("run", other), "args", lambda _: 1)
    if "run" not in args:
        raise Usage("which run?", hint='send {"run": 812}')
    return runs.find(ctx.db, str(args["run"])).id


def _short(value: object) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= _MAX)
