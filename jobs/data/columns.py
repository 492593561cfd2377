"""The profile of a table: what each column looks like, in figures equal to polars' own."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from lineside.store.queries.datasets import ColumnProfile

if TYPE_CHECKING:
    import polars as pl

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
BINS = 20
TOP = 20


def profile(frame: "pl.DataFrame") -> tuple[ColumnProfile, ...]:
    """One profile per column, in order."""
    return tuple(_column(series) for series in frame.iter_columns())


def _column(series: "pl.Series") -> ColumnProfile:
    import polars as pl

    if series.dtype.is_numeric():
        return _numbers(series)
    known = series.drop_nulls()
    if series.dtype == pl.Boolean or series.dtype in (pl.String, pl.Categorical, pl.Enum):
        return _plain(series, distinct=known.n_unique(), top=_top(known))
    if series.dtype.is_temporal():
        return _plain(series, distinct=known.n_unique(), low=_iso(known.min()), high=_iso(known.max()))
    return _plain(series, distinct=0)  # lists, structs, bytes: there, not looked into


def _numbers(series: "pl.Series") -> ColumnProfile:
    import polars as pl

    known = series.drop_nulls().cast(pl.Float64)
    values = known.filter(known.is_finite())
    nans = int(known.is_nan().sum())
    edges, counts = _histogram(values.to_numpy())
    return ColumnProfile(
        name=series.name,
        dtype=str(series.dtype),
        rows=len(series),
        nulls=series.null_count(),
        nans=nans,
        infinite=len(known) - nans - len(values),
        distinct=known.n_unique(),
        min=_number(values.min()),
        max=_number(values.max()),
        mean=_number(values.mean()),
        std=_number(values.std()),
        quantiles={str(q): float(v) for q in QUANTILES if (v := values.quantile(q, "linear")) is not None},
        edges=edges,
        counts=counts,
        top=(),
    )


def _plain(
    series: "pl.Series",
    *,
    distinct: int,
    low: str | None = None,
    high: str | None = None,
    top: tuple[tuple[str, int], ...] = (),
) -> ColumnProfile:
    """A column that has no mean."""
    return ColumnProfile(
        name=series.name, dtype=str(series.dtype), rows=len(series), nulls=series.null_count(), nans=0,
        infinite=0, distinct=distinct, min=low, max=high, mean=None, std=None, quantiles={}, edges=(),
        counts=(), top=top,
    )  # fmt: skip


def _top(known: "pl.Series") -> tuple[tuple[str, int], ...]:
    """The commonest values, equally common ones by name."""
    import polars as pl

    counted = known.cast(pl.String).rename("value").value_counts(name="n")
    first = counted.sort(["n", "value"], descending=[True, False]).head(TOP)
    return tuple((str(value), int(count)) for value, count in first.iter_rows())


def _histogram(values: "np.ndarray[Any, np.dtype[np.float64]]") -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Equally wide bins from the smallest value to the largest; one bin when all are the same."""
    if not values.size:
        return (), ()
    low, high = float(values.min()), float(values.max())
    edges = (
        np.unique(np.linspace(low, high, BINS + 1)) if math.isfinite(high - low) else np.array([low, high])
    )
    if len(edges) < 2:
        return (low, high), (len(values),)
    bins = np.clip(np.searchsorted(edges, values, "right") - 1, 0, len(edges) - 2)
    counts = np.bincount(bins, minlength=len(edges) - 1)
    return tuple(edges.tolist()), tuple(counts.tolist())


def _number(value: Any) -> float | None:
    """A statistic; None where there is none or it left the range of numbers."""
    return float(value) if value is not None and math.isfinite(value) else None


def _iso(value: Any) -> str | None:
    return None if value is None else str(value.isoformat() if hasattr(value, "isoformat") else value)
