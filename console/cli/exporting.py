"""Runs as one flat table in a file."""

import json
import sqlite3
from pathlib import Path
from typing import Any

from lineside.console.cli.output import plain
from lineside.store.errors import Usage
from lineside.store.queries import params, runs, summaries
from lineside.store.queries.summaries import SummaryRow

_FIELDS = (
    "id", "uid", "experiment", "name", "status", "cause", "author", "created_us", "started_us", "ended_us",
)  # fmt: skip


def export_runs(db: sqlite3.Connection, where: str, path: str) -> int:
    """Write the runs that match, one row each, params and last metrics as columns; return how many.

    Raises:
        Usage: the file's ending is none of .csv, .parquet and .json.
    """
    ending = Path(path).suffix
    if ending not in (".csv", ".parquet", ".json"):
        raise Usage(f"{path} ends in none of .csv, .parquet, .json", hint="choose one of these endings")
    import polars as pl

    found = runs.by_ids(db, runs.ids(db, where=where, sort="created"))
    frame = pl.DataFrame([_flat(db, run) for run in found], infer_schema_length=None)
    if ending == ".csv":
        frame.write_csv(path)
    elif ending == ".parquet":
        frame.write_parquet(path)
    else:  # polars would write NaN as null, which is another thing
        Path(path).write_text(json.dumps(plain(frame.to_dicts()), ensure_ascii=False), encoding="utf-8")
    return len(found)


def _flat(db: sqlite3.Connection, run: runs.RunRow) -> dict[str, Any]:
    flat: dict[str, Any] = {name: getattr(run, name) for name in _FIELDS}
    flat |= {f"param.{key}": value for key, value in params.params(db, run.id).items()}
    return flat | {f"metric.{m.metric}": _last(m) for m in summaries.summaries(db, run.id)}


def _last(summary: SummaryRow) -> float | None:
    return summary.last if summary.last_kind == "finite" else float(summary.last_kind)
