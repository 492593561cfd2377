"""A share as a bar, to an eighth of a cell, on the track of what it could be."""

import math

from lineside.console.text import Line

_PARTS = " ▏▎▍▌▋▊▉"
_FULL, _TRACK, _UNKNOWN = "█", "░", "?"


def bar(share: float | None, *, width: int, style: str = "run") -> Line:
    """The bar in exactly `width` cells; more than full is full, what is not nothing is seen.

    >>> bar(0.5, width=5)
    [('██▌', 'run'), ('░░', 'rule')]
    >>> bar(None, width=5)
    [('?░░░░', 'dim')]
    """
    if width <= 0:
        return []
    if share is None or math.isnan(share):
        return [(_UNKNOWN + _TRACK * (width - 1), "dim")]
    eighths = round(min(1.0, max(0.0, share)) * width * 8) or (1 if share > 0 else 0)
    full, part = divmod(eighths, 8)
    text = _FULL * full + (_PARTS[part] if part else "")
    return [(text, style), (_TRACK * (width - len(text)), "rule")]


def percent(share: float | None) -> str:
    """`91 %`; a share that is unknown is `?`, one that is hardly more than nothing is not nothing.

    >>> [percent(s) for s in (0.914, 0.0, 0.002, 1.3, None)]
    ['91 %', '0 %', '<1 %', '130 %', '?']
    """
    if share is None or not math.isfinite(share):
        return _UNKNOWN
    return "<1 %" if 0 < share < 0.005 else f"{share:.0%}".replace("%", " %")
