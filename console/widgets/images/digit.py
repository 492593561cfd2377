"""A small picture in half blocks: two pixels a cell, so an 8 × 8 digit takes 8 columns and 4 rows.

The shape is in the glyphs, the shades are in the colours: without colour the picture still reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lineside.console.text import Line, Span, fit, width_of

SHADES = 8
"""Steps from ground (0) to ink (8); style `ink5` draws with shade 5, `on-ink5` paints the ground with it."""

_ON = 0.3
"""Share of full ink from which a pixel counts as drawn."""

_APART = 0.35
"""Two drawn pixels of one cell that differ by more keep their own shade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One row of data that is an image, with what it was taken for."""

    pixels: Sequence[float]  # row by row
    columns: int
    full: float  # the value of full ink
    caption: Span  # "9 → 8"


def draw(picture: Picture) -> list[Line]:
    """The picture and its caption: `columns` cells wide, half as many rows and one more.

    >>> one = Picture(pixels=[0, 9, 9, 9], columns=2, full=9, caption=("1", ""))
    >>> [text for line in draw(one) for text, _ in line]
    ['▄', '█', '1 ']
    """
    shares = [min(1.0, max(0.0, value / (picture.full or 1.0))) for value in picture.pixels]
    wide = picture.columns
    rows = [shares[i : i + wide] for i in range(0, len(shares), wide)]
    if len(rows) % 2:
        rows.append([0.0] * wide)
    pairs = zip(rows[::2], rows[1::2], strict=True)
    body: list[Line] = [[_cell(*cell) for cell in zip(*pair, strict=False)] for pair in pairs]
    text, style = picture.caption
    return [*body, [(fit(text, wide), style)]]


def gallery(pictures: Sequence[Picture], *, width: int, height: int, gap: int = 2) -> list[Line]:
    """As many pictures as fit, left to right, then in further rows; a row is as high as its highest."""
    out: list[Line] = []
    for group in _shelves(pictures, width, gap):
        blocks = [(_slot(p), draw(p)) for p in group]
        high = max(len(block) for _, block in blocks)
        if len(out) + high > height:
            break
        out += [_across(blocks, row, gap) for row in range(high)]
    return out


def _cell(upper: float, lower: float) -> Span:
    """The glyph says which half is drawn, the style how dark each half is."""
    up, down = upper >= _ON, lower >= _ON
    if up and down and abs(upper - lower) > _APART:
        up, down = upper > lower, lower > upper
    if up and down:
        return "█", f"ink{_shade((upper + lower) / 2)}"
    if up:
        return "▀", f"ink{_shade(upper)} on-ink{_shade(lower)}"
    if down:
        return "▄", f"ink{_shade(lower)} on-ink{_shade(upper)}"
    return " ", f"on-ink{_shade((upper + lower) / 2)}"


def _shade(share: float) -> int:
    return round(share * SHADES)


def _slot(picture: Picture) -> int:
    return max(picture.columns, width_of(picture.caption[0]))


def _shelves(pictures: Sequence[Picture], width: int, gap: int) -> list[list[Picture]]:
    shelves: list[list[Picture]] = []
    room = 0
    for picture in pictures:
        need = _slot(picture)
        if not shelves or room < gap + need:
            shelves.append([])
            room = width + gap
        shelves[-1].append(picture)
        room -= gap + need
    return shelves


def _across(blocks: Sequence[tuple[int, list[Line]]], row: int, gap: int) -> list[Span]:
    """One row of cells through all the pictures of a shelf; captions keep to the bottom."""
    out: list[Span] = []
    high = max(len(block) for _, block in blocks)
    for place, (wide, block) in enumerate(blocks):
        at = row - (high - len(block))
        line = list(block[at]) if at >= 0 else []
        used = sum(width_of(text) for text, _ in line)
        out += [(" " * gap, "")] if place else []
        out += [*line, (" " * (wide - used), "")]
    return out
