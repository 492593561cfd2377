"""Runs: made, started and ended here; listed, filtered and found here."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from lineside.store import states
from lineside.store.clock import Micros
from lineside.store.errors import NotFound
from lineside.store.queries import filters, names, plans, spools
from lineside.store.queries.artifacts import ArtifactRow, artifacts
from lineside.store.queries.comparisons import Comparison, Difference, compare
from lineside.store.queries.numbers import number_in
from lineside.store.queries.params import param_table, params, put_params, put_tags, tags
from lineside.store.queries.summaries import SummaryRow, summaries, summary_table
from lineside.store.states import Cause, RunStatus

__all__ = [
    "ArtifactRow", "Comparison", "Difference", "RunRow", "SummaryRow", "add_dropped", "annotate", "artifacts",
    "by_ids", "compare", "context", "count", "create", "end", "families", "find", "find_uid", "get", "ids",
    "metric_names", "param_table", "params", "put_params", "put_tags", "recent", "rename", "start",
    "summaries", "summary_table", "tags",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One line of the runs table, as the console shows it."""

    id: int
    uid: str
    experiment: str
    name: str
    status: str
    cause: str | None  # None until it ended
    detail: str | None  # "signal 9"; None: nothing to add to the cause
    author: str
    job_id: int | None  # None: started outside the runner
    parent_id: int | None  # None: begun from no other run
    children: int  # runs begun from it
    created_us: Micros
    started_us: Micros | None  # None: waits in the queue
    ended_us: Micros | None
    dropped: int  # points the script could not write
    note: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


_ADD_EXPERIMENT = "insert into experiment (name, created_us) values (:name, :at_us) on conflict do nothing"

_CREATE = """
    insert into run (uid, experiment_id, parent_id, name, status, author, job_id, created_us, context)
    select :uid, e.id, :parent_id, :name, 'SCHEDULED', :author, :job_id, :at_us, :context
      from experiment e where e.name = :experiment
"""

_START = """
    update run set status = 'RUNNING', started_us = coalesce(started_us, :at_us), cause = null, detail = null,
                   ended_us = null
     where id = :id and status = :expected
"""

_RESCHEDULE = """
    update run set status = 'SCHEDULED', cause = null, detail = null, ended_us = null
     where id = :id and status = :expected
"""

_END = """
    update run set status = :status, cause = :cause, detail = :detail, ended_us = :at_us,
                   started_us = coalesce(started_us, :at_us)
     where id = :id and status = :expected
"""

_SET_CONTEXT = "update run set context = :context where id = :id"

_ADD_DROPPED = "update run set dropped = dropped + :points where id = :id"

_RENAME = "update run set name = :name where id = :id"

_ANNOTATE = "update run set note = :note where id = :id"

_GET = """
    select r.id, r.uid, e.name as experiment, r.name, r.status, r.cause, r.detail, r.author, r.job_id,
           r.parent_id, (select count(*) from run c where c.parent_id = r.id) as children, r.created_us,
           r.started_us, r.ended_us, r.dropped, r.note
      from run r join experiment e on e.id = r.experiment_id
     where r.id = :id
"""

_BY_IDS = """
    select r.id, r.uid, e.name as experiment, r.name, r.status, r.cause, r.detail, r.author, r.job_id,
           r.parent_id, (select count(*) from run c where c.parent_id = r.id) as children, r.created_us,
           r.started_us, r.ended_us, r.dropped, r.note
      from json_each(:ids) asked
      join run r on r.id = asked.value
      join experiment e on e.id = r.experiment_id
     order by asked.key
"""

_FAMILIES = "select exists (select 1 from run where parent_id is not null) as found"

_FIND_UID = "select id from run where uid = :uid"

_FIND_TAIL = "select id from run where substr(uid, -length(:tail)) = :tail order by id desc limit 3"

_CONTEXT = "select context from run where id = :id"


def create(
    db: sqlite3.Connection,
    *,
    uid: str,
    experiment: str,
    name: str,
    author: str,
    job_id: int | None,
    at: Micros,
    parent_id: int | None = None,
    context: Mapping[str, Any] | None = None,
) -> int:
    """Insert a SCHEDULED run, and its experiment when it is new; return its number."""
    db.execute(_ADD_EXPERIMENT, {"name": experiment, "at_us": at})
    row = {"uid": uid, "experiment": experiment, "name": name, "author": author, "job_id": job_id}
    more = {"parent_id": parent_id, "at_us": at, "context": json.dumps(context or {})}
    made = db.execute(_CREATE, {**row, **more})
    assert made.lastrowid is not None
    return made.lastrowid


def start(db: sqlite3.Connection, run_id: int, *, at: Micros) -> None:
    """SCHEDULED, or ended and begun again, → RUNNING; a running one stays as it is.

    Raises:
        Conflict: a FINISHED run cannot start again.
    """
    _step(db, _START, run_id, RunStatus.RUNNING, {"at_us": at})


