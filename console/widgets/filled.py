"""What a panel of a few rows holds, and its lines: pure, so that a panel can be drawn without a terminal."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from lineside.console.text import Line, heading


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing in a panel."""

    key: Hashable
    lines: Sequence[Line]
    goes: tuple[str, int | str | None] | None = None  # area and target; None: there is nowhere to go


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What a panel shows in the room it has."""

    title: str
    rows: Sequence[Row]
    right: str = ""
    tone: str = "head"


Fill = Callable[[int, int], Filled]
"""Draws for so many cells and so many lines under the heading; the first cell is left to the cursor."""


def lines_of(
    filled: Filled, width: int, height: int, *, cursor: int | None = None
) -> list[tuple[Line, bool]]:
    """Heading and rows in at most `height` lines, each with whether the cursor is on it.

    The row of the cursor is in sight; where rows are hidden below,
    the heading says how many, or the last line where something else stands there.
    """
    tone = "head accent" if cursor is not None else filled.tone
    room = height - 1
    first = _first(filled.rows, cursor or 0, room)
    right = filled.right or _hidden(filled.rows[first:], room)
    out: list[tuple[Line, bool]] = [(heading(filled.title, width, right=right, style=tone), False)]
    for place, row in enumerate(filled.rows[first:], first):
        here = place == cursor
        left = room - (len(out) - 1)
        more = len(filled.rows) - place
        full = len(row.lines) > left or (len(row.lines) == left and more > 1)
        if full and left and not here and filled.right and len(out) > 1:
            out.append(([(f"   … {more} more", "dim")], False))
            break
        bar = ("▌", "accent") if here else (" ", "")
        out += [([bar, *line], here) for line in row.lines[:left]]
    return out[:height]


def _hidden(rows: Sequence[Row], room: int) -> str:
    """`5 more`, of rows that find no room; nothing where all do."""
    out = sum(1 for end in accumulate(len(row.lines) for row in rows) if end > room)
    return f"{out} more" if out else ""


def _first(rows: Sequence[Row], cursor: int, room: int) -> int:
    """The row to begin with, so that the cursor's is in sight with a line to spare for those below."""
    first = 0
    while first < cursor and sum(len(row.lines) for row in rows[first : cursor + 1]) > room - 1:
        first += 1
    return first
