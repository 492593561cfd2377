"""How much happened when: the newest hours or days as bars with their times below."""

from collections import Counter
from functools import lru_cache

from lineside.console.format import clock, plural, took
from lineside.console.text import Line, fit, heading
from lineside.console.widgets.charts import sparkline
from lineside.store.clock import SECOND, Micros

_SPANS = (2, 10, 30, 60, 300, 900, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600)
"""Seconds that one bar may stand for."""

_NAMED = {3600: "an hour", 6 * 3600: "6 hours", 24 * 3600: "a day", 7 * 24 * 3600: "a week"}


@lru_cache(maxsize=8)
def by_hour(moments: tuple[Micros, ...], now: Micros, width: int, height: int) -> list[Line]:
    """When things were done, as bars of one span each: the finest span that shows all of it.

    Args:
        moments: newest first.
    """
    if len(moments) < 2 or height < 4 or width < 20:
        return []
    bars = min(width - 4, 96)
    length = max(1, (moments[0] - moments[-1]) // SECOND)
    span = next((s for s in _SPANS if length / s < bars), _SPANS[-1])
    last = moments[0] // (span * SECOND)
    first = max(moments[-1] // (span * SECOND), last - bars + 1)
    counts = Counter(at // (span * SECOND) for at in moments)
    values = [float(counts.get(slot, 0)) for slot in range(first, last + 1)]
    wide = max(1, min(6, bars // len(values)))
    text = "".join(c * wide for c in sparkline.text(values, width=len(values), low=0.0))
    begin, end = clock(Micros(first * span * SECOND), now=now), clock(moments[0], now=now)
    room = max(len(begin) + len(end) + 1, len(text))
    return [
        heading("ACTIVITY", width, right=f"{plural(len(moments), 'entry', 'entries')}, {_of_bar(span)}"),
        [("  ", ""), (text, "a")],
        [("  ", ""), (fit(begin, room - len(end)) + end, "dim")],
    ]


def _of_bar(span: int) -> str:
    """What one bar stands for: `a bar is 10 s`, `a bar is a day`."""
    return f"a bar is {_NAMED.get(span) or took(span)}"
