"""Drawn text before it meets a terminal: rows of (text, style) spans, and the few words styles go by.

A style is a word, not a colour: the theme decides what it looks like, and without colour the text
still says everything.

    ""      plain          "dim"    frames, axes, units      "head"   what a table is about
    "ok"    good, live     "wait"   not yet                  "bad"    failed, firing
    "drift" drifted        "warn"   look at this             "key"    a key to press
    "a"…"f" series and marks, in the order of their letters
"""

from collections.abc import Iterable, Sequence
from unicodedata import category, east_asian_width

Span = tuple[str, str]
Row = list[Span]

SERIES = ("a", "b", "c", "d", "e", "f")
CUT = "…"


def cells(text: str) -> int:
    """How many terminal cells the text takes.

    >>> cells("abc"), cells("数")
    (3, 2)
    """
    if text.isascii():
        return len(text)
    return sum(_cells(c) for c in text)


def safe(text: str) -> str:
    """A name made fit for the screen: control and direction marks are shown, never obeyed.

    >>> safe("a\\x1b[2Jb")
    'a�[2Jb'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join("�" if category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in text)


def clip(text: str, width: int) -> str:
    """The text in at most `width` cells, `…` where something was cut off.

    >>> clip("promotion", 6)
    'promo…'
    """
    if cells(text) <= width:
        return text
    if width < 1:
        return ""
    kept, room = [], width - 1
    for c in text:
        room -= _cells(c)
        if room < 0:
            break
        kept.append(c)
    return "".join(kept) + CUT


def left(text: str, width: int) -> str:
    """The text at the left of exactly `width` cells."""
    short = clip(text, width)
    return short + " " * (width - cells(short))


def right(text: str, width: int) -> str:
    """The text at the right of exactly `width` cells."""
    short = clip(text, width)
    return " " * (width - cells(short)) + short


def wide(row: Iterable[Span]) -> int:
    return sum(cells(text) for text, _ in row)


def fit(row: Sequence[Span], width: int) -> Row:
    """The row in exactly `width` cells: cut or filled up."""
    out: Row = []
    room = width
    for text, style in row:
        size = cells(text)
        if size > room:
            out.append((clip(text, room), style))
            room -= cells(out[-1][0])
            break
        out.append((text, style))
        room -= size
    if room > 0:
        out.append((" " * room, ""))
    return out


def beside(one: Sequence[Row], other: Sequence[Row], *, left_width: int, gap: str = " │ ") -> list[Row]:
    """Two blocks side by side, the shorter one filled up with blank rows."""
    count = max(len(one), len(other))
    pairs = zip(_padded(one, count), _padded(other, count), strict=True)
    return [[*fit(a, left_width), (gap, "dim"), *b] for a, b in pairs]


def rule(title: str, width: int, *, note: str = "", style: str = "head") -> Row:
    """A title that opens a pane: `TITLE ─────────── note ──`."""
    shown = clip(title, width)
    tail = f" {note} ──" if note and cells(shown) + cells(note) + 8 <= width else ""
    fill = width - cells(shown) - 1 - cells(tail)
    return (
        [(shown, style), (" " + "─" * max(0, fill), "dim"), (tail, "dim")] if fill > 0 else [(shown, style)]
    )


def plain(rows: Iterable[Iterable[Span]]) -> list[str]:
    """The text alone, as a terminal without colour shows it."""
    return ["".join(text for text, _ in row).rstrip() for row in rows]


def merge(row: Iterable[Span]) -> Row:
    """Neighbours of one style as one span: fewer bytes over the wire."""
    out: Row = []
    for text, style in row:
        if out and out[-1][1] == style:
            out[-1] = (out[-1][0] + text, style)
        elif text:
            out.append((text, style))
    return out


def _cells(c: str) -> int:
    if category(c) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(c) in "WF" else 1


def _padded(rows: Sequence[Row], count: int) -> list[Row]:
    return [*rows, *([[]] * (count - len(rows)))]
