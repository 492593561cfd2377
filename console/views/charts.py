"""Curves of runs as a chart: which lines, under which words. It imports numpy, so import it late."""

from collections.abc import Mapping, Sequence

from lineside.console.format import day
from lineside.console.reads.charts import Look
from lineside.console.text import Line
from lineside.console.widgets import chart, ticks
from lineside.store.clock import Micros
from lineside.store.series import Series

_SCALES = {"step": ticks.NUMBERS, "time": ticks.CLOCK, "relative": ticks.LENGTHS}
_FEW = 3
"""So few points are shown as points."""


def rows(
    lines: Sequence[Series], look: Look, letters: Mapping[int, str], *, width: int, height: int, log_y: bool
) -> list[Line]:
    """The chart; the line that was logged stays, faintly, behind a smoothed one.

    Args:
        letters: run → the letter of its mark; a run without one is named by its number.
    """
    several = len(lines) > 1
    drawn = [_drawn(line, look, letters.get(line.run_id, ""), several=several) for line in lines]
    return list(chart.render(drawn, width=width, height=height, log_y=log_y, x_scale=_SCALES[look.x]))


def _drawn(line: Series, look: Look, letter: str, *, several: bool) -> chart.Line:
    return chart.Line(
        name=f"{letter} {line.run_id}".strip(), style=letter or "a", letter=letter if several else "",
        points=len(line.steps) < _FEW,
        x=line.along(look.x), y=line.values if line.smoothed is None else line.smoothed,
        behind=None if line.smoothed is None else line.values,
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
