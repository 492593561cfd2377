"""Curves of runs as a chart: which lines, under which words. It imports numpy, so import it late."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from lineside.console.format import day
from lineside.console.reads.charts import Look
from lineside.console.text import Line
from lineside.console.widgets.charts import chart, ticks
from lineside.console.widgets.charts.window import ALL, Plotted, Window
from lineside.store.clock import Micros
from lineside.store.series import Series

SCALES = {"step": ticks.NUMBERS, "time": ticks.CLOCK, "relative": ticks.LENGTHS}
_NEAR = 0.1
"""Of what an axis spans: so far from 0 its first point lies at most where it begins at 0."""

_FEW = 3
"""So few points are shown as points."""


def rows(
    lines: Sequence[Series], look: Look, letters: Mapping[int, str], *, width: int, height: int, log_y: bool
) -> list[Line]:
    """All of the chart, for those who cannot look into it."""
    found = plotted(lines, look, letters, width=width, height=height, log_y=log_y)
    return list(found.rows)


def plotted(
    lines: Sequence[Series],
    look: Look,
    letters: Mapping[int, str],
    *,
    width: int,
    height: int,
    log_y: bool,
    view: Window = ALL,
    live: Collection[int] = (),
    by: float = 1.0,
) -> Plotted:
    """The chart; the line that was logged stays, faintly, behind a smoothed one.

    Args:
        letters: run → the letter of its mark; a run without one is named by its number.
        live: runs that still run, of which the legend says so.
        by: what the values are multiplied with, to be in another unit.
    """
    several = len(lines) > 1
    drawn = [
        line_of(
            line,
            look,
            letters.get(line.run_id, ""),
            several=several,
            by=by,
            more="live" if line.run_id in live else "",
        )
        for line in lines
    ]
    return chart.plotted(
        drawn, width=width, height=height, view=reaching(lines, look, view), log_y=log_y,
        x_scale=SCALES[look.x],
        x_name={"step": "step", "time": "", "relative": ""}[look.x],
    )  # fmt: skip


def reaching(lines: Sequence[Series], look: Look, view: Window = ALL) -> Window:
    """The same view, its axis from 0 on where the first step or second is nearly that."""
    found = [along for line in lines if len(along := line.along(look.x))]
    if look.x == "time" or not found:
        return view
    first, last = min(float(x[0]) for x in found), max(float(x[-1]) for x in found)
    near = 0 < first <= (last - first) * _NEAR
    return replace(view, low=0.0) if near and (view.low is None or view.low >= 0) else view


def line_of(
    line: Series, look: Look, letter: str, *, several: bool, by: float = 1.0, more: str = ""
) -> chart.Line:
    """One curve as the chart draws it.

    Args:
        by: what the values are multiplied with, to be in another unit.
        more: said in the legend after the run's number.
    """
    smoothed = line.smoothed
    return chart.Line(
        name=f"{letter} {line.run_id} {more}".strip(), style=letter or "a", letter=letter if several else "",
        points=len(line.steps) < _FEW,
        x=line.along(look.x), y=(line.values if smoothed is None else smoothed) * by,
        behind=None if smoothed is None else line.values * by,
    )  # fmt: skip


def said(lines: Sequence[Series], look: Look, *, log_y: bool, now: Micros) -> list[str]:
    """What the picture does not say itself: axes, smoothing, branch."""
    words = [_axis(lines, look, now=now), "y log" if log_y else "y linear"]
    words.append(f"ema {look.smooth:g}" if look.smooth else "not smoothed")
    openings = max((line.openings for line in lines), default=1)
    if openings > 1 or look.branch is not None:
        words.append(f"branch {min(look.branch or openings, openings)} of {openings}")
    return words


def _axis(lines: Sequence[Series], look: Look, *, now: Micros) -> str:
    if look.x != "time":
        return {"step": "x step", "relative": "x since start"}[look.x]
    ends = [Micros(int(at)) for line in lines if len(line.at_us) for at in (line.at_us[0], line.at_us[-1])]
    days = dict.fromkeys(day(at) for at in sorted(ends))
    return f"x time, {next(iter(days))}" if len(days) == 1 and day(now) not in days else "x time"
