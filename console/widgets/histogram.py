"""Two histograms over the same bins, standing beside each other: what training saw and what comes now."""

from collections.abc import Sequence

from lineside.console.text import Line, Span, fit, width_of
from lineside.console.widgets.canvas import Canvas

REFERENCE, LIVE = "░", "█"
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_LEAST_HEIGHT = 3


def pair(
    reference: Sequence[float], live: Sequence[float], *, labels: Sequence[str], width: int, height: int
) -> list[Line]:
    """Bars of `reference` (░) and `live` (█) side by side in each bin, labelled below, on one scale.

    Args:
        reference: shares per bin, shape (bins,).
        live: shares per bin, shape (bins,).
        labels: one per bin; those that would touch their neighbour are left out.
        width: cells; bins that have no room are merged with their neighbours.
        height: rows, the one with the labels included.
    """
    if not reference or len(reference) != len(live) or height < _LEAST_HEIGHT or width < 2:
        return [[("  no histogram", "dim")]]
    reference, live, labels = _merged(reference, live, labels, most=max(1, width // 2))
    slot = min(12, width // len(live))
    bar = max(1, (slot - (1 if slot > 2 else 0)) // 2)
    rows = height - 1
    top = max(*reference, *live) or 1.0
    canvas = Canvas(slot * len(live), rows)
    for i, (before, now) in enumerate(zip(reference, live, strict=True)):
        _bar(canvas, i * slot, bar, before / top * rows, REFERENCE, "dim")
        _bar(canvas, i * slot + bar, bar, now / top * rows, LIVE, "a")
    return [*canvas.lines(), _below(labels, slot)]


def single(shares: Sequence[float], *, labels: Sequence[str], width: int, height: int) -> list[Line]:
    """Bars of one histogram, labelled below."""
    if not shares or height < _LEAST_HEIGHT or width < 2:
        return [[("  no histogram", "dim")]]
    _, shares, labels = _merged(shares, shares, labels, most=max(1, width // 2))
    slot = min(12, width // len(shares))
    top = max(shares) or 1.0
    canvas = Canvas(slot * len(shares), height - 1)
    for i, share in enumerate(shares):
        _bar(canvas, i * slot, max(1, slot - 1), share / top * (height - 1), LIVE, "a")
    return [*canvas.lines(), _below(labels, slot)]


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


def _merged(
    reference: Sequence[float], live: Sequence[float], labels: Sequence[str], *, most: int
) -> tuple[list[float], list[float], list[str]]:
    """The same shares in at most `most` bins."""
    size = -(-len(live) // most)
    starts = range(0, len(live), size)
    return (
        [sum(reference[i : i + size]) for i in starts],
        [sum(live[i : i + size]) for i in starts],
        [labels[i] if i < len(labels) else "" for i in starts],
    )


def _bar(canvas: Canvas, x: int, width: int, height: float, glyph: str, style: str) -> None:
    """A bar from the bottom; its top is a part of a cell, and what is not nothing is seen."""
    eighths = round(height * 8) or (1 if height > 0 else 0)
    full, part = divmod(eighths, 8)
    for row in range(full):
        canvas.put(x, canvas.height - 1 - row, glyph * width, style)
    if part and (glyph == LIVE or part >= 4 or not full):
        top = _EIGHTHS[part] if glyph == LIVE or part < 4 else REFERENCE
        canvas.put(x, canvas.height - 1 - full, top * width, style)


def _below(labels: Sequence[str], slot: int) -> list[Span]:
    """The labels under the bins, each where it has room up to the next one shown."""
    widest = max((width_of(label) for label in labels), default=0)
    every = max(1, -(-(widest + 1) // slot))
    shown = [fit(label, slot * every) for label in labels[::every]]
    return [("".join(shown)[: slot * len(labels)], "dim")]
