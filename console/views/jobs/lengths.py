"""How long jobs of each name took, a bar each on one scale: what fills the room below a short queue."""

from collections.abc import Mapping, Sequence
from statistics import median

from lineside.console.format import bar, plural, took
from lineside.console.text import Line, clip, fit, heading, safe, width_of

LEAST = 6
"""Lines below the queue from which on it is shown."""
_NAMES, _BAR = 32, 60


def lines(lengths: Mapping[str, Sequence[float]], width: int, height: int) -> list[Line]:
    """The newest jobs of each name, the newest first, and the median of those that are known.

    Args:
        lengths: name → seconds, the newest first.
    """
    known = {name: seconds for name, seconds in lengths.items() if seconds}
    if not known or height < LEAST:
        return []
    each = max(1, (height - 1) // len(known) - 1)
    names = min(_NAMES, max(width_of(safe(name)) for name in known))
    longest = max(max(seconds) for seconds in known.values())
    wide = max(8, min(_BAR, width - names - 40))
    out: list[Line] = [heading("HOW LONG THEY TOOK", width, right="the newest first")]
    for name, seconds in known.items():
        for place, length in enumerate(seconds[:each]):
            said: Line = [
                (f" {fit(safe(name) if not place else '', names)}  ", "bold"),
                (fit(bar(length / longest if longest > 0 else 0.0, wide), wide), "faint-a"),
                (f"  {took(length):>8}", ""),
                (f"  median {took(median(seconds))} of {plural(len(seconds), 'job')}" * (not place), "dim"),
            ]  # fmt: skip
            out.append(clip(said, width))
        out.append([])
    return out[:height]
