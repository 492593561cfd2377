"""What a model said in one window: the worst of it, and which class was taken for which."""

from dataclasses import replace

from lineside.console.format import NONE, number, plural
from lineside.console.reads.monitoring import View, Watch
from lineside.console.text import Line, Span, clip, fit, heading, safe
from lineside.console.widgets.charts import heat
from lineside.console.widgets.charts.heat import Grid
from lineside.console.widgets.images import digit
from lineside.console.widgets.images.digit import Picture
from lineside.store.queries.windows import WindowRow, WorstRow

_ROOMY = 56
"""From so many columns on there is room for intervals in the heading."""

_LARGE = 6
"""Pictures are drawn twice as large where at least so many of them have room."""


def worst(view: View, width: int, height: int) -> list[Line]:
    """The predictions of the window that went most wrong, drawn where they are pictures."""
    watch = view.chosen.watch if view.chosen else None
    if watch is None or watch.window is None:
        return [heading("WORST", width)]
    head = heading(f"WORST OF WINDOW {watch.window.number}", width, right=_realised(watch.window, width))
    if watch.worst is None:
        return [head]
    if not watch.worst:
        return [head, [("  its rows are no longer kept", "dim")]]
    if watch.image is not None:
        gap: list[Line] = [[]] if height > 8 else []
        return [head, *gap, *_pictures(watch, width - 3, height - 1 - len(gap))]
    return [head, *_table(watch, width, height - 1)]


def _realised(window: WindowRow, width: int) -> str:
    if window.value is None:
        return "no labels yet"
    interval = (
        f" [{number(window.low, digits=2)}, {number(window.high, digits=2)}]"
        if window.low is not None and width >= _ROOMY
        else ""
    )
    return f"{window.metric} {number(window.value, digits=3)}{interval}, {plural(window.labelled, 'label')}"


def _pictures(watch: Watch, width: int, height: int) -> list[Line]:
    assert watch.image is not None
    image = watch.image
    pictures = [
        Picture(
            pixels=[float(v) for v in row.values.values()][: image.rows * image.columns],
            columns=image.columns, full=image.full, caption=_caption(row),
        )
        for row in watch.worst or ()
    ]  # fmt: skip
    if _has_room(image.rows, image.columns, min(_LARGE, len(pictures)), width, height):
        pictures = [larger(picture) for picture in pictures]
    return [[("  ", ""), *line] for line in digit.gallery(pictures, width=width, height=height)]


def _has_room(rows: int, columns: int, count: int, width: int, height: int) -> bool:
    """Whether so many pictures fit at twice their size."""
    across, down = (width + 2) // (2 * columns + 2), height // (rows + 1)
    return across * down >= count


def larger(picture: Picture) -> Picture:
    """Every pixel as two by two.

    >>> larger(Picture(pixels=[0, 9], columns=2, full=9, caption=("1", ""))).pixels
    [0, 0, 9, 9, 0, 0, 9, 9]
    """
    wide, pixels = picture.columns, picture.pixels
    rows = [pixels[at : at + wide] for at in range(0, len(pixels), wide)]
    double = [[value for value in row for _ in range(2)] for row in rows]
    return replace(picture, pixels=[v for row in double for v in (*row, *row)], columns=2 * wide)


def _caption(row: WorstRow) -> Span:
    """`9 read 1`: what it is, and what it was taken for."""
    if row.true is None:
        return f"read {row.predicted}", "dim"
    return (
        (f"{row.true} ✓", "ok") if row.true == row.predicted else (f"{row.true} read {row.predicted}", "bad")
    )


def _table(watch: Watch, width: int, height: int) -> list[Line]:
    """True, predicted, and the columns that drifted most, row by row."""
    named = [s.feature for s in watch.detail][:6]
    titles = ["true", "predicted", *named]
    rows = [[_short(row.true), _short(row.predicted), *(_short(row.values.get(n)) for n in named)]
            for row in (watch.worst or ())[: height - 1]]  # fmt: skip
    wide = [max(len(t), *(len(r[i]) for r in rows)) if rows else len(t) for i, t in enumerate(titles)]
    lines: list[Line] = [
        [("  " + "  ".join(fit(t, w, align=">") for t, w in zip(titles, wide, strict=True)), "dim")]
    ]
    for row in rows:
        cells = [fit(text, w, align=">") for text, w in zip(row, wide, strict=True)]
        lines.append([("  " + cells[0] + "  ", ""), (cells[1], "bad"), ("  " + "  ".join(cells[2:]), "dim")])
    return [clip(line, width) for line in lines]


def _short(value: object) -> str:
    if value is None:
        return NONE
    try:
        return number(float(str(value)), digits=3)
    except ValueError:
        return fit(safe(str(value)), min(14, len(str(value))))


def confusion(view: View, width: int, height: int) -> list[Line]:
    """True classes down, predicted ones across: what is off the diagonal is warm by its share of the row."""
    watch = view.chosen.watch if view.chosen else None
    if watch is None or watch.window is None or watch.confusion is None:
        return [heading("TAKEN FOR", width), [("  no labels yet", "dim")]]
    known = watch.confusion
    grid = Grid(
        rows=[safe(name) for name in known.classes], columns=[safe(name) for name in known.classes],
        values=[[count or None for count in row] for row in known.counts],
        shades=[
            [None if x == y else count / max(1, sum(row)) for x, count in enumerate(row)]
            for y, row in enumerate(known.counts)
        ],
        low=0.0, row_name="class", column_name="read as",
    )  # fmt: skip
    wrong = sum(c for y, row in enumerate(known.counts) for x, c in enumerate(row) if x != y)
    told = f"{wrong:,} of {sum(map(sum, known.counts)):,} wrong"
    head = heading(f"TRUE ↓ READ AS → WINDOW {watch.window.number}", width, right=told)
    return [head, *heat.draw(grid, width=width, height=height)[:-1]]
