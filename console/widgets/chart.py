"""Line charts: braille lines in a frame with round ticks, marks in time, and levels to hold them against.

Pure: arrays in, rows of spans out. It imports numpy, so import it late.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lineside.console.text import Line as Row
from lineside.console.text import Span, clip, fit
from lineside.console.widgets import braille, ticks
from lineside.console.widgets.braille import Box, Floats
from lineside.console.widgets.canvas import Canvas
from lineside.console.widgets.window import ALL, Frame, Plotted, Window

SERIES = ("a", "b", "c", "d", "e", "f", "g", "h")
"""Styles of the lines, by their place: the letters of marks."""

_NAN, _ABOVE, _BELOW, _POINT = "!", "▲", "▼", "●"
_LEAST_WIDTH, _LEAST_HEIGHT = 16, 4
_LEAST = 1e-300
"""What is smaller has no logarithm worth drawing."""

_FAINT = "faint-"
"""Before the name of a style: half way to the ground, as look.py makes it."""

_PARTS = 4
"""Of the x axis, in each of which a line says its letter."""

_PAD = 0.04
"""Share of the y range left free above and below the lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One series; `x` must not decrease. Values that are not finite break the line and are marked."""

    name: str
    x: Floats
    y: Floats
    style: str = ""  # empty: the letter of its place
    points: bool = False  # mark each point: for few values that are counts of something, like windows
    behind: Floats | None = None  # the same line before it was smoothed, drawn faintly beneath
    letter: str = ""  # written on the line here and there: colour alone must not tell lines apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A moment to remember: a swap, an alert."""

    x: float
    text: str
    style: str = "dim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A value the lines are held against: a baseline, a threshold."""

    y: float
    text: str
    style: str = "warn"


def render(
    lines: Sequence[Line],
    *,
    width: int,
    height: int,
    log_y: bool = False,
    x_scale: ticks.Scale = ticks.NUMBERS,
    legend: bool = True,
    marks: Sequence[Mark] = (),
    levels: Sequence[Level] = (),
    gaps: bool = False,
) -> list[Row]:
    """The rows of `plotted`, for those who look at all of it."""
    drawn = plotted(
        lines, width=width, height=height, log_y=log_y, x_scale=x_scale, legend=legend, marks=marks,
        levels=levels, gaps=gaps,
    )  # fmt: skip
    return [list(row) for row in drawn.rows]


