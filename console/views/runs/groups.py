"""Groups of runs as rows: how many, how far, and how good."""

import math
from collections.abc import Mapping, Sequence

from lineside.console.format import NONE, clock, count, number, plural
from lineside.console.text import Line, safe
from lineside.console.views.runs.runs import CURVE
from lineside.console.widgets.charts import sparkline
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.store.clock import Micros
from lineside.store.queries.groups import GroupRow, Groups

_WIDE, _OTHERS = 160, 116
"""Cells of the screen from which curves may be long; what the other columns take of it at most."""


def curve_width(width: int) -> int:
    """Cells of a curve on a screen of that width.

    >>> curve_width(80), curve_width(200)
    (12, 84)
    """
    return width - _OTHERS if width >= _WIDE else CURVE


def columns(key: str, *, width: int) -> list[Column]:
    """The columns of a list of groups by `key` on a screen of that many cells."""
    return [
        Column(key="value", title=safe(key), priority=1, min=10, max=40, grow=True, value=_by_value),
        Column(key="count", title="runs", align=">", priority=1, value=lambda row: row.count),
        Column(key="running", title="running", align=">", priority=5, value=lambda row: row.running),
        Column(key="failed", title="failed", align=">", priority=4, value=lambda row: row.failed),
        Column(key="best", title="best", align=">", priority=1, value=lambda row: row.best),
        Column(key="median", title="median", align=">", priority=2, value=lambda row: row.median),
        Column(key="worst", title="worst", align=">", priority=6, value=lambda row: row.worst),
        Column(key="best_run", title="best run", align=">", priority=3, value=lambda row: row.best_run),
        Column(key="curve", title="its curve", priority=7, min=curve_width(width), max=1_000),
        Column(key="newest", title="newest", align=">", priority=8, value=lambda row: row.newest_us),
    ]  # fmt: skip


def _by_value(row: GroupRow) -> tuple[float, str] | None:
    """Numbers by size, then words; None: the runs that have no value."""
    if row.value is None:
        return None
    try:
        return float(row.value), ""
    except ValueError:
        return math.inf, row.value


def cells(
    row: GroupRow, curves: Mapping[int, Sequence[float]], *, now: Micros, width: int = 80
) -> list[Cell]:
    """One row."""
    long, best = curve_width(width), curves.get(row.best_run or 0, ())
    drawn = [best[at * len(best) // long] for at in range(long)] if 0 < len(best) < long else best
    return [
        named(row),
        count(row.count),
        (count(row.running), "run") if row.running else ("0", "dim"),
        (count(row.failed), "bad") if row.failed else ("0", "dim"),
        (number(row.best), "bold" if row.best is not None else "dim"),
        number(row.median),
        (number(row.worst), "dim"),
        NONE if row.best_run is None else str(row.best_run),
        (sparkline.text(drawn, width=long), "faint-run"),
        (clock(row.newest_us, now=now), "dim"),
    ]


def named(row: GroupRow) -> Cell:
    """What the runs have in common; a parent by number and name."""
    if row.value is None:
        return "without", "dim"
    return safe(" ".join(filter(None, [row.value, row.name])))


def in_sum(found: Groups) -> Line:
    """How many groups of how many runs, and what best, median and worst are of."""
    of = f" · {safe(found.metric)}" if found.metric else ""
    return [(f"{plural(found.total, 'group')} of {plural(found.runs, 'run')}", ""), (of, "dim")]
