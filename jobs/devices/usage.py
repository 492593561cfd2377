"""GPU-hours and kilowatt-hours: of a job, of a run, of each person. One ledger, so that the sums agree."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lineside.store.clock import SECOND, Micros
from lineside.store.queries import usage
from lineside.store.queries.usage import HeldRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What some attempts had of the GPUs."""

    attempts: int = 0
    gpu_h: float = 0.0  # a share of a device counts as that share
    kwh: float | None = None  # None: not measured of any of them
    peak_bytes: int | None = None  # the most one attempt had, on all its devices; None: not measured

    @property
    def words(self) -> str:
        """In a line: "2.10 GPU-hours, 0.9 kWh, at most 18.2 GiB of memory"."""
        hours = f"{self.gpu_h:.2f}" if self.gpu_h >= 0.01 else "under 0.01"
        energy = "energy not measured" if self.kwh is None else f"{self.kwh:.3g} kWh"
        if self.kwh is not None and self.kwh < 0.1:
            energy = f"{1000 * self.kwh:.3g} Wh"
        peak = "" if self.peak_bytes is None else f", at most {self.peak_bytes / (1 << 30):.1f} GiB of memory"
        return f"{hours} GPU-hours, {energy}{peak}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonUsage:
    """What one person's jobs had."""

    who: str
    jobs: int
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """What shares are counted by."""

    slots: int  # of each GPU
    totals: Mapping[str, int]  # device → its memory in bytes


def of_job(db: sqlite3.Connection, job: int, *, slots: int, at: Micros) -> Usage | None:
    """What one job had until `at`, all its attempts together; None: it never had a GPU."""
    rows = usage.of_job(db, job)
    return total(rows, Box(slots=slots, totals=usage.totals_of(db)), until=at) if rows else None


def of_run(db: sqlite3.Connection, run: int, *, slots: int, at: Micros) -> Usage | None:
    """What the job of one run had until `at`; None: it never had a GPU."""
    rows = usage.of_run(db, run)
    return total(rows, Box(slots=slots, totals=usage.totals_of(db)), until=at) if rows else None


def of_people(db: sqlite3.Connection, *, since: Micros, until: Micros, slots: int) -> list[PersonUsage]:
    """What everybody's jobs had in a span, who had most first."""
    box = Box(slots=slots, totals=usage.totals_of(db))
    by_person: dict[str, list[HeldRow]] = {}
    for row in usage.between(db, since=since, until=until):
        by_person.setdefault(row.submitted_by, []).append(row)
    found = [
        PersonUsage(
            who=who, jobs=len({row.job_id for row in rows}), usage=total(rows, box, since=since, until=until)
        )
        for who, rows in by_person.items()
    ]
    return sorted(found, key=lambda each: (-each.usage.gpu_h, each.who))


def total(rows: Sequence[HeldRow], box: Box, *, since: Micros | None = None, until: Micros) -> Usage:
    """The sum over attempts, each as far as it lies in the span.

    Args:
        rows: an attempt that has not ended counts until `until`, and its energy as it was noted so far.
        since: None: from its beginning. Energy is spread evenly over an attempt, as only its sum is known.

    Returns:
        GPU-hours: devices x hours x share; kWh: the energy that was metered, 3.6e6 J to a kWh.
    """
    gpu_s, energy_j, measured = 0.0, 0.0, False
    for row in rows:
        ended = min(until, row.ended_us if row.ended_us is not None else until)
        whole_us = (row.ended_us if row.ended_us is not None else until) - row.started_us
        inside_us = max(0, ended - max(row.started_us, since if since is not None else row.started_us))
        gpu_s += sum(share(row, box.totals.get(uuid), slots=box.slots) for uuid in row.devices) * (
            inside_us / SECOND
        )
        if row.energy_j is not None:
            measured = True
            energy_j += row.energy_j * (min(1.0, inside_us / whole_us) if whole_us > 0 else 1.0)
    peaks = [row.gpu_peak_bytes for row in rows if row.gpu_peak_bytes is not None]
    return Usage(
        attempts=len(rows), gpu_h=gpu_s / 3600, kwh=energy_j / 3.6e6 if measured else None,
        peak_bytes=max(peaks, default=None),
    )  # fmt: skip


def share(row: HeldRow, total_bytes: int | None, *, slots: int) -> float:
    """The part of a device that an attempt asked for, in 0..1: of its slots, or of its memory.

    Args:
        total_bytes: of the device; None where nobody knows it any more: then it counts whole.
    """
    if row.gpu_slots is not None:
        return min(1.0, row.gpu_slots / max(1, slots))
    if row.gpu_bytes is not None and total_bytes:
        return min(1.0, row.gpu_bytes / total_bytes)
    return 1.0
