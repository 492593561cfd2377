"""The right of a chart: each line's name at the height where it ends, or what a crosshair reads."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lineside.console.text import Line as Row
from lineside.console.text import Span, clip, fit, joined, line_width, width_of

_GAP = 1
"""Blank cells between chart and names, and again at the right edge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One name: of a line with its value, or of a level."""

    name: str
    value: str
    style: str
    row: int  # where it would like to stand
    note: str = ""  # a quiet word behind the value


def reading(value: float, *, digits: int = 4) -> str:
    """A value in so many digits that count, without zeros that say nothing.

    >>> [reading(v) for v in (44.1834, 0.01174, 1.25e-5, 12345.6, 3_000_000.0, float("-inf"))]
    ['44.18', '0.01174', '1.25e-5', '12,346', '3e6', '-inf']
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{value:+}"
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if not -4 < size < 6:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        return f"{_bare(mantissa)}e{int(exponent)}"
    return _bare(f"{value:,.{max(0, digits - 1 - size)}f}")


def _bare(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number


def width(entries: Sequence[Entry], head: str, value: int, *, most: int) -> int:
    """Cells that the names need, gaps at both sides included; 0: there is no room for them.

    Args:
        head, value: what a crosshair may come to say, and cells of the values it reads.
    """
    need = max((_long(entry, entries, value) for entry in entries), default=0)
    need = max(need, width_of(head))
    roomy = most >= max(10, width_of(head)) + 2 * _GAP
    return min(need + 2 * _GAP, most) if need and roomy else 0


def _long(entry: Entry, entries: Sequence[Entry], least: int) -> int:
    name, value = _parts(entries)
    note = 1 + width_of(entry.note) if entry.note else 0
    return name + 1 + max(value, least) + note if entry.value else width_of(entry.name)


def _parts(entries: Sequence[Entry]) -> tuple[int, int]:
    """Cells of the longest name and of the longest value."""
    valued = [entry for entry in entries if entry.value]
    return (
        max((width_of(e.name) for e in valued), default=0),
        max((width_of(e.value) for e in valued), default=0),
    )


def column(
    entries: Sequence[Entry], *, rows: int, width: int, head: str = "", keys: Sequence[str] = ()
) -> list[Row]:
    """`rows` lines of `width` cells: the entries near the rows they like, or below `head` in their order.

    What the keys do stands quietly at the bottom, where nothing else does.
    """
    out: list[Row] = [[] for _ in range(rows)]
    if not width:
        return out
    if head and rows > 1:
        out[0] = [(" " + fit(head, width - 2 * _GAP), "bold")]
    first = 1 if head and rows > 1 else 0
    shown = list(entries[: rows - first])
    places = range(first, rows) if head else _spread([entry.row for entry in shown], rows)
    for entry, place in zip(shown, places, strict=False):
        out[place] = _row(entry, entries, width)
    if len(entries) > len(shown) and rows > first:
        out[-1] = [(f" +{len(entries) - len(shown) + 1} more", "dim")]
    if keys and len(keys) < rows and not any(out[-len(keys) - 1 :]):
        out[-len(keys) :] = [[(" " * _GAP + fit(text, width - 2 * _GAP), "dim")] for text in keys]
    return out


def sentence(entries: Sequence[Entry], head: str, *, width: int | None = None) -> list[Span]:
    """The same in one line, for charts without room at their side and to be copied.

    Where `width` is too little for all of it, names are their first words, and the head is its last.
    """
    whole = _said(entries, head)
    if width is None or line_width(whole) <= width:
        return whole
    brief = [replace(e, name=e.name.split(" ")[0]) for e in entries]
    return clip(_said(brief, head.rpartition(" ")[2]), width)


def _said(entries: Sequence[Entry], head: str) -> list[Span]:
    parts: list[Row] = [[(head, "bold")]]
    parts += [[(f"{e.name} ", e.style), (e.value, f"bold {e.style}")] for e in entries if e.value]
    return joined(parts)


def _row(entry: Entry, entries: Sequence[Entry], width: int) -> list[Span]:
    room = width - 2 * _GAP
    if not entry.value:
        return [(" " * _GAP + fit(entry.name, room), entry.style)]
    names, values = _parts(entries)
    note = f" {entry.note}" if entry.note else ""
    names = min(names, max(2, room - values - 1 - width_of(note)))
    text = f"{fit(entry.name, names)} {fit(entry.value, values, align='>')}"
    return [(" " * _GAP + fit(text, min(room, width_of(text))), entry.style), (note, "dim")]


def _spread(wanted: Sequence[int], rows: int) -> list[int]:
    """A row for each, in the order of what they want, near to it, none twice."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    places = [0] * len(wanted)
    free = 0
    for i in order:
        places[i] = free = max(free, wanted[i])
        free += 1
    last = rows - 1
    for i in reversed(order):
        places[i] = last = min(places[i], last)
        last -= 1
    return places
