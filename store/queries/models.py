"""Registered models and their versions. A version is READY only once its bytes are hashed and tried."""

import difflib
import json
import re
import sqlite3
from dataclasses import dataclass
from typing import Any, Self

from lineside.store.clock import Micros, new_id
from lineside.store.errors import Conflict, NotFound, Usage
from lineside.store.queries.aliases import AliasRow, holder
from lineside.store.queries.aliases import history as alias_history
from lineside.store.queries.numbers import number_in
from lineside.store.states import VersionStatus

__all__ = [
    "AliasRow", "ModelRow", "VersionRow", "add_version", "alias_history", "create", "fail", "find",
    "find_version", "get_version", "holder", "holding", "of_run", "pending", "ready", "recent", "versions",
]  # fmt: skip

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """One line of the models table."""

    id: int
    name: str
    created_us: Micros
    versions: int
    newest: int | None  # None: nothing was registered yet
    aliases: tuple[str, ...]  # "champion=v3"
    open_requests: int

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**{**dict(row), "aliases": _split(row["aliases"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One version of a model, with the aliases it holds now."""

    id: int
    uid: str
    model_id: int
    model: str
    number: int
    status: str
    run_id: int
    author: str  # who trained it
    holdout: float | None  # None until registered, or when the package has none
    aliases: tuple[str, ...]
    artifact_digest: str | None  # None until hashed
    profile_digest: str | None  # None: the package brought no training rows
    failure: str
    created_us: Micros
    created_by: str
    package: str  # package.json as the trainer wrote it; "{}" until registered

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**{**dict(row), "aliases": _split(row["aliases"])})

    @property
    def label(self) -> str:
        return f"{self.model}@v{self.number}"

    @property
    def meta(self) -> dict[str, Any]:
        """package.json, parsed."""
        read: dict[str, Any] = json.loads(self.package)
        return read


_RECENT = """
    select m.id, m.name, m.created_us,
           (select count(*) from model_version v where v.model_id = m.id) as versions,
           (select max(v.number) from model_version v where v.model_id = m.id) as newest,
           (select group_concat(a.alias || '=v' || v.number, ',')
              from alias_interval a join model_version v on v.id = a.version_id
             where a.model_id = m.id and a.to_us is null) as aliases,
           (select count(*) from promotion p
             where p.model_id = m.id
               and p.state in ('DRAFT', 'CHECKING', 'PENDING_MANUAL_APPROVAL', 'APPROVED', 'APPLYING')
           ) as open_requests
      from model m
     where :name is null or m.name = :name
     order by m.name
"""

_NAMES = "select name from model order by name"

_VERSIONS = """
    select v.id, v.uid, v.model_id, m.name as model, v.number, v.status, v.run_id, r.author,
           cast(json_extract(v.package, '$.holdout.value') as real) as holdout,
           (select group_concat(a.alias, ',') from alias_interval a
             where a.model_id = v.model_id and a.version_id = v.id and a.to_us is null) as aliases,
           v.artifact_digest, v.profile_digest, v.failure, v.created_us, v.created_by, v.package
      from model m
      join model_version v on v.model_id = m.id
      join run r on r.id = v.run_id
     where :name is null or m.name = :name
     order by m.name, v.number desc
"""

_VERSION = """
    select v.id, v.uid, v.model_id, m.name as model, v.number, v.status, v.run_id, r.author,
           cast(json_extract(v.package, '$.holdout.value') as real) as holdout,
           (select group_concat(a.alias, ',') from alias_interval a
             where a.model_id = v.model_id and a.version_id = v.id and a.to_us is null) as aliases,
           v.artifact_digest, v.profile_digest, v.failure, v.created_us, v.created_by, v.package
      from model_version v
      join model m on m.id = v.model_id
      join run r on r.id = v.run_id
     where v.id = :id
"""

_BY_NUMBER = """
    select v.id from model_version v join model m on m.id = v.model_id
     where m.name = :name and v.number = :number
"""

_BY_ALIAS = """
    select a.version_id as id from alias_interval a join model m on m.id = a.model_id
     where m.name = :name and a.alias = :alias and a.to_us is null
"""

_NEWEST = """
    select v.id from model_version v join model m on m.id = v.model_id
     where m.name = :name and v.status = 'READY' order by v.number desc limit 1
"""

_BY_UID = "select id from model_version where uid = :uid"

_OF_RUN = "select id from model_version where run_id = :run_id order by id"

_PENDING = "select id from model_version where status = 'PENDING_REGISTRATION' order by id"

_CREATE = "insert into model (name, created_us) values (:name, :at_us) on conflict do nothing"

_ADD = """
    insert into model_version (uid, model_id, number, status, run_id, created_us, created_by)
    select :uid, m.id, 1 + coalesce((select max(v.number) from model_version v where v.model_id = m.id), 0),
           'PENDING_REGISTRATION', :run_id, :at_us, :by
      from model m where m.name = :name
"""

_READY = """
    update model_version
       set status = 'READY', artifact_digest = :artifact, package = :package, profile_digest = :profile
     where id = :id and status = 'PENDING_REGISTRATION'
"""

_FAIL = """
    update model_version set status = 'FAILED_REGISTRATION', failure = :why
     where id = :id and status = 'PENDING_REGISTRATION'
"""


def recent(db: sqlite3.Connection) -> list[ModelRow]:
    """Every model, by name."""
    return [ModelRow.of(r) for r in db.execute(_RECENT, {"name": None})]


def find(db: sqlite3.Connection, name: str) -> ModelRow:
    """One model by its name.

    Raises:
        NotFound: no model is called that; the hint names the nearest one.
    """
    row = db.execute(_RECENT, {"name": name}).fetchone()
    if row is None:
        near = difflib.get_close_matches(name, [r["name"] for r in db.execute(_NAMES)], n=1)
        raise NotFound("model", name, hint=f"did you mean {near[0]!r}?" if near else "")
    return ModelRow.of(row)


def versions(db: sqlite3.Connection, model: str | None = None) -> list[VersionRow]:
    """Every version of one model, or of all, newest first within a model."""
    return [VersionRow.of(r) for r in db.execute(_VERSIONS, {"name": model})]


def get_version(db: sqlite3.Connection, id: int) -> VersionRow:
    """One version by its row number.

    Raises:
        NotFound: there is none.
    """
    row = db.execute(_VERSION, {"id": id}).fetchone()
    if row is None:
        raise NotFound("model version", id, hint="list them with: lineside models ls")
    return VersionRow.of(row)


def find_version(db: sqlite3.Connection, text: str) -> VersionRow:
    """The version a person means: `NAME@7`, `NAME@v7`, `NAME@champion`, `NAME@latest` or its uid.

    Raises:
        Usage: the text has no `@` and is no uid.
        NotFound: no such model, version or alias.
    """
    name, at, tail = text.partition("@")
    if not at:
        row = db.execute(_BY_UID, {"uid": text}).fetchone()
        if row is None:
            raise Usage(f"{text!r} names no model version", hint="say NAME@7, NAME@v7 or NAME@champion")
        return get_version(db, row["id"])
    find(db, name)
    bare = tail[1:] if tail[:1] in ("v", "V") else tail
    if (number := number_in(bare)) is not None:
        row = db.execute(_BY_NUMBER, {"name": name, "number": number}).fetchone()
    elif tail == "latest":
        row = db.execute(_NEWEST, {"name": name}).fetchone()
    else:
        row = db.execute(_BY_ALIAS, {"name": name, "alias": tail}).fetchone()
    if row is None:
        raise NotFound("model version", text, hint=f"list them with: lineside models show {name}")
    return get_version(db, row["id"])


def holding(db: sqlite3.Connection, model_id: int, alias: str) -> VersionRow | None:
    """The version that holds an alias now; None when nobody does."""
    current = holder(db, model_id, alias)
    return get_version(db, current.version_id) if current else None


def of_run(db: sqlite3.Connection, run_id: int) -> list[VersionRow]:
    """The versions registered from one run."""
    return [get_version(db, r["id"]) for r in db.execute(_OF_RUN, {"run_id": run_id}).fetchall()]


def pending(db: sqlite3.Connection) -> list[int]:
    """Versions whose registration was begun and not ended: a crash left them, or it is going on."""
    return [r["id"] for r in db.execute(_PENDING)]


def create(db: sqlite3.Connection, name: str, *, at: Micros) -> ModelRow:
    """The model of that name, made when it is new.

    Raises:
        Usage: the name cannot stand in NAME@7.
    """
    if not _NAME.fullmatch(name):
        raise Usage(
            f"{name!r} cannot be a model's name",
            hint="begin with a letter or digit; letters, digits, _ . - may follow, 100 in all",
        )
    db.execute(_CREATE, {"name": name, "at_us": at})
    return find(db, name)


def add_version(db: sqlite3.Connection, model: str, *, run_id: int, by: str, at: Micros) -> VersionRow:
    """The next version of a model, PENDING_REGISTRATION until its bytes were looked at."""
    key = {"uid": new_id("mv"), "name": model, "run_id": run_id, "by": by, "at_us": at}
    made = db.execute(_ADD, key).lastrowid
    assert made is not None
    return get_version(db, made)


def ready(db: sqlite3.Connection, id: int, *, artifact: str, package: str, profile: str | None) -> None:
    """Say that the version's bytes are there, hashed, and give the golden answers.

    Raises:
        Conflict: its registration was ended already.
    """
    _end(db, _READY, {"id": id, "artifact": artifact, "package": package, "profile": profile})


def fail(db: sqlite3.Connection, id: int, *, why: str) -> None:
    """Say why the version can never be promoted.

    Raises:
        Conflict: its registration was ended already.
    """
    _end(db, _FAIL, {"id": id, "why": why})


def _end(db: sqlite3.Connection, sql: str, key: dict[str, object]) -> None:
    if db.execute(sql, key).rowcount != 1:
        raise Conflict(f"model version {key['id']} is not {VersionStatus.PENDING_REGISTRATION}")


def _split(text: str | None) -> tuple[str, ...]:
    return tuple(sorted(text.split(","))) if text else ()
