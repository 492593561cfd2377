"""What is measured once and then stays so: read again only where more labels came."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from lineside.console.reads.scrapes import Scrapes
from lineside.store.homes import Home
from lineside.store.queries import windows
from lineside.store.queries.windows import ScoreRow, WindowRow, WorstRow

_KEPT = 64
"""Windows whose scores are remembered."""

_WORST, _CLASSES = 60, 30
_NAMED = ("accuracy", "holdout")
"""The metrics of models that tell classes apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """What was so, row by row, and what it was taken for: counts, shape (classes, classes)."""

    classes: Sequence[str]
    counts: Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """The rows of one window by what became of them."""

    worst: Sequence[WorstRow]
    confusion: Confusion | None  # None: no labels, one class, or no classes at all


class Scores:
    """The scores of windows, with their histograms; the oldest asked for is forgotten first."""

    def __init__(self) -> None:
        self._kept: dict[int, Sequence[ScoreRow]] = {}

    def of(self, db: sqlite3.Connection, window: WindowRow) -> Sequence[ScoreRow]:
        if window.measured_us is None:
            return []
        found = self._kept.pop(window.id, None)
        if found is None:
            found = windows.scores(db, window.id)
        self._kept[window.id] = found
        while len(self._kept) > _KEPT:
            del self._kept[next(iter(self._kept))]
        return found


class LastPredictions:
    """Those of the window that was asked for last, as long as no label is added."""

    def __init__(self) -> None:
        self._key: tuple[int, int, int | None] | None = None
        self._known = Predictions(worst=(), confusion=None)

    def of(self, home: Home, db: sqlite3.Connection, window: WindowRow) -> Predictions:
        key = (window.id, window.labelled, window.labelled_us)
        if key != self._key:
            self._known = _predictions(home, db, window)
            self._key = key
        return self._known


@dataclass(frozen=True, slots=True)
class Known:
    """All that an area remembers between two reads."""

    scrapes: Scrapes = field(default_factory=Scrapes)
    scores: Scores = field(default_factory=Scores)
    predictions: LastPredictions = field(default_factory=LastPredictions)


def _predictions(home: Home, db: sqlite3.Connection, window: WindowRow) -> Predictions:
    try:
        rows = windows.worst(home, db, window.id, window.rows)
    except OSError:  # the file was cleared away: then there is nothing to show
        rows = []
    return Predictions(worst=rows[:_WORST], confusion=confusion(rows) if window.metric in _NAMED else None)


def confusion(rows: Sequence[WorstRow]) -> Confusion | None:
    """How often each class was taken for which; None where it says nothing."""
    pairs = Counter((row.true, row.predicted) for row in rows if row.true is not None)
    classes = sorted({str(name) for pair in pairs for name in pair}, key=_in_order)
    if not 2 <= len(classes) <= _CLASSES:
        return None
    return Confusion(
        classes=classes, counts=[[pairs[true, predicted] for predicted in classes] for true in classes]
    )


def _in_order(name: str) -> tuple[int, float, str]:
    """Numbers by their size, then words."""
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name
