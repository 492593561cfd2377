"""What running jobs take of this box, every two seconds, as metrics `sys.…` of their runs.

The runner measures and writes it itself, into a spool beside the run's own; a new runner goes on in the same
file. A look costs one list of /proc and two small files per process of a job.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lineside.jobs.context import Context
from lineside.jobs.devices.gpus import Gpu
from lineside.jobs.execution import attempts, usage
from lineside.jobs.execution.usage import Host, Tree
from lineside.jobs.metering import Metered, Metering
from lineside.store import ingest
from lineside.store.frames import Frames
from lineside.store.queries import jobs, runs, spools, summaries
from lineside.store.queries.jobs import JobRow
from lineside.store.queries.names import SYSTEM
from lineside.store.states import JobState

log = logging.getLogger(__name__)
_MARK = f"{SYSTEM}rss_bytes"
"""A metric that every sample has."""
_YOUNG_S = 5.0
"""A job that began no longer ago than this has its first CPU figure over its whole life."""


@dataclass(slots=True, kw_only=True)
class Sampled:
    """One job that is measured, for as long as it runs."""

    job: int
    shim: int
    leader: int  # of the job's session
    born: int  # of the shim: with its pid, one process for ever
    frames: Frames
    devices: tuple[str, ...]
    first_step: int
    begun: float = field(default_factory=time.monotonic)
    cpu_s: float | None = None  # at the last look; None: there was none
    looked: float = 0.0

    def step(self, at: float) -> int:
        """Seconds since the run began; never back, whatever the clock on the wall does."""
        return self.first_step + int(at - self.begun)


@dataclass(slots=True, kw_only=True)
class Sampler:
    """All measured jobs of one home, by (job, attempt)."""

    jobs: dict[tuple[int, int], Sampled] = field(default_factory=dict)
    processes: usage.Processes = field(default_factory=usage.Processes)
    host: usage.HostMeter = field(default_factory=usage.HostMeter)
    metering: Metering = field(default_factory=Metering)


_SAMPLERS: dict[Path, Sampler] = {}


async def tick(ctx: Context) -> None:
    """Measure every running job once; close the files of those that are over."""
    sampler = _SAMPLERS.setdefault(ctx.home.path, Sampler())
    live = [row for row in jobs.live(ctx.db) if row.state != JobState.STARTING]
    metered = await sampler.metering.look(ctx, live)
    running = {(row.id, row.attempt): row for row in live if row.run_id is not None}
    for key in sampler.jobs.keys() - running.keys():
        sampler.jobs.pop(key).frames.close()
    for key in running.keys() - sampler.jobs.keys():
        if (begun := await _begin(ctx, running[key])) is not None:
            sampler.jobs[key] = begun
    if sampler.jobs:
        await asyncio.to_thread(_measure, sampler, metered)


async def _begin(ctx: Context, row: JobRow) -> Sampled | None:
    """Go on with the run's file, or make it; None: its process is not known yet, or gone."""
    assert row.run_id is not None
    start = (await asyncio.to_thread(attempts.look, ctx.home.attempt(row.id, row.attempt))).start
    if start is None:
        return None
    run = runs.get(ctx.db, row.run_id)
    name = f"{run.uid}{ingest.SYSTEM}"
    known, before = spools.find(ctx.db, name), _last_step(ctx, run.id)
    since_s = int(time.time() - (run.started_us or start.at_us) / 1e6)
    frames = await asyncio.to_thread(Frames, ctx.home.spool / name, taken=known.offset_bytes if known else 0)
    young = 0 <= time.time() - start.at_us / 1e6 < _YOUNG_S
    return Sampled(
        job=row.id, shim=start.shim, leader=start.pid, born=start.born, frames=frames, devices=row.devices,
        first_step=max(since_s, before + 1), cpu_s=0.0 if young else None,
        looked=time.monotonic() - max(0.0, time.time() - start.at_us / 1e6),
    )  # fmt: skip


def _last_step(ctx: Context, run_id: int) -> int:
    found = summaries.summary_table(ctx.db, [run_id], [_MARK])
    return found[run_id, _MARK].last_step if (run_id, _MARK) in found else -1


def _measure(sampler: Sampler, metered: Metered) -> None:
    """One look at everything, one frame for each job."""
    roots = {each.shim: each.leader for each in sampler.jobs.values()}
    trees, at = sampler.processes.trees(roots), time.monotonic()
    host = sampler.host.look()
    for attempt, each in sampler.jobs.items():
        tree = trees.get(each.shim)
        if tree is None or tree.born != each.born:
            continue  # it ended a moment ago
        values = _of_job(each, tree, at) | _of_host(host) | _of_gpus(each, metered.gpus)
        if attempt in metered.taken and (energy_j := metered.taken[attempt].energy_j) is not None:
            values[f"{SYSTEM}gpu_energy_j"] = energy_j
        try:
            each.frames.write(values, step=each.step(at), at_ns=time.time_ns())
        except OSError as error:
            log.warning("a sample was dropped", extra={"error": str(error)})


def _of_job(job: Sampled, tree: Tree, at: float) -> dict[str, float]:
    """Its processes together. CPU is the share of one core since the last look: 200 is two cores."""
    before, span = job.cpu_s, at - job.looked
    job.cpu_s, job.looked = tree.cpu_s, at
    values = {
        _MARK: float(tree.rss_bytes),
        f"{SYSTEM}threads": float(tree.threads),
        f"{SYSTEM}processes": float(tree.processes),
        f"{SYSTEM}read_bytes": float(tree.read_bytes),
        f"{SYSTEM}write_bytes": float(tree.write_bytes),
    }
    if before is not None and span > 0.0:
        values[f"{SYSTEM}cpu_percent"] = 100.0 * max(0.0, tree.cpu_s - before) / span
    return values


def _of_host(host: Host) -> dict[str, float]:
    said = {
        f"{SYSTEM}host.memory_used_bytes": float(host.memory_used_bytes),
        f"{SYSTEM}host.load": host.load,
    }
    return said if host.cpu_percent is None else said | {f"{SYSTEM}host.cpu_percent": host.cpu_percent}


def _of_gpus(job: Sampled, devices: Mapping[str, Gpu]) -> dict[str, float]:
    """The devices as the job counts them: its first is gpu0, whatever the box calls it."""
    values: dict[str, float] = {}
    for index, uuid in enumerate(job.devices):
        if (gpu := devices.get(uuid)) is not None:
            facts = {"util": gpu.util, "memory_used_bytes": gpu.mem_used_bytes, "watts": gpu.watts,
                     "temp_c": gpu.temp_c, "own_memory_bytes": gpu.job_bytes(job.job)}  # fmt: skip
            values |= {f"{SYSTEM}gpu{index}.{n}": float(v) for n, v in facts.items() if v is not None}
    return values
