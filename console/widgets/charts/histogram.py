"""Histograms: what training saw (░) beside what comes now (█), upright over numbers, lying beside names."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from lineside.console.text import Line, Span, fit, safe, width_of
from lineside.console.widgets.charts.canvas import Canvas
from lineside.console.widgets.charts.gauge import percent
from lineside.console.widgets.charts.spots import placed

REFERENCE, LIVE = "░", "█"
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_PARTS = " ▏▎▍▌▋▊▉"
_LEAST_HEIGHT = 3
_SCALED = 46
"""Columns from which on shares are written at the left."""

_RULED = 6
"""Rows from which on the axis has a line."""

_GAPLESS = 6
"""Cells of a bin up to which two bars may take all of it: their glyphs part them."""

_WORDS = 24
"""The most cells of a category's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """A value to mark under the bars."""

    at: float
    text: str  # "p50"


def pair(
    reference: Sequence[float],
    live: Sequence[float],
    *,
    labels: Sequence[str] = (),
    edges: Sequence[float | str] = (),
    width: int,
    height: int,
    quantiles: Sequence[Quantile] = (),
) -> list[Line]:
    """Bars of `reference` and `live` side by side in each bin, on one scale, in all the room there is.

    Args:
        reference: shares per bin, shape (bins,).
        live: shares per bin, shape (bins,).
        labels: one per bin, each written where its bin begins; not needed where edges are given.
        edges: the names of categories; or all bins+1 edges, or only the inner bins-1 of them, written
            under the borders they are. Names lie beside bars where there are rows for all of them.
        width: cells; bins that have no room are merged with their neighbours.
        height: rows, the one with the labels included.
        quantiles: values to mark, where the edges are numbers.
    """
    if not reference or len(reference) != len(live) or height < _LEAST_HEIGHT or width < 2:
        return [[("  no histogram", "dim")]]
    if _named(edges) and len(reference) <= height:
        return lying(reference, live, labels=[str(e) for e in edges], width=width, height=height)
    return _upright([reference, live], labels, edges, quantiles, width, height)


def single(
    shares: Sequence[float],
    *,
    labels: Sequence[str] = (),
    edges: Sequence[float | str] = (),
    width: int,
    height: int,
    quantiles: Sequence[Quantile] = (),
) -> list[Line]:
    """Bars of one histogram; see `pair`."""
    if not shares or height < _LEAST_HEIGHT or width < 2:
        return [[("  no histogram", "dim")]]
    if _named(edges) and len(shares) <= height:
        return lying(None, shares, labels=[str(e) for e in edges], width=width, height=height)
    return _upright([shares], labels, edges, quantiles, width, height)


def bin_labels(edges: Sequence[float | str], bins: int) -> list[str]:
    """What stands under each bin: the category, or where the bin begins.

    `edges` are the categories, or all bins+1 edges, or only the inner bins-1 of them.

    >>> bin_labels([2.0, 4.5], 3), bin_labels(["sun", "rain"], 2)
    (['<2', '2', '4.5'], ['sun', 'rain'])
    """
    words = [e if isinstance(e, str) else f"{e:.3g}" for e in edges]
    if len(words) == bins - 1:
        return [f"<{words[0]}" if words else "all", *words]
    return [*words[:bins], *[""] * (bins - len(words))]


