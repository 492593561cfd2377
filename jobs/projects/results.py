"""The runner's side of the cache: what a stage is told before it starts, what is noted when it ended well.

`stage` is the process between the two; the job's folder is all that passes.
"""

import json
import logging
import os
import sqlite3
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lineside.jobs.execution import attempts
from lineside.jobs.projects.cells import recipe_of
from lineside.jobs.projects.keys import Recipe
from lineside.store.clock import Micros
from lineside.store.homes import Home
from lineside.store.queries import lineage, stages
from lineside.store.queries.jobs import JobRow
from lineside.store.queries.lineage import Node
from lineside.store.queries.stages import ResultRow

log = logging.getLogger(__name__)
_MOST_BYTES = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """How a stage came to its end."""

    cached: bool  # it did not run: an earlier result stands for it
    words: str  # why it ran or did not


def brief(db: sqlite3.Connection, job_id: int, folder: Path) -> list[str]:
    """What the shim runs for a job: its command, or the stage around it, told what earlier ones made."""
    row = stages.work(db, job_id)
    argv: list[str] = json.loads(row.argv)
    recipe = recipe_of({"deps": json.loads(row.deps)})
    if recipe is None or row.pipeline is None:
        return argv
    known = [
        {"key": each.key, "job_id": each.job_id, "outs": stages.outs_of(each),
         "inputs": each.inputs if place == 0 else "{}"}  # only the newest is compared in words
        for place, each in enumerate(stages.newest(db, row.pipeline, recipe.cell))
    ]  # fmt: skip
    told = {"recipe": _recipe_in(row.deps), "known": known}
    path = folder / "stage"
    attempts.put(path, told)
    return [recipe.python, "-P", "-m", "lineside.jobs.projects.stage", str(path), "--", *argv]


def note(db: sqlite3.Connection, row: JobRow, *, at: Micros) -> Noted | None:
    """Enter what a stage made, in the transaction that ends its job well; None: no stage, or a silent one.

    A job wrote what is read here: it is taken for what it says of that job's own files and nothing else.
    """
    if row.pipeline is None or row.stage is None:
        return None
    work = stages.work(db, row.id)
    recipe = recipe_of({"deps": json.loads(work.deps)})
    path = _home_of(db).attempt(row.id, row.attempt) / "result"
    try:
        return _note(db, row, recipe, _said(path), at) if recipe else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("a stage left no sound result", extra={"job": row.id, "error": str(error)})
        return None


def _note(db: sqlite3.Connection, row: JobRow, recipe: Recipe, said: Mapping[str, Any], at: Micros) -> Noted:
    key, inputs = str(said["key"])[:64], said["inputs"]
    stages.set_key(db, row.id, key=key)
    _link_deps(db, row, inputs["deps"], at)
    same = stages.get(db, key)
    if "as" in said and same is not None:
        stages.open_needs(db, row.id)
        return Noted(cached=True, words=f"cached ({key[:8]}): same as job {same.job_id}; nothing changed")
    if said.get("records"):
        outs = [{"path": str(o["path"]), "digest": str(o["digest"]), "bytes": int(o["bytes"])}
                for o in said["outs"]]  # fmt: skip
        assert row.pipeline is not None
        stages.keep(db, ResultRow(
            key=key, pipeline=row.pipeline, stage=recipe.cell, job_id=row.id, inputs=json.dumps(inputs),
            outs=json.dumps(outs), made_us=at,
        ))  # fmt: skip
    return Noted(cached=False, words=f"ran ({key[:8]}): {said.get('reason', '')}")


def _said(path: Path) -> Any:
    """What the stage left; a job may have put anything in its place.

    Raises:
        FileNotFoundError: it left nothing.
        ValueError: it is no plain file, too large, or not JSON.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(fd, "rb") as file:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MOST_BYTES:
            raise ValueError(f"{path} is no result")
        return json.loads(file.read())


def _link_deps(db: sqlite3.Connection, row: JobRow, deps: Mapping[str, str], at: Micros) -> None:
    """A file is no node of lineage: the run that made it led to the run that read it.

    Datasets were linked when the job was submitted.
    """
    if row.run_id is None or row.pipeline is None:
        return
    for maker in stages.makers(db, row.pipeline, deps):
        if maker != row.run_id:
            src, dst = Node("run", maker), Node("run", row.run_id)
            lineage.link(db, src=src, dst=dst, relation="made", at=at)


def _recipe_in(deps: str) -> Any:
    return next(each["recipe"] for each in json.loads(deps) if "recipe" in each)


def _home_of(db: sqlite3.Connection) -> Home:
    """The home this database lies in."""
    return Home(Path(db.execute("pragma database_list").fetchone()["file"]).parent)
