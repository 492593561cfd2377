"""Line charts: braille lines in a frame with round ticks, marks in time, and levels to hold them against.

Pure: arrays in, rows of spans out. It imports numpy, so import it late.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lineside.console.text import Line as Row
from lineside.console.text import clip, plain, safe
from lineside.console.widgets.charts import axes, ticks
from lineside.console.widgets.charts import legend as legends
from lineside.console.widgets.charts.braille import Box, Floats
from lineside.console.widgets.charts.plane import Plane
from lineside.console.widgets.charts.series import SERIES, value_at
from lineside.console.widgets.charts.series import Level as Level
from lineside.console.widgets.charts.series import Line as Line
from lineside.console.widgets.charts.series import Mark as Mark
from lineside.console.widgets.charts.spots import placed
from lineside.console.widgets.charts.window import ALL, Frame, Plotted, Window

_NOTHING = "–"
_LEAST_WIDTH, _LEAST_HEIGHT = 16, 4
_VALUE = 6
"""Cells kept for a value that a crosshair may read."""

_MOST = 1e300
"""Beyond it no range could be told in numbers of the machine."""


def render(
    lines: Sequence[Line],
    *,
    width: int,
    height: int,
    log_y: bool = False,
    log_x: bool = False,
    x_scale: ticks.Scale = ticks.NUMBERS,
    legend: bool = True,
    marks: Sequence[Mark] = (),
    levels: Sequence[Level] = (),
    gaps: bool = False,
) -> list[Row]:
    """The rows of `plotted`, for those who look at all of it."""
    drawn = plotted(
        lines, width=width, height=height, log_y=log_y, log_x=log_x, x_scale=x_scale, legend=legend,
        marks=marks, levels=levels, gaps=gaps,
    )  # fmt: skip
    return [list(row) for row in drawn.rows]


def plotted(
    lines: Sequence[Line],
    *,
    width: int,
    height: int,
    view: Window | None = None,
    log_y: bool = False,
    log_x: bool = False,
    x_scale: ticks.Scale = ticks.NUMBERS,
    x_name: str = "",
    legend: bool = True,
    marks: Sequence[Mark] = (),
    levels: Sequence[Level] = (),
    gaps: bool = False,
) -> Plotted:
    """A chart in exactly `width` × `height` cells: frame, ticks, lines, and names at the right.

    With nothing to draw, or no room to draw it, it says so instead.

    Args:
        view: the part that is looked at; None: nobody looks into it, no room is kept for a crosshair's words.
        x_name: what x counts, for the words of the crosshair: "step".
        gaps: NaN means "nothing was known then", which is left blank; else it is a value that went wrong,
            which is marked.
    """
    keep, view = view is not None, view or ALL
    every = _every_x(lines, log_x=log_x)
    if width < _LEAST_WIDTH or height < 1 or not len(every):
        return Plotted(rows=_said("no points yet" if not len(every) else "too small", width, height))
    if height < _LEAST_HEIGHT:
        return Plotted(rows=_bare(lines, width, height, gaps=gaps, log_y=log_y, log_x=log_x))
    low = min(v for v in (float(every[0]), view.low) if v is not None)
    high = max(v for v in (float(every[-1]), view.high) if v is not None)
    x0, x1 = (low, high) if view.x0 is None or view.x1 is None else (view.x0, view.x1)
    parts = [_within(line, x0, x1) for line in lines]
    y0, y1 = _range(parts, levels, x0, x1, view, log_y=log_y)
    rows = height - 2
    axis = axes.heights(y0, y1, rows=rows, log=log_y, exact=view.y0 is not None)
    left = axis.width + 2
    box = Box(
        columns=width - left, rows=rows, x0=axes.raise_one(x0, log_x), x1=axes.raise_one(x1, log_x),
        y0=axis.low, y1=axis.high,
    )  # fmt: skip
    frame = Frame(
        left=left, top=0, columns=box.columns, rows=rows, x0=x0, x1=x1, low=low, high=high, xs=every,
        y0=_lowered(axis.low, log_y), y1=_lowered(axis.high, log_y), log_x=log_x, log_y=log_y,
    )  # fmt: skip
    cursor = None if view.cursor is None else frame.nearest(view.cursor)
    head = "" if cursor is None else _at(x_name, cursor, x_scale)
    slack = (x1 - x0) / box.columns  # a cell
    entries = _entries(lines, parts, levels, box, cursor, gaps=gaps, log_y=log_y, slack=slack)
    kept = (_at(x_name, high, x_scale), _VALUE) if keep else ("", 0)
    aside = legends.width(entries, *kept, most=width // 3) if legend else 0
    box, frame = replace(box, columns=box.columns - aside), replace(frame, columns=box.columns - aside)
    plot = Plane(box, gaps=gaps, log_y=log_y, log_x=log_x)
    plot.draw(parts, marks, levels)
    if cursor is not None:
        plot.crosshair(parts, cursor, view.anchor, slack=slack)
    names = legends.column(entries, rows=rows, width=aside, head=head, keys=_keys(view))
    body = [
        [*a, *b, *c]
        for a, b, c in zip(axes.gutter(box, axis, left - 1), plot.canvas.lines(), names, strict=True)
    ]
    told = [] if aside or cursor is None else legends.sentence(entries, head, width=box.columns)
    below = _x_axis(frame, box, view, marks, x_scale, told=told)
    reading = plain(legends.sentence(entries, head)) if head else ""
    return Plotted(rows=[clip(row, width) for row in (*body, *below)], frame=frame, reading=reading)


def _bare(
    lines: Sequence[Line], width: int, height: int, *, gaps: bool, log_y: bool, log_x: bool
) -> list[Row]:  # fmt: skip
    """Where there is no room for axes: the lines, and the last value of each as far as there are rows."""
    every = _every_x(lines, log_x=log_x)
    x0, x1 = float(every[0]), float(every[-1])
    y0, y1 = _range(lines, (), x0, x1, ALL, log_y=log_y)
    columns = width - _VALUE - 4
    box = Box(
        columns=columns, rows=height, x0=axes.raise_one(x0, log_x), x1=axes.raise_one(x1, log_x), y0=y0, y1=y1
    )
    plot = Plane(box, gaps=gaps, log_y=log_y, log_x=log_x)
    plot.draw([replace(line, letter="") for line in lines], (), ())
    last = [e for e in _entries(lines, lines, (), box, None, gaps=gaps, log_y=log_y, slack=0.0)][:height]
    said: list[Row] = [[(f" {entry.value}", entry.style)] for entry in last]
    return [
        clip([*row, *(said[i] if i < len(said) else [])], width) for i, row in enumerate(plot.canvas.lines())
    ]


def hint(view: Window) -> str:
    """What the keys do now, for the heading of a chart: `←→ read · + - zoom`."""
    return " · ".join(_keys(view))


def _keys(view: Window) -> Sequence[str]:
    """The same, one by one."""
    if not view.focused:
        return ()
    moved = view.zoomed or view.cursor is not None or view.y0 is not None
    return ("←→ read", "+ - zoom", *(("< > move",) if view.zoomed else ()), *(("esc back",) if moved else ()))


def _every_x(lines: Sequence[Line], *, log_x: bool) -> Floats:
    """Every x there is a point at, increasing."""
    good = [line.x[np.isfinite(line.x)] for line in lines]
    good = [x[x > axes.LEAST] if log_x else x for x in good]
    good = [x for x in good if len(x)]
    if len(good) == 1:
        return good[0]
    return np.unique(np.concatenate(good)) if good else np.empty(0)


def _within(line: Line, x0: float, x1: float) -> Line:
    """The points between, and one more at either side, so that the line goes on to the edge."""
    a = max(0, int(np.searchsorted(line.x, x0, side="left")) - 1)
    b = int(np.searchsorted(line.x, x1, side="right")) + 1
    behind = None if line.behind is None else line.behind[a:b]
    return replace(line, x=line.x[a:b], y=line.y[a:b], behind=behind)


def _range(
    lines: Sequence[Line], levels: Sequence[Level], x0: float, x1: float, view: Window, *, log_y: bool
) -> tuple[float, float]:
    """The drawn heights to show: what was asked for, or all that is finite between x0 and x1."""
    if view.y0 is not None and view.y1 is not None:
        low, high = axes.raise_one(view.y0, log_y), axes.raise_one(view.y1, log_y)
        if math.isfinite(low) and math.isfinite(high):
            return low, high
    inside = [(line.x >= x0) & (line.x <= x1) for line in lines]
    shown = [line.y[at] for line, at in zip(lines, inside, strict=True)]
    shown += [line.behind[at] for line, at in zip(lines, inside, strict=True) if line.behind is not None]
    y = _finite([*shown, np.array([level.y for level in levels])], log_y)
    if not len(y):
        y = _finite([line.y for line in lines], log_y)
    return (float(y.min()), float(y.max())) if len(y) else (0.0, 1.0)


def _finite(arrays: Sequence[Floats], log_y: bool) -> Floats:
    y = axes.raised(np.concatenate(arrays), log_y)
    return y[np.isfinite(y) & (np.abs(y) < _MOST)]


def _entries(
    lines: Sequence[Line], parts: Sequence[Line], levels: Sequence[Level], box: Box, cursor: float | None,
    *, gaps: bool, log_y: bool, slack: float,
) -> list[legends.Entry]:  # fmt: skip
    """Each line with its last value or the one under the crosshair, each level; where they like to stand."""
    out = []
    for place, (line, part) in enumerate(zip(lines, parts, strict=True)):
        value = _last(line) if cursor is None else value_at(line, cursor, slack=slack)
        style = line.style or SERIES[place % len(SERIES)]
        text = _NOTHING if value is None or (gaps and math.isnan(value)) else legends.reading(value, digits=4)
        out.append(
            legends.Entry(
                name=safe(line.name), value=text, style=style, row=_end_row(part, box, log_y), note=line.note
            )
        )
    for level in levels:
        row = _row(box, axes.raise_one(level.y, log_y))
        out.append(legends.Entry(name=f"┄ {safe(level.text)}", value="", style=level.style, row=row))
    return out


def _last(line: Line) -> float | None:
    return float(line.y[-1]) if len(line.y) else None


def _end_row(part: Line, box: Box, log_y: bool) -> int:
    """Where the part of a line that is seen ends; one that went wrong ends at the bottom."""
    y = axes.raised(part.y, log_y)
    good = np.flatnonzero(np.isfinite(y))
    return _row(box, float(y[good[-1]])) if len(good) else box.rows - 1


def _row(box: Box, height: float) -> int:
    return axes.row_of(box, height)


def _lowered(height: float, log: bool) -> float:
    return float(10.0 ** max(-300.0, min(300.0, height))) if log else height


def _x_axis(
    frame: Frame, box: Box, view: Window, marks: Sequence[Mark], scale: ticks.Scale, *, told: Row
) -> list[Row]:
    """The line under the plot, and under that the labels and the names of the marks, or what is told."""
    lead = " " * (frame.left - 1)
    values = scale.marks(frame.x0, frame.x1, most=max(2, box.columns // 10))
    say = {value: scale.text(value, values) for value in values}
    columns = [frame.column_of(value) for value in values]
    line = axes.x_line(
        box, columns, before=frame.x0 > frame.low, after=frame.x1 < frame.high,
        style="accent" if view.focused else "dim",
    )  # fmt: skip
    if told:
        return [[(lead, ""), *line], [(lead + " ", ""), *told]]
    words = [(frame.column_of(mark.x), f"↑{safe(mark.text)}", mark.style) for mark in marks]
    words = [word for word in words if 0 <= word[0] < box.columns]
    words += [(c - len(say[v]) // 2, say[v], "dim") for c, v in zip(columns, values, strict=True)]
    return [[(lead, ""), *line], [(lead + " ", ""), *placed(words, box.columns)]]


def _at(name: str, x: float, scale: ticks.Scale) -> str:
    """Where the crosshair stands, to the unit: `at step 8,120`."""
    where = scale.text(x, [x, x + scale.unit]) if scale.unit else legends.reading(x, digits=7)
    return f"at {name} {where}" if name else f"at {where}"


def _said(words: str, width: int, height: int) -> list[Row]:
    """A block that holds one sentence."""
    blank: list[Row] = [[] for _ in range(max(0, height))]
    if blank:
        blank[(height - 1) // 2] = clip([(f"  {words}", "dim")], max(0, width))
    return blank
