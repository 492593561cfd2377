"""What of an answer makes a chart: which column is x, which is y, and the drawing. Numpy is imported late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from lineside.console.format import number
from lineside.console.text import Line, clip, fit, heading, safe, width_of
from lineside.console.views.grid import capped
from lineside.console.widgets.charts.window import Plotted, Window

NUMBERS, TIMES = ("INT", "DOUBLE", "FLOAT", "DECIMAL", "REAL"), ("TIMESTAMP", "DATE")
_STEPS = ("step", "epoch", "number", "seq", "time", "x")
_MOST_LINES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The columns of an answer and their values, row by row."""

    names: Sequence[str]
    types: Sequence[str]
    rows: Sequence[Sequence[Any]]

    def kind(self, at: int) -> str:
        """`number`, `time`, or `word` for all that only has a name."""
        type = self.types[at]
        if any(part in type for part in TIMES) and "[" not in type:
            return "time"
        return "number" if any(part in type for part in NUMBERS) and "[" not in type else "word"

    def of_kind(self, *kinds: str) -> list[int]:
        return [at for at in range(len(self.names)) if self.kind(at) in kinds]


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """Places of the columns that a chart shows."""

    x: int
    y: int
    by: int | None = None  # one line for each value of this column; None: one line


def axes(answer: Answered, *, x: int | None = None, y: int | None = None) -> Axes | None:
    """The columns that are likely meant, where none is given; None: there is no number but ids to draw."""
    numbers = [at for at in answer.of_kind("number") if at != x] or answer.of_kind("number")
    if not numbers:
        return None
    x = _x(answer, y) if x is None else x
    rest = [at for at in numbers if at != x] or numbers
    measured = [at for at in rest if not _is_id(answer.names[at])]
    if not measured and y is None:
        return None
    telling = [at for at in measured if _differ(answer, at)] or measured
    y = telling[-1 if answer.kind(x) == "word" and len(telling) == 1 else 0] if y is None else y
    return Axes(x=x, y=y, by=_by(answer, x) if answer.kind(x) != "word" else None)


def _x(answer: Answered, y: int | None) -> int:
    """A time, a step, a word, else the first column."""
    others = [at for at in range(len(answer.names)) if at != y]
    steps = [at for at in others if answer.names[at].lower() in _STEPS and answer.kind(at) == "number"]
    times = [at for at in others if answer.kind(at) == "time"]
    words = [at for at in others if answer.kind(at) == "word"]
    return next(iter([*steps[:1], *times, *words, *others]), 0)


def _is_id(name: str) -> bool:
    return name.lower() == "id" or name.lower().endswith("_id")


def _differ(answer: Answered, at: int) -> bool:
    return len({row[at] for row in answer.rows}) > 1


def _by(answer: Answered, x: int) -> int | None:
    """A column of few values, where one x stands in several rows."""
    xs = [row[x] for row in answer.rows]
    if len(set(xs)) == len(xs):
        return None
    named = [*answer.of_kind("word"), *(at for at in answer.of_kind("number") if _is_id(answer.names[at]))]
    few = [at for at in named if at != x and 2 <= len({row[at] for row in answer.rows}) <= _MOST_LINES]
    return next(iter(few), None)


def draw(answer: Answered, chosen: Axes, width: int, height: int, view: Window) -> Plotted:
    """A line over numbers and times, bars over words."""
    x, y = safe(answer.names[chosen.x]), safe(answer.names[chosen.y])
    by = f", a line for each {safe(answer.names[chosen.by])}" if chosen.by is not None else ""
    head = heading(f"{y} by {x}{by}", width, right="x, m choose the columns · esc rows")
    if answer.kind(chosen.x) == "word":
        return Plotted(rows=[head, *bars(answer, chosen, width, height - 1)])
    return _lines(answer, chosen, width - 1, height - 1, view).under(head, indent=1)


def bars(answer: Answered, chosen: Axes, width: int, height: int) -> list[Line]:
    """One row for each row of the answer: its word, a bar from nothing on, its number.

    The longest bar in sight fills the room: what lies below the last row sets no scale.
    """
    seen = answer.rows if len(answer.rows) <= height else answer.rows[: max(0, height - 1)]
    words = _labels(answer, chosen.x)[: len(seen)]
    values = [_number(row[chosen.y]) for row in seen]
    said = [number(v) if v is not None else "NULL" for v in values]
    left = min(max(map(width_of, words), default=0), max(8, width // 3))
    right = max(map(len, said), default=0)
    room = max(4, width - left - right - 5)
    largest = max((abs(v) for v in values if v is not None and v - v == 0), default=0) or 1.0
    lines: list[Line] = []
    for word, value, text in zip(words, values, said, strict=True):
        share = abs(value) / largest if value is not None and value - value == 0 else 0.0
        length = ("▇" * round(share * room) or ("▏" if share else "")).ljust(room)
        style = "bad" if value is not None and value < 0 else "a"
        lines.append(
            [("  " + fit(word, left) + " ", ""), (length, style), (" " + fit(text, right, align=">"), "")]
        )
    rest: list[Line] = [[] for _ in answer.rows[len(seen) :]]
    return capped([*(clip(line, width) for line in lines), *rest], height, more="rows")


def _labels(answer: Answered, x: int) -> list[str]:
    """What each row is called: its x, behind the first column that tells rows of one x apart."""
    words = [_word(row[x]) for row in answer.rows]
    if len(set(words)) == len(words):
        return words
    alone = (at for at in range(len(answer.names)) if at != x and answer.kind(at) != "time")
    ids = [at for at in alone if len({row[at] for row in answer.rows}) == len(answer.rows)]
    if not ids:
        return words
    firsts = [_word(row[ids[0]]) for row in answer.rows]
    wide = max(map(width_of, firsts))
    return [f"{fit(first, wide, align='>')} {word}" for first, word in zip(firsts, words, strict=True)]


def _word(value: Any) -> str:
    return safe("NULL" if value is None else str(value))


def _lines(answer: Answered, chosen: Axes, width: int, height: int, view: Window) -> Plotted:
    import numpy as np

    from lineside.console.widgets.charts import chart, ticks

    groups: dict[Any, list[Sequence[Any]]] = {}
    for row in answer.rows:
        groups.setdefault(row[chosen.by] if chosen.by is not None else None, []).append(row)
    lines = []
    for name, rows in groups.items():
        pairs = [(_place(row[chosen.x]), _number(row[chosen.y])) for row in rows]
        kept = sorted((x, y) for x, y in pairs if x is not None and x - x == 0 and y is not None)
        x = np.array([pair[0] for pair in kept], dtype=np.float64)
        y = np.array([pair[1] for pair in kept], dtype=np.float64)
        title = safe(answer.names[chosen.y] if chosen.by is None else str(name))
        lines.append(chart.Line(name=title, x=x, y=y, points=len(kept) <= width // 3))
    scale = ticks.CLOCK if answer.kind(chosen.x) == "time" else ticks.NUMBERS
    return chart.plotted(
        lines, width=width, height=height, view=view, x_scale=scale, x_name=safe(answer.names[chosen.x])
    )


def _place(value: Any) -> float | None:
    """Where a value stands on the x axis: times in microseconds, UTC."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp() * 1e6
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp() * 1e6
    return _number(value)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
