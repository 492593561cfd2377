"""What running jobs take of the GPUs, written down at every look.

So the end of an attempt needs nothing from here: the last note stands, whichever runner wrote it.
"""

import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lineside.jobs.context import Context
from lineside.jobs.devices.gpus import Gpu
from lineside.jobs.devices.meters import Meters, Taken, Try
from lineside.jobs.execution import gpus
from lineside.store.clock import Micros, now
from lineside.store.queries import usage
from lineside.store.queries.jobs import JobRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """One look."""

    gpus: Mapping[str, Gpu] = field(default_factory=dict)  # by UUID; none are looked at while no job has any
    taken: Mapping[Try, Taken] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Metering:
    """Of one home, as long as its runner lives."""

    meters: Meters = field(default_factory=Meters)
    noted: dict[Try, tuple[float | None, int | None]] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)  # device → its memory, as far as it is written down

    async def look(self, ctx: Context, live: Sequence[JobRow]) -> Metered:
        """Look at the GPUs, if a job has one. Services have no run, but they have GPUs."""
        holders = {(row.id, row.attempt): row.devices for row in live if row.devices}
        if not holders:
            self.meters.look((), {}, at=time.monotonic())
            return Metered()
        for attempt in holders:
            if attempt not in self.meters:
                self._go_on(ctx.db, attempt)
        found = (await gpus.refresh(ctx)).gpus
        taken = self.meters.look(found, holders, at=time.monotonic())
        await self._note(ctx, found, taken)
        return Metered(gpus={gpu.uuid: gpu for gpu in found}, taken=taken)

    def _go_on(self, db: sqlite3.Connection, attempt: Try) -> None:
        """From what an earlier runner wrote down."""
        for row in usage.of_job(db, attempt[0]):
            if row.number == attempt[1]:
                self.meters.begin(attempt, energy_j=row.energy_j, peak_bytes=row.gpu_peak_bytes)

    async def _note(self, ctx: Context, found: Sequence[Gpu], taken: Mapping[Try, Taken]) -> None:
        now_taken = {attempt: (each.energy_j, each.peak_bytes) for attempt, each in taken.items()}
        changed = {key: values for key, values in now_taken.items() if self.noted.get(key) != values}
        totals = {gpu.uuid: gpu.mem_total_bytes for gpu in found}
        fresh = {} if totals.items() <= self.totals.items() else totals
        if changed or fresh:
            await ctx.write(lambda db: _write(db, changed, fresh, at=now()), durable=False)
        self.noted, self.totals = now_taken, {**self.totals, **totals}


def _write(
    db: sqlite3.Connection,
    changed: Mapping[Try, tuple[float | None, int | None]],
    totals: Mapping[str, int],
    *,
    at: Micros,
) -> None:
    for (job, number), (energy_j, peak_bytes) in changed.items():
        usage.note(db, job, number, energy_j=energy_j, peak_bytes=peak_bytes)
    if totals:
        usage.note_totals(db, totals, at=at)
