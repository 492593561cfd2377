"""Files that runs left behind; their content lies in objects/."""

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from lineside.store.clock import Micros
from lineside.store.errors import NotFound

if TYPE_CHECKING:
    from lineside.store.objects import Stored


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactRow:
    """One file or folder of a run, under the name the script gave it."""

    id: int
    run_id: int
    path: str
    kind: str  # "file", "model", "checkpoint", "log"
    digest: str
    tree: bool
    bytes: int
    created_us: Micros

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**{**dict(row), "tree": bool(row["tree"])})


_OF_RUN = """
    select id, run_id, path, kind, digest, tree, bytes, created_us from artifact
     where run_id = :run_id order by path
"""

_MODEL = """
    select id, run_id, path, kind, digest, tree, bytes, created_us from artifact
     where run_id = :run_id and kind = 'model' order by created_us desc, id desc limit 1
"""

_PUT = """
    insert into artifact (run_id, path, kind, digest, tree, bytes, created_us)
    values (:run_id, :path, :kind, :digest, :tree, :bytes, :at_us)
    on conflict (run_id, path) do update set
        kind = excluded.kind, digest = excluded.digest, tree = excluded.tree, bytes = excluded.bytes,
        created_us = excluded.created_us
"""


def artifacts(db: sqlite3.Connection, run_id: int) -> list[ArtifactRow]:
    """What a run left behind, by name."""
    return [ArtifactRow.of(row) for row in db.execute(_OF_RUN, {"run_id": run_id})]


def model_of(db: sqlite3.Connection, run_id: int) -> ArtifactRow:
    """The newest model a run logged.

    Raises:
        NotFound: it logged none.
    """
    row = db.execute(_MODEL, {"run_id": run_id}).fetchone()
    if row is None:
        raise NotFound("model of run", run_id, hint="the script must call lineside.log_model(FOLDER)")
    return ArtifactRow.of(row)


def put(db: sqlite3.Connection, run_id: int, *, path: str, kind: str, stored: "Stored", at: Micros) -> None:
    """Note a file of a run; the same name logged again is replaced."""
    row = {"run_id": run_id, "path": path, "kind": kind, "digest": stored.digest, "tree": int(stored.tree)}
    db.execute(_PUT, {**row, "bytes": stored.bytes, "at_us": at})
