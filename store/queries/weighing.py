"""What the queue weighs in one step: who may start, who holds what, and how much each person had of late."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from lineside.store.clock import Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    """A queued job whose needs are met."""

    id: int
    name: str
    submitted_by: str
    priority: int
    cpus: int
    gpus: int
    gpu_bytes: int | None
    gpu_slots: int | None
    gpu_prefer: str  # JSON list
    memory_bytes: int | None
    outs: str  # JSON list
    array_id: int | None
    since_us: Micros  # when it was submitted, allowed to try again, or the last of its needs was met
    last_cause: str | None  # of its newest attempt; None before the first
    last_detail: str | None

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingRow:
    """A job that has begun and not ended."""

    id: int
    name: str
    submitted_by: str
    priority: int
    state: str
    cpus: int
    gpus: int
    gpu_uuids: str  # JSON list
    gpu_bytes: int | None
    gpu_slots: int | None
    memory_bytes: int | None
    outs: str  # JSON list
    array_id: int | None
    preemptible: int
    started_us: Micros  # of its newest attempt

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterRow:
    """A queued job that is not to be tried before a moment."""

    id: int
    not_before_us: Micros
    attempt: int
    cause: str | None  # of its newest attempt
    detail: str | None

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedRow:
    """What a person's attempts that began in a span of time have had of the box."""

    submitted_by: str
    gpu_s: float
    cpu_s: float  # slots of jobs without a GPU

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedRow:
    """A queued job and one job it still needs."""

    id: int
    reason: str
    needs_id: int
    needs_name: str
    needs_state: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


_FIRST_GPU = """
    select id from job
     where state = 'QUEUED' and gpus <> 0 and not_before_us <= :at_us
       and (:who is null or submitted_by = :who)
       and (array_id is null or array_id not in (select value from json_each(:full)))
       and not exists (
           select 1 from job_need n join job u on u.id = n.needs_id
            where n.job_id = job.id and u.state <> 'SUCCEEDED'
              and not (n.condition = 'any' and u.state in ('FAILED', 'CANCELLED', 'SKIPPED')))
     order by priority desc, id
     limit :limit
"""

_FIRST_CPU = """
    select id from job
     where state = 'QUEUED' and gpus = 0 and cpus <> 0 and not_before_us <= :at_us
       and (:who is null or submitted_by = :who)
       and (array_id is null or array_id not in (select value from json_each(:full)))
       and not exists (
           select 1 from job_need n join job u on u.id = n.needs_id
            where n.job_id = job.id and u.state <> 'SUCCEEDED'
              and not (n.condition = 'any' and u.state in ('FAILED', 'CANCELLED', 'SKIPPED')))
     order by priority desc, id
     limit :limit
"""

_FIRST_FREE = """
    select id from job
     where state = 'QUEUED' and gpus = 0 and cpus = 0 and not_before_us <= :at_us
       and (:who is null or submitted_by = :who)
       and (array_id is null or array_id not in (select value from json_each(:full)))
       and not exists (
           select 1 from job_need n join job u on u.id = n.needs_id
            where n.job_id = job.id and u.state <> 'SUCCEEDED'
              and not (n.condition = 'any' and u.state in ('FAILED', 'CANCELLED', 'SKIPPED')))
     order by priority desc, id
     limit :limit
"""

_PEOPLE = """
    select distinct submitted_by from job indexed by job_queue where state = 'QUEUED'
"""

_WAITING = """
    select j.id, j.name, j.submitted_by, j.priority, j.cpus, j.gpus, j.gpu_bytes, j.gpu_slots, j.gpu_prefer,
           j.memory_bytes, j.outs, j.array_id,
           max(j.submitted_us, j.not_before_us, coalesce((
               select max(u.ended_us) from job_need n join job u on u.id = n.needs_id
                where n.job_id = j.id), 0)) as since_us,
           a.cause as last_cause, a.detail as last_detail
      from job j left join attempt a on a.job_id = j.id and a.number = j.attempt
     where j.id in (select value from json_each(:ids)) and j.state = 'QUEUED'
"""

