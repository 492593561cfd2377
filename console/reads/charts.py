"""How a chart of runs is looked at, and the points for that; numpy comes in with the first ones."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lineside.store.homes import Home

if TYPE_CHECKING:
    from lineside.store.series import Series


COLUMNS = 400
"""What a curve is thinned to: two dots a cell, on the widest of screens."""

AXES = ("step", "time", "relative")
SMOOTHNESS = (0.0, 0.6, 0.9, 0.99)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Along which axis, how smooth, and which of a resumed run's lines."""

    x: str = "step"
    smooth: float = 0.0
    branch: int | None = None  # None: the newest; 1: what the first opening logged
    within: tuple[float, float] | None = None  # a stretch of the axis that is looked at closely; None: all

    def along_next(self) -> "Look":
        """Step, wall time, relative time, and step again; all of the axis."""
        return replace(self, x=AXES[(AXES.index(self.x) + 1) % len(AXES)], within=None)

    def smoother(self) -> "Look":
        """The next weight; after the last, none."""
        return replace(self, smooth=next((each for each in SMOOTHNESS if each > self.smooth), 0.0))

    def older(self, openings: int) -> "Look":
        """The branch before this one; before the first comes the newest again."""
        here = openings if self.branch is None else min(self.branch, openings)
        return replace(self, branch=here - 1 if here > 1 else None)


PLAIN = Look()


def lines(
    db: sqlite3.Connection, home: Home, run_ids: Sequence[int], metric: str, look: Look, *, width: int | None
) -> "tuple[Series, ...]":
    """The curves of these runs, thinned to `width` columns; runs that never logged the metric have none."""
    return many(db, home, run_ids, (metric,) if metric else (), look, width=width).get(metric, ())


def many(
    db: sqlite3.Connection,
    home: Home,
    run_ids: Sequence[int],
    metrics: Sequence[str],
    look: Look,
    *,
    width: int | None,
) -> "dict[str, tuple[Series, ...]]":
    """Metric → its curves of these runs, in the order of the runs; what nobody logged has no entry."""
    if not run_ids or not metrics:
        return {}
    from lineside.store import series

    found: dict[str, tuple[Series, ...]] = {}
    for line in series.read(
        home, db, run_ids, list(metrics), width=width, x=look.x, branch=look.branch, smooth=look.smooth,
        within=look.within,
    ):  # fmt: skip
        found[line.metric] = (*found.get(line.metric, ()), line)
    return found
