"""Jobs and their attempts, as a person looks at them; queue.py beside this holds the steps of the queue."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from lineside.store.clock import Micros
from lineside.store.errors import NotFound
from lineside.store.queries.numbers import number_in


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
    array_id: int | None  # the first job of its array
    array_index: int | None
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
    gpu_bytes: int | None  # of each; None, and no slots either: it has its GPUs for itself
    gpu_slots: int | None
    gpu_prefer: str  # JSON list
    cpus: int
    memory_bytes: int | None  # of the box; None: nothing asked
    time_limit_s: float | None
    grace_s: float
    checkpoint_signal: str | None  # "USR1"; None: it wants none
    retry_max: int
    retry_on: str  # JSON list
    retry_backoff_s: float | None  # None: the home's
    preemptible: int
    array_id: int | None
    array_index: int | None
    outs: str  # JSON list
    attempt: int
    state: str
    run_id: int | None
    run_uid: str | None

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


_RECENT = """
    select j.id, j.uid, j.kind, j.name, j.pipeline, j.stage, j.state, j.reason, j.priority, j.gpus, j.cpus,
           j.attempt, j.submitted_us, j.started_us, j.ended_us, j.submitted_by, j.submitter_uid, j.run_id,
           j.parent_id, j.array_id, j.array_index, a.pid, a.gpu_uuids, a.cause, a.detail, a.exit_code,
           a.user_s, a.max_rss_bytes
      from job j left join attempt a on a.job_id = j.id and a.number = j.attempt
     order by j.id desc limit :limit offset :offset
"""

_BY_IDS = """
    select j.id, j.uid, j.kind, j.name, j.pipeline, j.stage, j.state, j.reason, j.priority, j.gpus, j.cpus,
           j.attempt, j.submitted_us, j.started_us, j.ended_us, j.submitted_by, j.submitter_uid, j.run_id,
           j.parent_id, j.array_id, j.array_index, a.pid, a.gpu_uuids, a.cause, a.detail, a.exit_code,
           a.user_s, a.max_rss_bytes
      from job j left join attempt a on a.job_id = j.id and a.number = j.attempt
     where j.id in (select value from json_each(:ids))
     order by j.id desc
"""

_LISTED = """
    select j.id, j.uid, j.kind, j.name, j.pipeline, j.stage, j.state, j.reason, j.priority, j.gpus, j.cpus,
           j.attempt, j.submitted_us, j.started_us, j.ended_us, j.submitted_by, j.submitter_uid, j.run_id,
           j.parent_id, j.array_id, j.array_index, a.pid, a.gpu_uuids, a.cause, a.detail, a.exit_code,
           a.user_s, a.max_rss_bytes
      from job j left join attempt a on a.job_id = j.id and a.number = j.attempt
     where (:states = '[]' or j.state in (select value from json_each(:states)))
       and (:who is null or j.submitted_by = :who)
       and (:unfolded or j.array_id is null or j.array_id = j.id)
     order by j.id desc limit :limit
"""

_OF_ARRAY = "select id from job where array_id = :id order by array_index"

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
    select j.id, j.uid, j.kind, j.name, j.argv, j.cwd, j.env, j.params, j.gpus, j.gpu_bytes, j.gpu_slots,
           j.gpu_prefer, j.cpus, j.memory_bytes, j.time_limit_s, j.grace_s, j.checkpoint_signal, j.retry_max,
           j.retry_on, j.retry_backoff_s, j.preemptible, j.array_id, j.array_index, j.outs, j.attempt,
           j.state, j.run_id, r.uid as run_uid
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


def recent(db: sqlite3.Connection, *, limit: int = 200, offset: int = 0) -> list[JobRow]:
    """Newest first: one page of the jobs screen."""
    return [JobRow.of(r) for r in db.execute(_RECENT, {"limit": limit, "offset": offset})]


def listed(
    db: sqlite3.Connection, *, states: Sequence[str] = (), who: str | None = None, unfolded: bool = True,
    limit: int = 50,
) -> list[JobRow]:  # fmt: skip
    """Newest first; only those in `states`, of `who`, and of an array its first alone, when so asked."""
    values = {"states": json.dumps(list(states)), "who": who, "unfolded": unfolded, "limit": limit}
    return [JobRow.of(r) for r in db.execute(_LISTED, values)]


def of_array(db: sqlite3.Connection, array: int) -> list[JobRow]:
    """All jobs of an array, by their index."""
    return by_ids(db, [row["id"] for row in db.execute(_OF_ARRAY, {"id": array})])


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
    number = number_in(text)
    if number is not None and (numbered := by_ids(db, [number])):
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
