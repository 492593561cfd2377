"""How two versions of a dataset differ: columns, rows, and the columns that shifted most (compute)."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineside.jobs.context import Json

if TYPE_CHECKING:
    import polars as pl

MOST_SHIFTED = 5


def compare(*, old: list[str], new: list[str]) -> Json:
    """Compare two versions, each given as its Parquet files.

    Returns:
        added_columns, dropped_columns, retyped_columns; rows_old, rows_new, rows_added, rows_removed,
        rows_changed, changed_columns; shifted: [{column, psi}], most shifted first, over the old deciles.
    """
    before, after = _whole(old), _whole(new)
    return {**_schema(before, after), **_rows(before, after), "shifted": _shifted(before, after)}


def _whole(paths: list[str]) -> "pl.DataFrame":
    import polars as pl

    return pl.concat([pl.read_parquet(Path(path)) for path in paths], how="vertical_relaxed")


def _schema(before: "pl.DataFrame", after: "pl.DataFrame") -> Json:
    old, new = before.schema, after.schema
    return {
        "added_columns": [name for name in new if name not in old],
        "dropped_columns": [name for name in old if name not in new],
        "retyped_columns": [
            {"column": name, "old": str(old[name]), "new": str(new[name])}
            for name in old
            if name in new and old[name] != new[name]
        ],
    }


def _rows(before: "pl.DataFrame", after: "pl.DataFrame") -> Json:
    """Rows by content over the columns both have; changed means: same place, other content."""
    same = [name for name, dtype in before.schema.items() if after.schema.get(name) == dtype]
    left, right = before.select(same), after.select(same)
    added, removed = _only_in(right, left), _only_in(left, right)
    changed, changed_columns = 0, []
    if left.height == right.height and added:
        here, where = _by_place(left, right)
        if here == added:  # else rows also moved: then "changed" would say too much
            changed, changed_columns, added, removed = here, where, 0, 0
    return {
        "rows_old": before.height,
        "rows_new": after.height,
        "rows_added": added,
        "rows_removed": removed,
        "rows_changed": changed,
        "changed_columns": changed_columns,
    }


def _only_in(one: "pl.DataFrame", other: "pl.DataFrame") -> int:
    """Rows of `one` beyond those `other` has too, each copy counted."""
    import polars as pl

    if not one.width:
        return 0
    mine, theirs = (
        frame.hash_rows().rename("row").value_counts(name=count)
        for frame, count in ((one, "n"), (other, "m"))
    )
    joined = mine.join(theirs, on="row", how="left")
    beyond = pl.col("n").cast(pl.Int64) - pl.col("m").fill_null(0).cast(pl.Int64)
    return int(joined.select(beyond.clip(0).sum()).item())


def _by_place(left: "pl.DataFrame", right: "pl.DataFrame") -> tuple[int, list[str]]:
    """Rows that differ at the same place, and the columns in which they do."""
    import polars as pl

    differs = {name: left[name].ne_missing(right[name]) for name in left.columns}
    columns = [name for name, mask in differs.items() if mask.any()]
    if not columns:
        return 0, []
    any_column = pl.DataFrame({name: differs[name] for name in columns}).select(pl.any_horizontal(pl.all()))
    return int(any_column.to_series().sum()), columns


def _shifted(before: "pl.DataFrame", after: "pl.DataFrame") -> list[dict[str, Any]]:
    found = sorted(_indices(before, after), key=lambda pair: -pair[1])
    return [{"column": name, "psi": round(psi, 6)} for name, psi in found[:MOST_SHIFTED] if psi > 0]


def _indices(before: "pl.DataFrame", after: "pl.DataFrame") -> Iterator[tuple[str, float]]:
    """The stability index of each column that both have as numbers, or both as words or truths."""
    import polars as pl

    for name in before.columns:
        if name not in after.columns:
            continue
        old, new = before[name].drop_nulls(), after[name].drop_nulls()
        if not len(old) or not len(new):
            continue
        if old.dtype.is_numeric() and new.dtype.is_numeric():
            yield name, _of_numbers(old, new)
        elif old.dtype == new.dtype and old.dtype in (pl.String, pl.Boolean, pl.Categorical, pl.Enum):
            yield name, _of_words(old, new)


def _of_numbers(old: "pl.Series", new: "pl.Series") -> float:
    import numpy as np
    import polars as pl

    from lineside.jobs.monitor.drift import psi

    left, right = (
        np.sort(s.cast(pl.Float64).filter(s.cast(pl.Float64).is_finite()).to_numpy()) for s in (old, new)
    )
    if not len(left) or not len(right):
        return 0.0
    edges = psi.decile_edges(left)
    return psi.stability_index(psi.decile_shares(left, edges), psi.decile_shares(right, edges))


def _of_words(old: "pl.Series", new: "pl.Series") -> float:
    import numpy as np
    import polars as pl

    from lineside.jobs.monitor.drift import psi

    counts = [dict(s.cast(pl.String).value_counts().iter_rows()) for s in (old, new)]
    words = sorted({*counts[0], *counts[1]})
    shares = [np.array([c.get(word, 0) for word in words]) / sum(c.values()) for c in counts]
    return psi.stability_index(shares[0], shares[1])
