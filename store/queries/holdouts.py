"""The rows a promotion is judged on: the newest `recent` split of the data the candidate came from."""

import sqlite3
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldoutRow:
    """One file of rows that was kept away from training."""

    version_id: int
    label: str  # "data:digits@2"
    digest: str  # of the Parquet file
    rows: int
    target: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


_RECENT = """
    select v.id as version_id, 'data:' || d.name || '@' || v.number as label, f.digest, f.rows, v.target
      from edge e
      join dataset_version seen on seen.id = e.src_id
      join dataset d on d.id = seen.dataset_id
      join dataset_version v on v.dataset_id = d.id
      join dataset_file f on f.version_id = v.id and f.split = 'recent'
     where e.dst_kind = 'run' and e.dst_id = :run_id and e.src_kind = 'dataset_version'
       and v.target is not null
     order by v.created_us desc, v.id desc limit 1
"""


def newest(db: sqlite3.Connection, *, run_id: int) -> HoldoutRow | None:
    """None when the run's datasets have no `recent` split: then each model's own hold-out counts."""
    row = db.execute(_RECENT, {"run_id": run_id}).fetchone()
    return HoldoutRow.of(row) if row else None
