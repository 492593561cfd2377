"""What keeps a file alive: every row that names a digest, a segment, a spool, an attempt or a live version.

Where a row holds JSON or free words, every sha256 that stands in it counts: a pin, an audit row that names a
digest, a run's surroundings. Better kept once too often than missed once.
"""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from lineside.store.clock import Micros

_SHA256 = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """An object that a row cannot do without."""

    what: str  # "dataset digits@1, split all"
    digest: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedRow:
    """A version that a deployment serves, or would serve next."""

    deployment: str
    state: str
    number: int | None  # None: none so far

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedAttempt:
    """An attempt of a job that is over, with every spool that the store knows of its run sealed."""

    job_id: int
    number: int
    ended_us: Micros
    run_uid: str | None  # None: a service or a planner, which logs to no run

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdSpool:
    """A spool whose points are in a segment."""

    id: int
    run_id: int
    path: str
    end: int
    head: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


_NEEDED = """
    select 'dataset ' || d.name || '@' || v.number || ', split ' || f.split as what, f.digest
      from dataset_file f join dataset_version v on v.id = f.version_id join dataset d on d.id = v.dataset_id
    union all
    select 'model ' || m.name || '@' || v.number, v.artifact_digest
      from model_version v join model m on m.id = v.model_id where v.artifact_digest is not null
    union all
    select 'training profile of ' || m.name || '@' || v.number, v.profile_digest
      from model_version v join model m on m.id = v.model_id where v.profile_digest is not null
    union all
    select 'artifact ' || path || ' of run ' || run_id, digest from artifact
"""

_NAMED = """
    select words from (
        select digest as words from artifact
        union all select digest from dataset_file
        union all select digest || ' ' || origin from dataset_version
        union all select coalesce(artifact_digest, '') || ' ' || coalesce(profile_digest, '') || ' '
                         || package || ' ' || failure from model_version
        union all select pins || ' ' || reason || ' ' || outcome from promotion
        union all select observed || ' ' || required from gate_result
        union all select pins_digest || ' ' || reason from approval
        union all select detail from audit
        union all select context || ' ' || note || ' ' || coalesce(detail, '') from run
        union all select value from param
        union all select value from tag
        union all select answer from control_key
        union all select argv || ' ' || cwd || ' ' || env || ' ' || inputs || ' ' || params || ' ' || reason
                    || ' ' || deps || ' ' || outs || ' ' || metrics || ' ' || watch from job
        union all select inputs || ' ' || outs from stage_result
        union all select argv || ' ' || spec || ' ' || broken from schedule
        union all select due || ' ' || outcome from firing
        union all select value from setting
        union all select detail from attempt where detail is not null
        union all select coalesce(digest, '') || ' ' || detail from window
        union all select text || ' ' || digest from project
        union all select title || ' ' || resolution from alert
        union all select settings from monitor
        union all select detail from deployment
        union all select detail from endpoint
        union all select reason from retrain
        union all select text from story
    ) where length(words) >= 64
"""

_SERVED = """
    select d.name as deployment, d.state, v.number
      from deployment d left join model_version v on v.id = d.live_id
    union all
    select d.name, d.state, v.number
      from deployment d
      join alias_interval a on a.model_id = d.model_id and a.alias = d.alias and a.to_us is null
      join model_version v on v.id = a.version_id
"""

_OVER = """
    select a.job_id, a.number, a.ended_us, r.uid as run_uid
      from attempt a join job j on j.id = a.job_id left join run r on r.id = j.run_id
     where a.ended_us is not null and j.ended_us is not null
       and j.state in ('SUCCEEDED', 'FAILED', 'CANCELLED', 'SKIPPED')
       and not exists (select 1 from spool s where s.run_id = j.run_id and s.sealed = 0)
     order by a.job_id, a.number
"""

_RUNS_OVER = """
    select r.uid from run r left join job j on j.id = r.job_id
     where r.ended_us is not null and r.status not in ('SCHEDULED', 'RUNNING')
       and (j.id is null or j.state in ('SUCCEEDED', 'FAILED', 'CANCELLED', 'SKIPPED'))
       and not exists (select 1 from spool s where s.run_id = r.id and s.sealed = 0)
"""

_COLD = """
    select id, run_id, path, cold_bytes as end, cold_head as head from spool
     where cold_head is not null order by id
"""

_WINDOWS = "select path from window where path is not null"

_WARM = "select path, offset_bytes from spool where offset_bytes > cold_bytes"


def needed(db: sqlite3.Connection) -> Iterator[Needed]:
    """Every object that a dataset, a model or a run's artifact is made of; trees are not opened."""
    return (Needed.of(row) for row in db.execute(_NEEDED))


def named(db: sqlite3.Connection) -> set[str]:
    """Every sha256 that any row names, whatever it is the digest of."""
    found: set[str] = set()
    for row in db.execute(_NAMED):
        found.update(_SHA256.findall(row["words"]))
    return found


def served(db: sqlite3.Connection) -> list[ServedRow]:
    """Of each deployment: the version it serves, and the one its alias points at."""
    return [ServedRow.of(row) for row in db.execute(_SERVED)]


def over(db: sqlite3.Connection) -> list[EndedAttempt]:
    """Attempts of jobs that are over, as far as the store knows."""
    return [EndedAttempt.of(row) for row in db.execute(_OVER)]


def runs_over(db: sqlite3.Connection) -> set[str]:
    """The uids of runs that have ended and whose spools, as far as the store knows, are read."""
    return {row["uid"] for row in db.execute(_RUNS_OVER)}


def cold(db: sqlite3.Connection) -> list[ColdSpool]:
    """Spools that were moved into segments; their files should be gone."""
    return [ColdSpool.of(row) for row in db.execute(_COLD)]


def windows(db: sqlite3.Connection) -> set[str]:
    """The files inside windows/ that windows were cut into."""
    return {row["path"] for row in db.execute(_WINDOWS)}


def warm(db: sqlite3.Connection) -> dict[str, int]:
    """Spools with points that are nowhere else, and up to which byte they were taken."""
    return {row["path"]: row["offset_bytes"] for row in db.execute(_WARM)}
