"""Says colours and weights to the terminal only where they change: half of what a frame would send.

Textual gives every piece of text its whole style and takes it back behind it. What the terminal has already
need not be said again, and what the next piece says anew need not be taken back before.
"""

import re
from functools import lru_cache
from typing import NamedTuple

_PARTS = re.compile(r"\x1b\[([0-9;:]*)m")
_SILENT = re.compile(r"(?:\x1b\[\d*(?:;\d*)?H|\x1b\[\?[\d;]+[hl])+")
"""What neither shows nor erases anything: moves of the cursor, modes."""

_OFF = {1: 22, 2: 22, 3: 23, 4: 24, 5: 25, 7: 27, 8: 28, 9: 29}
"""Weight → what takes it back."""


class Pen(NamedTuple):
    """How the next character is written."""

    weights: frozenset[int] = frozenset()
    ink: str = ""  # "38;2;1;2;3"; "": the terminal's own
    ground: str = ""


PLAIN = Pen()


class Thrift:
    """Remembers the pen that the terminal has; None: nobody knows."""

    def __init__(self) -> None:
        self._has: Pen | None = PLAIN

    def less(self, text: str) -> str:
        """The same picture in fewer characters; afterwards the pen is what `text` left it as."""
        out: list[str] = []
        wants: Pen | None = self._has
        at = 0
        for found in _PARTS.finditer(text):
            if at < found.start():
                self._write(out, text[at : found.start()], wants)
            at = found.end()
            before, wants = wants, _after(wants, found[1])
            if wants is None:  # said as it was: what it means is the terminal's affair
                out.append(change(self._has, before) + found[0])
                self._has = None
        if at < len(text):
            self._write(out, text[at:], wants)
        out.append(change(self._has, wants))
        self._has = wants
        return "".join(out)

    def _write(self, out: list[str], piece: str, wants: Pen | None) -> None:
        if not _SILENT.fullmatch(piece):
            out.append(change(self._has, wants))
            self._has = wants
        out.append(piece)


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
def _after(pen: Pen | None, codes: str) -> Pen | None:
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
