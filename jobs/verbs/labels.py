"""What may be asked of labels: the truth that comes late."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from lineside.jobs import arguments
from lineside.jobs.context import Args, Context, Json, verb
from lineside.store.actors import Actor, Role
from lineside.store.clock import now
from lineside.store.errors import Usage
from lineside.store.queries import audit, labels, monitors
from lineside.store.queries.monitors import MonitorRow

_HINT = 'say rows as [{"id": …, "label": …}], or path'


@verb("labels.add", role=Role.OPERATOR)
async def add(ctx: Context, actor: Actor, args: Json) -> Json:
    """Take the labels in the file at `path`, or in `rows`, for the predictions of `monitor`."""
    monitor = monitors.find(ctx.db, arguments.text(args, "monitor"))
    if "path" in args:
        path = Path(arguments.text(args, "path"))
        if not path.is_absolute():
            raise Usage(f"{path} is not an absolute path", hint="the runner has a folder of its own")
        read = await ctx.compute("lineside.jobs.monitor.labelfiles:read", path=str(path))
        pairs, skipped = [(str(each[0]), str(each[1])) for each in read["pairs"]], int(read["skipped"])
    else:
        pairs, skipped = _pairs(args), 0
    return await ctx.write(lambda db: keep(db, actor, monitor, pairs)) | {"skipped": skipped}


def keep(db: sqlite3.Connection, actor: Actor, monitor: MonitorRow, pairs: Sequence[tuple[str, str]]) -> Json:
    """Write the labels and the audit row of one delivery."""
    at = now()
    done = labels.add(db, monitor.id, pairs, at=at)
    detail = {"monitor": monitor.name, "added": done.added, "updated": done.updated}
    audit.append(db, actor, "labels.add", subject=("monitor", monitor.id), detail=detail, at=at)
    return {"monitor": monitor.name, "added": done.added, "updated": done.updated}


def _pairs(args: Args) -> list[tuple[str, str]]:
    rows = args.get("rows")
    if not isinstance(rows, list):
        raise Usage("labels have neither rows nor a path", hint=_HINT)
    try:
        return [(str(row["id"]), str(row["label"])) for row in rows if row["label"] is not None]
    except (KeyError, TypeError) as error:
        raise Usage("a row of labels has no id or no label", hint=_HINT) from error
