"""Deployments: which alias of which model is served where, and what was verified to answer there."""

import sqlite3
from dataclasses import dataclass
from typing import Self

from lineside.store.clock import Micros, new_id
from lineside.store.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentRow:
    """One model server of ours."""

    id: int
    uid: str
    name: str
    model_id: int
    model: str
    alias: str
    job_id: int | None  # the service job; None only for a row that was never started
    job_state: str | None
    job_attempt: int | None
    host: str
    port: int
    live_id: int | None  # model version verified to answer; None: nothing yet
    live_number: int | None
    state: str  # STARTING LIVE SWAPPING FAILED STOPPED
    detail: str
    created_us: Micros
    created_by: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def serves(self) -> str:
        """What people call the version that answers: "v3", or "–" for nothing."""
        return "–" if self.live_number is None else f"v{self.live_number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRow:
    """The version an alias points at: what a deployment of that alias should serve."""

    model_id: int
    model: str
    alias: str
    version_id: int
    number: int
    status: str
    artifact_digest: str | None  # None until registration hashed it

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))

    @property
    def label(self) -> str:
        return f"{self.model}@v{self.number}"


_RECENT = """
    select d.id, d.uid, d.name, d.model_id, m.name as model, d.alias, d.job_id, j.state as job_state,
           j.attempt as job_attempt, d.host, d.port, d.live_id, v.number as live_number, d.state, d.detail,
           d.created_us, d.created_by
      from deployment d
      join model m on m.id = d.model_id
      left join job j on j.id = d.job_id
      left join model_version v on v.id = d.live_id
     order by d.id desc
     limit :limit
"""

_BY_ID = """
    select d.id, d.uid, d.name, d.model_id, m.name as model, d.alias, d.job_id, j.state as job_state,
           j.attempt as job_attempt, d.host, d.port, d.live_id, v.number as live_number, d.state, d.detail,
           d.created_us, d.created_by
      from deployment d
      join model m on m.id = d.model_id
      left join job j on j.id = d.job_id
      left join model_version v on v.id = d.live_id
     where d.id = :id
"""

_FIND = """
    select id from deployment where name = :text
     union all
    select id from deployment where uid = :text
     union all
    select id from deployment where id = cast(:text as integer) and cast(id as text) = :text
     limit 1
"""

_BY_NAME = "select id from deployment where name = :name"

_OF_ALIAS = "select id from deployment where model_id = :model_id and alias = :alias order by id"

_OPEN = "select id from deployment where state in ('STARTING', 'LIVE', 'SWAPPING') order by id"

_TARGET = """
    select a.model_id, m.name as model, a.alias, a.version_id, v.number, v.status, v.artifact_digest
      from alias_interval a
      join model m on m.id = a.model_id
      join model_version v on v.id = a.version_id
     where a.model_id = :model_id and a.alias = :alias and a.to_us is null
"""

_MODEL_ID = "select id from model where name = :name"

_CREATE = """
    insert into deployment (uid, name, model_id, alias, host, port, state, created_us, created_by)
    values (:uid, :name, :model_id, :alias, :host, :port, 'STARTING', :at_us, :created_by)
"""

_RESTART = """
    update deployment
       set model_id = :model_id, alias = :alias, host = :host, port = :port, state = 'STARTING', detail = '',
           live_id = null, created_by = :created_by
     where id = :id and state in ('FAILED', 'STOPPED')
"""

_ATTACH = "update deployment set job_id = :job_id where id = :id and state = 'STARTING'"

_MOVE = """
    update deployment set state = :new, detail = :detail, live_id = :live_id
     where id = :id and state = :old
"""


def recent(db: sqlite3.Connection, *, limit: int = 200) -> list[DeploymentRow]:
    """Deployments, newest first."""
    return [DeploymentRow.of(r) for r in db.execute(_RECENT, {"limit": limit})]


def get(db: sqlite3.Connection, id: int) -> DeploymentRow:
    """One deployment by its number.

    Raises:
        NotFound: there is none.
    """
    row = db.execute(_BY_ID, {"id": id}).fetchone()
    if row is None:
        raise NotFound("deployment", id)
    return DeploymentRow.of(row)


def find(db: sqlite3.Connection, text: str) -> DeploymentRow:
    """The deployment a person means by name, number or uid.

    Raises:
        NotFound: nothing answers to that.
    """
    row = db.execute(_FIND, {"text": text}).fetchone()
    if row is None:
        raise NotFound("deployment", text)
    return get(db, row["id"])


def of_alias(db: sqlite3.Connection, *, model_id: int, alias: str) -> list[DeploymentRow]:
    """Every deployment that follows one alias, whatever its state."""
    rows = db.execute(_OF_ALIAS, {"model_id": model_id, "alias": alias}).fetchall()
    return [get(db, row["id"]) for row in rows]


def unfinished(db: sqlite3.Connection) -> list[DeploymentRow]:
    """Deployments that somebody still wants up: starting, live or swapping."""
    return [get(db, row["id"]) for row in db.execute(_OPEN).fetchall()]


def target(db: sqlite3.Connection, *, model_id: int, alias: str) -> TargetRow | None:
    """The version the alias points at now; None when it points nowhere."""
    row = db.execute(_TARGET, {"model_id": model_id, "alias": alias}).fetchone()
    return TargetRow.of(row) if row else None


def named_target(db: sqlite3.Connection, *, model: str, alias: str) -> TargetRow:
    """The version that `MODEL@ALIAS` means now.

    Raises:
        NotFound: no such model, or the alias points nowhere.
    """
    row = db.execute(_MODEL_ID, {"name": model}).fetchone()
    if row is None:
        raise NotFound("model", model)
    found = target(db, model_id=row["id"], alias=alias)
    if found is None:
        hint = f"give it one with: lineside promote {model}@1 --to {alias}"
        raise NotFound("alias", f"{model}@{alias}", hint=hint)
    return found


def create(
    db: sqlite3.Connection, what: TargetRow, *, name: str, host: str, port: int, by: str, at: Micros
) -> int:
    """Insert a deployment that is STARTING, or start a stopped or failed one of that name again.

    Raises:
        Conflict: one of that name is up.
    """
    row = db.execute(_BY_NAME, {"name": name}).fetchone()
    values = {"name": name, "model_id": what.model_id, "alias": what.alias, "host": host, "port": port,
              "created_by": by, "at_us": at}  # fmt: skip
    if row is None:
        return int(db.execute(_CREATE, {**values, "uid": new_id("dep")}).lastrowid or 0)
    if db.execute(_RESTART, {**values, "id": row["id"]}).rowcount != 1:
        hint = f"stop it first with: lineside jobs cancel {get(db, row['id']).job_id}"
        raise Conflict(f"deployment {name!r} is already up", hint=hint)
    return int(row["id"])


def attach(db: sqlite3.Connection, id: int, *, job_id: int) -> None:
    """Say which service job serves the deployment."""
    if db.execute(_ATTACH, {"id": id, "job_id": job_id}).rowcount != 1:
        raise Conflict(f"deployment {id} is no longer starting")


def move(
    db: sqlite3.Connection, row: DeploymentRow, *, to: str, live_id: int | None, detail: str = ""
) -> None:
    """Change the state of a deployment that still is in the state the caller saw.

    Raises:
        Conflict: somebody else moved it first.
    """
    values = {"id": row.id, "old": row.state, "new": to, "detail": detail, "live_id": live_id}
    if db.execute(_MOVE, values).rowcount != 1:
        raise Conflict(f"deployment {row.name!r} is no longer {row.state}")
