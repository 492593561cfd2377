"""How good a model is on rows it never saw, and how sure one can be of that."""

import math

import numpy as np
from numpy.typing import NDArray

from lineside.jobs.packaging.packages import Holdout

_Z95 = 1.959963984540054


def wilson(hits: int, n: int) -> tuple[float, float]:
    """95 % interval of a share.

    Returns:
        (low, high), both in [0, 1]; (0, 1) when there are no rows.

    Source:
        Wilson (1927), without continuity correction.

    >>> [round(x, 3) for x in wilson(97, 100)]
    [0.915, 0.99]
    """
    if n == 0:
        return 0.0, 1.0
    share, z2 = hits / n, _Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def accuracy(truth: NDArray[np.float32], answers: NDArray[np.float32]) -> Holdout:
    """Share of rows answered rightly."""
    hits, n = int((truth == answers).sum()), len(truth)
    low, high = wilson(hits, n)
    return Holdout(value=hits / n, low=low, high=high, n=n)


def mean_absolute_error(
    truth: NDArray[np.float32], answers: NDArray[np.float32], *, seed: int, draws: int = 1000
) -> Holdout:
    """Mean absolute error with its 95 % percentile bootstrap interval over rows."""
    errors = np.abs(np.asarray(truth, dtype=np.float64) - answers)
    n = len(errors)
    picks = np.random.default_rng(seed).integers(0, n, size=(draws, n))
    low, high = np.quantile(errors[picks].mean(axis=1), (0.025, 0.975))
    return Holdout(value=float(errors.mean()), low=float(low), high=float(high), n=n)
