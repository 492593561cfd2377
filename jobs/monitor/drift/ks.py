"""The two-sample Kolmogorov-Smirnov test, exact with ties, on columns that are sorted already."""

import warnings

import numpy as np
from numpy.typing import NDArray

Sorted = NDArray[np.float64]
"""Finite values in ascending order, shape (n,)."""

EXACT_BELOW = 2_000_000
"""Products of sample sizes up to which the p-value is exact; above it the limit law is as good and fast."""


def statistic(reference: Sorted, live: Sorted) -> float:
    """Largest distance between two empirical distribution functions.

    Args:
        reference: sorted, shape (N,), at least one value.
        live: sorted, shape (n,), at least one value.

    Returns:
        A number in [0, 1]; 0 when both hold the same shares of the same values.

    Source:
        Smirnov (1939). Ties are stepped over whole: the functions are compared only where a run of equal
        values ends, so heaps of equal values (zeros, rounded numbers) cannot inflate the distance.

    >>> statistic(np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0]))
    0.3333333333333333
    """
    ends = np.unique(live)  # between two live values only the reference rises: check both sides of its steps
    right = np.abs(_cdf(reference, ends, "right") - _cdf(live, ends, "right")).max()
    left = np.abs(_cdf(reference, ends, "left") - _cdf(live, ends, "left")).max()
    return float(max(right, left))


def p_value(distance: float, reference: Sorted, live: Sorted) -> float:
    """Chance of a distance at least this large between two samples of one distribution, two-sided.

    Exact (as scipy's `ks_2samp(method="exact")`) up to `EXACT_BELOW`, else by the limit law. With ties it
    is an upper bound, which is the safe side.
    """
    from scipy import stats

    big, small = len(reference), len(live)
    if big * small <= EXACT_BELOW:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scipy's word that it fell back to the limit law
            return float(stats.ks_2samp(reference, live, method="exact").pvalue)
    return float(stats.kstwo.sf(distance, round(big * small / (big + small))))


def worst_block(ordered: NDArray[np.float64], size: int) -> float | None:
    """The largest distance of any contiguous block of the reference from the rest of it.

    Args:
        ordered: reference values in the order they came, shape (N,), finite.
        size: rows of a block: as long as the window that is judged.

    Returns:
        None when the reference holds fewer than `BLOCKS` blocks: then nothing can be learnt from it.

    Source:
        drift against a series' own seasons and trends; a heuristic line, not a false-alarm guarantee.
    """
    count = len(ordered) // size if size else 0
    if count < BLOCKS:
        return None
    whole = np.sort(ordered)
    blocks = np.sort(ordered[: count * size].reshape(count, size), axis=1)
    worst = max(statistic(whole, block) for block in blocks)
    return (
        worst * len(whole) / (len(whole) - size)
    )  # from the rest: the block's own share of the whole undone


BLOCKS = 20
"""Blocks a reference must hold before its own worst block is taken for a line."""


def _cdf(values: Sorted, at: Sorted, side: str) -> NDArray[np.float64]:
    return np.searchsorted(values, at, side) / len(values)  # type: ignore[call-overload, no-any-return]
