"""One endpoint over time: latency, requests and errors, with the swaps and alerts of that time."""

from collections.abc import Sequence

from lineside.console.format import NONE, number
from lineside.console.reads.monitoring import Chosen, View
from lineside.console.text import Line, Span, clip, heading, line_width
from lineside.console.widgets.charts.window import ALL, Plotted, Window

_ROOMY = 56
"""From so many columns on a panel has room for names beside its drawing and intervals in its heading."""


def latency(view: View, width: int, height: int, window: Window = ALL) -> Plotted:
    """p50 and p99 of the chosen endpoint, when another version took over, and when alerts fired."""
    chosen = view.chosen
    if chosen is None or not view.look.deep:  # numpy is imported by the second look, off the loop
        return Plotted(rows=[heading("LATENCY", width, right=f"ms, {_span(view.look.span_s)}")][:height])
    lines = (("p99", "p99", "b"), ("p50", "p50", "a"))
    head = _latency_head(view, chosen, width)
    return _series(view, chosen, lines, width - 1, height - 1, window).under(head, indent=1)


def traffic(view: View, width: int, height: int, window: Window = ALL) -> Plotted:
    """Requests and errors per second of the chosen endpoint."""
    chosen = view.chosen
    head = heading("TRAFFIC", width, right=f"per second, {_span(view.look.span_s)}")
    if chosen is None or not view.look.deep:
        return Plotted(rows=[head])
    lines = (("requests", "requests", "c"), ("errors", "failing", "bad"))
    return _series(view, chosen, lines, width - 1, height - 1, window).under(head, indent=1)


def _latency_head(view: View, chosen: Chosen, width: int) -> Line:
    """`LATENCY ── p99 4.7 p50 .85 ms 1 h`: where there is no room for names beside the chart."""
    span = _span(view.look.span_s)
    if width >= _ROOMY:
        return heading("LATENCY", width, right=f"ms, {span}")
    now = chosen.scrapes[-1] if chosen.scrapes else None
    tail: list[Span] = [
        (f" p99 {number(now.p99_ms, digits=2) if now else NONE}", "b"),
        (f" p50 {number(now.p50_ms, digits=2) if now else NONE}", "a"),
        (f" ms {span}", "dim"),
    ]
    title = "LATENCY" if line_width(tail) + 9 <= width else "MS"
    return clip([*heading(title, max(len(title) + 2, width - line_width(tail))), *tail], width)


def _series(
    view: View,
    chosen: Chosen,
    given: Sequence[tuple[str, str, str]],
    width: int,
    height: int,
    window: Window,
) -> Plotted:
    """Lines over the span, with the swaps and the alerts that fired in it.

    Args:
        given: the name of each line, its measure, its style.
    """
    import numpy as np

    from lineside.console.widgets.charts import chart, ticks

    rows, trace = chosen.scrapes, chosen.trace
    x = np.array(trace.at_us, dtype=np.float64)
    lines = [
        chart.Line(name=name, x=x, y=np.array(trace.values[measure], dtype=np.float64), style=style)
        for name, measure, style in given
    ]
    first, last = (rows[0].at_us, rows[-1].at_us) if rows else (1, 0)
    swaps = [s for s in chosen.swaps if first <= s.from_us <= last]
    fired = [a for a in view.alarms.get(chosen.endpoint.id, ()) if first <= (a.fired_us or 0) <= last]
    marks = [
        *(chart.Mark(x=float(s.from_us), text=f"v{s.number}") for s in swaps),
        *(chart.Mark(x=float(a.fired_us or 0), text="◆", style="drift") for a in fired),
    ]
    return chart.plotted(
        lines, width=width, height=height, view=window, x_scale=ticks.CLOCK, marks=marks, gaps=True,
        legend=width >= _ROOMY - 1,
    )  # fmt: skip


def _span(seconds: int) -> str:
    return f"{seconds // 3600} h" if seconds >= 3600 else f"{seconds // 60} min"
