"""The metrics of one opened run: a table, and the curve of the one under the cursor."""

from lineside.console.format import count, number
from lineside.console.reads.charts import Look
from lineside.console.reads.judging import judged
from lineside.console.reads.opened import Detail
from lineside.console.text import heading, safe
from lineside.console.views.runs.quantities import of_curves
from lineside.console.views.runs.run import best_of
from lineside.console.widgets.charts.window import Plotted, Window
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.store.queries.bests import better_side
from lineside.store.queries.runs import SummaryRow


def not_finite(row: SummaryRow) -> int:
    """Points that are NaN or an infinity."""
    return row.nan + row.pos_inf + row.neg_inf


_LEAST = 3
"""Rows of a chart with its heading."""

COLUMNS = (
    Column(key="metric", title="metric", priority=1, min=10, max=30, grow=True, value=lambda row: row.metric),
    Column(key="last", title="last", align=">", priority=1, value=lambda row: row.last),
    Column(key="best", title="★ best", align=">", priority=1, value=best_of),
    Column(key="at", title="at step", align=">", priority=2),
    Column(key="side", title="best is", priority=4),
    Column(key="min", title="min", align=">", priority=3, value=lambda row: row.min),
    Column(key="max", title="max", align=">", priority=3, value=lambda row: row.max),
    Column(key="step", title="to step", align=">", priority=5, value=lambda row: row.last_step),
    Column(key="count", title="points", align=">", priority=4, value=lambda row: row.count),
    Column(key="bad", title="not finite", align=">", priority=6, value=not_finite),
)


def cells(row: SummaryRow) -> list[Cell]:
    """One row."""
    high = better_side(row.metric) == "max"
    bad = not_finite(row)
    return [
        safe(row.metric),
        (number(row.last_value), "bold" if row.last_kind == "finite" else "bad"),
        (number(best_of(row)), "ok" if judged(row.metric) else "dim"),
        (count(row.max_step if high else row.min_step), "dim"),
        (("highest" if high else "lowest") if judged(row.metric) else "", "dim"),
        number(row.min),
        number(row.max),
        (count(row.last_step), "dim"),
        (count(row.count), "dim"),
        (count(bad), "bad") if bad else ("", ""),
    ]


def curve(
    detail: Detail,
    metric: str,
    look: Look,
    width: int,
    height: int,
    view: Window,
    *,
    log_y: bool,
    focused: bool,
) -> Plotted:
    """The chart of one metric; it says so where the run has no points of it."""
    from lineside.console.views.runs import charts

    lines = detail.curves.get(metric, ())
    what = of_curves(metric, lines)
    words = " · ".join(charts.said(lines, look, log_y=log_y, now=detail.run.created_us)) if lines else ""
    style = "head accent" if focused else "head"
    head = heading(safe(what.title) or "chart", width, right=words, style=style)
    if height < _LEAST:
        return Plotted(rows=[head])
    if not lines:
        return Plotted(
            rows=[head, [], [("  one point, no curve" if metric else "  no metric was logged", "dim")]]
        )
    drawn = charts.plotted(
        lines, look, {}, width=width - 1, height=height - 1, log_y=log_y, view=view, by=what.factor
    )
    return drawn.under(head, indent=1)
