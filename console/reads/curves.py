"""A few points of a few runs, for the small curves beside running jobs; numpy comes in with the first one."""

import sqlite3
from collections.abc import Mapping, Sequence

from lineside.store.homes import Home

WIDTH = 48
"""Columns a curve is decimated to."""


def sparks(
    db: sqlite3.Connection, home: Home, wanted: Mapping[int, str], *, width: int = WIDTH
) -> dict[int, tuple[float, ...]]:
    """Run → the newest state of its metric, decimated; runs without points have no entry."""
    out: dict[int, tuple[float, ...]] = {}
    if not wanted:
        return out
    from lineside.store import series

    for metric in sorted(set(wanted.values())):
        of_metric: Sequence[int] = [run for run, name in wanted.items() if name == metric]
        for line in series.read(home, db, of_metric, [metric], width=width):
            if len(line.values):
                out[line.run_id] = tuple(float(v) for v in line.values)
    return out
