"""What attempts had of the GPUs: noted by the runner while they run, read to be summed up and to foretell."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from lineside.store.clock import Micros, after
from lineside.store.queries import settings

_TOTALS = "gpu memory"
_LONGEST_S = 90 * 86_400.0
"""An attempt that ended within a span began no longer than this before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """One attempt that had GPUs."""

    job_id: int
    number: int
    submitted_by: str
    run_id: int | None  # None: a service's
    gpu_uuids: str  # JSON list
    gpu_bytes: int | None  # asked of each
    gpu_slots: int | None
    started_us: Micros
    ended_us: Micros | None  # None: it still runs
    energy_j: float | None  # None: not measured
    gpu_peak_bytes: int | None  # None: not measured

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))

    @property
    def devices(self) -> tuple[str, ...]:
        return tuple(json.loads(self.gpu_uuids))


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakRow:
    """The most GPU memory one attempt had, and what ran."""

    job_id: int
    argv: str  # JSON list
    cwd: str
    devices: int
    gpu_peak_bytes: int

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


_NOTE = """
    update attempt set energy_j = :energy_j, gpu_peak_bytes = :peak_bytes
     where job_id = :job and number = :number
"""

_OF_JOB = """
    select a.job_id, a.number, j.submitted_by, j.run_id, a.gpu_uuids, j.gpu_bytes, j.gpu_slots, a.started_us,
           a.ended_us, a.energy_j, a.gpu_peak_bytes
      from attempt a join job j on j.id = a.job_id
     where a.job_id = :job and a.gpu_uuids <> '[]'
     order by a.number
"""

_OF_RUN = """
    select a.job_id, a.number, j.submitted_by, j.run_id, a.gpu_uuids, j.gpu_bytes, j.gpu_slots, a.started_us,
           a.ended_us, a.energy_j, a.gpu_peak_bytes
      from run r join job j on j.id = r.job_id join attempt a on a.job_id = j.id
     where r.id = :run and a.gpu_uuids <> '[]'
     order by a.number
"""

_BETWEEN = """
    select a.job_id, a.number, j.submitted_by, j.run_id, a.gpu_uuids, j.gpu_bytes, j.gpu_slots, a.started_us,
           a.ended_us, a.energy_j, a.gpu_peak_bytes
      from attempt a join job j on j.id = a.job_id
     where a.started_us >= :longest_us and a.started_us < :until_us and a.ended_us > :since_us
       and a.gpu_uuids <> '[]'
    union all
    select a.job_id, a.number, j.submitted_by, j.run_id, a.gpu_uuids, j.gpu_bytes, j.gpu_slots, a.started_us,
           a.ended_us, a.energy_j, a.gpu_peak_bytes
      from job j join attempt a on a.job_id = j.id and a.number = j.attempt
     where j.state in ('STARTING', 'RUNNING', 'STOPPING') and a.ended_us is null
       and a.started_us < :until_us and a.gpu_uuids <> '[]'
"""

_PEAKS_OF_STAGE = """
    select a.job_id, j.argv, j.cwd, json_array_length(a.gpu_uuids) as devices, a.gpu_peak_bytes
      from job j join attempt a on a.job_id = j.id
     where j.gpus <> 0 and j.name >= :stage and j.name < :stage || '\\' and j.pipeline = :pipeline
       and j.stage = :stage and a.gpu_peak_bytes is not null and a.ended_us is not null
       and a.gpu_uuids <> '[]'
     order by a.started_us desc
     limit :limit
"""

_PEAKS_OF_COMMAND = """
    select a.job_id, j.argv, j.cwd, json_array_length(a.gpu_uuids) as devices, a.gpu_peak_bytes
      from job j indexed by job_command join attempt a on a.job_id = j.id
     where j.gpus <> 0 and j.name = :name and j.pipeline is null and j.stage is null
       and a.gpu_peak_bytes is not null and a.ended_us is not null and a.gpu_uuids <> '[]'
     order by j.id desc, a.number desc
     limit :limit
"""


def note(
    db: sqlite3.Connection, job: int, number: int, *, energy_j: float | None, peak_bytes: int | None
) -> None:
    """Write down what an attempt took so far; the last note before its end stands."""
    db.execute(_NOTE, {"job": job, "number": number, "energy_j": energy_j, "peak_bytes": peak_bytes})


def of_job(db: sqlite3.Connection, job: int) -> list[HeldRow]:
    """The attempts of one job that had GPUs, first to last."""
    return [HeldRow.of(row) for row in db.execute(_OF_JOB, {"job": job})]


def of_run(db: sqlite3.Connection, run: int) -> list[HeldRow]:
    """The attempts of one run that had GPUs."""
    return [HeldRow.of(row) for row in db.execute(_OF_RUN, {"run": run})]


def between(db: sqlite3.Connection, *, since: Micros, until: Micros) -> list[HeldRow]:
    """Every attempt that had GPUs at some time in the span."""
    span = {"since_us": since, "until_us": until, "longest_us": after(since, -_LONGEST_S)}
    return [HeldRow.of(row) for row in db.execute(_BETWEEN, span)]


def peaks_of_stage(db: sqlite3.Connection, pipeline: str, stage: str, *, limit: int) -> list[PeakRow]:
    """Newest first, those of every cell of its matrix: a cell's name begins with the stage's."""
    asked = {"pipeline": pipeline, "stage": stage, "limit": limit}
    return [PeakRow.of(row) for row in db.execute(_PEAKS_OF_STAGE, asked)]


def peaks_of_command(db: sqlite3.Connection, name: str, *, limit: int) -> list[PeakRow]:
    """Newest first, of commands of that name."""
    return [PeakRow.of(row) for row in db.execute(_PEAKS_OF_COMMAND, {"name": name, "limit": limit})]


def note_totals(db: sqlite3.Connection, totals: Mapping[str, int], *, at: Micros) -> None:
    """Remember how much memory each device has: a share of it is counted when no runner is up, too."""
    value = json.dumps({**totals_of(db), **totals}, sort_keys=True)
    settings.put(db, _TOTALS, value=value, at=at, by="runner")


def totals_of(db: sqlite3.Connection) -> dict[str, int]:
    """Device → its memory in bytes, of all that this home has ever seen."""
    row = settings.get(db, _TOTALS)
    found: dict[str, int] = json.loads(row.value) if row else {}
    return found
