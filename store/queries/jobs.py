"""Jobs and their attempts: what the console lists, and the steps the queue takes."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from lineside.store.clock import Micros
from lineside.store.errors import Conflict, NotFound
from lineside.store.states import Cause, JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """One line of the jobs table, with its newest attempt beside it."""

    id: int
    uid: str
    kind: str
    name: str
    pipeline: str | None  # None: submitted as a bare command
    stage: str | None
    state: str
    reason: str  # why it waits, was skipped or stopped
    priority: int
    gpus: int  # asked for; -1: one if the box has any
    cpus: int
    attempt: int  # 0 before the first
    submitted_us: Micros
    started_us: Micros | None
    ended_us: Micros | None
    submitted_by: str
    submitter_uid: int
    run_id: int | None  # None for services and planners
    parent_id: int | None
    pid: int | None  # None until the shim wrote it down
    gpu_uuids: str | None  # JSON list; None before the first attempt
    cause: str | None  # of the newest attempt; None until it ended
    detail: str | None
    exit_code: int | None
    user_s: float | None
    max_rss_bytes: int | None

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))

    @property
    def devices(self) -> tuple[str, ...]:
        """UUIDs of the GPUs the newest attempt was given."""
        return tuple(json.loads(self.gpu_uuids)) if self.gpu_uuids else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """One try of a job."""

    job_id: int
    number: int
    gpu_uuids: str  # JSON list
    started_us: Micros
    pid: int | None
    ended_us: Micros | None
    cause: str | None
    detail: str | None
    exit_code: int | None  # negative: the signal
    user_s: float | None
    system_s: float | None
    max_rss_bytes: int | None

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRow:
    """What a job runs, and how it may end."""

    id: int
    uid: str
    kind: str
    name: str
    argv: str  # JSON list
    cwd: str
    env: str  # JSON object: the allow-listed part
    params: str  # JSON object
    gpus: int
    cpus: int
    time_limit_s: float | None
    grace_s: float
    retry_max: int
    retry_on: str  # JSON list
    attempt: int
    state: str
    run_id: int | None
    run_uid: str | None

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    """A queued job, as the queue weighs it."""

    id: int
    name: str
    priority: int
    cpus: int
    gpus: int
    reason: str
    not_before_us: Micros

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


TURN = "waits its turn"
"""The reason of a queued job until the queue has looked at it."""

_RECENT = """
    select j.id, j.uid, j.kind, j.name, j.pipeline, j.stage, j.state, j.reason, j.priority, j.gpus, j.cpus,
           j.attempt, j.submitted_us, j.started_us, j.ended_us, j.submitted_by, j.submitter_uid, j.run_id,
           j.parent_id, a.pid, a.gpu_uuids, a.cause, a.detail, a.exit_code, a.user_s, a.max_rss_bytes
      from job j left join attempt a on a.job_id = j.id and a.number = j.attempt
     order by j.id desc limit :limit offset :offset
"""

_BY_IDS = """
    select j.id, j.uid, j.kind, j.name, j.pipeline, j.stage, j.state, j.reason, j.priority, j.gpus, j.cpus,
           j.attempt, j.submitted_us, j.started_us, j.ended_us, j.submitted_by, j.submitter_uid, j.run_id,
           j.parent_id, a.pid, a.gpu_uuids, a.cause, a.detail, a.exit_code, a.user_s, a.max_rss_bytes
      from job j left join attempt a on a.job_id = j.id and a.number = j.attempt
     where j.id in (select value from json_each(:ids))
     order by j.id desc
"""

_IDS = "select id from job order by id desc"

_IDS_IN = "select id from job where state in (select value from json_each(:states)) order by id desc"

_FIND_UID = "select id from job where uid = :text"

_FIND_TAIL = "select id from job where substr(uid, -length(:text)) = :text order by id desc limit 3"

_ATTEMPTS = """
    select job_id, number, gpu_uuids, started_us, pid, ended_us, cause, detail, exit_code, user_s, system_s,
           max_rss_bytes
      from attempt where job_id = :id order by number
