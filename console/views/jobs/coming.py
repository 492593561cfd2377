"""What schedules will do in the next hours or days: a lane each, a mark where it fires."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from lineside.console.format import glyph
from lineside.console.text import Line, Span, clip, fit, heading, safe, width_of
from lineside.console.views.jobs.pulse import ahead
from lineside.console.views.jobs.schedules import state_words, waits_words
from lineside.jobs.schedules import timings
from lineside.store.clock import SECOND, Micros
from lineside.store.errors import Usage
from lineside.store.queries.schedules import ListedRow

_HOUR_US = 3600 * SECOND
_MOST = 400
"""Firings of one lane that are worked out."""
_DAYS = 7
_STEPS = (1, 2, 3, 6, 12)
"""Hours that may lie between two times on the axis."""
_LABEL = 10
_MARK, _LANE = "●", "─"
_WIDE = 120


def coming(rows: Sequence[ListedRow], *, now: Micros, width: int) -> list[Line]:
    """The next week where there is room for it, else the next day; nothing where nothing fires by time."""
    if not any(row.kind in ("cron", "interval") for row in rows) or width < 40:
        return []
    hours = 24 * _DAYS if width >= _WIDE else 24
    names = min(28, max(width_of(safe(row.name)) for row in rows))
    lane = width - names - 4
    title = "THE NEXT 24 HOURS" if hours == 24 else "THE NEXT 7 DAYS"
    out: list[Line] = [heading(title, width, right=f"{_MARK} fires")]
    out += [
        clip([(f" {fit(safe(row.name), names)}  ", ""), *_lane(row, now, hours, lane)], width) for row in rows
    ]
    return [*out, [(" " * (names + 3), ""), (_axis(now, hours, lane), "dim")]]


def _lane(row: ListedRow, now: Micros, hours: int, width: int) -> list[Span]:
    """The marks on a line; in words, why there are none."""
    still = state_words(row)
    if still:
        mark = glyph("HELD") if row.paused and not row.broken else ("!", "bad")
        return [(f"{mark[0]} {safe(still)}", mark[1])]
    if row.kind not in ("cron", "interval"):
        return [(f"  {safe(waits_words(row))}", "dim")]
    end = now + hours * _HOUR_US
    marked = {(at - now) * width // (end - now) for at in islice(_firings(row, now, Micros(end)), _MOST)}
    if not marked:
        then = f"  {ahead(row.next_us, now=now)}" if row.next_us is not None else ""
        return [(_LANE * max(0, width - len(then)), "rule"), (then, "dim")]
    out: list[Span] = []
    for place in range(width):
        piece = (_MARK, "run") if place in marked else (_LANE, "rule")
        if out and out[-1][1] == piece[1]:
            out[-1] = (out[-1][0] + piece[0], piece[1])
        else:
            out.append(piece)
    return out


def _firings(row: ListedRow, now: Micros, end: Micros) -> Iterator[Micros]:
    try:
        timing = timings.of(row)
    except Usage:
        return
    for at in timings.coming(timing, now) if timing is not None else ():
        if at >= end:
            return
        yield at


def _axis(now: Micros, hours: int, width: int) -> str:
    """Whole hours, or days, under the cells where they lie."""
    step = 24 if hours > 24 else next((each for each in _STEPS if hours / each * _LABEL <= width), 12)
    at = datetime.fromtimestamp(now / SECOND).astimezone().replace(minute=0, second=0, microsecond=0)
    while at.timestamp() <= now / SECOND or at.hour % step:
        at += timedelta(hours=1)
    cells = [" "] * width
    while True:
        place = round((at.timestamp() - now / SECOND) * width / (hours * 3600))
        text = f"{at:%H:%M}" if step < 24 else f"{at:%a} {at.day}"
        if place + len(text) > width:
            return "".join(cells)
        cells[place : place + len(text)] = text
        at += timedelta(hours=step)
