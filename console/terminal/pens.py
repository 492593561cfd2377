"""Pens: how the next character is written, what codes do to that, and the shortest way between two."""

from functools import lru_cache
from typing import NamedTuple

_OFF = {1: 22, 2: 22, 3: 23, 4: 24, 5: 25, 7: 27, 8: 28, 9: 29}
"""Weight → what takes it back."""


class Pen(NamedTuple):
    """How the next character is written."""

    weights: frozenset[int] = frozenset()
    ink: str = ""  # "38;2;1;2;3"; "": the terminal's own
    ground: str = ""


PLAIN = Pen()


@lru_cache(maxsize=4096)
def change(has: Pen | None, wants: Pen | None) -> str:
    """What makes one pen the other, in as few characters as it takes.

    >>> change(PLAIN, Pen(ink="31")), change(Pen(ink="31", ground="40"), Pen(ink="32", ground="40"))
    ('\\x1b[31m', '\\x1b[32m')
    """
    if has == wants or wants is None:
        return ""
    anew = ";".join(["0", *map(str, sorted(wants.weights)), *filter(None, (wants.ink, wants.ground))])
    if has is None:
        return f"\x1b[{anew}m"
    off = {_OFF[weight] for weight in has.weights - wants.weights}
    on = {w for w in wants.weights if w not in has.weights or _OFF[w] in off}
    codes = [*map(str, sorted(off)), *map(str, sorted(on))]
    codes += [wants.ink or "39"] if wants.ink != has.ink else []
    codes += [wants.ground or "49"] if wants.ground != has.ground else []
    return f"\x1b[{min(';'.join(codes), anew, key=len)}m"


@lru_cache(maxsize=4096)
def after(pen: Pen | None, codes: str) -> Pen | None:
    """The pen once these codes were said; None where one of them is unknown to us, until the next reset."""
    rest = codes.split(";")
    if ":" in codes:
        return None
    while rest:
        code = int(rest.pop(0) or 0)
        if code == 0:
            pen = PLAIN
        elif pen is None:
            continue
        elif code in _OFF:
            pen = pen._replace(weights=pen.weights | {code})
        elif code in _OFF.values():
            pen = pen._replace(weights=frozenset(w for w in pen.weights if _OFF[w] != code))
        elif code in (38, 48):
            many = {"5": 2, "2": 4}.get(rest[0] if rest else "", 0)
            if not many or len(rest) < many:
                return None
            colour = ";".join([str(code), *rest[:many]])
            del rest[:many]
            pen = pen._replace(ink=colour) if code == 38 else pen._replace(ground=colour)
        elif 30 <= code <= 37 or 90 <= code <= 97 or code == 39:
            pen = pen._replace(ink="" if code == 39 else str(code))
        elif 40 <= code <= 47 or 100 <= code <= 107 or code == 49:
            pen = pen._replace(ground="" if code == 49 else str(code))
        else:
            return None
    return pen
