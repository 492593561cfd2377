"""Schedules and what they fired. A firing is one transaction: its row, its planner job, the next due time."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from lineside.store.clock import Micros
from lineside.store.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRow:
    """One schedule that stands."""

    id: int
    uid: str
    name: str
    kind: str  # cron, interval, dataset or push
    spec: str
    time_zone: str
    folder: str
    argv: str  # JSON list
    owner: str
    owner_uid: int
    catch_up: str
    overlap: str
    paused: int  # 1: it was paused
    broken: str  # why it was parked; "" when it was not
    next_us: Micros | None  # None: not by time, paused or broken
    created_us: Micros
    project: str | None  # None: added by hand

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRow:
    """One line of the list of schedules, with what it did last."""

    id: int
    name: str
    kind: str
    spec: str
    time_zone: str
    folder: str
    owner: str
    catch_up: str
    overlap: str
    paused: int
    broken: str
    next_us: Micros | None
    created_us: Micros
    project: str | None
    last_us: Micros | None  # None: it never fired
    last_outcome: str | None
    last_job: int | None  # None: it was skipped
    last_state: str | None  # of that planner job

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class FiringRow:
    """One time that a schedule fired, or would have."""

    schedule_id: int
    due: str
    at_us: Micros
    job_id: int | None  # None: skipped
    outcome: str
    job_state: str | None  # of the planner job, now

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfiredRow:
    """A version that a schedule waited for and has not heard of."""

    schedule_id: int
    due: str
    created_us: Micros

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


_ALL = """
    select id, uid, name, kind, spec, time_zone, folder, argv, owner, owner_uid, catch_up, overlap, paused,
           broken, next_us, created_us, project
      from schedule where removed_us is null order by name
"""

_LISTED = """
    select s.id, s.name, s.kind, s.spec, s.time_zone, s.folder, s.owner, s.catch_up, s.overlap, s.paused,
           s.broken, s.next_us, s.created_us, s.project, f.at_us as last_us, f.outcome as last_outcome,
           f.job_id as last_job, j.state as last_state
      from schedule s
      left join firing f on f.schedule_id = s.id and f.due = (
           select n.due from firing n where n.schedule_id = s.id order by n.at_us desc, n.due desc limit 1)
      left join job j on j.id = f.job_id
     where s.removed_us is null order by s.name
"""

_GET = """
    select id, uid, name, kind, spec, time_zone, folder, argv, owner, owner_uid, catch_up, overlap, paused,
           broken, next_us, created_us, project
      from schedule where id = :id and removed_us is null
"""

_FIND = "select id from schedule where name = :name and removed_us is null"

_DUE = """
    select id, uid, name, kind, spec, time_zone, folder, argv, owner, owner_uid, catch_up, overlap, paused,
           broken, next_us, created_us, project
      from schedule where next_us <= :now_us order by next_us
"""

_NEXT_DUE = "select min(next_us) as next_us from schedule where next_us is not null"

_UNFIRED = """
    select s.id as schedule_id, d.name || '@' || v.number as due, v.created_us
      from schedule s join dataset d on d.name = s.spec
      join dataset_version v on v.dataset_id = d.id and v.created_us >= s.created_us
     where s.kind = 'dataset' and s.paused = 0 and s.broken = '' and s.removed_us is null
       and not exists (
           select 1 from firing f where f.schedule_id = s.id and f.due = d.name || '@' || v.number)
     order by s.id, v.number
"""

_WRITE_OFF = """
    insert into firing (schedule_id, due, at_us, outcome)
    select s.id, d.name || '@' || v.number, :at_us, :outcome
      from schedule s join dataset d on d.name = s.spec
      join dataset_version v on v.dataset_id = d.id and v.created_us >= s.created_us
     where s.id = :id and s.kind = 'dataset'
    on conflict do nothing
"""

_ADD = """
    insert into schedule (uid, name, kind, spec, time_zone, folder, argv, owner, owner_uid, catch_up, overlap,
                          next_us, created_us, project)
    values (:uid, :name, :kind, :spec, :time_zone, :folder, :argv, :owner, :owner_uid, :catch_up, :overlap,
            :next_us, :created_us, :project)
"""

_CHANGE = """
    update schedule set kind = :kind, spec = :spec, time_zone = :time_zone, folder = :folder, argv = :argv,
                        owner = :owner, owner_uid = :owner_uid, catch_up = :catch_up, overlap = :overlap,
                        next_us = iif(paused, null, :next_us), created_us = :created_us, broken = ''
     where id = :id and removed_us is null
"""

_ADVANCE = """
    update schedule set next_us = :next_us
     where id = :id and next_us is :was_us and paused = 0 and broken = '' and removed_us is null
