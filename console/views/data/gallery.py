"""Every column of a version as a small picture, where the table of columns leaves room for them all."""

from collections.abc import Sequence
from itertools import chain

from lineside.console.reads.changes import Change
from lineside.console.reads.datasets import View
from lineside.console.text import Line, clip, fit, heading, safe, width_of
from lineside.console.views.data.column import bars
from lineside.console.views.data.data import STILL, far

_NARROWEST, _LOWEST = 26, 6
"""Cells and rows below which a picture tells nothing."""

_HIGHEST = 12
"""Rows above which a small picture gains nothing."""

_GAP = 2


def draw(view: View, current: Change | None, width: int, height: int) -> list[Line]:
    """All columns beside and below each other, the chosen one's name standing out; nothing without room."""
    chosen = view.chosen
    if chosen is None or not chosen.measured:
        return []
    across, high = shape(len(chosen.changes), width, height)
    if not across:
        return []
    wide = (width - 1) // across - _GAP
    out: list[Line] = []
    for first in range(0, len(chosen.changes), across):
        row = chosen.changes[first : first + across]
        tiles = [_tile(change, change is current, wide, high - 1) for change in row]
        out += [_beside(lines, wide) for lines in zip(*tiles, strict=True)] + [[]]
    return [clip(line, width) for line in out[:height]]


def shape(columns: int, width: int, height: int) -> tuple[int, int]:
    """How many pictures stand beside each other, and rows of each; the widest that fit, (0, 0) if none do."""
    for across in range(2, (width - 1) // (_NARROWEST + _GAP) + 1):
        high = height // -(-columns // across) if columns else 0
        if high >= _LOWEST:
            return across, min(high, _HIGHEST)
    return 0, 0


def _tile(change: Change, here: bool, width: int, height: int) -> list[Line]:
    """A column's name, how far it moved, and its shape, in exactly so many rows."""
    moved = change.distance is not None and change.distance >= STILL
    right = (far(change) + " ◆" * change.moved) if moved else change.fate.replace("same", "")
    style = "bold accent" if here else "bold drift" if change.moved else "bold"
    lines = [heading(safe(change.name), width, right=right, style=style), *bars(change, width, height - 1)]
    return (lines + [[] for _ in range(height)])[:height]


def _beside(lines: Sequence[Line], width: int) -> Line:
    """One row of several pictures, each in its own width."""
    padded = [_padded(line, width) for line in lines]
    return list(chain.from_iterable(padded))


def _padded(line: Line, width: int) -> Line:
    short = clip(line, width)
    used = sum(width_of(text) for text, _ in short)
    return [*short, (fit("", width - used + _GAP), "")]
