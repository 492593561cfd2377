"""Points of charts: from spools and segments in one call, thinned to what a screen can show."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lineside.store import points, smoothing
from lineside.store.homes import Home
from lineside.store.points import Part
from lineside.store.queries import runs

AXES = ("step", "time", "relative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One metric of one run, in the order of its axis; of several values at one step, the latest written."""

    run_id: int
    metric: str
    steps: NDArray[np.int64]  # (n,)
    values: NDArray[np.float64]  # (n,) NaN and infinities as they were written
    at_us: NDArray[np.int64]  # (n,) when each was written
    count: int  # points before thinning
    openings: int = 1  # how often the run was begun; above 1, `read(branch=)` shows the older lines
    begun_us: int = 0  # when the run began: what relative time counts from
    smoothed: NDArray[np.float64] | None = None  # (n,) None: nobody asked for it

    @property
    def seconds(self) -> NDArray[np.float64]:
        """Relative time: seconds since the run began."""
        since: NDArray[np.float64] = (self.at_us - self.begun_us) / 1e6
        return since

    def along(self, x: str) -> NDArray[np.float64]:
        """Where the points lie on that axis: steps, microseconds of the clock, seconds since the start."""
        if x == "relative":
            return self.seconds
        axis = self.at_us if x == "time" else self.steps
        return axis.astype(np.float64)


def read(
    home: Home,
    db: sqlite3.Connection,
    run_ids: Sequence[int],
    metrics: Sequence[str],
    *,
    width: int | None = None,
    x: str = "step",
    branch: int | None = None,
    smooth: float = 0.0,
    within: tuple[float, float] | None = None,
) -> list[Series]:
    """What these runs logged of these metrics; a run without a metric has no series of it.

    A run that was begun again, after a crash or as another attempt, replaces what it had logged: from the
    first step of the newer opening on, the older points of the metric are left out.

    Args:
        width: columns of the chart; each keeps its lowest, its highest and one value that is no number.
        x: "step", "time" or "relative": what the columns divide, and what the points are ordered by.
        branch: show the line as it was before opening `branch + 1`: 1 is what the first opening logged.
        smooth: weight of a moving average over all points, before any is left out; 0: none is made.
        within: a stretch of the axis, in the units of `Series.along`, that has `width` columns of its own.

    Raises:
        ValueError: `x` is none of the three, or `smooth` is outside [0, 1).
        BadData: a file of points is missing or damaged.
    """
    if x not in AXES:
        raise ValueError(f"x is {x!r}: neither 'step', 'time' nor 'relative'")
    found = points.read(home, db, run_ids, metrics)
    begun = {row.id: row.started_us or row.created_us for row in runs.by_ids(db, list(run_ids))}
    lines = []
    for run_id in run_ids:
        for metric in metrics:
            parts = found.get((run_id, metric))
            whole = _joined(run_id, metric, parts, branch, begun[run_id]) if parts else None
            if whole is not None:
                ordered = whole if x == "step" else _picked(whole, np.argsort(whole.at_us, kind="stable"))
                if smooth:
                    ordered = replace(ordered, smoothed=smoothing.ema(ordered.values, smooth))
                lines.append(_drawn(ordered, width, x, within))
    return lines


def _joined(
    run_id: int, metric: str, parts: Sequence[Part], branch: int | None, begun_us: int
) -> Series | None:
    """One metric of several stretches, by step, one value each; None: nothing was logged."""
    steps, values, at_us, seq = (
        _all([getattr(part, name) for part in parts]) for name in ("steps", "values", "at_us", "seq")
    )
    openings = max(int(np.max(part.opening)) for part in parts)
    whole = Series(run_id=run_id, metric=metric, steps=steps, values=values, at_us=at_us, count=len(steps),
                   openings=max(openings, 1), begun_us=begun_us)  # fmt: skip
    rising = bool((steps[1:] > steps[:-1]).all())
    if openings > 1 or not rising:
        order = np.arange(len(steps)) if rising else np.lexsort((seq, steps))
        if openings > 1:  # in a segment points rise by step, whichever opening they are of
            opening = _all([np.broadcast_to(part.opening, part.steps.shape) for part in parts])[order]
            order = order[_of_branch(steps[order], opening, openings, branch)]
        latest = np.append(steps[order][1:] != steps[order][:-1], True)[: len(order)]
        whole = _picked(whole, order[latest])
    return whole if len(whole.steps) else None


