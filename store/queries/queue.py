"""The steps the queue takes: each change of a job and its attempts. weighing.py says who is next."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from lineside.store.clock import Micros
from lineside.store.errors import Conflict
from lineside.store.states import Cause, JobState

TURN = "waits its turn"
"""The reason of a queued job until the queue has looked at it."""

_DEPENDENTS = """
    select j.id from job_need n join job j on j.id = n.job_id
     where n.needs_id = :id and n.condition = 'ok' and j.state in ('QUEUED', 'HELD')
     order by j.id
"""

_SKIPPED_FOR = """
    select j.id from job_need n join job j on j.id = n.job_id
     where n.needs_id = :id and n.condition = 'ok' and j.state = 'SKIPPED'
       and not exists (
           select 1 from attempt a where a.job_id = j.id and a.number = j.attempt and a.cause = 'ok')
       and not exists (
           select 1 from job_need o join job u on u.id = o.needs_id
            where o.job_id = j.id and o.condition = 'ok' and u.state in ('FAILED', 'CANCELLED', 'SKIPPED'))
     order by j.id
"""

_ADD = """
    insert into job (uid, kind, name, pipeline, stage, argv, cwd, env, inputs, params, state, priority, gpus,
                     gpu_bytes, gpu_slots, gpu_prefer, cpus, memory_bytes, time_limit_s, grace_s, retry_max,
                     retry_on, retry_backoff_s, preemptible, checkpoint_signal, watch, array_id, array_index,
                     deps, outs, metrics, cache_key, schedule_id, due_us, submitted_us, submitted_by,
                     submitter_uid, parent_id, reason)
    values (:uid, :kind, :name, :pipeline, :stage, :argv, :cwd, :env, :inputs, :params, 'QUEUED', :priority,
            :gpus, :gpu_bytes, :gpu_slots, :gpu_prefer, :cpus, :memory_bytes, :time_limit_s, :grace_s,
            :retry_max, :retry_on, :retry_backoff_s, :preemptible, :checkpoint_signal, :watch, :array_id,
            :array_index, :deps, :outs, :metrics, :cache_key, :schedule_id, :due_us, :at_us, :submitted_by,
            :submitter_uid, :parent_id, :reason)
"""

_BIND_RUN = "update job set run_id = :run_id where id = :id"

_BIND_ARRAY = "update job set array_id = id where id = :id"

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

_TRIES = """
    select count(*) as tries from attempt
     where job_id = :id and ended_us is not null and coalesce(cause, '') <> 'preempted'
"""

_MOVE = """
    update job set state = :new, reason = :reason, started_us = coalesce(:started_us, started_us),
                   ended_us = :ended_us, not_before_us = coalesce(:not_before_us, not_before_us)
     where id = :id and state = :old
"""

_REASON = "update job set reason = :reason where id = :id and state = :state and reason <> :reason"

_REASONS = """
    update job set reason = told.value from json_each(:reasons) told
     where job.id = cast(told.key as integer) and job.state = 'QUEUED' and job.reason <> told.value
"""

_PRIORITY = "update job set priority = :priority where id = :id and state in ('QUEUED', 'HELD')"

_PRIORITIES = """
    select coalesce(min(priority), 50) as low, coalesce(max(priority), 50) as high
      from job where state = 'QUEUED'
"""


def dependents(db: sqlite3.Connection, id: int) -> list[int]:
    """Waiting jobs that need `id` to succeed."""
    return [row["id"] for row in db.execute(_DEPENDENTS, {"id": id})]


def skipped_for(db: sqlite3.Connection, id: int) -> list[int]:
    """Jobs that never began because `id` had not succeeded, and that nothing else keeps from it."""
    return [row["id"] for row in db.execute(_SKIPPED_FOR, {"id": id})]


def add(db: sqlite3.Connection, values: Mapping[str, Any]) -> int:
    """Insert one queued job; return its number."""
    made = db.execute(_ADD, {"reason": TURN, **values})
    assert made.lastrowid is not None
    return made.lastrowid


def bind_run(db: sqlite3.Connection, id: int, *, run_id: int) -> None:
    """Say which run a job's attempts write to."""
    db.execute(_BIND_RUN, {"id": id, "run_id": run_id})


def bind_array(db: sqlite3.Connection, id: int) -> None:
    """The first job of an array gives it its number, and belongs to it."""
    db.execute(_BIND_ARRAY, {"id": id})


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


def tries(db: sqlite3.Connection, id: int) -> int:
    """How many attempts ended, those left out that only made room for another job."""
    count: int = db.execute(_TRIES, {"id": id}).fetchone()["tries"]
    return count


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


def set_reasons(db: sqlite3.Connection, reasons: Mapping[int, str]) -> None:
    """Say why each queued job waits: one statement for all, which writes only what is new."""
    if reasons:
        db.execute(_REASONS, {"reasons": json.dumps(reasons)})


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
