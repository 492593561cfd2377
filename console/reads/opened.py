"""One run with all that is known of it, as one read."""

import os
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineside.console.reads import charts
from lineside.console.reads.charts import Look
from lineside.console.reads.judging import foremost
from lineside.store import outputs
from lineside.store.homes import Home
from lineside.store.queries import inputs, jobs, models, runs
from lineside.store.queries.jobs import AttemptRow, JobRow
from lineside.store.queries.models import VersionRow
from lineside.store.queries.names import SYSTEM
from lineside.store.queries.runs import ArtifactRow, RunRow, SummaryRow

if TYPE_CHECKING:
    from lineside.store.series import Series

CURVES = 24
"""So many small charts at most are drawn of one run."""

COLUMNS = 240
"""What their curves are thinned to."""

_CHILDREN = 40
_TAIL_BYTES = 16_384

_OF_GPU = ("util", "memory_used_bytes", "watts", "temp_c", "own_memory_bytes")

QUIET = frozenset({f"{SYSTEM}threads", f"{SYSTEM}processes"})
"""Measured, but seldom what one looks for: last among the system's metrics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One run, opened."""

    run: RunRow
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Sequence[SummaryRow]
    system: Sequence[SummaryRow]  # what the runner measured: `sys.…`
    artifacts: Sequence[ArtifactRow]
    context: Mapping[str, Any]
    data: Sequence[str]  # "bike @3": what it read
    models: Sequence[VersionRow]  # made from it
    children: Sequence[RunRow]  # the newest of them
    job: JobRow | None  # None: started outside the runner
    attempts: Sequence[AttemptRow] = ()
    tail: Sequence[str] = ()  # the end of its output, where that was asked for
    curves: "Mapping[str, tuple[Series, ...]]" = field(default_factory=dict)  # metric → its line


def read(
    db: sqlite3.Connection,
    home: Home,
    id: int,
    *,
    look: Look | None = None,
    tail: int = 0,
    closer: tuple[str, tuple[float, float]] | None = None,
) -> Detail:
    """Everything of one run.

    Args:
        look: how its curves are looked at; None: they are not read.
        tail: lines of its output to show.
        closer: a metric and the stretch of its axis that is read finely.

    Raises:
        NotFound: there is no such run.
    """
    run = runs.get(db, id)
    metrics = sorted(runs.summaries(db, id), key=lambda row: foremost(row.metric))
    system = ordered(_measured(db, id))
    job = next(iter(jobs.by_ids(db, [run.job_id])), None) if run.job_id is not None else None
    return Detail(
        run=run, params=runs.params(db, id), tags=runs.tags(db, id), metrics=metrics, system=system,
        artifacts=runs.artifacts(db, id), context=runs.context(db, id), data=_data(db, id),
        models=models.of_run(db, id), job=job, attempts=jobs.attempts(db, job.id) if job else (),
        curves=_curves(db, home, id, [*metrics, *system], look, closer),
        children=runs.recent(db, where=f"parent:{id}", limit=_CHILDREN) if run.children else (),
        tail=end_of(home, job, tail) if tail and job is not None else (),
    )  # fmt: skip


def _curves(
    db: sqlite3.Connection,
    home: Home,
    id: int,
    rows: Sequence[SummaryRow],
    look: Look | None,
    closer: tuple[str, tuple[float, float]] | None,
) -> "dict[str, tuple[Series, ...]]":
    """In the order of the rows; one point is a number, and no curve."""
    names = [row.metric for row in rows if row.count > 1][:CURVES]
    if look is None:
        return {}
    found = charts.many(db, home, [id], names, look, width=COLUMNS)
    if closer is not None and closer[0] in found:
        near = replace(look, within=closer[1])
        found[closer[0]] = charts.lines(db, home, [id], closer[0], near, width=charts.COLUMNS)
    return {name: found[name] for name in names if name in found}


def _measured(db: sqlite3.Connection, id: int) -> list[SummaryRow]:
    from lineside.store.queries import summaries

    return summaries.summaries(db, id, system=True)


def ordered(system: Sequence[SummaryRow]) -> list[SummaryRow]:
    """GPUs first, then the job's processes, then the host; what seldom matters last."""

    def place(row: SummaryRow) -> tuple[int, str]:
        name = row.metric.removeprefix(SYSTEM)
        kind = 0 if name.startswith("gpu") else 2 if name.startswith("host.") else 1
        device, _, fact = name.partition(".")
        if fact in _OF_GPU:
            name = f"{device}.{_OF_GPU.index(fact)}"
        return (3 if row.metric in QUIET else kind, name)

    return sorted(system, key=place)


def _data(db: sqlite3.Connection, id: int) -> list[str]:
    """The dataset versions its lineage knows, then what else the script said it read."""
    known = [f"{name} @{number}" for name, number in inputs.of_run(db, id)]
    said = [
        f"{each.get('name')} @{each.get('version') or str(each.get('digest') or '?')[:12]}"
        for each in runs.context(db, id).get("datasets", [])
    ]
    return list(dict.fromkeys([*known, *said]))


def log_of(home: Home, job: JobRow) -> Path | None:
    """Where the output of the newest attempt lies; None: it was never begun."""
    return home.attempt(job.id, job.attempt) / "log" if job.attempt else None


def end_of(home: Home, job: JobRow, lines: int) -> list[str]:
    """The last lines of a job's output, fit for the screen; none where there is no file."""
    from lineside.console.logs import shown

    path = log_of(home, job)
    if path is None:
        return []
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            _, data = outputs.read(file.fileno(), max(0, size - _TAIL_BYTES), _TAIL_BYTES)
    except OSError:
        return []
    return [shown(line) for line in data.splitlines()[-lines:]]
