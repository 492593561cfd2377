"""Which experiments have become better since a moment: the best before it, and what beats that."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from lineside.store.clock import Micros
from lineside.store.queries import paces
from lineside.store.queries.paces import BestRow

METRICS = (
    "val_mae", "val_rmse", "val_loss", "val_accuracy", "val_auc", "val_f1", "holdout", "accuracy", "loss",
)  # fmt: skip
"""What an experiment is judged by: the first of these that its runs log."""
_UP = ("accuracy", "auc", "f1", "r2", "holdout", "score")


@dataclass(frozen=True, slots=True, kw_only=True)
class Better:
    """A run that beats all that came before it."""

    experiment: str
    metric: str
    before: float | None  # None: it is the first
    value: float
    run_id: int
    author: str


def betters(db: sqlite3.Connection, *, since: Micros) -> list[Better]:
    """What became better since then, the newest first."""
    by_experiment: dict[str, list[BestRow]] = {}
    for row in paces.bests(db, METRICS):
        by_experiment.setdefault(row.experiment, []).append(row)
    found = [_better(name, rows, since) for name, rows in by_experiment.items()]
    return sorted((each for each in found if each is not None), key=lambda each: -each.run_id)


def _better(name: str, rows: Sequence[BestRow], since: Micros) -> Better | None:
    logged = {row.metric for row in rows}
    metric = next(m for m in METRICS if m in logged)
    up = any(word in metric for word in _UP)
    values = [(value, row) for row in rows if row.metric == metric and (value := _value(row, up)) is not None]
    old = [value for value, row in values if row.ended_us < since]
    new = [(value, row) for value, row in values if row.ended_us >= since]
    if not new:
        return None
    value, row = max(new, key=lambda each: each[0] if up else -each[0])
    before = (max(old) if up else min(old)) if old else None
    if before is not None and (value <= before if up else value >= before):
        return None
    return Better(
        experiment=name, metric=metric, before=before, value=value, run_id=row.id, author=row.author
    )


def _value(row: BestRow, up: bool) -> float | None:
    return row.max if up else row.min
