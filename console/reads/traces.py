"""The curves on the wall: of what trains and trained lately, and how busy the GPUs were with it."""

import sqlite3
from collections.abc import Sequence

from lineside.console.reads.curves import sparks
from lineside.console.reads.walls import Wall
from lineside.store.homes import Home
from lineside.store.queries.jobs import JobRow
from lineside.store.queries.names import SYSTEM

_WIDE = 96


def curves(db: sqlite3.Connection, home: Home, wall: Wall) -> dict[int, tuple[float, ...]]:
    """Run → the metric it is shown by."""
    wanted = {each.run.id: each.metric.metric for each in wall.recent if each.metric is not None}
    wanted |= {w.job.run_id: w.metric.metric for w in wall.working if w.metric and w.job.run_id}
    return sparks(db, home, wanted)


def loads(db: sqlite3.Connection, home: Home, wall: Wall) -> dict[str, tuple[float, ...]]:
    """GPU → how busy it was since the job that has it began, in percent."""
    return gpu_loads(db, home, [work.job for work in wall.working])


def gpu_loads(db: sqlite3.Connection, home: Home, jobs: Sequence[JobRow]) -> dict[str, tuple[float, ...]]:
    """GPU → percent, as it was measured beside the run of the job that has it; none where nothing was."""
    found: dict[str, tuple[float, ...]] = {}
    places = {
        (job.run_id, index): uuid for job in jobs if job.run_id for index, uuid in enumerate(job.devices)
    }
    for index in sorted({index for _, index in places}):
        wanted = {run: f"{SYSTEM}gpu{index}.util" for run, at in places if at == index and run is not None}
        for run, values in sparks(db, home, wanted, width=_WIDE).items():
            found[places[run, index]] = values
    return found