"""

_PAUSE = """
    update schedule set paused = 1, next_us = null where id = :id and paused = 0 and removed_us is null
"""

_RESUME = """
    update schedule set paused = 0, broken = '', next_us = :next_us
     where id = :id and (paused = 1 or broken <> '') and removed_us is null
"""

_PARK = """
    update schedule set broken = :reason, next_us = null
     where id = :id and broken = '' and removed_us is null
"""

_REMOVE = """
    update schedule set removed_us = :at_us, next_us = null, name = name || ' #' || id
     where id = :id and removed_us is null
"""

_FIRE = """
    insert into firing (schedule_id, due, at_us, outcome) values (:id, :due, :at_us, :outcome)
    on conflict do nothing
"""

_BIND = "update firing set job_id = :job_id, outcome = :outcome where schedule_id = :id and due = :due"

_FIRED = """
    select f.schedule_id, f.due, f.at_us, f.job_id, f.outcome, j.state as job_state
      from firing f left join job j on j.id = f.job_id
     where f.schedule_id = :id and f.due = :due
"""

_FIRINGS = """
    select f.schedule_id, f.due, f.at_us, f.job_id, f.outcome, j.state as job_state
      from firing f left join job j on j.id = f.job_id
     where f.schedule_id = :id order by f.at_us desc, f.due desc limit :limit
"""

_OPEN = """
    select id, state, reason from job where state = 'QUEUED' and schedule_id = :id union all
    select id, state, reason from job where state = 'HELD' and schedule_id = :id union all
    select id, state, reason from job
     where state in ('STARTING', 'RUNNING', 'STOPPING') and schedule_id = :id
"""

_HELD_BACK = """
    select distinct schedule_id from job
     where state = 'HELD' and kind = 'planner' and schedule_id is not null and reason = :reason
"""

_WAITING_PLANNERS = "select id from job where state = 'HELD' and reason = :reason order by id"

_OF_JOB = "select schedule_id, due_us, kind from job where id = :id"

WAITS = "waits for the firing before it"
"""The reason of a planner job whose turn comes when the schedule's earlier jobs have ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfJob:
    """The firing that a job belongs to."""

    schedule_id: int | None  # None: nobody's
    due_us: Micros | None  # None: it does not go by time
    kind: str  # of the job

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenJob:
    """A job of a schedule that has not ended."""

    id: int
    state: str
    reason: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


def every(db: sqlite3.Connection) -> list[ScheduleRow]:
    """All that stand, by name."""
    return [ScheduleRow.of(row) for row in db.execute(_ALL)]


def listed(db: sqlite3.Connection) -> list[ListedRow]:
    """All that stand, by name, with what each did last."""
    return [ListedRow.of(row) for row in db.execute(_LISTED)]


def get(db: sqlite3.Connection, id: int) -> ScheduleRow:
    """One schedule.

    Raises:
        NotFound: no such number, or it was removed.
    """
    row = db.execute(_GET, {"id": id}).fetchone()
    if row is None:
        raise NotFound("schedule", id)
    return ScheduleRow.of(row)


def find(db: sqlite3.Connection, name: str) -> ScheduleRow:
    """One schedule by its name.

    Raises:
        NotFound: none is called so.
    """
    row = db.execute(_FIND, {"name": name}).fetchone()
    if row is None:
        raise NotFound("schedule", name)
    return get(db, row["id"])


def due(db: sqlite3.Connection, now: Micros) -> list[ScheduleRow]:
    """Those whose time has come, the longest ago first."""
    return [ScheduleRow.of(row) for row in db.execute(_DUE, {"now_us": now})]


def unfired(db: sqlite3.Connection) -> list[UnfiredRow]:
    """Versions that came after a schedule began to wait for them, and have not started it."""
    return [UnfiredRow.of(row) for row in db.execute(_UNFIRED)]


def write_off(db: sqlite3.Connection, id: int, *, outcome: str, at: Micros) -> None:
    """Count every version there is as fired, for a schedule that did not listen."""
    db.execute(_WRITE_OFF, {"id": id, "outcome": outcome, "at_us": at})


def add(db: sqlite3.Connection, row: ScheduleRow) -> int:
    """A new schedule; its number comes back.

    Raises:
        Conflict: one of that name stands.
    """
    if db.execute(_FIND, {"name": row.name}).fetchone() is not None:
        hint = f"take another name, or remove it: lineside schedules rm {row.name}"
        raise Conflict(f"there is a schedule {row.name!r} already", hint=hint)
    made = db.execute(_ADD, {name: getattr(row, name) for name in ScheduleRow.__slots__})
    assert made.lastrowid is not None
    return made.lastrowid


