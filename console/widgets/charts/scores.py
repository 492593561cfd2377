"""Drift by window: three witnesses first (columns, classifier, labels), then the columns themselves.

Each witness speaks for itself: the columns may be silent while the labels say that the model fails.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lineside.console.text import Line, Span, fit, safe
from lineside.store.queries.windows import ScoreRow, WindowRow

FIRED, SILENT, UNKNOWN = "◆", " ", "·"
_MARK, _GAP = 1, 1
"""Cells around the value of each window: its mark before it, a blank after."""

_NAME = 12
_WARMEST = 3
"""The strongest shade, of eight, on which all letters can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """All that the table of drift shows."""

    windows: Sequence[WindowRow]  # oldest first
    scores: Sequence[ScoreRow]  # of these windows
    domain_line: float | None  # None: the classifier is not asked
    drop: float  # how far the realised metric may fall below the hold-out
    chosen: int | None = None  # number of the window under the cursor
    feature: str | None = None  # name of the column under the cursor


def table(sheet: Sheet, *, width: int, height: int) -> list[Line]:
    """The newest windows that fit, oldest left; below, the features around the chosen one, worst first."""
    cell = _MARK + _GAP + _widest(sheet)
    shown = visible(sheet.windows, cell=cell, width=width)
    if not shown:
        return [[("  no window yet: one closes when enough requests came", "dim")]]
    note = _over(sheet.domain_line) if width >= _NAME + cell * len(shown) + 10 else ""
    head: list[Line] = [
        _row("window", [_number(w, sheet.chosen) for w in shown], "dim", cell),
        _row(_of_columns(shown), [columns_cell(w) for w in shown], "head", cell),
        _row("domain AUC", [domain_cell(w, sheet.domain_line) for w in shown], "head", cell, note),
        _row(_metric(shown), [label_cell(w, sheet.drop) for w in shown], "head", cell),
    ]
    ranked = worst_features(sheet.scores, [w.id for w in sheet.windows])
    features = _around(ranked, sheet.feature, max(0, height - len(head)))
    by_cell = {(s.feature, s.window_id): s for s in sheet.scores}
    body = [
        _row(
            name,
            [score_cell(by_cell.get((name, w.id))) for w in shown],
            "accent" if name == sheet.feature else "",
            cell,
        )
        for name in features
    ]
    return [*head, *body]


def _around(names: Sequence[str], chosen: str | None, room: int) -> Sequence[str]:
    """`room` neighbouring names, the chosen one among them."""
    at = names.index(chosen) if chosen in names else 0
    first = max(0, min(at - room // 2, len(names) - room))
    return names[first : first + room]


def _widest(sheet: Sheet) -> int:
    """Cells of the longest value that may come to stand in the table."""
    values = [v for w in sheet.windows for v in (w.domain_auc, w.value) if v is not None]
    return max(3, *(len(short(v)) for v in (*values, *(s.value for s in sheet.scores), 0.0)))


def visible(windows: Sequence[WindowRow], *, cell: int, width: int) -> Sequence[WindowRow]:
    """The newest windows that have room, oldest first."""
    most = max(1, (width - _NAME) // cell)
    return windows[-most:]


def worst_features(scores: Sequence[ScoreRow], window_ids: Sequence[int]) -> list[str]:
    """Names by how often they fired in these windows, then by their largest value."""
    wanted = set(window_ids)
    weight: dict[str, tuple[int, float]] = {}
    for score in scores:
        if score.window_id in wanted:
            fired, largest = weight.get(score.feature, (0, 0.0))
            weight[score.feature] = (fired + score.fired, max(largest, score.value))
    return sorted(weight, key=lambda name: (-weight[name][0], -weight[name][1], name))


def columns_cell(window: WindowRow) -> Span:
    """How many columns fired."""
    if window.columns_fired is None:
        return _nothing(window)
    return _mark(bool(window.columns_fired), str(window.columns_fired))


def domain_cell(window: WindowRow, line: float | None) -> Span:
    """How well a classifier tells the window from training; 0.5: not at all."""
    if window.domain_auc is None:
        return _nothing(window)
    return _mark(line is not None and window.domain_auc >= line, short(window.domain_auc))


def label_cell(window: WindowRow, drop: float) -> Span:
    """How well the model did, once labels came."""
    if window.value is None:
        return _nothing(window)
    return _mark(fell(window, drop), short(window.value), style="bad")


def fell(window: WindowRow, drop: float) -> bool:
    """Worse than the hold-out by more than `drop`, and not by chance: the interval excludes the hold-out."""
    value, low, high, base = window.value, window.low, window.high, window.baseline
    if value is None or low is None or high is None or base is None:
        return False
    if window.metric in (None, "accuracy", "holdout"):
        return value <= base - drop and high < base
    return value >= base * (1 + drop) and low > base


def score_cell(score: ScoreRow | None) -> Span:
    """One column of one window; near its line it stands out a little."""
    if score is None:
        return f" {UNKNOWN}", "dim"
    text, style = _mark(score.fired, short(score.value))
    quiet = not score.fired and (score.line is None or score.value < score.line)
    return text, f"{'dim' if quiet else style}{_warmth(score)}"


def _warmth(score: ScoreRow) -> str:
    """The ground of a cell: warmer from half its line on, warmest at twice as much as the line."""
    if not score.line or not score.line > 0 or not score.value > 0:
        return ""
    shade = round(min(1.0, max(0.0, score.value / score.line - 0.5) / 1.5) * _WARMEST)
    return f" on-hot{shade}" if shade else ""


def short(value: float) -> str:
    """Two digits that fit a narrow column.

    >>> [short(v) for v in (0.834, 1.0, 0.004, 36.91, 149.2)]
    ['.83', '1.0', '.00', '36.9', '149']
    """
    if abs(value) < 1:
        text = f"{value:.2f}"
        return text.replace("0.", ".", 1) if "1.00" not in text else "1.0"
    return f"{value:.1f}" if abs(value) < 100 else f"{value:.0f}"


def _mark(fired: bool, text: str, *, style: str = "drift") -> Span:
    return (f"{FIRED}{text}", style) if fired else (f"{SILENT}{text}", "")


def _nothing(window: WindowRow) -> Span:
    """Why there is no value: it still gathers, or nothing could be said."""
    return (" …", "dim") if window.state in ("OPEN", "CLOSED") else (" –", "dim")


def _number(window: WindowRow, chosen: int | None) -> Span:
    here = window.number == chosen
    return f"{'▸' if here else ' '}{window.number}", "accent" if here else "dim"


def _row(name: str, cells: Sequence[Span], style: str, cell: int, note: str = "") -> Line:
    return [
        (" " + fit(safe(name), _NAME - 2) + " ", style),
        *((fit(text, cell), own) for text, own in cells),
        (f" {note}" if note else "", "dim"),
    ]


def _of_columns(windows: Sequence[WindowRow]) -> str:
    tested = next((w.columns_tested for w in reversed(windows) if w.columns_tested), None)
    return f"drifted/{tested}" if tested else "columns"


def _over(line: float | None) -> str:
    return f"line {short(line)}" if line is not None else ""


def _metric(windows: Sequence[WindowRow]) -> str:
    named = next((w.metric for w in reversed(windows) if w.metric), None)
    return "accuracy" if named == "holdout" else named or "labels"
