"""A share as a bar, to an eighth of a cell, with its value beside it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lineside.console.text import Line, Span, clip, fit, width_of

_PARTS = " ▏▎▍▌▋▊▉"
_FULL, _TRACK, _UNKNOWN = "█", "─", "?"

Levels = Sequence[tuple[float, str]]
"""From which share on a bar has which style, rising."""

LOAD: Levels = ((0.0, "run"),)
"""The more the better, or nobody's fault: the use of a GPU."""

FILL: Levels = ((0.0, "ok"), (0.8, "warn"), (0.95, "bad"))
"""What runs out: disk, memory, a budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """One bar of a panel."""

    label: str
    share: float | None  # 1: full; None: unknown
    value: str = ""  # empty: the share in percent
    note: str = ""  # after it, quietly
    levels: Levels = FILL


def bar(share: float | None, *, width: int, levels: Levels = FILL) -> Line:
    """The bar alone in exactly `width` cells; more than full is full, what is not nothing is seen.

    >>> [(text, style) for text, style in bar(0.5, width=5)]
    [('██▌', 'ok'), ('──', 'rule')]
    >>> bar(None, width=5)
    [('?────', 'dim')]
    """
    if width <= 0:
        return []
    if share is None or math.isnan(share):
        return [(_UNKNOWN + _TRACK * (width - 1), "dim")]
    eighths = round(min(1.0, max(0.0, share)) * width * 8) or (1 if share > 0 else 0)
    full, part = divmod(eighths, 8)
    text = _FULL * full + (_PARTS[part] if part else "")
    return [(text, style_of(share, levels)), (_TRACK * (width - len(text)), "rule")]


def style_of(share: float | None, levels: Levels = FILL) -> str:
    """The style of a share by its levels; what is unknown is quiet."""
    if share is None or math.isnan(share):
        return "dim"
    return next((style for least, style in reversed(levels) if share >= least), levels[0][1])


def percent(share: float | None) -> str:
    """`91 %`; a share that is unknown is `?`, one that is hardly more than nothing is not nothing.

    >>> [percent(s) for s in (0.914, 0.0, 0.002, 1.3, None)]
    ['91 %', '0 %', '<1 %', '130 %', '?']
    """
    if share is None or not math.isfinite(share):
        return _UNKNOWN
    return "<1 %" if 0 < share < 0.005 else f"{share:.0%}".replace("%", " %")


def text(share: float | None, *, width: int, value: str | None = None, levels: Levels = FILL) -> Line:
    """Bar and value in exactly `width` cells; where there is no room for both, the value alone."""
    said = percent(share) if value is None else value
    room = width - max(5, width_of(said)) - 1
    style = style_of(share, levels)
    if room < 3:
        return [(fit(said, width, align=">"), style)]
    return [*bar(share, width=room, levels=levels), (" " + fit(said, width - room - 1, align=">"), style)]


def panel(gauges: Sequence[Gauge], *, width: int, height: int | None = None) -> list[Line]:
    """One below the other, labels, bars and values aligned; notes where there is room for them."""
    if not gauges:
        return []
    shown = gauges if height is None else gauges[: max(0, height)]
    labels = min(max(width_of(g.label) for g in gauges), max(4, width // 3))
    values = max(5, *(width_of(g.value or percent(g.share)) for g in gauges))
    notes = max(width_of(g.note) for g in gauges)
    room = width - labels - values - 3
    noted = bool(notes) and room - notes - 2 >= 6
    bars = max(0, min(40, room - notes - 2 if noted else room))
    return [clip(_line(g, labels, bars, values, noted=noted), width) for g in shown]


def _line(gauge: Gauge, labels: int, bars: int, values: int, *, noted: bool) -> list[Span]:
    value = fit(gauge.value or percent(gauge.share), values, align=">")
    return [
        (fit(gauge.label, labels) + " ", ""),
        *bar(gauge.share, width=bars, levels=gauge.levels),
        (f" {value}", style_of(gauge.share, gauge.levels)),
        (f"  {gauge.note}" if noted else "", "dim"),
    ]
