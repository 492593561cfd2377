"""What happened between two looks: increases that survive restarts, and percentiles that do not lie."""

import contextlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from lineside.jobs.monitor.exposition import Series

Values = Mapping[tuple[str, ...], float]
"""Counter values by the identity of their series."""

ENOUGH_FOR_P50 = 10
ENOUGH_FOR_P99 = 100
"""Observations below which a percentile is left out: the p99 of 30 requests is the slowest of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentile:
    """One percentile, in milliseconds, and how much of it is known."""

    ms: float | None  # None: too few observations, or nothing is known
    note: str = ""  # "≤ 5 ms": it lies in the first bucket; "≥ 10000 ms": behind the last bound


def identity(series: Series) -> tuple[str, ...]:
    """A series as a key that outlives the page."""
    return (series.name, *(f"{k}={v}" for k, v in sorted(series.labels.items())))


def increases(old: Values | None, new: Values, *, restarted: bool = False) -> dict[tuple[str, ...], float]:
    """How much each counter grew.

    Args:
        old: the look before; None: there was none, and nothing can be said.
        restarted: the whole server began again, so everything it says is new.

    A counter below its old value began again: what it says now is what it grew. A series that was not there
    at the look before counts whole: the server made it since.
    """
    if old is None:
        return dict.fromkeys(new, 0.0)
    before: Values = {} if restarted else old
    grown = {}
    for key, value in new.items():
        last = before.get(key, 0.0)
        step = value if value < last else value - last
        grown[key] = step if math.isfinite(step) else 0.0
    return grown


def percentile(buckets: Mapping[float, float], q: float, *, scale: float, enough: int) -> Percentile:
    """The q-quantile of a histogram.

    Args:
        buckets: upper bound → observations at or below it (cumulative); a torn page may not be monotone.
        scale: milliseconds per unit of the bounds.
        enough: observations below which nothing is said.

    An answer in the first bucket is only "at most its bound", one behind the last bound only "at least it":
    neither is interpolated.
    """
    bounds = sorted(each for each in buckets if not math.isnan(each))
    counts = _rising(buckets[each] for each in bounds)
    total = counts[-1] if counts else 0.0
    if total < max(enough, 1):
        return Percentile(ms=None, note=f"n = {total:g}" if total else "")
    rank = q * total
    if counts[0] >= rank:
        ms = bounds[0] * scale
        return Percentile(ms=ms, note=f"≤ {ms:g} ms") if math.isfinite(ms) else Percentile(ms=None)
    for (low, below), (high, above) in pairwise(zip(bounds, counts, strict=True)):
        if above >= rank:
            if math.isinf(high):
                return Percentile(ms=low * scale, note=f"≥ {low * scale:g} ms")
            return Percentile(ms=(low + (high - low) * (rank - below) / (above - below)) * scale)
    return Percentile(ms=None)


def add_up(groups: Iterable[Mapping[float, float]]) -> dict[float, float]:
    """Sum histograms bucket by bucket; only those with the layout of the first count."""
    total: dict[float, float] = {}
    for group in groups:
        if not total:
            total = dict(group)
        elif set(group) == set(total):
            for each, value in group.items():
                total[each] += value
    return total


def by_bound(grown: Mapping[tuple[str, ...], float]) -> dict[float, float]:
    """Increases of bucket series, summed over everything but the bound."""
    groups: dict[tuple[str, ...], dict[float, float]] = {}
    for key, value in grown.items():
        rest = tuple(part for part in key if not part.startswith("le="))
        bounds = [part[3:] for part in key if part.startswith("le=")]
        with contextlib.suppress(IndexError, ValueError):  # a bucket without a number for its bound
            groups.setdefault(rest, {})[float(bounds[0])] = value
    return add_up(groups.values())


def _rising(counts: Iterable[float]) -> list[float]:
    """Clamp up: a later bucket holds at least what an earlier one does."""
    top, out = 0.0, []
    for count in counts:
        top = max(top, count)
        out.append(top)
    return out
