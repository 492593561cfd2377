"""The story line of a demo home: what is happening, and the key that shows it."""

import sqlite3
from dataclasses import dataclass
from typing import Self

from lineside.store.clock import Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRow:
    """One line of the story."""

    id: int
    at_us: Micros
    text: str
    key: str | None  # the console key that shows it

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


_SAY = "insert into story (at_us, text, key) values (:at_us, :text, :key)"

_NEWEST = "select id, at_us, text, key from story order by id desc limit 1"


def say(db: sqlite3.Connection, text: str, *, key: str | None, at: Micros) -> None:
    """Add a line."""
    db.execute(_SAY, {"at_us": at, "text": text, "key": key})


def newest(db: sqlite3.Connection) -> StoryRow | None:
    """The line to show now; None outside a demo, and before it began."""
    row = db.execute(_NEWEST).fetchone()
    return StoryRow.of(row) if row else None
