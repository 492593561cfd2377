"""Endpoints beside each other: small charts on one scale, so that the odd one is seen at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineside.console.format import clock, glyph, number
from lineside.console.reads.monitoring import Track, View
from lineside.console.text import Line, Span, clip, fit, line_width, safe
from lineside.store.clock import SECOND, Micros

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Points = tuple[NDArray[np.float64], NDArray[np.float64]]

MOST_PANELS = 12
_NARROW, _GAP, _LABEL, _MARGIN = 36, 2, 5, 1
_SPANS_S = (60, 120, 300, 600, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
_FLAT = 3
"""The least rows a panel has, its heading included."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that every endpoint has a number for."""

    name: str
    unit: str
    style: str
    of_windows: bool = False  # of its windows, not of its scrapes


MEASURES = (
    Measure("p99", "ms", "b"),
    Measure("requests", "/s", "c"),
    Measure("errors", "%", "e"),
    Measure("drift", "AUC", "d", of_windows=True),
)


def measures(view: View, chosen: int) -> Sequence[Measure]:
    """As many from the chosen one on as have room for every endpoint: all, two or one."""
    room = MOST_PANELS // max(1, len(view.tracks))
    return MEASURES if room >= len(MEASURES) else MEASURES[chosen : chosen + (2 if room >= 2 else 1)]


def grid(view: View, chosen: int, now: Micros, width: int, height: int) -> list[Line]:
    """A panel for each endpoint and measure; clock times at the foot of each column."""
    shown = [(track, measure) for track in view.tracks for measure in measures(view, chosen)][:MOST_PANELS]
    if not shown:
        return [[("  nothing is served", "dim")]]
    width -= 2 * _MARGIN
    across = _across(len(shown), len(measures(view, chosen)), width)
    down = -(-len(shown) // across)
    high = max(_FLAT, (height - 1) // down)
    wide = (width - _GAP * (across - 1)) // across
    start, end = _span(view, now, wide - _LABEL - 1)
    points = [_points(track, measure, start) for track, measure in shown]
    most = [float(y.max()) if len(y) else 0.0 for _, y in points]
    tops = {
        each.name: _top(max((m for (_, of), m in zip(shown, most, strict=True) if of is each), default=0.0))
        for each in measures(view, chosen)
    }
    panels = [
        _panel(_Panel(track, measure, found, tops[measure.name]), start, end, now, wide, high)
        for (track, measure), found in zip(shown, points, strict=True)
    ]
    lines: list[Line] = []
    for row in range(down):
        here = panels[row * across : (row + 1) * across]
        lines += [_joined([panel[y] for panel in here], wide) for y in range(high)]
    foot = _foot(start, end, now, wide)
    return [*lines, _joined([foot] * min(across, len(shown)), wide)][:height]


def _span(view: View, now: Micros, columns: int) -> tuple[int, int]:
    """From when to when: a round span that holds all there is, in whole columns of cells.

    So what is drawn moves once in a column's time, and not with every look.
    """
    newest = max((int(t.trace.at_us[-1]) for t in view.tracks if t.trace.at_us), default=now)
    oldest = min((int(t.trace.at_us[0]) for t in view.tracks if t.trace.at_us), default=now)
    fits = (s for s in _SPANS_S if s * SECOND >= newest - oldest)
    span = min(next(fits, view.look.span_s), view.look.span_s) * SECOND
    step = max(1, span // max(1, columns))
    end = -(-newest // step) * step
    return end - span, end


def _across(panels: int, together: int, width: int) -> int:
    """As many beside each other as have room: one endpoint a row, or two or three of one measure."""
    most = max(1, (width + _GAP) // (_NARROW + _GAP))
    wanted = (2 if panels == together else together) if together > 1 else 3 if panels > 4 else 2
    return min(most, wanted, panels)


def _points(track: Track, measure: Measure, start: int) -> "Points":
    """When and what, from `start` on, both of shape (points,); what is no number is left out."""
    import numpy as np

    known = [w for w in track.windows if w.domain_auc is not None] if measure.of_windows else []
    at: Sequence[float] = [float(w.end_us) for w in known] if measure.of_windows else track.trace.at_us
    values = [w.domain_auc for w in known] if measure.of_windows else track.trace.values.get(measure.name, ())
    x, y = np.array(at, dtype=np.float64), np.array(values, dtype=np.float64)
    kept = (x >= start) & np.isfinite(y)
    return x[kept], y[kept]


def _top(most: float) -> float:
    """A round number not below it, so that the scale seldom changes."""
    if most <= 0:
        return 1.0
    power = 10.0 ** (len(str(int(most))) - 1 if most >= 1 else -len(str(int(1 / most))) + 0)
    return next(power * f for f in (1, 1.5, 2, 3, 5, 7.5, 10, 20) if power * f >= most)


@dataclass(frozen=True, slots=True)
class _Panel:
    """What one panel draws."""

    track: Track
    measure: Measure
    points: "Points"
    top: float


def _panel(panel: _Panel, start: int, end: int, now: Micros, width: int, height: int) -> list[Line]:
    """Heading with the newest value, then the line."""
    from lineside.console.widgets.charts import braille

    measure, (x, y), top, row = panel.measure, panel.points, panel.top, panel.track.endpoint
    mark, style = glyph(row.state)
    last = number(float(y[-1]), digits=3) if len(y) else "–"
    tail: list[Span] = [(f" {last} ", measure.style), (measure.unit, "dim")]
    word: list[Span] = [] if row.state == "ok" else [(f"{row.state} ", style)]
    title: list[Span] = [(f"{mark} ", style), (safe(row.name), "bold"), (f" {measure.name} ", "dim"), *word]
    rule = "─" * max(0, width - line_width(title) - line_width(tail))
    head = [*clip(title, max(4, width - line_width(tail))), (rule, "rule"), *tail]
    rows = height - 1
    if not len(y):
        silent = f"{row.state} since {clock(row.state_since_us, now=now)}"
        why = "nobody watches it" if measure.of_windows else silent
        body: list[Line] = [[("      " + why, "dim")] if at == rows // 2 else [] for at in range(rows)]
        return [head, *body]
    box = braille.Box(columns=width - _LABEL - 1, rows=rows, x0=float(start), x1=float(end), y0=0.0, y1=top)
    dots = braille.line(x, y, box)
    labels = {0: number(top, digits=2), rows - 1: "0"}
    return [
        head,
        *(
            [
                (fit(labels.get(at, ""), _LABEL, align=">") + ("┤" if at in labels else "│"), "dim"),
                (text, measure.style),
            ]
            for at, text in enumerate(braille.text(dots))
        ),
    ]


def _foot(start: int, end: int, now: Micros, width: int) -> Line:
    """The clock at both ends."""
    left, right = clock(Micros(start), now=now), clock(Micros(end), now=now)
    return [
        (" " * _LABEL + "└" + left + " " * max(1, width - _LABEL - 1 - len(left) - len(right)) + right, "dim")
    ]


def _joined(parts: Sequence[Line], width: int) -> Line:
    out: list[Span] = []
    for place, part in enumerate(parts):
        out.append((" " * (_GAP if place else _MARGIN), ""))
        kept = clip(part, width)
        out += [*kept, (" " * (width - line_width(kept)), "")]
    return out