"""

_COMMAND = """
    select j.id, j.uid, j.kind, j.name, j.argv, j.cwd, j.env, j.params, j.gpus, j.cpus, j.time_limit_s,
           j.grace_s, j.retry_max, j.retry_on, j.attempt, j.state, j.run_id, r.uid as run_uid
      from job j left join run r on r.id = j.run_id
     where j.id = :id
"""

_LIVE = "select id from job where state in ('STARTING', 'RUNNING', 'STOPPING') order by id"

_WAITING = """
    select id from job where state = 'QUEUED' union all
    select id from job where state = 'HELD'
"""

_COUNTS = """
    select 'QUEUED' as state, count(*) as jobs from job where state = 'QUEUED' union all
    select 'HELD', count(*) from job where state = 'HELD' union all
    select state, count(*) from job where state in ('STARTING', 'RUNNING', 'STOPPING') group by state
"""

_READY_GPU = """
    select id, name, priority, cpus, gpus, reason, not_before_us from job
     where state = 'QUEUED' and gpus <> 0
       and not exists (
           select 1 from job_need n join job u on u.id = n.needs_id
            where n.job_id = job.id and u.state <> 'SUCCEEDED'
              and not (n.condition = 'any' and u.state in ('FAILED', 'CANCELLED', 'SKIPPED')))
     order by priority desc, id
     limit :limit
"""

_READY_CPU = """
    select id, name, priority, cpus, gpus, reason, not_before_us from job
     where state = 'QUEUED' and gpus = 0 and cpus <> 0
       and not exists (
           select 1 from job_need n join job u on u.id = n.needs_id
            where n.job_id = job.id and u.state <> 'SUCCEEDED'
              and not (n.condition = 'any' and u.state in ('FAILED', 'CANCELLED', 'SKIPPED')))
     order by priority desc, id
     limit :limit
"""

_READY_FREE = """
    select id, name, priority, cpus, gpus, reason, not_before_us from job
     where state = 'QUEUED' and gpus = 0 and cpus = 0
       and not exists (
           select 1 from job_need n join job u on u.id = n.needs_id
            where n.job_id = job.id and u.state <> 'SUCCEEDED'
              and not (n.condition = 'any' and u.state in ('FAILED', 'CANCELLED', 'SKIPPED')))
     order by priority desc, id
     limit :limit
"""

_BLOCKED = """
    select j.id, j.reason, u.id as needs_id, u.name as needs_name, u.state as needs_state
      from (select id, reason from job where state = 'QUEUED' order by priority desc, id limit :limit) j
      join job_need n on n.job_id = j.id join job u on u.id = n.needs_id
     where u.state not in ('SUCCEEDED', 'FAILED', 'CANCELLED', 'SKIPPED')
"""

_DEPENDENTS = """
    select j.id from job_need n join job j on j.id = n.job_id
     where n.needs_id = :id and n.condition = 'ok' and j.state in ('QUEUED', 'HELD')
     order by j.id
"""

_ADD = """
    insert into job (uid, kind, name, pipeline, stage, argv, cwd, env, inputs, params, state, priority, gpus,
                     cpus, time_limit_s, grace_s, retry_max, retry_on, submitted_us, submitted_by,
                     submitter_uid, parent_id, reason)
    values (:uid, :kind, :name, :pipeline, :stage, :argv, :cwd, :env, :inputs, :params, 'QUEUED', :priority,
            :gpus, :cpus, :time_limit_s, :grace_s, :retry_max, :retry_on, :at_us, :submitted_by,
            :submitter_uid, :parent_id, :reason)
"""

_BIND_RUN = "update job set run_id = :run_id where id = :id"

_ADD_NEED = "insert into job_need (job_id, needs_id, condition) values (:id, :needs_id, :condition)"

_CLAIM = """
    update job set state = 'STARTING', attempt = attempt + 1, reason = '', ended_us = null
     where id = :id and state = 'QUEUED'
    returning attempt
"""

_ADD_ATTEMPT = """
    insert into attempt (job_id, number, gpu_uuids, started_us) values (:id, :number, :gpu_uuids, :at_us)