def change(db: sqlite3.Connection, id: int, row: ScheduleRow) -> None:
    """What `row` says, under the old number: what has fired stays fired."""
    values = {name: getattr(row, name) for name in ScheduleRow.__slots__}
    _expect(db.execute(_CHANGE, {**values, "id": id}), f"schedule {row.name} was removed")


def advance(db: sqlite3.Connection, row: ScheduleRow, next_us: Micros | None) -> None:
    """The next due time, unless somebody paused, changed or removed it meanwhile.

    Raises:
        Conflict: they did.
    """
    values = {"id": row.id, "was_us": row.next_us, "next_us": next_us}
    _expect(db.execute(_ADVANCE, values), f"schedule {row.name} was changed")


def pause(db: sqlite3.Connection, row: ScheduleRow) -> None:
    """Fire no more until it is resumed.

    Raises:
        Conflict: it is paused.
    """
    _expect(db.execute(_PAUSE, {"id": row.id}), f"schedule {row.name} is paused already")


def resume(db: sqlite3.Connection, row: ScheduleRow, next_us: Micros | None) -> None:
    """Fire again, from `next_us` on.

    Raises:
        Conflict: it is neither paused nor parked.
    """
    values = {"id": row.id, "next_us": next_us}
    _expect(db.execute(_RESUME, values), f"schedule {row.name} is neither paused nor parked")


def park(db: sqlite3.Connection, id: int, reason: str) -> bool:
    """It cannot work as it is: it stays, and says why. False: it was parked already, or removed."""
    return db.execute(_PARK, {"id": id, "reason": reason}).rowcount == 1


def remove(db: sqlite3.Connection, row: ScheduleRow, *, at: Micros) -> None:
    """It stands no more; its firings stay, its name is free.

    Raises:
        Conflict: it was removed already.
    """
    _expect(db.execute(_REMOVE, {"id": row.id, "at_us": at}), f"schedule {row.name} was removed already")


def fire(db: sqlite3.Connection, id: int, due: str, *, outcome: str, at: Micros) -> bool:
    """Take one due time, version or commit; False: it was taken before."""
    return db.execute(_FIRE, {"id": id, "due": due, "at_us": at, "outcome": outcome}).rowcount == 1


def bind(db: sqlite3.Connection, id: int, due: str, *, job_id: int | None, outcome: str) -> None:
    """Say what became of a firing."""
    db.execute(_BIND, {"id": id, "due": due, "job_id": job_id, "outcome": outcome})


def fired(db: sqlite3.Connection, id: int, due: str) -> FiringRow | None:
    """The firing of that name; None: there was none."""
    row = db.execute(_FIRED, {"id": id, "due": due}).fetchone()
    return FiringRow.of(row) if row is not None else None


def firings(db: sqlite3.Connection, id: int, *, limit: int = 10) -> list[FiringRow]:
    """The newest firings of a schedule."""
    return [FiringRow.of(row) for row in db.execute(_FIRINGS, {"id": id, "limit": limit})]


def open_jobs(db: sqlite3.Connection, id: int) -> list[OpenJob]:
    """The jobs of a schedule that have not ended, planners and what they submitted, the oldest first."""
    found = [OpenJob.of(row) for row in db.execute(_OPEN, {"id": id})]
    return sorted(found, key=lambda job: job.id)


def of_job(db: sqlite3.Connection, id: int) -> OfJob:
    """Which schedule's firing a job belongs to.

    Raises:
        NotFound: no such job.
    """
    row = db.execute(_OF_JOB, {"id": id}).fetchone()
    if row is None:
        raise NotFound("job", id)
    return OfJob.of(row)


def next_due(db: sqlite3.Connection) -> Micros | None:
    """The earliest time at which any schedule is due; None: none goes by time."""
    found: Micros | None = db.execute(_NEXT_DUE).fetchone()["next_us"]
    return found


def waiting_planners(db: sqlite3.Connection) -> list[int]:
    """The planner jobs that wait for the firing before theirs."""
    return [row["id"] for row in db.execute(_WAITING_PLANNERS, {"reason": WAITS})]


def held_back(db: sqlite3.Connection) -> Sequence[int]:
    """Schedules of which a planner job waits for the firing before it."""
    return [row["schedule_id"] for row in db.execute(_HELD_BACK, {"reason": WAITS})]


def _expect(done: sqlite3.Cursor, otherwise: str) -> None:
    if done.rowcount != 1:
        raise Conflict(otherwise, hint="look at it with: lineside schedules ls")