_HOLDING = """
    select j.id, j.name, j.submitted_by, j.priority, j.state, j.cpus, j.gpus, a.gpu_uuids, j.gpu_bytes,
           j.gpu_slots, j.memory_bytes, j.outs, j.array_id, j.preemptible, a.started_us
      from job j join attempt a on a.job_id = j.id and a.number = j.attempt
     where j.state in ('STARTING', 'RUNNING', 'STOPPING')
     order by j.id
"""

_LATER = """
    select j.id, j.not_before_us, j.attempt, a.cause, a.detail
      from (select id, attempt, not_before_us from job
             where state = 'QUEUED' order by priority desc, id limit :limit) j
      left join attempt a on a.job_id = j.id and a.number = j.attempt
     where j.not_before_us > :at_us
"""

_BLOCKED = """
    select j.id, j.reason, u.id as needs_id, u.name as needs_name, u.state as needs_state
      from (select id, reason from job where state = 'QUEUED' order by priority desc, id limit :limit) j
      join job_need n on n.job_id = j.id join job u on u.id = n.needs_id
     where u.state not in ('SUCCEEDED', 'FAILED', 'CANCELLED', 'SKIPPED')
"""

_USED = """
    select j.submitted_by,
           sum(json_array_length(a.gpu_uuids) * min(1.0, coalesce(j.gpu_slots * 1.0 / :slots, 1.0))
               * (a.ended_us - a.started_us) / 1e6) as gpu_s,
           sum(case when a.gpu_uuids = '[]' then j.cpus * (a.ended_us - a.started_us) / 1e6 else 0 end)
               as cpu_s
      from attempt a join job j on j.id = a.job_id
     where a.started_us >= :since_us and a.ended_us is not null
     group by j.submitted_by
"""


def first(
    db: sqlite3.Connection, *, at: Micros, full: Sequence[int], who: str | None = None, limit: int = 64
) -> tuple[set[int], bool]:
    """The first jobs of each kind of want, and whether more of one wait behind them.

    By kind, so that no crowd of one hides the others.

    Args:
        full: arrays of which as many run as may; the rest of them would only hide what stands behind.
        who: only of this person; None: of everybody.
    """
    values = {"at_us": at, "limit": limit, "full": json.dumps(list(full)), "who": who}
    found = [
        [row["id"] for row in db.execute(sql, values)] for sql in (_FIRST_GPU, _FIRST_CPU, _FIRST_FREE)
    ]  # fmt: skip
    return {id for ids in found for id in ids}, any(len(ids) == limit for ids in found)


def people(db: sqlite3.Connection) -> list[str]:
    """Who has queued jobs: reads the whole queue, so it is not asked in every step."""
    return [row["submitted_by"] for row in db.execute(_PEOPLE)]


def waiting(db: sqlite3.Connection, ids: Sequence[int]) -> list[WaitingRow]:
    """Those of `ids` that are queued still."""
    return [WaitingRow.of(row) for row in db.execute(_WAITING, {"ids": json.dumps(list(ids))})]


def holding(db: sqlite3.Connection) -> list[HoldingRow]:
    """All that is starting, running or stopping, with what it has."""
    return [HoldingRow.of(row) for row in db.execute(_HOLDING)]


def later(db: sqlite3.Connection, *, at: Micros, limit: int = 200) -> list[LaterRow]:
    """Queued jobs that are to be tried again, but not yet."""
    return [LaterRow.of(row) for row in db.execute(_LATER, {"at_us": at, "limit": limit})]


def blocked(db: sqlite3.Connection, *, limit: int = 200) -> list[BlockedRow]:
    """Queued jobs beside each job they still wait for."""
    return [BlockedRow.of(row) for row in db.execute(_BLOCKED, {"limit": limit})]


def used(db: sqlite3.Connection, *, since: Micros, gpu_slots: int) -> list[UsedRow]:
    """What each person's ended attempts had; a job of one slot of four had a quarter of its GPU."""
    rows = db.execute(_USED, {"since_us": since, "slots": gpu_slots})
    return [UsedRow.of(row) for row in rows]
