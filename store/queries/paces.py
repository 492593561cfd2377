"""How long jobs take and what is still to come of them; what runs of an experiment have achieved lately."""

import json
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self

from lineside.store.clock import Micros

RECENT = 2000
"""How many jobs, or runs, back is looked: what an old home costs is what a young one does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """What a job was told of its length and its further tries."""

    id: int
    params: str  # JSON object
    time_limit_s: float | None  # None: none
    retry_max: int
    not_before_us: Micros  # 0: at once

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class BestRow:
    """What a run that ended has achieved by one metric."""

    experiment: str
    id: int
    author: str
    ended_us: Micros
    metric: str
    min: float | None  # None, here and below: no point was finite
    max: float | None

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRow:
    """The newest job of one stage of a pipeline."""

    id: int
    name: str
    stage: str
    state: str
    reason: str
    submitted_us: Micros
    started_us: Micros | None
    ended_us: Micros | None
    run_id: int | None
    cause: str | None  # of the newest attempt; "ok" of a skipped one: it is cached

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


_PLANS = """
    select id, params, time_limit_s, retry_max, not_before_us from job
     where id in (select value from json_each(:ids))
"""

_LENGTHS = """
    select (ended_us - started_us) / 1e6 as took_s from job
     where id > (select coalesce(max(id), 0) from job) - :recent
       and name = :name and state = 'SUCCEEDED' and started_us is not null
     order by id desc limit :limit
"""

_BESTS = """
    select e.name as experiment, r.id, r.author, r.ended_us, n.name as metric, s.min, s.max
      from run r
      join experiment e on e.id = r.experiment_id
      join summary s on s.run_id = r.id
      join name n on n.id = s.metric_id
     where r.id > (select coalesce(max(id), 0) from run) - :recent and r.ended_us is not null
       and n.name in (select value from json_each(:metrics))
"""

_LAST = """
    select params from job
     where id > (select coalesce(max(id), 0) from job) - :recent
       and pipeline = :pipeline and submitted_by = :who and params <> '{}'
     order by id desc limit 20
"""

_STAGES = """
    select j.id, j.name, j.stage, j.state, j.reason, j.submitted_us, j.started_us, j.ended_us, j.run_id,
           a.cause
      from job j left join attempt a on a.job_id = j.id and a.number = j.attempt
     where j.id > (select coalesce(max(id), 0) from job) - :recent and j.pipeline = :pipeline
       and j.stage is not null
     order by j.id desc limit :limit
"""


def plans(db: sqlite3.Connection, ids: Collection[int]) -> dict[int, PlanRow]:
    """What these jobs were told."""
    rows = db.execute(_PLANS, {"ids": json.dumps(list(ids))})
    return {row["id"]: PlanRow.of(row) for row in rows}


def lengths(db: sqlite3.Connection, name: str, *, limit: int = 5) -> list[float]:
    """Seconds that the newest jobs of that name took which ended well, the newest first."""
    asked = {"name": name, "recent": RECENT, "limit": limit}
    return [row["took_s"] for row in db.execute(_LENGTHS, asked)]


def bests(db: sqlite3.Connection, metrics: Sequence[str]) -> list[BestRow]:
    """The extremes of these metrics in each of the newest runs that have ended."""
    asked = {"metrics": json.dumps(list(metrics)), "recent": RECENT}
    return [BestRow.of(row) for row in db.execute(_BESTS, asked)]


def last_params(db: sqlite3.Connection, pipeline: str, who: str) -> dict[str, object]:
    """The params that somebody gave that pipeline last; none where they never ran it."""
    found: dict[str, object] = {}
    for row in db.execute(_LAST, {"pipeline": pipeline, "who": who, "recent": RECENT}):
        found = {**json.loads(row["params"]), **found}  # each stage has those it names
    return found


def stages(db: sqlite3.Connection, pipeline: str, *, limit: int = 200) -> list[StageRow]:
    """The newest jobs of a pipeline's stages, the newest first."""
    return [StageRow.of(row) for row in db.execute(_STAGES, {"pipeline": pipeline, "recent": RECENT,
                                                             "limit": limit})]  # fmt: skip