def plotted(
    lines: Sequence[Line],
    *,
    width: int,
    height: int,
    view: Window = ALL,
    log_y: bool = False,
    x_scale: ticks.Scale = ticks.NUMBERS,
    x_name: str = "",
    legend: bool = True,
    marks: Sequence[Mark] = (),
    levels: Sequence[Level] = (),
    gaps: bool = False,
) -> Plotted:
    """The chart in exactly `width` × `height` cells: frame, ticks, lines, and names at the right.

    With nothing to draw, or no room to draw it, it says so instead. `gaps` says that NaN means "nothing
    was known then", which is left blank; else it is a value that went wrong, which is marked.
    """
    x = _all([line.x for line in lines])
    if width < _LEAST_WIDTH or height < _LEAST_HEIGHT or not len(x):
        return Plotted(rows=_said("no points yet" if not len(x) else "too small", width, height))
    every = np.unique(x[np.isfinite(x)])
    low, high = float(every[0]), float(every[-1])
    x0, x1 = (low, high) if view.x0 is None or view.x1 is None else (view.x0, view.x1)
    lines = [_within(line, x0, x1) for line in lines]
    names = _names(lines, levels, gaps=gaps) if legend else []
    aside = max((len(text) for text, _ in names), default=0)
    aside = aside + 1 if aside and aside + 1 <= width // 3 else 0
    y0, y1 = _range(lines, levels, log_y=log_y)
    values = _y_ticks(y0, y1, log_y=log_y, most=min(8, max(3, (height - 2) // 2)))
    labels = [ticks.text(v, [v] if log_y else values) for v in values]
    gutter = max(map(len, labels)) + 1
    span = (_raise(y0, log_y), _raise(y1, log_y))
    box = Box(
        columns=width - gutter - 1 - aside, rows=height - 2,
        x0=x0, x1=x1, y0=span[0], y1=span[1],
    )  # fmt: skip
    plot = _Plot(box, gaps=gaps, log_y=log_y)
    plot.draw(lines, marks, levels)
    left_side = _gutter(box, values, labels, gutter, log_y)
    body = [
        [*a, *b, *_aside(names, i, aside)]
        for i, (a, b) in enumerate(zip(left_side, plot.canvas.lines(), strict=True))
    ]
    frame = Frame(
        left=gutter + 1, top=0, columns=box.columns, rows=box.rows, x0=x0, x1=x1, y0=y0, y1=y1,
        low=low, high=high, xs=every, log_y=log_y,
    )  # fmt: skip
    return Plotted(
        rows=[clip(row, width) for row in (*body, *_x_axis(box, gutter, marks, x_scale))], frame=frame
    )


def _within(line: Line, x0: float, x1: float) -> Line:
    """The points between, and one more at either side, so that the line goes on to the edge."""
    a = max(0, int(np.searchsorted(line.x, x0, side="left")) - 1)
    b = int(np.searchsorted(line.x, x1, side="right")) + 1
    behind = None if line.behind is None else line.behind[a:b]
    return replace(line, x=line.x[a:b], y=line.y[a:b], behind=behind)


class _Plot:
    """The cells inside the frame."""

    def __init__(self, box: Box, *, gaps: bool, log_y: bool) -> None:
        self.box, self.gaps, self.log_y = box, gaps, log_y
        self.canvas = Canvas(box.columns, box.rows)

    def draw(self, lines: Sequence[Line], marks: Sequence[Mark], levels: Sequence[Level]) -> None:
        """Everything, what matters most last."""
        for level in levels:
            self.level(level)
        for mark in marks:
            self.mark(mark)
        styles = [line.style or SERIES[place % len(SERIES)] for place, line in enumerate(lines)]
        behind, front = _Layer(self.box), _Layer(self.box)
        for line, style in zip(lines, styles, strict=True):
            if line.behind is not None:
                behind.add(line.x, _raised(line.behind, self.log_y), _FAINT + style)
            front.add(line.x, _raised(line.y, self.log_y), style)
        behind.onto(self.canvas)
        front.onto(self.canvas)
        for place, (line, style) in enumerate(zip(lines, styles, strict=True)):
            self.words(line, style, share=(place + 1) / (len(lines) + 1))

    def words(self, line: Line, style: str, *, share: float) -> None:
        """What is written over the lines: values that went wrong, points, letters."""
        y = _raised(line.y, self.log_y)
        self._bad(line, y)
        if line.points or len(line.y) == 1:
            self._points(line.x, y, style)
        if line.letter:
            self.letters(line, style, share=share)

    def letters(self, line: Line, style: str, *, share: float) -> None:
        """In each part of the axis one, that of the next line a little further along, and one at the end."""
        y = _raised(line.y, self.log_y)
        good = np.isfinite(y)
        x, y = line.x[good], y[good]
        if not len(x):
            return
        wanted = self.box.x0 + (np.arange(_PARTS) + share) * (self.box.x1 - self.box.x0) / _PARTS
        wanted = wanted[(wanted >= x[0]) & (wanted <= x[-1])]
        for at in [*np.searchsorted(x, wanted).tolist(), len(x) - 1]:
            self.canvas.put(_column(self.box, x[at]), _row(self.box, y[at]), line.letter, style)

    def level(self, level: Level) -> None:
        self.canvas.put(0, _row(self.box, _raise(level.y, self.log_y)), "┄" * self.box.columns, level.style)

    def mark(self, mark: Mark) -> None:
        for row in range(self.box.rows):
            self.canvas.put(_column(self.box, mark.x), row, "┊", mark.style)

    def _bad(self, line: Line, y: Floats) -> None:
        columns = self.box.dot_columns(line.x) // 2
        for wrong, row, glyph in (
            (np.isnan(line.y) & (not self.gaps), self.box.rows - 1, _NAN),
            (np.isposinf(y), 0, _ABOVE),
            (np.isneginf(y), self.box.rows - 1, _BELOW),
        ):
            for column in np.unique(columns[wrong]).tolist():
                self.canvas.put(column, row, glyph, "bad")

    def _points(self, x: Floats, y: Floats, style: str) -> None:
        good = np.isfinite(y)
        columns, rows = self.box.dot_columns(x[good]) // 2, self.box.dot_rows(y[good]) // 4
        for column, row in zip(columns.tolist(), rows.tolist(), strict=True):
            self.canvas.put(column, row, _POINT, style)


class _Layer:
    """Lines of one brightness: their dots add up where they share a cell, the last one gives the style."""

    def __init__(self, box: Box) -> None:
        self._box, self._styles = box, [""]
        self._codes = np.zeros((box.rows, box.columns), dtype=np.int64)
        self._of = np.zeros_like(self._codes)  # the place of each cell's style

    def add(self, x: Floats, y: Floats, style: str) -> None:
        codes = braille.codes(braille.line(x, y, self._box))
        self._codes |= codes
        self._of[codes > 0] = len(self._styles)
        self._styles.append(style)

    def onto(self, canvas: Canvas) -> None:
        """Cover what lies beneath, in the cells that hold a dot."""
        rows, columns = np.nonzero(self._codes)
        found = zip(
            rows.tolist(), columns.tolist(), self._codes[rows, columns].tolist(),
            self._of[rows, columns].tolist(), strict=True,
        )  # fmt: skip
        for row, column, code, of in found:
            canvas.paint(column, row, braille.glyph(code), self._styles[of])


def _row(box: Box, y: float) -> int:
    return int(box.dot_rows(np.array([y]))[0]) // 4


def _column(box: Box, x: float) -> int:
    return int(box.dot_columns(np.array([x]))[0]) // 2


def _all(arrays: Sequence[Floats]) -> Floats:
    return np.concatenate(arrays) if arrays else np.empty(0)


def _raised(y: Floats, log_y: bool) -> Floats:
    """The heights that are drawn; on a log scale what is not positive has none."""
    if not log_y:
        return y
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(y > _LEAST, np.log10(np.where(y > _LEAST, y, 1.0)), np.nan)


def _raise(y: float, log_y: bool) -> float:
    return float(_raised(np.array([y]), log_y)[0])


def _range(lines: Sequence[Line], levels: Sequence[Level], *, log_y: bool) -> tuple[float, float]:
    """The y values to show, in their own unit: all that is finite, and a little air."""
    behind = [line.behind for line in lines if line.behind is not None]
    y = _raised(_all([line.y for line in lines] + behind + [np.array([level.y for level in levels])]), log_y)
    finite = y[np.isfinite(y)]
    if not len(finite):
        return (1.0, 10.0) if log_y else (0.0, 1.0)
    low, high = float(finite.min()), float(finite.max())
    air = (high - low) * _PAD or (abs(high) * 0.5 if high and not log_y else 0.5)
    low, high = low - air, high + air
    return (10**low, 10**high) if log_y else (low, high)


def _y_ticks(low: float, high: float, *, log_y: bool, most: int) -> list[float]:
    return ticks.nice_log(low, high, most=most) if log_y else ticks.nice(low, high, most=most)


def _gutter(box: Box, values: Sequence[float], labels: Sequence[str], width: int, log_y: bool) -> list[Row]:
    """The labels at the left and the axis line, one row each."""
    at = {_row(box, _raise(v, log_y)): text for v, text in zip(values, labels, strict=True)}
    return [
        [(fit(at.get(r, ""), width - 1, align=">") + (" ┤" if r in at else " │"), "dim")]
        for r in range(box.rows)
    ]


def _x_axis(box: Box, gutter: int, marks: Sequence[Mark], scale: ticks.Scale) -> list[Row]:
    """The line under the plot, and under that the labels and the names of the marks."""
    most = max(2, box.columns // 10)
    values = scale.marks(box.x0, box.x1, most=most)
    say = {value: scale.text(value, values) for value in values}
    columns = (box.dot_columns(np.array(values)) // 2).tolist()
    line = ["─"] * box.columns
    for column in columns:
        line[column] = "┬"
    words = [(_column(box, mark.x), f"↑{mark.text}", mark.style) for mark in marks]
    words = [word for word in words if 0 <= word[0] < box.columns]
    words += [(c - len(say[v]) // 2, say[v], "dim") for c, v in zip(columns, values, strict=True)]
    lead = " " * gutter
    return [[(f"{lead}└{''.join(line)}", "dim")], [(lead + " ", ""), *_placed(words, box.columns)]]


def _placed(words: Sequence[tuple[int, str, str]], width: int) -> Row:
    """Words at their columns, earlier ones first; what would touch another word is left out."""
    taken: list[tuple[int, str, str]] = []
    for column, text, style in words:
        start = max(0, min(column, width - len(text)))
        if len(text) <= width and all(start + len(text) < s or s + len(t) < start for s, t, _ in taken):
            taken.append((start, text, style))
    row: list[Span] = []
    at = 0
    for start, text, style in sorted(taken):
        row += [(" " * (start - at), ""), (text, style)]
        at = start + len(text)
    return row


def _names(lines: Sequence[Line], levels: Sequence[Level], *, gaps: bool) -> list[Span]:
    """Each line's name and last value, each level's name."""
    last = [_last(line.y, gaps=gaps) for line in lines]
    return [
        *((f"{line.name} {value}", line.style or SERIES[i % len(SERIES)])
          for i, (line, value) in enumerate(zip(lines, last, strict=True))),
        *((f"┄ {level.text}", level.style) for level in levels),
    ]  # fmt: skip


def _last(y: Floats, *, gaps: bool) -> str:
    if not len(y) or (gaps and np.isnan(y[-1])):
        return "–"
    value = float(y[-1])
    return f"{value:.4g}" if np.isfinite(value) else {True: "NaN"}.get(bool(np.isnan(value)), f"{value:+}")


def _aside(names: Sequence[Span], row: int, width: int) -> Row:
    if not width or row >= len(names):
        return []
    text, style = names[row]
    return [(" " + fit(text, width - 1), style)]


def _said(words: str, width: int, height: int) -> list[Row]:
    """A block that holds one sentence."""
    blank: list[Row] = [[] for _ in range(max(0, height))]
    if blank:
        blank[(height - 1) // 2] = clip([(f"  {words}", "dim")], max(0, width))
    return blank
