"""Population stability index over bins that the reference froze, and the histograms people look at."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FLOOR = 1e-4
"""Smallest share of a bin; keeps an empty bin from being infinite."""


def stability_index(reference: Floats, live: Floats, *, floor: float = FLOOR) -> float:
    """Population stability index between shares over the same bins.

    Args:
        reference: shares at training, shape (bins,).
        live: shares in the window, shape (bins,).
        floor: smallest share taken for true, in (0, 1).

    Returns:
        A number >= 0 in nats; 0 when the shares are equal.

    Raises:
        ValueError: the shapes differ.

    Source:
        Kullback and Leibler (1951), symmetrised.

    >>> stability_index(np.array([0.5, 0.5]), np.array([0.5, 0.5]))
    0.0
    """
    if reference.shape != live.shape:
        raise ValueError(f"{reference.shape} and {live.shape} are not shares over the same bins")
    old, new = np.maximum(reference, floor), np.maximum(live, floor)
    return float(np.sum((new - old) * np.log(new / old)))


def decile_edges(reference: Floats) -> Floats:
    """Inner edges that cut the reference into (at most) ten equally full bins; ties make fewer.

    >>> decile_edges(np.zeros(5)).tolist()
    [0.0]
    """
    return np.unique(np.quantile(reference, np.linspace(0.1, 0.9, 9)))


def decile_shares(values: Floats, edges: Floats) -> Floats:
    """Share of sorted `values` per bin (edge, next edge], the outer bins open; shape (len(edges) + 1,)."""
    inside = np.searchsorted(values, edges, "right")
    return np.diff(np.concatenate([[0], inside, [len(values)]])) / max(len(values), 1)


def picture_edges(reference: Floats, bins: int = 10) -> Floats:
    """Edges of a histogram with `bins` equally wide bins from the smallest to the largest reference value.

    What lies outside, below the first or above the last edge, was never seen at training.
    """
    low, high = float(reference.min()), float(reference.max())
    edges = np.linspace(low, high, bins + 1) if low < high else np.array([low, high])
    edges[-1] = np.nextafter(high, np.inf)  # the largest value was seen
    return edges


def picture_shares(values: Floats, edges: Floats) -> Floats:
    """Share of sorted `values` per bin [edge, next edge), the outer bins open; shape (len(edges) + 1,)."""
    below = np.searchsorted(values, edges, "left")
    return np.diff(np.concatenate([[0], below, [len(values)]])) / max(len(values), 1)


def rounded(shares: Floats) -> tuple[float, ...]:
    """Shares as a histogram needs them."""
    return tuple(round(float(share), 5) for share in shares)


def null_line(bins: int, reference: int, live: int) -> float:
    """What the index of two samples of one distribution seldom reaches.

    >>> round(null_line(10, 500, 200), 3)
    0.195
    """
    from scipy import stats

    return max(0.1, float(stats.chi2.ppf(0.999, max(bins - 1, 1))) * (1 / live + 1 / reference))
