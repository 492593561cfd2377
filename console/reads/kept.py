"""What a home keeps: the newest versions of its models and of its data, as one sees it grow."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from lineside.store.clock import Micros
from lineside.store.queries import datasets, models

EACH, MOST = 6, 4
"""So many versions of so many models, and of so many data sets, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One version."""

    kind: str  # "model", "data"
    name: str
    number: int
    holds: tuple[str, ...]  # aliases that are on it
    size: float | None  # a model's value on its hold-out, rows of data; None: not known
    at_us: Micros


def kept(db: sqlite3.Connection) -> tuple[Kept, ...]:
    """Models, then data: what changed last first, the newest version of each first."""
    made = [
        Kept(kind="model", name=v.model, number=v.number, holds=v.aliases, size=v.holdout, at_us=v.created_us)
        for model in models.recent(db)[:MOST] for v in models.versions(db, model.name)
    ]  # fmt: skip
    added = [
        Kept(kind="data", name=v.name, number=v.number, holds=(), size=float(v.rows), at_us=v.created_us)
        for v in datasets.versions(db)
    ]
    return (*_newest(made), *_newest(added))


def _newest(rows: Iterable[Kept]) -> list[Kept]:
    by_name = sorted(rows, key=lambda row: (row.name, -row.number))
    groups = [list(same)[:EACH] for _, same in groupby(by_name, key=lambda row: row.name)]
    lately = sorted(groups, key=lambda group: -group[0].at_us)[:MOST]
    return [row for group in lately for row in group]
