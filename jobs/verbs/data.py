"""What may be asked of datasets."""

import re
import sqlite3
from pathlib import Path
from typing import Any

from lineside.jobs import arguments
from lineside.jobs.context import Args, Context, Json, verb
from lineside.jobs.data import datasets
from lineside.store import objects
from lineside.store.actors import Actor, Role
from lineside.store.clock import Micros, now
from lineside.store.errors import Usage
from lineside.store.homes import Home
from lineside.store.queries import audit
from lineside.store.queries import datasets as query
from lineside.store.queries.datasets import NewVersion, VersionRow

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,99}", re.ASCII)


@verb("data.add", role=Role.OPERATOR)
async def add(ctx: Context, actor: Actor, args: Json) -> Json:
    """Keep the table at `path` as a version of dataset `name`; content that is known keeps its number."""
    name, path = arguments.text(args, "name"), _path(args)
    if not _NAME.fullmatch(name):
        raise Usage(
            f"{name!r} is no name for a dataset",
            hint="letters, digits, dot, dash and underscore, 100 at most",
        )
    measured = await ctx.compute(
        "lineside.jobs.data.datasets:read_in",
        home=str(ctx.home.path),
        path=str(path),
        target=_word(args, "target"),
        time=_word(args, "time"),
        tz=_word(args, "tz"),
        exclude=_words(args, "exclude"),
    )
    version, at = NewVersion.of(measured), now()
    origin = {"path": str(path)}
    return await ctx.write(lambda db: keep(ctx.home, db, actor, version, name=name, origin=origin, at=at))


def keep(
    home: Home,
    db: sqlite3.Connection,
    actor: Actor,
    version: NewVersion,
    *,
    name: str,
    origin: dict[str, Any],
    at: Micros,
) -> Json:
    """Number, link and audit a version, in the caller's transaction: once committed, its folder is there."""
    added = query.add_version(db, version, name=name, origin=origin, by=actor.label, at=at)
    row = query.get(db, added.id)
    datasets.link(home, db, row)
    if added.new:
        audit.append(
            db, actor, "data.add", subject=("dataset_version", added.id),
            detail={"dataset": row.label, "digest": row.digest, "rows": row.rows, "origin": origin}, at=at,
        )  # fmt: skip
    return {
        "dataset": name,
        "version": added.number,
        "version_id": added.id,
        "digest": row.digest,
        "rows": row.rows,
        "bytes": row.bytes,
        "new": added.new,
    }


@verb("data.diff", role=Role.VIEWER)
async def diff(ctx: Context, actor: Actor, args: Json) -> Json:
    """Say how version `new` differs from version `old`."""
    old, new = (query.find(ctx.db, arguments.text(args, key)) for key in ("old", "new"))
    found = await ctx.compute(
        "lineside.jobs.data.differences:compare", old=_objects(ctx, old), new=_objects(ctx, new)
    )
    return {"old": old.label, "new": new.label, **found}


@verb("data.validate", role=Role.VIEWER)
async def validate(ctx: Context, actor: Actor, args: Json) -> Json:
    """Compare the table at `path` with the newest version of dataset `name`; nothing is kept."""
    known = query.find(ctx.db, arguments.text(args, "name"))
    found = await ctx.compute(
        "lineside.jobs.data.validations:validate", known=_objects(ctx, known), path=str(_path(args))
    )
    return {"against": known.label, **found}


def _objects(ctx: Context, version: VersionRow) -> list[str]:
    return [str(objects.path_of(ctx.home, file.digest)) for file in query.files(ctx.db, version.id)]


def _path(args: Args) -> Path:
    path = Path(arguments.text(args, "path"))
    if not path.is_absolute():
        raise Usage(f"{path} is not an absolute path", hint="the runner has a folder of its own")
    return path


def _word(args: Args, key: str) -> str | None:
    return arguments.text(args, key) if args.get(key) is not None else None


def _words(args: Args, key: str) -> list[str]:
    value = args.get(key) or []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Usage(f"{key} must be a list of columns, not {value!r}")
    return value
