"""Two models on the same rows: who is better, by how much, and how sure that is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

Gains = NDArray[np.float64]

MIN_ROWS = 30
"""Fewer fresh rows than this decide nothing."""

REPEATS = 0.05
"""Where a larger share of the training rows repeat each other, an equal row is no sign of leakage."""

_FEW = 64


def gains(truth: Sequence[Any], ours: Sequence[Any], theirs: Sequence[Any], *, classes: bool) -> Gains:
    """How much better our answer is than theirs, per row.

    Args:
        truth, ours, theirs: shape (n,): labels, or numbers.
        classes: True: 1 for right, 0 for wrong; False: the absolute error, in units of the target.

    Returns:
        shape (n,); its mean is the gain in accuracy, or the drop in mean absolute error.

    >>> gains(["a", "b"], ["a", "b"], ["a", "a"], classes=True).tolist()
    [0.0, 1.0]
    >>> gains([10.0], [9.0], [13.0], classes=False).tolist()
    [2.0]
    """
    mine, other = _rows(truth, ours, classes=classes), _rows(truth, theirs, classes=classes)
    return mine - other if classes else other - mine


def score(truth: Sequence[Any], answers: Sequence[Any], *, classes: bool) -> float:
    """Accuracy, or mean absolute error."""
    return float(_rows(truth, answers, classes=classes).mean())


def interval(gained: Gains, *, draws: int = 4000, seed: int = 0) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean gain, over rows.

    Resampling whole rows keeps each row's two answers together: that is what makes it paired.

    Raises:
        ValueError: no rows.

    Source:
        Efron (1979); for few distinct gains the resampled counts are drawn at once, as a multinomial.

    >>> interval(np.zeros(50))
    (0.0, 0.0)
    """
    n = len(gained)
    if n == 0:
        raise ValueError("no rows")
    chance = np.random.default_rng(seed)
    values, counts = np.unique(gained, return_counts=True)
    if len(values) <= _FEW:
        means = chance.multinomial(n, counts / n, size=draws) @ values / n
    else:
        means = np.array([gained[chance.integers(0, n, size=n)].mean() for _ in range(_draws(n, draws))])
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def fresh(rows: "pl.DataFrame", seen: Sequence["pl.DataFrame"], columns: Sequence[str]) -> "pl.DataFrame":
    """The rows that appear in none of the training tables in `seen`, compared over `columns`.

    A training table whose own rows repeat each other (few columns, coarse values) cannot tell leakage from
    chance and takes no row away.
    """
    import polars as pl

    for table in seen:
        shared = [c for c in columns if c in table.columns and c in rows.columns]
        known = table.select(pl.col(c).cast(rows.schema[c], strict=False) for c in shared)
        if not shared or not known.height or float(known.is_duplicated().mean() or 0.0) > REPEATS:  # type: ignore[arg-type]
            continue
        rows = rows.join(known, on=shared, how="anti", nulls_equal=True, maintain_order="left")
    return rows


def _rows(truth: Sequence[Any], answers: Sequence[Any], *, classes: bool) -> Gains:
    """Per row: 1 for right and 0 for wrong, or the absolute error."""
    if classes:
        return np.array([t == a for t, a in zip(truth, answers, strict=True)], dtype=np.float64)
    return np.abs(np.asarray(answers, dtype=np.float64) - np.asarray(truth, dtype=np.float64))


def _draws(n: int, most: int) -> int:
    """Fewer draws for long tables, at most 4e7 picks: their mean is nearly normal anyway."""
    return max(400, min(most, 40_000_000 // n))
