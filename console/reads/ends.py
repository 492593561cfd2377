"""When a running job will have ended: by its own pace, by what those like it took, or by its limit."""

import json
import sqlite3
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lineside.store.clock import Micros, after
from lineside.store.queries import paces
from lineside.store.queries.jobs import JobRow
from lineside.store.queries.paces import PlanRow
from lineside.store.queries.summaries import SummaryRow

_TOTALS = ("max_steps", "steps", "total_steps", "num_steps", "epochs", "max_epochs", "iterations", "trials",
           "n_trials", "rounds", "trees")  # fmt: skip
"""Params that say how many steps there will be: the first of them that is not yet passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The end of a job, as far as anybody can tell."""

    at_us: Micros | None  # None: nobody can
    how: str = ""  # "pace", "like before", "limit"
    total: int | None = None  # steps; None: not declared
    tries: int = 0  # attempts in all that its policy allows; 0: one
    again_us: Micros | None = None  # when it tries again; None: it need not wait


NOTHING = End(at_us=None)


def of(
    db: sqlite3.Connection, jobs: Sequence[JobRow], metrics: Mapping[int, SummaryRow | None], *, at: Micros
) -> dict[int, End]:
    """What is known of each of these jobs, by its number."""
    plans = paces.plans(db, [job.id for job in jobs])
    return {job.id: _of(db, job, plans.get(job.id), metrics.get(job.id), at=at) for job in jobs}


def _of(
    db: sqlite3.Connection, job: JobRow, plan: PlanRow | None, metric: SummaryRow | None, *, at: Micros
) -> End:
    if plan is None:
        return NOTHING
    tries = plan.retry_max + 1 if plan.retry_max else 0
    again = plan.not_before_us if plan.not_before_us > at else None
    if job.state != "RUNNING" or job.kind == "service" or job.started_us is None:
        return End(at_us=None, tries=tries, again_us=again)
    total = declared(json.loads(plan.params), metric.last_step if metric else 0)
    moment, how = _moment(db, job, plan, metric, total, at=at)
    return End(at_us=moment, how=how, total=total, tries=tries, again_us=again)


def _moment(
    db: sqlite3.Connection, job: JobRow, plan: PlanRow, metric: SummaryRow | None, total: int | None, *,
    at: Micros,
) -> tuple[Micros | None, str]:  # fmt: skip
    started = job.started_us or at
    found: list[tuple[Micros, str]] = []
    if metric is not None and total and 0 < metric.last_step < total:
        found = [(Micros(started + (metric.last_us - started) * total // metric.last_step), "pace")]
    elif before := paces.lengths(db, job.name):
        found = [(after(started, statistics.median(before)), "like before")]
    if plan.time_limit_s is not None:
        found.append((after(started, plan.time_limit_s), "limit"))
    found = [each for each in found if each[0] > at]
    return min(found, default=(None, ""), key=lambda each: each[0] or 0)


def declared(params: Mapping[str, Any], step: int) -> int | None:
    """How many steps the params say there will be; None where none says, or that is over already.

    >>> declared({"lr": 0.1, "epochs": 60}, 12), declared({"epochs": 60}, 8120)
    (60, None)
    """
    numbers = (params.get(name) for name in _TOTALS)
    whole = (int(n) for n in numbers if isinstance(n, (int, float)) and not isinstance(n, bool))
    return next((n for n in whole if n >= max(1, step)), None)
