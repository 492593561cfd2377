"""Points of charts: from the spools, up to where they are ingested, thinned to what a screen can show."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lineside.store import spool
from lineside.store.homes import Home
from lineside.store.queries import spools
from lineside.store.spool import Steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One metric of one run, in the order of its axis; of several values at one step, the latest written."""

    run_id: int
    metric: str
    steps: NDArray[np.int64]  # (n,)
    values: NDArray[np.float64]  # (n,) NaN and infinities as they were written
    at_us: NDArray[np.int64]  # (n,) when each was written
    count: int  # points before thinning


def read(
    home: Home,
    db: sqlite3.Connection,
    run_ids: Sequence[int],
    metrics: Sequence[str],
    *,
    width: int | None = None,
    x: str = "step",
) -> list[Series]:
    """What these runs logged of these metrics; a run without a metric has no series of it.

    Args:
        width: columns of the chart; each keeps its lowest, its highest and one value that is no number.
        x: "step" or "time": what the columns divide, and what the points are ordered by.

    Raises:
        ValueError: `x` is neither.
    """
    if x not in ("step", "time"):
        raise ValueError(f"x is {x!r}: neither 'step' nor 'time'")
    found = []
    for run_id in run_ids:
        parts = list(_parts(home, db, run_id, metrics))
        for metric in metrics:
            whole = _joined(run_id, metric, [part for part in parts if metric in part.names])
            if whole is not None:
                ordered = whole if x == "step" else _picked(whole, np.argsort(whole.at_us, kind="stable"))
                found.append(_thinned(ordered, width, x) if width else ordered)
    return found


def _parts(home: Home, db: sqlite3.Connection, run_id: int, metrics: Sequence[str]) -> Iterator[Steps]:
    """The stretches of a run's spools that hold any of the metrics; places go on from spool to spool."""
    wanted, before = set(metrics), 0
    for row in spools.of_run(db, run_id):
        try:
            found = spool.read(
                home.spool / row.path, limit=row.offset_bytes, verify=row.skipped_bytes > 0, wanted=wanted
            )
        except FileNotFoundError:
            continue  # compacted since the row was read
        for part in found.steps:
            yield Steps(names=part.names, seq=part.seq + before, steps=part.steps, at_ns=part.at_ns,
                        values=part.values)  # fmt: skip
        before += found.frames


def _joined(run_id: int, metric: str, parts: Sequence[Steps]) -> Series | None:
    """One metric of several stretches, by step, one value each; None: nothing was logged."""
    if not parts:
        return None
    steps = _all(part.steps for part in parts)
    values = _all(part.values[:, part.names.index(metric)] for part in parts)
    at_us = _all(part.at_ns for part in parts) // 1_000
    whole = Series(run_id=run_id, metric=metric, steps=steps, values=values, at_us=at_us, count=len(steps))
    if len(steps) > 1 and not bool((steps[1:] > steps[:-1]).all()):
        order = np.lexsort((_all(part.seq for part in parts), steps))
        latest = np.append(steps[order][1:] != steps[order][:-1], True)
        whole = _picked(whole, order[latest])
    return whole


def _thinned(series: Series, width: int, x: str) -> Series:
    """At most three points per column, and both ends: no spike is lost.

    >>> at = np.arange(1000)
    >>> spiky = Series(run_id=1, metric="m", steps=at, values=9.0 * (at == 500), at_us=at, count=1000)
    >>> few = _thinned(spiky, 10, "step")
    >>> len(few.steps) <= 32, float(few.values.max())
    (True, 9.0)
    """
    if len(series.steps) <= 3 * width:
        return series
    axis = series.steps if x == "step" else series.at_us
    edges = np.linspace(float(axis[0]), float(axis[-1]), width + 1)[1:-1]
    starts = np.unique(np.concatenate([[0], np.searchsorted(axis, edges)]))
    starts = starts[starts < len(axis)]
    values, finite = series.values, np.isfinite(series.values)
    low, high = np.where(finite, values, np.inf), np.where(finite, values, -np.inf)
    chosen = [np.array([0, len(axis) - 1]), _first_of_each(low, np.minimum.reduceat(low, starts), starts),
              _first_of_each(high, np.maximum.reduceat(high, starts), starts)]  # fmt: skip
    if not finite.all():
        chosen.append(_first_of_each(finite, np.zeros(len(starts), bool), starts))
    return _picked(series, np.unique(np.concatenate(chosen)))


def _first_of_each(values: NDArray[Any], wanted: NDArray[Any], starts: NDArray[np.intp]) -> NDArray[np.intp]:
    """In each stretch that begins at `starts`, the first place that holds the wanted value, if any does."""
    lengths = np.diff(np.append(starts, len(values)))
    places = np.flatnonzero(values == np.repeat(wanted, lengths))
    _, first = np.unique(np.searchsorted(starts, places, side="right"), return_index=True)
    picked: NDArray[np.intp] = places[first]
    return picked


def _picked(series: Series, places: NDArray[np.intp]) -> Series:
    return Series(
        run_id=series.run_id, metric=series.metric, steps=series.steps[places], values=series.values[places],
        at_us=series.at_us[places], count=series.count,
    )  # fmt: skip


def _all(arrays: Iterable[NDArray[Any]]) -> NDArray[Any]:
    """Joined, and copied out of the spool's own bytes."""
    return np.concatenate(list(arrays))
