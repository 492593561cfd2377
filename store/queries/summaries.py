"""One row per (run, metric): exact over all its points, so that no table ever reads the points."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from lineside.store.clock import Micros
from lineside.store.queries.names import SYSTEM

NOT_FINITE = {"nan": float("nan"), "+inf": float("inf"), "-inf": float("-inf")}


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryRow:
    """What became of one metric of one run."""

    metric: str
    count: int  # all points, those that are no number too
    nan: int
    pos_inf: int
    neg_inf: int
    first: float | None  # None here and in `last`: that point was not finite
    first_step: int
    last: float | None
    last_kind: str  # "finite", "nan", "+inf", "-inf"
    last_step: int
    min: float | None  # None: no point was finite
    min_step: int | None
    max: float | None
    max_step: int | None
    last_us: Micros

    @classmethod
    def of(cls, values: Sequence[object]) -> Self:
        """From the fields in their order, past `__init__`: a page makes hundreds, at a third of the time."""
        made = object.__new__(cls)
        for put, value in zip(_PUT, values, strict=True):
            put(made, value)
        return made

    @property
    def last_value(self) -> float:
        """The last point as it was written, NaN and infinities included."""
        return NOT_FINITE[self.last_kind] if self.last is None else self.last


_PUT = [SummaryRow.__dict__[name].__set__ for name in SummaryRow.__slots__]

_OF_RUN = """
    select n.name as metric, s.count, s.nan, s.pos_inf, s.neg_inf, s.first, s.first_step, s.last, s.last_kind,
           s.last_step, s.min, s.min_step, s.max, s.max_step, s.last_us
      from summary s join name n on n.id = s.metric_id
     where s.run_id = :run_id
     order by n.name
"""

_TABLE = """
    select s.run_id, n.name as metric, s.count, s.nan, s.pos_inf, s.neg_inf, s.first, s.first_step, s.last,
           s.last_kind, s.last_step, s.min, s.min_step, s.max, s.max_step, s.last_us
      from json_each(:metrics) m
      cross join name n on n.kind = 'metric' and n.name = m.value
      cross join json_each(:runs) r
      cross join summary s on s.run_id = r.value and s.metric_id = n.id
"""

_MERGE = """
    insert into summary (run_id, metric_id, count, nan, pos_inf, neg_inf, first, first_step, last, last_kind,
                         last_step, min, min_step, max, max_step, last_us)
    values (:run_id, :metric_id, :count, :nan, :pos_inf, :neg_inf, :first, :first_step, :last, :last_kind,
            :last_step, :min, :min_step, :max, :max_step, :last_us)
    on conflict (run_id, metric_id) do update set
        count = count + excluded.count,
        nan = nan + excluded.nan,
        pos_inf = pos_inf + excluded.pos_inf,
        neg_inf = neg_inf + excluded.neg_inf,
        first = iif(excluded.first_step < first_step, excluded.first, first),
        first_step = min(first_step, excluded.first_step),
        last = iif(excluded.last_step >= last_step, excluded.last, last),
        last_kind = iif(excluded.last_step >= last_step, excluded.last_kind, last_kind),
        last_step = max(last_step, excluded.last_step),
        min_step = iif(min is null or excluded.min < min, excluded.min_step, min_step),
        min = iif(min is null or excluded.min < min, excluded.min, min),
        max_step = iif(max is null or excluded.max > max, excluded.max_step, max_step),
        max = iif(max is null or excluded.max > max, excluded.max, max),
        last_us = max(last_us, excluded.last_us)
"""


def summaries(db: sqlite3.Connection, run_id: int, *, system: bool = False) -> list[SummaryRow]:
    """Every metric that one run logged, by name; with `system`, those the runner measured instead."""
    found = [SummaryRow.of(tuple(row)) for row in db.execute(_OF_RUN, {"run_id": run_id})]
    return [row for row in found if row.metric.startswith(SYSTEM) == system]


def summary_table(
    db: sqlite3.Connection, run_ids: Sequence[int], metrics: Sequence[str]
) -> dict[tuple[int, str], SummaryRow]:
    """The cells of a leaderboard; a run that never logged a metric has no cell."""
    asked = {"runs": json.dumps(list(run_ids)), "metrics": json.dumps(list(metrics))}
    cursor = db.cursor()
    cursor.row_factory = None
    return {(row[0], row[1]): SummaryRow.of(row[1:]) for row in cursor.execute(_TABLE, asked)}


def merge(db: sqlite3.Connection, run_id: int, rows: Sequence[tuple[int, SummaryRow]]) -> None:
    """Add newer points, summed up as (metric number, row), to what is known of a run."""
    db.executemany(
        _MERGE,
        [
            {"run_id": run_id, "metric_id": metric_id}
            | {key: getattr(row, key) for key in SummaryRow.__slots__ if key != "metric"}
            for metric_id, row in rows
        ],
    )