def lying(
    reference: Sequence[float] | None,
    live: Sequence[float],
    *,
    labels: Sequence[str],
    width: int,
    height: int,
) -> list[Line]:
    """A row for each name: the bar of now, over it the mark │ of training, and the shares in words.

    With twice as many rows, training has its own bar. What has no row is summed up in the last one.
    """
    names, now = _fewer(list(labels), list(live), height)
    before = None if reference is None else _fewer(list(labels), list(reference), height)[1]
    top = max([*now, *(before or ())]) or 1.0
    gutter = min(_WORDS, max(4, width // 3), max(width_of(safe(name)) for name in names)) + 1
    told = 6 if before is None or width < 40 else 17
    bar = max(1, width - gutter - told)
    double = before is not None and len(names) * 2 <= height
    airy = len(names) * (2 + double) - 1 <= height
    out: list[Line] = []
    for place, name in enumerate(names):
        was = before[place] if before is not None else None
        if airy and place:
            out.append([])
        head: Span = (fit(safe(name), gutter - 1) + " ", "")
        words = [(" " + fit(percent(now[place]), 5, align=">"), "a")]
        if was is not None and told > 6:
            words.append((f" was {percent(was)}", "dim"))
        if was is not None and double:
            out.append([head, *_beam(was / top, bar, REFERENCE, "dim")])
            head = (" " * gutter, "")
        mark = None if was is None or double else min(bar - 1, round(was / top * bar))
        out.append([head, *_marked(_beam(now[place] / top, bar, LIVE, "a"), mark), *words])
    return out


def _beam(share: float, width: int, glyph: str, style: str) -> list[Span]:
    """A lying bar, in exactly `width` cells, to an eighth where its glyph can."""
    eighths = round(share * width * 8) or (1 if share > 0 else 0)
    full, part = divmod(eighths, 8)
    if glyph == LIVE:
        tail = _PARTS[part] if part else ""
    else:
        tail = glyph if part >= 4 or (part and not full) else ""
    text = glyph * full + tail
    return [(text, style), (" " * (width - len(text)), "")]


def _marked(beam: list[Span], column: int | None) -> list[Span]:
    """With the mark of training in that column."""
    if column is None:
        return beam
    cells = [(char, style) for text, style in beam for char in text]
    cells[column] = ("│", "reverse a" if cells[column][0] == LIVE else "bold")
    return cells


def _fewer(names: list[str], shares: list[float], rows: int) -> tuple[list[str], list[float]]:
    """In at most `rows` rows; the last one sums up what is left."""
    if len(shares) <= rows:
        return names, shares
    kept = rows - 1
    return [*names[:kept], f"{len(shares) - kept} more"], [*shares[:kept], math.fsum(shares[kept:])]


def _named(edges: Sequence[float | str]) -> bool:
    return bool(edges) and isinstance(edges[0], str)


def _upright(
    sides: Sequence[Sequence[float]], labels: Sequence[str], edges: Sequence[float | str],
    quantiles: Sequence[Quantile], width: int, height: int,
) -> list[Line]:  # fmt: skip
    """One or two bars in each bin, shares at the left, borders below."""
    bins = len(sides[0])
    most = max(max(side) for side in sides)
    gutter = 6 if width >= _SCALED and height > _LEAST_HEIGHT else 0
    size = -(-bins * len(sides) // max(1, width - gutter)) or 1
    merged = [[math.fsum(side[i : i + size]) for i in range(0, bins, size)] for side in sides]
    top = (max(max(side) for side in merged) if size > 1 else most) or 1.0
    starts = _starts(len(merged[0]), width - gutter, len(sides))
    ruled = height >= _RULED
    rows = height - 1 - ruled
    canvas = Canvas(starts[-1], rows)
    bar = _wide(starts, len(sides))
    for i, values in enumerate(zip(*merged, strict=True)):
        _bin(canvas, starts[i], bar, [v / top * rows for v in values])
    lead = " " * gutter
    body = [[*_share(gutter, row, rows, top), *line] for row, line in enumerate(canvas.lines())]
    words = _words(labels, edges, quantiles, starts, size, bins)
    rule: list[Line] = [[(lead + _rule(starts, edges), "dim")]] if ruled else []
    return [*body, *rule, [(lead, ""), *placed(words, starts[-1])]]


def _starts(bins: int, width: int, bars: int) -> list[int]:
    """Where each bin begins, and the last one ends: all the room, bins alike to a cell."""
    if width // bins <= bars:
        return [i * bars for i in range(bins + 1)]
    return [round(i * width / bins) for i in range(bins + 1)]


def _wide(starts: Sequence[int], bars: int) -> int:
    """Cells of a bar: the same in all bins, with a gap between bins unless it took too much of them."""
    slot = min(b - a for a, b in pairwise(starts))
    return max(1, slot // bars if bars > 1 and slot % bars == 0 and slot <= _GAPLESS else (slot - 1) // bars)


def _bin(canvas: Canvas, left: int, bar: int, heights: Sequence[float]) -> None:
    """The bars of one bin."""
    glyphs = ((REFERENCE, "dim"), (LIVE, "a")) if len(heights) == 2 else ((LIVE, "a"),)
    for place, (height, (glyph, style)) in enumerate(zip(heights, glyphs, strict=True)):
        _bar(canvas, left + place * bar, bar, height, glyph, style)


def _bar(canvas: Canvas, x: int, width: int, height: float, glyph: str, style: str) -> None:
    """A bar from the bottom; its top is a part of a cell, and what is not nothing is seen."""
    eighths = round(height * 8) or (1 if height > 0 else 0)
    full, part = divmod(eighths, 8)
    for row in range(full):
        canvas.put(x, canvas.height - 1 - row, glyph * width, style)
    if part and (glyph == LIVE or part >= 4 or not full):
        top = _EIGHTHS[part] if glyph == LIVE or part < 4 else REFERENCE
        canvas.put(x, canvas.height - 1 - full, top * width, style)


def _share(gutter: int, row: int, rows: int, top: float) -> Line:
    """`31 %` beside the highest row, half of it half way down."""
    if not gutter:
        return []
    half = rows // 2 if rows >= 6 and rows % 2 == 0 else -1
    share = top if row == 0 else top / 2 if row == half else None
    return [(fit("" if share is None else percent(share), gutter - 1, align=">") + " ", "dim")]


def _rule(starts: Sequence[int], edges: Sequence[float | str]) -> str:
    """The line under the bars; a tick where two bins meet."""
    line = ["─"] * starts[-1]
    if edges and not _named(edges):
        for at in starts[1:-1]:
            line[at] = "┴"
    return "".join(line)


def _words(
    labels: Sequence[str], edges: Sequence[float | str], quantiles: Sequence[Quantile],
    starts: Sequence[int], size: int, bins: int,
) -> list[tuple[int, str, str]]:  # fmt: skip
    """Quantiles first, then edges at the borders of bins, or labels where their bins begin."""
    numbers = [float(e) for e in edges if not isinstance(e, str)]
    if not numbers:
        texts = [str(e) for e in edges] or list(labels)
        return [(starts[i // size], safe(t), "dim") for i, t in enumerate(texts) if not i % size and t]
    inner = numbers if len(numbers) == bins - 1 else numbers[1:-1]
    out = [(_spot(q.at, inner, starts, size), f"↑{q.text}", "accent") for q in quantiles]
    every = [(i + 1, edge) for i, edge in enumerate(inner) if (i + 1) % size == 0]
    if len(numbers) == bins + 1:
        every = [(0, numbers[0]), *every, (bins, numbers[-1])]
    for at, edge in _evenly(every, starts, size):
        text = f"{edge:.4g}"
        out.append((starts[min(at // size, len(starts) - 1)] - len(text) // 2, text, "dim"))
    return out


def _evenly(
    edges: Sequence[tuple[int, float]], starts: Sequence[int], size: int
) -> Sequence[tuple[int, float]]:  # fmt: skip
    """Every edge, every second, every fifth …: as many as have room, at even distances."""
    widest = max((len(f"{edge:.4g}") for _, edge in edges), default=0) + 2
    slot = starts[-1] / max(1, len(starts) - 1)
    apart = max(1, math.ceil(widest / max(1e-9, slot)))
    return edges[::apart]


def _spot(value: float, inner: Sequence[float], starts: Sequence[int], size: int) -> int:
    """The column of a value: in its bin by how far it lies between the bin's borders."""
    at = bisect_right(inner, value)
    low, high = (inner[at - 1] if at else None), (inner[at] if at < len(inner) else None)
    share = (value - low) / (high - low) if low is not None and high is not None and high > low else 0.5
    place = (at + share) / size
    whole = min(int(place), len(starts) - 2)
    return min(starts[-1] - 1, round(starts[whole] + (place - whole) * (starts[whole + 1] - starts[whole])))
