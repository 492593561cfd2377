"""Lines in braille dots: the envelope of any number of points costs one pass of numpy. Import it late."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Dots = NDArray[np.bool_]
"""Shape (4 × rows, 2 × columns): dot [0, 0] is the upper left one."""

_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], dtype=np.int64)
BLANK = 0x2800


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """The part of the plane that is shown, and how many cells show it."""

    columns: int
    rows: int
    x0: float
    x1: float
    y0: float
    y1: float

    def dot_columns(self, x: Floats) -> NDArray[np.int64]:
        """The dot column of each x; outside values land outside [0, 2 × columns)."""
        return _scale(x - self.x0, self.x1 - self.x0, self.columns * 2)

    def dot_rows(self, y: Floats) -> NDArray[np.int64]:
        """The dot row of each y, 0 at the top, clipped to the box."""
        return _scale(self.y1 - y, self.y1 - self.y0, self.rows * 4).clip(0, self.rows * 4 - 1)


def line(x: Floats, y: Floats, box: Box) -> Dots:
    """The polyline through the finite points, broken where a point is not finite.

    Each dot column shows the whole span of the values that fall into it, so no peak is lost
    however many points share it. `x` must not decrease.
    """
    dots: Dots = np.zeros((box.rows * 4, box.columns * 2), dtype=np.bool_)
    good = np.isfinite(x) & np.isfinite(y)
    for piece in _pieces(good):
        _draw(x[piece], y[piece], box, dots)
    return dots


def codes(dots: Dots) -> NDArray[np.int64]:
    """The dots of each cell as bits, shape (rows, columns); codes of lines that share a cell may be or-ed."""
    rows, columns = dots.shape[0] // 4, dots.shape[1] // 2
    held: NDArray[np.int64] = np.einsum("rdcs,ds->rc", dots.reshape(rows, 4, columns, 2), _BITS)
    return held


def glyph(code: int) -> str:
    """The braille character of a cell."""
    return chr(BLANK + code)


def text(dots: Dots) -> list[str]:
    """The dots as rows of braille characters; a cell without dots is a space."""
    return ["".join(map(glyph, row)).replace(chr(BLANK), " ") for row in codes(dots).tolist()]


def cells(dots: Dots) -> Dots:
    """Which cells hold any dot, shape (rows, columns)."""
    rows, columns = dots.shape[0] // 4, dots.shape[1] // 2
    held: Dots = np.asarray(dots.reshape(rows, 4, columns, 2).any((1, 3)), dtype=np.bool_)
    return held


def _scale(offset: Floats, span: float, dots: int) -> NDArray[np.int64]:
    """Offsets within `span` as dot numbers; a span of nothing lies in the middle."""
    if not span > 0:
        return np.full(offset.shape, (dots - 1) // 2, dtype=np.int64)
    with np.errstate(over="ignore"):  # what lies far outside is cut off at once
        share = np.clip(offset / span, -(2.0**30), 2.0**30)
    return np.floor(share * (dots - 1) + 0.5).astype(np.int64)


def _pieces(good: NDArray[np.bool_]) -> list[slice]:
    """The runs of True."""
    edges = np.flatnonzero(np.diff(good.astype(np.int8), prepend=0, append=0))
    return [slice(a, b) for a, b in edges.reshape(-1, 2).tolist()]


def _draw(x: Floats, y: Floats, box: Box, dots: Dots) -> None:
    """One unbroken piece: the span of each dot column, joined to its neighbour's."""
    column, row = box.dot_columns(x), _scale(box.y1 - y, box.y1 - box.y0, dots.shape[0])
    start = np.flatnonzero(np.diff(column, prepend=column[0] - 1))
    end = np.append(start[1:], len(column)) - 1
    grid = np.arange(max(0, column[0]), min(dots.shape[1] - 1, column[-1]) + 1)
    if not len(grid):
        return
    here = np.searchsorted(column[start], grid, side="right") - 1
    after = np.minimum(here + 1, len(start) - 1)
    left, right = column[start][here], column[start][after]
    share = (grid - left) / np.maximum(1, right - left)
    middle = np.floor(row[end][here] + (row[start][after] - row[end][here]) * share + 0.5).astype(np.int64)
    held = grid == left
    top = np.where(held, np.minimum.reduceat(row, start)[here], middle)
    bottom = np.where(held, np.maximum.reduceat(row, start)[here], middle)
    _join(top, bottom)
    seen = (bottom >= 0) & (top < dots.shape[0])
    top, bottom, grid = top[seen].clip(min=0), bottom[seen].clip(max=dots.shape[0] - 1), grid[seen]
    fill = np.zeros((dots.shape[0] + 1, dots.shape[1]), dtype=np.int8)
    np.add.at(fill, (top, grid), 1)
    np.add.at(fill, (bottom + 1, grid), -1)
    np.logical_or(dots, fill.cumsum(0)[:-1] > 0, out=dots)


def _join(top: NDArray[np.int64], bottom: NDArray[np.int64]) -> None:
    """Stretch neighbouring columns until they touch, meeting half way, so the line is unbroken."""
    falls, rises = top[1:] - bottom[:-1], top[:-1] - bottom[1:]
    down = np.where(falls > 1, bottom[:-1] + falls // 2, bottom[:-1])
    up = np.where(rises > 1, top[:-1] - rises // 2, top[:-1])
    top[1:] = np.where(falls > 1, down + 1, top[1:])
    bottom[1:] = np.where(rises > 1, up - 1, bottom[1:])
    bottom[:-1], top[:-1] = np.maximum(bottom[:-1], down), np.minimum(top[:-1], up)