"""

_BEGUN = """
    update attempt set pid = :pid, started_us = :at_us
     where job_id = :id and number = :number and pid is null
"""

_END_ATTEMPT = """
    update attempt set ended_us = :ended_us, cause = :cause, detail = :detail, exit_code = :code,
                       user_s = :user_s, system_s = :system_s, max_rss_bytes = :max_rss_bytes
     where job_id = :id and number = :number and ended_us is null
"""

_MOVE = """
    update job set state = :new, reason = :reason, started_us = coalesce(:started_us, started_us),
                   ended_us = :ended_us, not_before_us = coalesce(:not_before_us, not_before_us)
     where id = :id and state = :old
"""

_REASON = "update job set reason = :reason where id = :id and state = :state and reason <> :reason"

_PRIORITY = "update job set priority = :priority where id = :id and state in ('QUEUED', 'HELD')"

_PRIORITIES = """
    select coalesce(min(priority), 50) as low, coalesce(max(priority), 50) as high
      from job where state = 'QUEUED'
"""


def recent(db: sqlite3.Connection, *, limit: int = 200, offset: int = 0) -> list[JobRow]:
    """Newest first: one page of the jobs screen."""
    return [JobRow.of(r) for r in db.execute(_RECENT, {"limit": limit, "offset": offset})]


def ids(db: sqlite3.Connection, *, states: Sequence[str] = ()) -> list[int]:
    """Every job's number, newest first; only those in `states` when given."""
    rows = db.execute(_IDS_IN, {"states": json.dumps(list(states))}) if states else db.execute(_IDS)
    return [row["id"] for row in rows]


def by_ids(db: sqlite3.Connection, ids: Sequence[int]) -> list[JobRow]:
    """These jobs, in the order asked; missing ones are left out."""
    found = {row["id"]: JobRow.of(row) for row in db.execute(_BY_IDS, {"ids": json.dumps(list(ids))})}
    return [found[id] for id in ids if id in found]


def get(db: sqlite3.Connection, id: int) -> JobRow:
    """One job.

    Raises:
        NotFound: no such number.
    """
    rows = by_ids(db, [id])
    if not rows:
        raise NotFound("job", id)
    return rows[0]


def find(db: sqlite3.Connection, text: str) -> JobRow:
    """The job a person means: a number, a uid, or a unique tail of one.

    Raises:
        NotFound: none, or more than one.
    """
    if text.isdigit() and (numbered := by_ids(db, [int(text)])):
        return numbered[0]
    key = {"text": text}
    found = db.execute(_FIND_UID, key).fetchall() or db.execute(_FIND_TAIL, key).fetchall()
    if not text or not found:
        raise NotFound("job", text)
    if len(found) > 1:
        raise NotFound("job", text, hint=f"several uids end in {text!r}: give more of it")
    return get(db, found[0]["id"])


def attempts(db: sqlite3.Connection, job_id: int) -> list[AttemptRow]:
    """All tries of one job, first to last."""
    return [AttemptRow.of(r) for r in db.execute(_ATTEMPTS, {"id": job_id})]


def command(db: sqlite3.Connection, id: int) -> CommandRow:
    """What a job runs.

    Raises:
        NotFound: no such number.
    """
    row = db.execute(_COMMAND, {"id": id}).fetchone()
    if row is None:
        raise NotFound("job", id)
    return CommandRow.of(row)


def live(db: sqlite3.Connection) -> list[JobRow]:
    """All that is starting, running or stopping."""
    return by_ids(db, [row["id"] for row in db.execute(_LIVE)])


def waiting(db: sqlite3.Connection) -> list[JobRow]:
    """All that is queued or held, newest first."""
    return by_ids(db, sorted((row["id"] for row in db.execute(_WAITING)), reverse=True))


def counts(db: sqlite3.Connection) -> dict[str, int]:
    """How many jobs are in each state that is not an end."""
    return {row["state"]: row["jobs"] for row in db.execute(_COUNTS) if row["jobs"]}


