"""What the runner must not forget, by name: that it is drained, how many of an array may run at once."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from lineside.store.clock import Micros

DRAIN = "drain"

_ARRAY = "array %d at most"

_GET = "select name, value, at_us, by from setting where name = :name"

_PUT = """
    insert into setting (name, value, at_us, by) values (:name, :value, :at_us, :by)
    on conflict (name) do update set value = excluded.value, at_us = excluded.at_us, by = excluded.by
"""

_FORGET = "delete from setting where name = :name"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRow:
    """One thing that somebody set."""

    name: str
    value: str
    at_us: Micros
    by: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


def get(db: sqlite3.Connection, name: str) -> SettingRow | None:
    """What was set; None when nothing was."""
    row = db.execute(_GET, {"name": name}).fetchone()
    return SettingRow.of(row) if row else None


def put(db: sqlite3.Connection, name: str, *, value: str, at: Micros, by: str) -> None:
    """Set it, or set it anew."""
    db.execute(_PUT, {"name": name, "value": value, "at_us": at, "by": by})


def forget(db: sqlite3.Connection, name: str) -> bool:
    """Set it back; False when it was not set."""
    return db.execute(_FORGET, {"name": name}).rowcount == 1


def limit_array(db: sqlite3.Connection, array: int, most: int, *, at: Micros, by: str) -> None:
    """Let at most so many jobs of an array run at once."""
    put(db, _ARRAY % array, value=str(most), at=at, by=by)


def array_limits(db: sqlite3.Connection, arrays: Sequence[int]) -> dict[int, int]:
    """How many of each of these arrays may run at once; those without a limit are left out."""
    found = {array: get(db, _ARRAY % array) for array in arrays}
    return {array: int(row.value) for array, row in found.items() if row}
