"""The jobs table in the order a person reads it: what runs, what waits in its order, what ended."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

_IN_ORDER = """
    select id from job where state in ('STARTING', 'RUNNING', 'STOPPING', 'QUEUED', 'HELD')
     order by state in ('QUEUED', 'HELD'), state = 'HELD', iif(state = 'QUEUED', -priority, 0), id
"""

_ENDED = """
    select id from job where state in ('SUCCEEDED', 'FAILED', 'CANCELLED', 'SKIPPED') order by id desc
"""

_MATCHING = """
    select id from job
     where (:states = '[]' or state in (select value from json_each(:states)))
       and not exists (
           select 1 from json_each(:words) w
            where instr(lower(name || ' ' || coalesce(pipeline, '') || ' ' || coalesce(stage, '')
                              || ' ' || submitted_by || ' ' || kind), w.value) = 0)
     order by id desc
"""

_NEEDS = """
    select u.id, u.name, u.state, n.condition
      from job_need n join job u on u.id = n.needs_id
     where n.job_id = :id order by u.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedRow:
    """A job that another one waits for, or waited for."""

    id: int
    name: str
    state: str
    condition: str  # "ok" or "any"

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


def in_order(db: sqlite3.Connection) -> list[int]:
    """All jobs: live ones, the queue as it will be served, held ones, then the newest that ended."""
    return [row["id"] for sql in (_IN_ORDER, _ENDED) for row in db.execute(sql)]


def matching(db: sqlite3.Connection, *, states: Sequence[str], words: Sequence[str]) -> list[int]:
    """Jobs in one of these states (none given: any) whose names hold every word, newest first."""
    asked = {"states": json.dumps(list(states)), "words": json.dumps([word.lower() for word in words])}
    return [row["id"] for row in db.execute(_MATCHING, asked)]


def needs(db: sqlite3.Connection, job_id: int) -> list[NeedRow]:
    """What this job comes after."""
    return [NeedRow.of(row) for row in db.execute(_NEEDS, {"id": job_id})]