def ready(db: sqlite3.Connection, *, limit: int = 64) -> list[WaitingRow]:
    """Queued jobs whose needs are met, in the order of the queue.

    The first `limit` of each kind of want, so that no crowd of one kind hides the others.
    """
    rows = [
        WaitingRow.of(row)
        for sql in (_READY_GPU, _READY_CPU, _READY_FREE)
        for row in db.execute(sql, {"limit": limit})
    ]
    return sorted(rows, key=lambda row: (-row.priority, row.id))


def blocked(db: sqlite3.Connection, *, limit: int = 200) -> list[BlockedRow]:
    """Queued jobs beside each job they still wait for."""
    return [BlockedRow.of(r) for r in db.execute(_BLOCKED, {"limit": limit})]


def dependents(db: sqlite3.Connection, id: int) -> list[int]:
    """Waiting jobs that need `id` to succeed."""
    return [row["id"] for row in db.execute(_DEPENDENTS, {"id": id})]


def add(db: sqlite3.Connection, values: Mapping[str, Any]) -> int:
    """Insert one queued job; return its number."""
    made = db.execute(_ADD, {"reason": TURN, **values})
    assert made.lastrowid is not None
    return made.lastrowid


def bind_run(db: sqlite3.Connection, id: int, *, run_id: int) -> None:
    """Say which run a job's attempts write to."""
    db.execute(_BIND_RUN, {"id": id, "run_id": run_id})


def add_need(db: sqlite3.Connection, id: int, *, needs_id: int, condition: str) -> None:
    """`id` waits for `needs_id` to succeed ("ok") or to end ("any")."""
    db.execute(_ADD_NEED, {"id": id, "needs_id": needs_id, "condition": condition})


def claim(db: sqlite3.Connection, id: int, *, gpu_uuids: Sequence[str], at: Micros) -> int | None:
    """QUEUED → STARTING with a new attempt, whose number comes back; None when it is no longer queued."""
    row = db.execute(_CLAIM, {"id": id}).fetchone()
    if row is None:
        return None
    number: int = row["attempt"]
    given = json.dumps(list(gpu_uuids))
    db.execute(_ADD_ATTEMPT, {"id": id, "number": number, "gpu_uuids": given, "at_us": at})
    return number


def begun(db: sqlite3.Connection, id: int, *, number: int, pid: int, at: Micros) -> None:
    """Note the process of an attempt."""
    db.execute(_BEGUN, {"id": id, "number": number, "pid": pid, "at_us": at})


def end_attempt(
    db: sqlite3.Connection, id: int, *, number: int, cause: Cause, values: Mapping[str, Any]
) -> bool:
    """Write down how an attempt ended; False when that was known already."""
    return db.execute(_END_ATTEMPT, {**values, "id": id, "number": number, "cause": cause}).rowcount == 1


def move(
    db: sqlite3.Connection,
    id: int,
    *,
    old: JobState,
    new: JobState,
    reason: str = "",
    started: Micros | None = None,
    ended: Micros | None = None,
    not_before: Micros | None = None,
) -> None:
    """One step of the job's machine.

    Raises:
        Conflict: it is no longer `old`.
    """
    values = {"id": id, "old": old, "new": new, "reason": reason, "started_us": started, "ended_us": ended,
              "not_before_us": not_before}  # fmt: skip
    if db.execute(_MOVE, values).rowcount != 1:
        raise Conflict(f"job {id} is no longer {old}", hint="look at it again: lineside jobs show")


def set_reason(db: sqlite3.Connection, id: int, *, state: JobState, reason: str) -> None:
    """Say why a job waits; writes nothing when that is what it says already."""
    db.execute(_REASON, {"id": id, "state": state, "reason": reason})


def set_priority(db: sqlite3.Connection, id: int, *, priority: int) -> None:
    """Change the place of a waiting job.

    Raises:
        Conflict: it waits no longer.
    """
    if db.execute(_PRIORITY, {"id": id, "priority": priority}).rowcount != 1:
        raise Conflict(f"job {id} does not wait any more", hint="only queued and held jobs can be moved")


def priorities(db: sqlite3.Connection) -> tuple[int, int]:
    """The lowest and the highest priority among queued jobs."""
    row = db.execute(_PRIORITIES).fetchone()
    return row["low"], row["high"]
