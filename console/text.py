"""Text as the console draws it: spans with a style's name, measured in cells, harmless whatever it holds."""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from rich.cells import cell_len, set_cell_size

Span = tuple[str, str]
"""A piece of text and the name of its style, as `look.py` knows it ("" is plain)."""

Line = Sequence[Span]
"""One row of cells. Lines never wrap; whoever draws them has measured."""

ELLIPSIS = "…"
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_FLAGS = 0x1F1E6
"""The first of 26 letters, two of which terminals draw as one flag, or do not."""


def safe(text: str) -> str:
    """What a person or a script named, fit for the screen: shown, never interpreted.

    Control characters appear as their pictures; marks that turn the writing direction, join or stack on other
    characters are taken out, so that no name can move the cursor or dress up as another, and every character
    takes the same cells on all terminals, whatever stands beside it. Flags become their country's letters.

    >>> safe("loss\\x1b[31m")
    'loss␛[31m'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_harmless(c) for c in unicodedata.normalize("NFC", text))


@lru_cache(maxsize=4096)
def _harmless(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    kind = unicodedata.category(char)
    if kind in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp"):
        return "�"
    if kind in ("Cf", "Mn", "Me", "Mc"):
        return ""
    if _FLAGS <= code < _FLAGS + 26:
        return chr(ord("A") + code - _FLAGS)
    return char if cell_len(char) else ""  # a skin's tone, a vowel of hangul: they change what stands before


def pastable(text: str) -> str:
    """What goes on a clipboard: pasted into a shell it must not press keys, nor read other than it is.

    >>> pastable("lineside runs ls\\x1b[A\\u202e")
    'lineside runs ls[A'
    """
    return "".join(c for c in text if c in "\t\n" or not (unicodedata.category(c) == "Cc" or c in _TURNING))


@lru_cache(maxsize=4096)
def width_of(text: str) -> int:
    """Terminal cells that `text` takes."""
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, width: int, *, align: str = "<") -> str:
    """`text` in exactly `width` cells: padded, or cut with an ellipsis.

    >>> fit("train bike-mlp", 8), fit("57", 4, align=">")
    ('train b…', '  57')
    """
    have = width_of(text)
    if have > width:
        return set_cell_size(text, width - 1) + ELLIPSIS if width > 0 else ""
    gap = " " * (width - have)
    return gap + text if align == ">" else text + gap


def line_width(line: Line) -> int:
    return sum(width_of(text) for text, _ in line)


def plain(line: Line) -> str:
    """The line without its styles: what a copy or a test sees."""
    return "".join(text for text, _ in line)


def clip(line: Line, width: int) -> list[Span]:
    """The first `width` cells of a line, with an ellipsis where something was cut off."""
    if line_width(line) <= width:
        return list(line)
    out: list[Span] = []
    left = width
    for text, style in line:
        cells = width_of(text)
        if cells >= left:
            out.append((fit(text + " ", left) if cells == left else fit(text, left), style))
            break
        out.append((text, style))
        left -= cells
    return out


def cut(line: Line, skip: int, width: int) -> list[Span]:
    """`width` cells of a line from the cell `skip` on.

    >>> cut([("loss", "bold"), ("0.21", "")], 2, 80)
    [('ss', 'bold'), ('0.21', '')]
    """
    out: list[Span] = []
    for text, style in line:
        cells = width_of(text)
        if cells > skip:
            out.append((_behind(text, skip), style))
        skip = max(0, skip - cells)
    return clip(out, width)


def _behind(text: str, skip: int) -> str:
    """The text without its first cells; a character cut in two leaves a blank."""
    if text.isascii():
        return text[skip:]
    place, gone = 0, 0
    while gone < skip:
        gone += width_of(text[place])
        place += 1
    return " " * (gone - skip) + text[place:]


def spread(left: Line, right: Line, width: int) -> list[Span]:
    """One line with `left` at its left end and `right` at its right; the left part gives way."""
    room = max(0, width - line_width(right))
    kept = clip(left, max(0, room - 1)) if line_width(left) >= room and right else clip(left, room)
    return [*kept, (" " * max(0, room - line_width(kept)), ""), *right]


def beside(
    left: Sequence[Line], right: Sequence[Line], *, widths: tuple[int, int], rule: str = "│"
) -> list[Line]:
    """Two blocks side by side with a thin rule between, as long as the longer one."""
    out: list[Line] = []
    for row in range(max(len(left), len(right))):
        here = clip(left[row], widths[0]) if row < len(left) else []
        pad = " " * (widths[0] - line_width(here))
        there = clip(right[row], widths[1]) if row < len(right) else []
        out.append([*here, (pad, ""), (rule, "rule"), *there])
    return out


def heading(title: str, width: int, *, right: str = "", style: str = "head") -> Line:
    """` TITLE ─────────────── 4 ──`, the line over a panel, in exactly `width` cells."""
    tail: list[Span] = [(f" {right} ", "dim"), ("──", "rule")] if right else []
    rule = "─" * max(0, width - width_of(title) - 2 - line_width(tail))
    return clip([(f" {title} ", style), (rule, "rule"), *tail], width)


def flush(title: str, width: int, *, right: str = "") -> Line:
    """A heading inside a panel, whose first cell is the cursor's already."""
    (words, style), *rest = heading(title, width + 1, right=right)
    return [(words.lstrip(), style), *rest]


def joined(parts: Iterable[Line], gap: str = "  ") -> list[Span]:
    """Several lines in one, with a gap between."""
    out: list[Span] = []
    for part in parts:
        if out:
            out.append((gap, ""))
        out.extend(part)
    return out
