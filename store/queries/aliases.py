"""Aliases: intervals that say which version held a name, from when to when and by which request.

Append-only. The current holder is the open interval; moving one is a compare-and-set on the holder
the request was judged against, and the database itself refuses a move without a promotion.
"""

import re
import sqlite3
from dataclasses import dataclass
from typing import Self

from lineside.store.clock import Micros
from lineside.store.errors import Conflict, Usage

_NAME = re.compile(r"[A-Za-z0-9_\-]{1,255}")
_RESERVED = re.compile(r"latest|v?\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasRow:
    """One version's time under one name."""

    id: int
    model_id: int
    model: str
    alias: str
    version_id: int
    number: int
    from_us: Micros
    to_us: Micros | None  # None: the current holder
    by: str
    promotion_id: int

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


_HISTORY = """
    select a.id, a.model_id, m.name as model, a.alias, a.version_id, v.number, a.from_us, a.to_us, a.by,
           a.promotion_id
      from alias_interval a
      join model m on m.id = a.model_id
      join model_version v on v.id = a.version_id
     where a.model_id = :model_id and (:alias is null or a.alias = :alias)
     order by a.id desc
"""

_HOLDER = """
    select a.id, a.model_id, m.name as model, a.alias, a.version_id, v.number, a.from_us, a.to_us, a.by,
           a.promotion_id
      from alias_interval a
      join model m on m.id = a.model_id
      join model_version v on v.id = a.version_id
     where a.model_id = :model_id and a.alias = :alias and a.to_us is null
"""

_BEFORE = """
    select a.id, a.model_id, m.name as model, a.alias, a.version_id, v.number, a.from_us, a.to_us, a.by,
           a.promotion_id
      from alias_interval a
      join model m on m.id = a.model_id
      join model_version v on v.id = a.version_id
      join promotion p on p.id = a.promotion_id
     where a.model_id = :model_id and a.alias = :alias and p.state = 'APPLIED'
       and a.id < (select min(mine.id) from alias_interval mine
                    where mine.model_id = :model_id and mine.alias = :alias
                      and mine.promotion_id = :promotion_id)
     order by a.id desc limit 1
"""

_CLOSE = """
    update alias_interval set to_us = :at_us
     where model_id = :model_id and alias = :alias and to_us is null and version_id = :expected_id
"""

_OPEN = """
    insert into alias_interval (model_id, alias, version_id, from_us, to_us, by, promotion_id)
    values (:model_id, :alias, :version_id, :at_us, null, :by, :promotion_id)
"""


def check_name(alias: str) -> str:
    """The alias itself, when a model may carry it.

    Raises:
        Usage: it is empty, reserved, or could be taken for a version number.
    """
    if not _NAME.fullmatch(alias) or _RESERVED.fullmatch(alias):
        raise Usage(
            f"{alias!r} cannot be an alias",
            hint="use letters, digits, - and _; latest, 7 and v7 already mean something",
        )
    return alias


def history(db: sqlite3.Connection, model_id: int, *, alias: str | None = None) -> list[AliasRow]:
    """Every holder a model's aliases (or one of them) ever had, newest first."""
    return [AliasRow.of(r) for r in db.execute(_HISTORY, {"model_id": model_id, "alias": alias})]


def holder(db: sqlite3.Connection, model_id: int, alias: str) -> AliasRow | None:
    """The open interval; None when nobody holds the alias."""
    row = db.execute(_HOLDER, {"model_id": model_id, "alias": alias}).fetchone()
    return AliasRow.of(row) if row else None


def before(db: sqlite3.Connection, current: AliasRow) -> AliasRow | None:
    """Where a rollback of `current` leads: the newest earlier holder that was never rolled back itself."""
    key = {"model_id": current.model_id, "alias": current.alias, "promotion_id": current.promotion_id}
    row = db.execute(_BEFORE, key).fetchone()
    return AliasRow.of(row) if row else None


def move(
    db: sqlite3.Connection,
    *,
    model_id: int,
    alias: str,
    version_id: int,
    expected_id: int | None,
    promotion_id: int,
    by: str,
    at: Micros,
) -> None:
    """Give the alias to `version_id`, if `expected_id` (None: nobody) still holds it.

    Raises:
        Conflict: somebody else holds it by now; nothing was changed.
    """
    key = {"model_id": model_id, "alias": alias, "expected_id": expected_id, "at_us": at}
    if expected_id is None:
        taken = holder(db, model_id, alias) is not None
    else:
        taken = db.execute(_CLOSE, key).rowcount != 1
    if taken:
        raise Conflict(
            f"{alias} is no longer held by the version this request was judged against",
            hint="ask again: the gates then compare with today's holder",
        )
    db.execute(_OPEN, {**key, "version_id": version_id, "by": by, "promotion_id": promotion_id})
