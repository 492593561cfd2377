"""Endpoints beside each other: small charts on one scale, so that the odd one is seen at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lineside.console.format import clock, glyph, number
from lineside.console.reads.monitoring import Track, View
from lineside.console.text import Line, Span, clip, fit, line_width, safe
from lineside.store.clock import SECOND, Micros
from lineside.store.queries.endpoints import ScrapeRow

MOST_PANELS = 12
_NARROW, _GAP, _LABEL = 36, 2, 5
_SPANS_S = (60, 120, 300, 600, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
_FLAT = 3
"""The least rows a panel has, its heading included."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that every endpoint has a number for."""

    name: str
    unit: str
    style: str
    of: Callable[[ScrapeRow], float | None] | None  # None: of its windows, not of its scrapes


def _wrong(row: ScrapeRow) -> float | None:
    return 100 * row.errors / row.requests if row.requests else None


MEASURES = (
    Measure("p99", "ms", "b", lambda s: s.p99_ms),
    Measure("requests", "/s", "c", lambda s: s.rate),
    Measure("errors", "%", "e", _wrong),
    Measure("drift", "AUC", "d", None),
)


def measures(view: View, chosen: int) -> Sequence[Measure]:
    """All of them where they have room for every endpoint, else the chosen one."""
    return MEASURES if len(view.tracks) * len(MEASURES) <= MOST_PANELS else MEASURES[chosen : chosen + 1]


def grid(view: View, chosen: int, now: Micros, width: int, height: int) -> list[Line]:
    """A panel for each endpoint and measure; clock times at the foot of each column."""
    shown = [(track, measure) for track in view.tracks for measure in measures(view, chosen)][:MOST_PANELS]
    if not shown:
        return [[("  nothing is served", "dim")]]
    across = _across(len(shown), len(measures(view, chosen)), width)
    down = -(-len(shown) // across)
    high = max(_FLAT, (height - 1) // down)
    wide = (width - _GAP * (across - 1)) // across
    start, end = _span(view, now, wide - _LABEL - 1)
    points = [_points(track, measure, start) for track, measure in shown]
    tops = {
        each.name: _top(
            max((_most(p) for (_, m), p in zip(shown, points, strict=True) if m is each), default=0.0)
        )
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
    newest = max((t.scrapes[-1].at_us for t in view.tracks if t.scrapes), default=now)
    oldest = min((t.scrapes[0].at_us for t in view.tracks if t.scrapes), default=now)
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


def _points(track: Track, measure: Measure, start: int) -> list[tuple[int, float]]:
    if measure.of is None:
        return [
            (w.end_us, w.domain_auc) for w in track.windows if w.domain_auc is not None and w.end_us >= start
        ]
    of = measure.of
    return [(s.at_us, value) for s in track.scrapes if s.at_us >= start and (value := of(s)) is not None]


def _most(points: Sequence[tuple[int, float]]) -> float:
    return max((value for _, value in points if value - value == 0), default=0.0)


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
    points: Sequence[tuple[int, float]]
    top: float


def _panel(panel: _Panel, start: int, end: int, now: Micros, width: int, height: int) -> list[Line]:
    """Heading with the newest value, then the line."""
    import numpy as np

    from lineside.console.widgets.charts import braille

    measure, points, top, row = panel.measure, panel.points, panel.top, panel.track.endpoint
    mark, style = glyph(row.state)
    last = number(points[-1][1], digits=3) if points else "–"
    tail: list[Span] = [(f" {last} ", measure.style), (measure.unit, "dim")]
    word: list[Span] = [] if row.state == "ok" else [(f"{row.state} ", style)]
    title: list[Span] = [(f"{mark} ", style), (safe(row.name), "bold"), (f" {measure.name} ", "dim"), *word]
    rule = "─" * max(0, width - line_width(title) - line_width(tail))
    head = [*clip(title, max(4, width - line_width(tail))), (rule, "rule"), *tail]
    rows = height - 1
    if not points:
        why = f"{row.state} since {clock(row.state_since_us, now=now)}" if measure.of else "nobody watches it"
        body: list[Line] = [[("      " + why, "dim")] if y == rows // 2 else [] for y in range(rows)]
        return [head, *body]
    box = braille.Box(columns=width - _LABEL - 1, rows=rows, x0=float(start), x1=float(end), y0=0.0, y1=top)
    drawn = np.array(points, dtype=np.float64)
    dots = braille.line(drawn[:, 0], drawn[:, 1], box)
    labels = {0: number(top, digits=2), rows - 1: "0"}
    return [
        head,
        *(
            [
                (fit(labels.get(y, ""), _LABEL, align=">") + ("┤" if y in labels else "│"), "dim"),
                (text, measure.style),
            ]
            for y, text in enumerate(braille.text(dots))
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
        if place:
            out.append((" " * _GAP, ""))
        kept = clip(part, width)
        out += [*kept, (" " * (width - line_width(kept)), "")]
    return out
