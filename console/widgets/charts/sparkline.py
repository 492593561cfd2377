"""A series in one line of text, for a cell of a table."""

import math
from collections.abc import Sequence
from itertools import pairwise

_BARS = "▁▂▃▄▅▆▇"
"""None fills its cell: curves in rows beneath each other stay apart."""

_TOP = len(_BARS) - 1
GAP, BAD = " ", "!"


def text(
    values: Sequence[float | None], *, width: int, low: float | None = None, high: float | None = None
) -> str:
    """`values` as bars of seven heights, oldest left; longer series are averaged into `width` cells.

    A cell without a value is blank, one that holds NaN or an infinity is `!`, a flat series sits in
    the middle. `low` and `high` fix the scale, so that lines below each other can be compared.

    >>> text([1.0, 2.0, 3.0, None, float("nan")], width=5)
    '▁▄▇ !'
    """
    cells = shrink(values, width)
    finite = [v for v in cells if v is not None and math.isfinite(v)]
    if not finite:
        return "".join(GAP if v is None else BAD for v in cells)
    bottom = min(finite) if low is None else low
    top = max(finite) if high is None else high
    return "".join(_bar(v, bottom, top) for v in cells)


def shared(series: Sequence[Sequence[float | None]]) -> tuple[float | None, float | None]:
    """The least and the largest of several series: with it as `low` and `high`, they can be compared."""
    finite = [v for values in series for v in values if v is not None and math.isfinite(v)]
    return min(finite, default=None), max(finite, default=None)


def _bar(value: float | None, low: float, high: float) -> str:
    if value is None:
        return GAP
    if not math.isfinite(value):
        return BAD
    if high <= low:
        return _BARS[3]
    share = (value - low) / (high - low)
    return _BARS[min(_TOP, max(0, math.floor(share * _TOP + 0.5)))]


def shrink(values: Sequence[float | None], width: int) -> list[float | None]:
    """At most `width` cells: each the mean of its share, bad if any of it is bad."""
    count = len(values)
    if count <= width:
        return list(values)
    cuts = [i * count // width for i in range(width + 1)]
    return [_mean(values[a:b]) for a, b in pairwise(cuts)]


def _mean(values: Sequence[float | None]) -> float | None:
    try:
        total = math.fsum(values)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):  # some are none, or both infinities are among them
        total = math.nan
    if math.isfinite(total) and values:
        return total / len(values)
    there = [v for v in values if v is not None]
    bad = next((v for v in there if not math.isfinite(v)), None)
    if bad is not None:
        return bad
    return math.fsum(there) / len(there) if there else None
