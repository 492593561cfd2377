"""Answers already given, by the key of their request: asking again is harmless."""

import json
import sqlite3
from typing import Any

from lineside.store.clock import Micros
from lineside.store.errors import Refused

_FIND = "select verb, answer from control_key where key = :key"

_KEEP = """
    insert into control_key (key, verb, answer, at_us) values (:key, :verb, :answer, :at_us)
    on conflict do nothing
"""


def answer(db: sqlite3.Connection, key: str, verb: str) -> dict[str, Any] | None:
    """What was answered to this key; None when it is new.

    Raises:
        Refused: the key was used for another verb.
    """
    row = db.execute(_FIND, {"key": key}).fetchone()
    if row is None:
        return None
    if row["verb"] != verb:
        raise Refused(f"key {key!r} was used for {row['verb']}", hint="use a fresh key for each request")
    found: dict[str, Any] = json.loads(row["answer"])
    return found


def keep(db: sqlite3.Connection, key: str, verb: str, answer: dict[str, Any], *, at: Micros) -> None:
    """Remember an answer, best in the transaction that made it true."""
    db.execute(_KEEP, {"key": key, "verb": verb, "answer": json.dumps(answer), "at_us": at})
