"""What stages made, by the hash of all that went into them; and who made the files that a stage read."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from lineside.store.clock import Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """A stage that ended well."""

    key: str
    pipeline: str
    stage: str  # with the cell of its matrix
    job_id: int
    inputs: str  # JSON: what the key was made of
    outs: str  # JSON list of {path, digest, bytes}, from the project's folder
    made_us: Micros

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRow:
    """What a stage's job reads and makes."""

    id: int
    pipeline: str | None
    run_id: int | None
    deps: str  # JSON list
    argv: str  # JSON list

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


_GET = "select key, pipeline, stage, job_id, inputs, outs, made_us from stage_result where key = :key"

_NEWEST = """
    select key, pipeline, stage, job_id, inputs, outs, made_us from stage_result
     where pipeline = :pipeline and stage = :stage
     order by made_us desc limit :limit
"""

_KEEP = """
    insert into stage_result (key, pipeline, stage, job_id, inputs, outs, made_us)
    values (:key, :pipeline, :stage, :job_id, :inputs, :outs, :made_us)
    on conflict (key) do update
       set pipeline = :pipeline, stage = :stage, job_id = :job_id, inputs = :inputs, outs = :outs,
           made_us = :made_us
"""

_WORK = "select id, pipeline, run_id, deps, argv from job where id = :id"

_SET_KEY = "update job set cache_key = :key where id = :id"

_OPEN_NEEDS = "update job_need set condition = 'any' where needs_id = :id and condition = 'ok'"

_MAKERS = """
    select json_extract(o.value, '$.path') as path, json_extract(o.value, '$.digest') as digest, j.run_id
      from stage_result s join json_each(s.outs) o join job j on j.id = s.job_id
     where s.pipeline = :pipeline and j.run_id is not null
       and json_extract(o.value, '$.digest') in (select value from json_each(:digests))
     order by s.made_us
"""


def get(db: sqlite3.Connection, key: str) -> ResultRow | None:
    """The result under one hash; None when nothing with it ended well."""
    row = db.execute(_GET, {"key": key}).fetchone()
    return ResultRow.of(row) if row else None


def newest(db: sqlite3.Connection, pipeline: str, stage: str, *, limit: int = 50) -> list[ResultRow]:
    """What a stage made, the newest first."""
    asked = {"pipeline": pipeline, "stage": stage, "limit": limit}
    return [ResultRow.of(row) for row in db.execute(_NEWEST, asked)]


def keep(db: sqlite3.Connection, row: ResultRow) -> None:
    """Enter a result; one with the same hash gives way, as its files were written over."""
    db.execute(
        _KEEP,
        {"key": row.key, "pipeline": row.pipeline, "stage": row.stage, "job_id": row.job_id,
         "inputs": row.inputs, "outs": row.outs, "made_us": row.made_us},
    )  # fmt: skip


def work(db: sqlite3.Connection, job_id: int) -> WorkRow:
    """What the job of a stage reads and makes; the job exists."""
    return WorkRow.of(db.execute(_WORK, {"id": job_id}).fetchone())


def set_key(db: sqlite3.Connection, job_id: int, *, key: str) -> None:
    """Note the hash a stage had when its turn came."""
    db.execute(_SET_KEY, {"id": job_id, "key": key})


def open_needs(db: sqlite3.Connection, job_id: int) -> None:
    """Who needs this job to succeed is content with its end: what it would have made is there."""
    db.execute(_OPEN_NEEDS, {"id": job_id})


def makers(db: sqlite3.Connection, pipeline: str, files: Mapping[str, str]) -> list[int]:
    """The runs that made these files (path → digest) as they are, within one pipeline."""
    asked = {"pipeline": pipeline, "digests": json.dumps(list(files.values()))}
    found = {row["path"]: row["run_id"] for row in db.execute(_MAKERS, asked)
             if files.get(row["path"]) == row["digest"]}  # fmt: skip
    return sorted(set(found.values()))


def outs_of(row: ResultRow) -> Sequence[Mapping[str, Any]]:
    """What it made: path, digest and bytes of each."""
    found: Sequence[Mapping[str, Any]] = json.loads(row.outs)
    return found