def _of_branch(
    steps: NDArray[np.int64], opening: NDArray[np.int16], openings: int, branch: int | None
) -> NDArray[np.bool_]:
    """Which points no later opening replaced.

    >>> steps, opening = np.array([0, 1, 1, 2, 2, 3]), np.array([1, 1, 2, 1, 2, 1])
    >>> _of_branch(steps, opening, 2, None).tolist()
    [True, False, True, False, True, False]
    >>> _of_branch(steps, opening, 2, 1).tolist()
    [True, True, False, True, False, True]
    """
    last = openings if branch is None else min(branch, openings)
    keep: NDArray[np.bool_] = opening <= last
    for number in range(last, 1, -1):
        newer = steps[opening == number]
        if len(newer):
            keep &= (opening >= number) | (opening < 1) | (steps < newer.min())
    return keep


def _drawn(series: Series, width: int | None, x: str, within: tuple[float, float] | None) -> Series:
    """As many of its points as were asked for."""
    if not width:
        return _picked(series, slice(None))
    return _thinned(series, width, x) if within is None else _looked_into(series, width, x, within)


def _looked_into(series: Series, width: int, x: str, within: tuple[float, float]) -> Series:
    """Thinned as a whole, but the stretch that is looked into as finely as if it were all there is.

    >>> at = np.arange(1000)
    >>> wave = Series(run_id=1, metric="m", steps=at, values=at % 7.0, at_us=at, count=1000)
    >>> few = _looked_into(wave, 10, "step", (500, 519))
    >>> ((few.steps >= 500) & (few.steps < 520)).sum(), int(few.steps[0]), int(few.steps[-1])
    (np.int64(20), 0, 999)
    """
    axis = series.along(x)
    first = int(np.searchsorted(axis, within[0], side="left"))
    last = int(np.searchsorted(axis, within[1], side="right"))
    cuts = [(0, first), (first, last), (last, len(axis))]
    places = [first + _places(_picked(series, slice(first, last)), width, x) for first, last in cuts]
    return _picked(series, np.concatenate(places))


def _thinned(series: Series, width: int, x: str) -> Series:
    """At most three points per column, two more where it is smoothed, and both ends: no spike is lost.

    >>> at = np.arange(1000)
    >>> spiky = Series(run_id=1, metric="m", steps=at, values=9.0 * (at == 500), at_us=at, count=1000)
    >>> few = _thinned(spiky, 10, "step")
    >>> len(few.steps) <= 32, float(few.values.max())
    (True, 9.0)
    """
    return series if len(series.steps) <= 3 * width else _picked(series, _places(series, width, x))


def _places(series: Series, width: int, x: str) -> NDArray[np.intp]:
    """Where the points stand that are kept, in order; few points are all kept."""
    if len(series.steps) <= 3 * width:
        return np.arange(len(series.steps))
    axis = series.steps if x == "step" else series.at_us
    edges = np.linspace(float(axis[0]), float(axis[-1]), width + 1)[1:-1]
    starts = np.unique(np.concatenate([[0], np.searchsorted(axis, edges)]))
    starts = starts[starts < len(axis)]
    lines = [series.values] if series.smoothed is None else [series.values, series.smoothed]
    chosen = np.concatenate([[0], *(_telling(line, starts) for line in lines), [len(axis) - 1]])
    return np.unique(chosen).astype(np.intp)


def _telling(values: NDArray[np.float64], starts: NDArray[np.intp]) -> NDArray[np.intp]:
    """In each column the first places of the lowest, the highest and of a value that is no number.

    >>> _telling(np.array([1.0, np.nan, 5.0, -2.0, np.inf, np.nan]), np.array([0, 5])).tolist()
    [3, 2, 1, 5]
    """
    ends = np.append(starts[1:], len(values))
    finite = np.isfinite(values)
    whole = bool(finite.all())
    low = values if whole else np.where(finite, values, np.inf)
    high = values if whole else np.where(finite, values, -np.inf)
    lowest = low == np.repeat(np.minimum.reduceat(low, starts), ends - starts)
    highest = high == np.repeat(np.maximum.reduceat(high, starts), ends - starts)
    marks = [lowest, highest] if whole else [lowest & finite, highest & finite, ~finite]
    return np.concatenate([_firsts(mark, starts, ends) for mark in marks])


def _firsts(marked: NDArray[np.bool_], starts: NDArray[np.intp], ends: NDArray[np.intp]) -> NDArray[np.intp]:
    """The first marked place of each column that has one."""
    places = np.flatnonzero(marked)
    at = np.searchsorted(places, starts)
    found = at < len(places)
    firsts = places[at[found]]
    return firsts[firsts < ends[found]]


def _picked(series: Series, places: NDArray[np.intp] | slice) -> Series:
    return Series(
        run_id=series.run_id, metric=series.metric, steps=series.steps[places].copy(),
        values=series.values[places].copy(), at_us=series.at_us[places].copy(),
        count=series.count, openings=series.openings, begun_us=series.begun_us,
        smoothed=None if series.smoothed is None else series.smoothed[places].copy(),
    )  # fmt: skip


def _all(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Joined; a single one may still be a view of its spool's bytes."""
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
