"""Projects: each applied lineside.toml, as text, with the folder its commands run in."""

import sqlite3
from dataclasses import dataclass
from typing import Self

from lineside.store.clock import Micros
from lineside.store.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRow:
    """One applied project."""

    name: str
    folder: str
    text: str
    digest: str  # sha256 of the text
    applied_us: Micros
    applied_by: str
    uid: int  # whose planner jobs run in that folder

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


_EVERY = """
    select name, folder, text, digest, applied_us, applied_by, uid from project order by applied_us, name
"""

_FIND = """
    select name, folder, text, digest, applied_us, applied_by, uid from project where name = :name
"""

_APPLY = """
    insert into project (name, folder, text, digest, applied_us, applied_by, uid)
    values (:name, :folder, :text, :digest, :applied_us, :applied_by, :uid)
    on conflict (name) do update
       set folder = excluded.folder, text = excluded.text, digest = excluded.digest,
           applied_us = excluded.applied_us, applied_by = excluded.applied_by, uid = excluded.uid
"""


def every(db: sqlite3.Connection) -> list[ProjectRow]:
    """All applied projects, the newest last."""
    return [ProjectRow.of(row) for row in db.execute(_EVERY)]


def get(db: sqlite3.Connection, name: str) -> ProjectRow:
    """One project.

    Raises:
        NotFound: it was never applied.
    """
    row = db.execute(_FIND, {"name": name}).fetchone()
    if row is None:
        raise NotFound("project", name, hint="in its folder: lineside apply")
    return ProjectRow.of(row)


def apply(db: sqlite3.Connection, row: ProjectRow) -> None:
    """Keep this text as the project of that name."""
    db.execute(_APPLY, {name: getattr(row, name) for name in ProjectRow.__slots__})
