"""What may be asked of projects."""

import hashlib
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path

from lineside.jobs import arguments
from lineside.jobs.context import Context, Json, verb
from lineside.jobs.projects import project
from lineside.jobs.projects.project import Project
from lineside.jobs.schedules import applied, planners
from lineside.jobs.schedules.applied import Place
from lineside.store.actors import Actor, Role
from lineside.store.clock import Micros, now
from lineside.store.errors import Usage
from lineside.store.queries import audit, endpoints, models, monitors, projects
from lineside.store.queries.projects import ProjectRow


@verb("project.apply", role=Role.OPERATOR)
async def apply(ctx: Context, actor: Actor, args: Json) -> Json:
    """Make the lineside.toml in `text` the project of `folder`; what it declares becomes real."""
    text, folder = arguments.text(args, "text"), arguments.text(args, "folder")
    if not Path(folder).is_absolute():
        raise Usage(f"{folder} is not an absolute path", hint="the runner has a folder of its own")
    found = project.parse(text, name=Path(folder).name)
    env = {str(name): str(value) for name, value in (args.get("env") or {}).items()}
    python = arguments.text(args, "python", default=sys.executable)
    place = Place(folder=folder, python=python, env=planners.captured(env))
    row = ProjectRow(
        name=found.name, folder=folder, text=text, digest=hashlib.sha256(text.encode()).hexdigest(),
        applied_us=now(), applied_by=actor.label, uid=actor.uid,
    )  # fmt: skip
    return await ctx.write(lambda db: _apply(db, actor, found, row, place))


def _apply(db: sqlite3.Connection, actor: Actor, found: Project, row: ProjectRow, place: Place) -> Json:
    """Write what the project declares; says what changed, and nothing when nothing did."""
    before = {each.name: each for each in projects.every(db)}.get(row.name)
    if before is not None and (before.digest, before.folder) == (row.digest, row.folder):
        return {"project": row.name, "digest": row.digest, "changes": []}
    old = project.parse(before.text, name=row.name) if before else None
    changes = _changes(old, found)
    projects.apply(db, row)
    for monitor in found.monitors.values():
        monitors.upsert(db, monitor, row.applied_us)
    _endpoints(db, old, found, by=actor.label, at=row.applied_us)
    applied.apply(db, actor, found, place, at=row.applied_us)
    audit.append(
        db, actor, "project.apply", subject=("project", None),
        detail={"project": row.name, "folder": row.folder, "digest": row.digest, "changes": changes},
        at=row.applied_us,
    )  # fmt: skip
    return {"project": row.name, "digest": row.digest, "changes": changes}


def _changes(old: Project | None, new: Project) -> list[str]:
    """One line per table that is new, changed or gone."""
    lines = []
    for kind, before, after in _by_kind(old, new):
        for name in sorted({*before, *after}):
            if name not in before:
                lines.append(f"{kind} {name}: new")
            elif name not in after:
                lines.append(f"{kind} {name}: gone")
            elif before[name] != after[name]:
                lines.append(f"{kind} {name}: changed")
    return lines


def _by_kind(
    old: Project | None, new: Project
) -> list[tuple[str, Mapping[str, object], Mapping[str, object]]]:
    kinds = {"data": "data", "pipeline": "pipelines", "model": "models", "endpoint": "endpoints",
             "monitor": "monitors", "retrain": "retrains", "schedule": "schedules"}  # fmt: skip
    return [
        (word, getattr(old, attribute) if old else {}, getattr(new, attribute))
        for word, attribute in kinds.items()
    ]


def _endpoints(db: sqlite3.Connection, old: Project | None, new: Project, *, by: str, at: Micros) -> None:
    """Look at what is declared, no longer at what was; a deployment's endpoint stays that deployment's."""
    present = {row.name: row for row in endpoints.every(db)}
    for name in old.endpoints if old else ():
        if name not in new.endpoints and name in present:
            endpoints.remove(db, present[name].id, at=at)
    for spec in new.endpoints.values():
        known = present.get(spec.name)
        endpoints.upsert(
            db, name=spec.name, adapter=spec.adapter, url=spec.url, metrics_url=spec.metrics_url,
            period_s=spec.period_s, deployment_id=known.deployment_id if known else None,
            model_id=models.create(db, spec.model, at=at).id if spec.model else None,
            alias=spec.alias, by=by, at=at,
        )  # fmt: skip