def reschedule(db: sqlite3.Connection, run_id: int) -> None:
    """Back to SCHEDULED, for the next attempt of its job.

    Raises:
        Conflict: it is FINISHED.
    """
    _step(db, _RESCHEDULE, run_id, RunStatus.SCHEDULED, {})
    spools.unseal(db, run_id)


def end(
    db: sqlite3.Connection, run_id: int, *, status: str, cause: str, detail: str | None = None, at: Micros
) -> None:
    """Give a run its verdict; the first one stands, the same one twice changes nothing.

    Raises:
        Conflict: it has another verdict already.
    """
    more = {"status": RunStatus(status), "cause": Cause(cause), "detail": detail or None, "at_us": at}
    _step(db, _END, run_id, RunStatus(status), more)


def _step(db: sqlite3.Connection, sql: str, run_id: int, new: RunStatus, values: Mapping[str, Any]) -> None:
    old = RunStatus(get(db, run_id).status)
    if old != new:
        states.check(states.RUN, old, new, what=f"run {run_id}")
        db.execute(sql, {**values, "id": run_id, "expected": old})


def set_context(db: sqlite3.Connection, run_id: int, facts: Mapping[str, Any]) -> None:
    """Add to what is known of the run's surroundings: command, host, git commit."""
    known = context(db, run_id)
    db.execute(_SET_CONTEXT, {"id": run_id, "context": json.dumps({**known, **facts}, sort_keys=True)})


def add_dropped(db: sqlite3.Connection, run_id: int, points: int) -> None:
    db.execute(_ADD_DROPPED, {"id": run_id, "points": points})


def rename(db: sqlite3.Connection, run_id: int, name: str) -> None:
    db.execute(_RENAME, {"id": run_id, "name": name})


def annotate(db: sqlite3.Connection, run_id: int, note: str) -> None:
    db.execute(_ANNOTATE, {"id": run_id, "note": note})


def recent(
    db: sqlite3.Connection, *, where: str = "", sort: str = "-created", limit: int = 200, offset: int = 0
) -> list[RunRow]:
    """One page of the runs that `where` means, in the order of `sort` ("-created", "loss", "-max(acc)").

    Raises:
        Usage: the filter or the sort key says what we do not understand.
    """
    query = filters.runs(db, where=where, sort=sort)
    return by_ids(db, plans.page(db, query, limit=limit, offset=offset))


def ids(db: sqlite3.Connection, where: str = "", sort: str = "-created") -> list[int]:
    """The numbers of all runs that `where` means, in order: the spine of a virtual table."""
    return plans.every(db, filters.runs(db, where=where, sort=sort))


def count(db: sqlite3.Connection, where: str = "") -> int:
    """How many runs `where` means."""
    return plans.count(db, filters.runs(db, where=where, sort="id"))


def families(db: sqlite3.Connection) -> bool:
    """Whether any run was begun from another."""
    return bool(db.execute(_FAMILIES).fetchone()["found"])


def by_ids(db: sqlite3.Connection, run_ids: Sequence[int]) -> list[RunRow]:
    """These runs, in this order; those that do not exist are left out."""
    return [RunRow.of(row) for row in db.execute(_BY_IDS, {"ids": json.dumps(list(run_ids))})]


def get(db: sqlite3.Connection, run_id: int) -> RunRow:
    """One run by its number.

    Raises:
        NotFound: there is none.
    """
    row = db.execute(_GET, {"id": run_id}).fetchone()
    if row is None:
        raise NotFound("run", run_id)
    return RunRow.of(row)


def find(db: sqlite3.Connection, text: str) -> RunRow:
    """The run a person means: its number, its uid, or a tail of the uid that only one run has.

    Raises:
        NotFound: none has it, or several have that tail.
    """
    if (number := number_in(text)) is not None:
        return get(db, number)
    found = (
        db.execute(_FIND_UID, {"uid": text}).fetchall() or db.execute(_FIND_TAIL, {"tail": text}).fetchall()
    )
    if not text or not found:
        raise NotFound("run", text)
    if len(found) > 1:
        raise NotFound("run", text, hint=f"several uids end in {text!r}: give more of it")
    return get(db, found[0]["id"])


def find_uid(db: sqlite3.Connection, uid: str) -> int | None:
    """The number of the run with exactly this uid; None: not here."""
    row = db.execute(_FIND_UID, {"uid": uid}).fetchone()
    return row["id"] if row else None


def context(db: sqlite3.Connection, run_id: int) -> dict[str, Any]:
    """What surrounded the run: command, host, interpreter, git commit."""
    row = db.execute(_CONTEXT, {"id": run_id}).fetchone()
    found: dict[str, Any] = json.loads(row["context"]) if row else {}
    return found


def metric_names(db: sqlite3.Connection, run_ids: Sequence[int] | None = None) -> list[str]:
    """The metrics these runs logged; without runs, all that were ever logged."""
    return names.metrics(db) if run_ids is None else names.metrics_of(db, list(run_ids))
