"""How far each spool is ingested, and what its shapes mean there."""

import json
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from lineside.store.spool import Shapes  # which imports numpy


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolRow:
    """One spool file and its place in the store."""

    id: int
    run_id: int
    path: str  # file name inside spool/
    rank: int  # 0: the run's own; higher: of another process of it
    offset_bytes: int
    frames: int
    skipped_bytes: int
    sealed: bool
    cold_bytes: int  # up to here its points are in segments
    cold_head: str | None  # how the file began that was moved there; None: nothing was

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**{**dict(row), "sealed": bool(row["sealed"])})


_FIND = """
    select id, run_id, path, rank, offset_bytes, frames, skipped_bytes, sealed, cold_bytes, cold_head
      from spool where path = :path
"""

_OF_RUN = """
    select id, run_id, path, rank, offset_bytes, frames, skipped_bytes, sealed, cold_bytes, cold_head
      from spool where run_id = :run_id order by rank, id
"""

_WARM_RUNS = "select distinct run_id from spool where offset_bytes > cold_bytes order by run_id"

_OPEN = "select path from spool where sealed = 0"

_ADD = """
    insert into spool (run_id, path, rank)
    select :run_id, :path,
           iif(:primary, 0, 1 + (select count(*) from spool where run_id = :run_id and rank > 0))
"""

_ADVANCE = """
    update spool set offset_bytes = :end, frames = frames + :frames, skipped_bytes = skipped_bytes + :skipped,
                     sealed = iif(cold_head is null, sealed, 0), cold_head = null
     where id = :id and offset_bytes = :start
"""

_SEAL = "update spool set sealed = 1 where id = :id and offset_bytes = :end"

_UNSEAL = "update spool set sealed = 0 where run_id = :run_id and cold_head is null"

_SHAPES = "select id, names from shape where spool_id = :spool_id"

_PUT_SHAPE = """
    insert into shape (spool_id, id, names) values (:spool_id, :id, :names)
    on conflict (spool_id, id) do update set names = excluded.names
"""


def find(db: sqlite3.Connection, name: str) -> SpoolRow | None:
    """The row of a spool file; None: nothing of it was taken yet."""
    row = db.execute(_FIND, {"path": name}).fetchone()
    return SpoolRow.of(row) if row else None


def of_run(db: sqlite3.Connection, run_id: int) -> list[SpoolRow]:
    """The spools of a run, its own first."""
    return [SpoolRow.of(row) for row in db.execute(_OF_RUN, {"run_id": run_id})]


def warm_runs(db: sqlite3.Connection) -> list[int]:
    """The runs of which something is in no segment yet."""
    return [row["run_id"] for row in db.execute(_WARM_RUNS)]


def open_names(db: sqlite3.Connection) -> set[str]:
    """The spools that may still grow."""
    return {row["path"] for row in db.execute(_OPEN)}


def add(db: sqlite3.Connection, run_id: int, name: str, *, primary: bool) -> None:
    db.execute(_ADD, {"run_id": run_id, "path": name, "primary": primary})


def advance(db: sqlite3.Connection, id: int, *, start: int, end: int, frames: int, skipped: int) -> bool:
    """Move the offset from `start` to `end`; False: somebody else took that stretch.

    A spool that had been moved into a segment up to `start` is an open one again.
    """
    row = {"id": id, "start": start, "end": end, "frames": frames, "skipped": skipped}
    return db.execute(_ADVANCE, row).rowcount == 1


def seal(db: sqlite3.Connection, id: int, *, end: int) -> bool:
    """Nothing will be appended any more; False: something was taken in the meantime."""
    return db.execute(_SEAL, {"id": id, "end": end}).rowcount == 1


def unseal(db: sqlite3.Connection, run_id: int) -> None:
    """The run goes on: its spools are looked at again; one that was moved into a segment has no file."""
    db.execute(_UNSEAL, {"run_id": run_id})


def shapes(db: sqlite3.Connection, spool_id: int) -> dict[int, tuple[str, ...]]:
    """What shape numbers mean at the ingested offset."""
    return {row["id"]: tuple(json.loads(row["names"])) for row in db.execute(_SHAPES, {"spool_id": spool_id})}


def put_shapes(db: sqlite3.Connection, spool_id: int, new: "Shapes") -> None:
    rows = [{"spool_id": spool_id, "id": id, "names": json.dumps(names)} for id, names in new.items()]
    db.executemany(_PUT_SHAPE, rows)
