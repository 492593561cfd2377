"""Two profiles of a table side by side: column by column, how far each moved. Pure arithmetic."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from lineside.store.queries.datasets import ColumnProfile, VersionRow

Fate = Literal["same", "added", "dropped", "retyped"]

SIGMAS, SHARE = 0.2, 0.1
"""From there on a column is called moved: numbers by a fifth of a standard deviation, words by a tenth of the
rows; if chance alone does not explain it (2/√n, and 0.6 √(words/n))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One column in two versions."""

    name: str
    place: int  # in its table, from 1
    now: ColumnProfile | None  # None: dropped
    before: ColumnProfile | None  # None: added, or there is nothing to compare with
    fate: Fate
    distance: float | None  # see `distance`; None: cannot be said
    moved: bool  # by more than chance

    @property
    def profile(self) -> ColumnProfile:
        """What there is of it: as it is now, or as it last was."""
        found = self.now or self.before
        assert found is not None
        return found

    @property
    def constant(self) -> bool:
        column = self.profile
        return column.min is not None and column.min == column.max

    @property
    def missing(self) -> int:
        """Rows without a usable value now."""
        return self.now.nulls + self.now.nans + self.now.infinite if self.now else 0

    @property
    def missing_share(self) -> float:
        return self.missing / self.now.rows if self.now and self.now.rows else 0.0

    @property
    def sigmas(self) -> float | None:
        """How far the mean moved, in standard deviations of before."""
        a, b = self.before, self.now
        if a is None or b is None or a.mean is None or b.mean is None or not a.std:
            return None
        return (b.mean - a.mean) / a.std


def changes(now: Sequence[ColumnProfile], before: Sequence[ColumnProfile]) -> list[Change]:
    """Every column of either version, in the order of the table; dropped ones last."""
    old = {column.name: column for column in before}
    out = [_change(column, old.get(column.name), place, bool(before)) for place, column in enumerate(now, 1)]
    names = {column.name for column in now}
    gone = [column for column in before if column.name not in names]
    return out + [
        Change(
            name=c.name, place=len(now) + i, now=None, before=c, fate="dropped", distance=None, moved=False
        )
        for i, c in enumerate(gone, 1)
    ]


def _change(now: ColumnProfile, before: ColumnProfile | None, place: int, compared: bool) -> Change:
    fate: Fate = "same"
    if before is None:
        fate = "added" if compared else "same"
    elif before.dtype != now.dtype:
        fate = "retyped"
    far = distance(before, now) if before is not None else None
    return Change(name=now.name, place=place, now=now, before=before, fate=fate, distance=far,
                  moved=far is not None and before is not None and far >= _line(before, now))  # fmt: skip


def _line(before: ColumnProfile, now: ColumnProfile) -> float:
    rows = max(1, min(before.rows, now.rows))
    if now.counts:
        return max(SIGMAS, 2 / math.sqrt(rows))
    return max(SHARE, 0.6 * math.sqrt(max(2, len(now.top)) / rows))


def telling(change: Change, version: VersionRow) -> tuple[int, float, int]:
    """Sorts what has to be seen to the top: lost columns, holes, what moved, the target; constants last."""
    before = change.before
    had = (before.nulls + before.nans + before.infinite) / before.rows if before and before.rows else 0.0
    if change.fate != "same":
        rank = 0
    elif change.missing_share > had + 0.01:
        rank = 1
    elif change.moved:
        rank = 2
    elif change.name == version.target:
        rank = 3
    elif change.name == version.time_column:
        rank = 4
    elif change.missing:
        rank = 5
    else:
        rank = 7 if change.constant else 6
    weight = change.missing_share if rank in (1, 5) else change.distance or 0.0
    return rank, -weight, change.place


# -- shares on common ground -----------------------------------------------------------------------


def distance(before: ColumnProfile, now: ColumnProfile) -> float | None:
    """How far the values lie from where they were.

    Returns:
        Of numbers: how far mean or quantiles moved, in standard deviations (1.0 where neither varies and they
        differ). Of words: the share of rows that would have to change, 0 … 1. None: one is numbers and the
        other words, or has no value.
    """
    if before.counts and now.counts:
        return _of_numbers(before, now)
    if (found := pair(before, now, bins=1)) is None:
        return None
    _, old, new = found
    return sum(abs(a - b) for a, b in zip(old, new, strict=True)) / 2


def _of_numbers(before: ColumnProfile, now: ColumnProfile) -> float:
    """By how much the mean, or the quantiles on average, lie elsewhere, in standard deviations of both."""
    spread = math.sqrt(((before.std or 0.0) ** 2 + (now.std or 0.0) ** 2) / 2)
    if not spread:
        return 0.0 if (before.min, before.max) == (now.min, now.max) else 1.0
    means = abs((now.mean or 0.0) - (before.mean or 0.0))
    both = [(v, before.quantiles[q]) for q, v in now.quantiles.items() if q in before.quantiles]
    quantiles = sum(abs(a - b) for a, b in both) / len(both) if both else 0.0
    return max(means, quantiles) / spread


def pair(
    before: ColumnProfile, now: ColumnProfile, *, bins: int
) -> tuple[list[str | float], list[float], list[float]] | None:
    """Both as shares over the same bins.

    Returns:
        The names of the bins, or all their bins+1 edges; shares before, shares now. None where one is numbers
        and the other words, or one has no value.
    """
    if before.counts and now.counts:
        edges = _edges(before, now, bins)
        return list(edges), rebinned(before, edges), rebinned(now, edges)
    if before.top and now.top:
        words = [*dict.fromkeys([w for w, _ in now.top[:8]] + [w for w, _ in before.top[:8]])]
        old, new = (_of_words(column, words) for column in (before, now))
        return [*words, "other"], old, new
    return None


def _edges(before: ColumnProfile, now: ColumnProfile, bins: int) -> list[float]:
    """Bins over the range of both: the finer bins of the two where they agree, else equally wide ones."""
    if before.edges == now.edges and len(now.counts) <= bins:
        return list(now.edges)
    low, high = min(before.edges[0], now.edges[0]), max(before.edges[-1], now.edges[-1])
    if not high > low:
        return [low, low + 1.0]
    return [low + (high - low) * i / bins for i in range(bins + 1)]


def rebinned(column: ColumnProfile, edges: Sequence[float]) -> list[float]:
    """The column's histogram as shares over other bins, each old bin spread evenly over what it covers.

    Args:
        edges: rising, shape (bins + 1,).
    """
    total = sum(column.counts) or 1
    out = [0.0] * (len(edges) - 1)
    for (a, b), n in zip(pairwise(column.edges), column.counts, strict=False):
        for i, (low, high) in enumerate(pairwise(edges)):
            if b > a:
                part = max(0.0, min(b, high) - max(a, low)) / (b - a)
            else:
                last = i == len(out) - 1
                part = float(low <= a < high or (last and a == high))
            out[i] += n * part / total
    return out


def _of_words(column: ColumnProfile, words: Sequence[str]) -> list[float]:
    counts: Mapping[str, int] = dict(column.top)
    known = max(1, column.rows - column.nulls)
    shares = [counts.get(word, 0) / known for word in words]
    return [*shares, max(0.0, 1.0 - sum(shares))]
