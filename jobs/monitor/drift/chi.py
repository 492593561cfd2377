"""Categories: how far the shares moved, with one bin for what training never saw."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

UNSEEN = "(unseen)"
Counts = NDArray[np.int64]


def counts(values: Iterable[str], categories: Sequence[str]) -> Counts:
    """Rows per category, and in the last place those of no known category; shape (len(categories) + 1,).

    >>> counts(["a", "b", "a", "x"], ["a", "b", "c"]).tolist()
    [2, 1, 0, 1]
    """
    found = Counter(values)
    known = [found.pop(category, 0) for category in categories]
    return np.array([*known, sum(found.values())], dtype=np.int64)


def l_infinity(reference: Counts, live: Counts) -> float:
    """The largest change of any one category's share.

    Args:
        reference: rows per category, shape (k,), at least one row.
        live: the same, over the same categories.

    Returns:
        A number in [0, 1].

    >>> l_infinity(np.array([5, 5, 0]), np.array([9, 1, 0]))
    0.4
    """
    return float(np.abs(reference / reference.sum() - live / live.sum()).max())


def p_value(reference: Counts, live: Counts) -> float:
    """Chance that both sides are samples of one distribution: Pearson's contingency test, no Yates.

    Two samples, not goodness of fit: the reference is a sample too, and treating it as the truth fires on
    noise. Returns 1.0 where only one category occurs at all.
    """
    from scipy import stats

    table = np.vstack([reference, live])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2 or not table.sum(axis=1).all():
        return 1.0
    return float(stats.chi2_contingency(table, correction=False).pvalue)
