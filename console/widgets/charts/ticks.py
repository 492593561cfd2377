"""Where an axis puts its marks: round numbers, round times, and their text."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

_TIME_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
_SECOND = 1_000_000
_DAY_S = 86400
_UNITS = ((_DAY_S, "d"), (3600, "h"), (60, "m"), (1, "s"))
_TINY, _HUGE = 1e-3, 1e5
"""Outside these a number is written as a power of ten."""


def nice(low: float, high: float, *, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten inside [low, high], at most `most` of them.

    >>> nice(0.0, 97.0, most=6)
    [0.0, 20.0, 40.0, 60.0, 80.0]
    """
    if not high > low or most < 1:
        return [low]
    step = _step((high - low) / (most * 5))
    while math.floor(high / step + 1e-9) - math.ceil(low / step - 1e-9) >= most:
        step = _step(step * 1.1)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12 - math.floor(math.log10(step))) + 0.0 for i in range(first, last + 1)]


def nice_log(low: float, high: float, *, most: int) -> list[float]:
    """Powers of ten inside [low, high]; 1, 2, 5 of them where there is room.

    >>> nice_log(0.03, 2.0, most=6)
    [0.05, 0.1, 0.2, 0.5, 1.0, 2.0]
    """
    if low <= 0:
        return nice(low, high, most=most)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1, 2, 5), (1, 3), (1,)):
        found = [
            d * 10.0**k
            for k in decades
            for d in digits
            if low * (1 - 1e-9) <= d * 10.0**k <= high * (1 + 1e-9)
        ]
        if len(found) <= most:
            break
    else:
        found = found[:: -(-len(found) // max(1, most))]
    return [float(f"{value:.3g}") for value in found] if len(found) > 1 else nice(low, high, most=most)


def nice_time(low_us: float, high_us: float, *, most: int) -> list[float]:
    """Round clock times inside [low_us, high_us], in the viewer's own zone, at most `most` of them."""
    step = _time_step(max(0.0, high_us - low_us) / _SECOND, most) * _SECOND
    offset = _zone_offset_us(low_us)
    first = math.ceil((low_us + offset) / step) * step - offset
    return (
        [first + i * step for i in range(int((high_us - first) // step) + 1)]
        if first <= high_us
        else [low_us]
    )


def nice_span(low_s: float, high_s: float, *, most: int) -> list[float]:
    """Round lengths of time inside [low_s, high_s], in seconds, at most `most` of them.

    >>> nice_span(0.0, 5400.0, most=4)
    [0.0, 1800.0, 3600.0, 5400.0]
    """
    step = _time_step(high_s - low_s, most)
    if not high_s > low_s or step < 2:
        return nice(low_s, high_s, most=most)
    first, last = math.ceil(low_s / step), math.floor(high_s / step)
    return [float(i * step) for i in range(first, last + 1)] or [low_s]


def text(value: float, among: Sequence[float]) -> str:
    """The value with just the decimals that tell the marks of its axis apart.

    >>> text(0.5, [0.0, 0.25, 0.5]), text(20000.0, [0.0, 20000.0]), text(1000.001, [1000.0, 1000.001])
    ('0.50', '20,000', '1,000.001')
    """
    largest = max((abs(v) for v in among), default=0.0)
    if largest and (largest < _TINY or largest >= _HUGE * 10):
        return _power(value, among)
    gap = min((b - a for a, b in pairwise(among)), default=0.0)
    decimals = max((_decimals(v, within=gap * 1e-3 or abs(v) * 1e-6) for v in among), default=0)
    return f"{value:,.{decimals}f}"


def _power(value: float, among: Sequence[float]) -> str:
    """As a power of ten, with the digits that tell the marks apart: `1.25e6`."""
    different = len(set(among))
    digits = next((n for n in range(1, 9) if len({f"{v:.{n}e}" for v in among}) == different), 9)
    mantissa, _, exponent = f"{value:.{digits}e}".partition("e")
    return "0" if value == 0 else f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def clock_text(at_us: float, among: Sequence[float]) -> str:
    """The clock time, with seconds where the marks are closer than a minute; midnight is named by its day."""
    here = datetime.fromtimestamp(at_us / _SECOND).astimezone()
    gap = min((b - a for a, b in pairwise(among)), default=_SECOND)
    if gap >= _DAY_S * _SECOND or (gap >= 60 * _SECOND and here.hour == here.minute == 0):
        return here.strftime("%d %b")
    return here.strftime("%H:%M" if gap >= 60 * _SECOND else "%H:%M:%S")


def span_text(value_s: float, among: Sequence[float]) -> str:
    """A length of time in the words of a stopwatch.

    >>> [span_text(v, [0.0, 1800.0]) for v in (0.0, 1800.0, 5400.0, -90.0)], span_text(0.5, [0.0, 0.5])
    (['0', '30 m', '1 h 30 m', '-1 m 30 s'], '0.5 s')
    """
    if min((b - a for a, b in pairwise(among)), default=1.0) < 1:
        return f"{text(value_s, among)} s"
    left, words = abs(round(value_s)), []
    for unit, name in _UNITS:
        number, left = divmod(left, unit)
        words += [f"{number} {name}"] if number else []
    return ("-" if value_s < 0 else "") + (" ".join(words[:2]) or "0")


@dataclass(frozen=True, slots=True)
class Scale:
    """What the numbers of an axis are: which of them are round, and how they read."""

    marks: Callable[..., list[float]]
    text: Callable[[float, Sequence[float]], str]
    unit: float = 0.0  # the least that a reading tells apart; 0: as many digits as it has


NUMBERS = Scale(nice, text)
POWERS = Scale(nice_log, text)
"""For a logarithmic axis."""

CLOCK = Scale(nice_time, clock_text, unit=_SECOND)
"""Microseconds since 1970, in UTC."""

LENGTHS = Scale(nice_span, span_text, unit=1.0)
"""Seconds since something began."""


def _time_step(span_s: float, most: int) -> int:
    """The least round step, in seconds, of which fewer than `most` go into the span."""
    days = math.ceil(span_s / most / _DAY_S)
    return next((s for s in _TIME_STEPS_S if span_s / s < most), days * _DAY_S)


def _step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(d * power for d in (1, 2, 5, 10) if d * power >= least * (1 - 1e-9))


def _decimals(value: float, *, within: float) -> int:
    """The fewest decimals that come so near."""
    return next((n for n in range(9) if abs(round(value, n) - value) <= max(within, 1e-12)), 9)


def _zone_offset_us(at_us: float) -> int:
    offset = datetime.fromtimestamp(at_us / _SECOND).astimezone().utcoffset()
    return int(offset.total_seconds()) * _SECOND if offset else 0
