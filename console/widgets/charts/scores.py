"""Drift by window: three witnesses first (columns, classifier, labels), then the columns themselves.

Each witness speaks for itself: the columns may be silent while the labels say that the model fails.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lineside.console.text import Line, Span, fit, safe, width_of
from lineside.console.widgets.charts import heat
from lineside.console.widgets.charts.heat import Grid
from lineside.console.widgets.charts.heat import short as short
from lineside.store.queries.windows import ScoreRow, WindowRow

FIRED = "◆"
WITNESSES = 4
"""Rows over the columns: number, how many columns drifted, classifier, labels."""

_NAME, _LONGEST = 12, 20
"""Cells of a column's name at least and at most, where there is room."""

_NOTE = 12
_LEAST_CELL, _MOST_CELL = 6, 9
_COOL, _HOT = 0.5, 2.0
"""A cell is warm from half its line on, and hottest at twice as much as the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """All that the table of drift shows."""

    windows: Sequence[WindowRow]  # oldest first
    scores: Sequence[ScoreRow]  # of these windows
    domain_line: float | None  # None: the classifier is not asked
    drop: float  # how far the realised metric may fall below the hold-out
    chosen: int | None = None  # number of the window under the cursor
    feature: str | None = None  # name of the column under the cursor
    walked: bool = False  # the cell under the cursor stands out


def table(sheet: Sheet, *, width: int, height: int) -> list[Line]:
    """The newest windows that fit, oldest left; below, the features around the chosen one, worst first."""
    if not sheet.windows:
        return [[("  no window yet: one closes when enough requests came", "dim")]]
    place = _place(sheet, width)
    witnesses = _witnesses(sheet, place)
    room = max(0, height - len(witnesses))
    named = grid_of(sheet, place.shown)
    if room < min(3, len(named.rows)):  # what drifted is the last thing to go
        witnesses = witnesses[: max(1, min(2, height - len(named.rows)))]
        room = max(0, height - len(witnesses))
    row = named.rows.index(sheet.feature) if sheet.feature in named.rows else 0
    rows = _around(len(named.rows), row, room)
    at = (row, _column(place.shown, sheet.chosen)) if sheet.feature in named.rows else None
    told = at if sheet.walked else None
    body = heat.body(named, rows, range(len(place.shown)), gutter=place.gutter, cell=place.cell, at=told)
    noted = (_noted(line, named, y, at, sheet, place) for line, y in zip(body, rows, strict=True))
    return [*witnesses, *noted]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """How wide what is."""

    shown: Sequence[WindowRow]
    gutter: int
    cell: int
    note: bool  # there is room for words behind the cells


def _place(sheet: Sheet, width: int) -> _Place:
    longest = max((width_of(safe(s.feature)) for s in sheet.scores), default=0) + 2
    gutter = max(_NAME, min(longest, _LONGEST if width >= 60 else _NAME))
    values = [v for w in sheet.windows for v in (w.domain_auc, w.value) if v is not None]
    least = max(_LEAST_CELL, *(len(short(v)) + 2 for v in (*values, *(s.value for s in sheet.scores), 0.0)))
    shown = sheet.windows[-max(1, (width - gutter) // least) :]
    cell = max(least, min(_MOST_CELL, (width - gutter - _NOTE) // len(shown)))
    return _Place(shown=shown, gutter=gutter, cell=cell, note=width >= gutter + cell * len(shown) + _NOTE)


def _witnesses(sheet: Sheet, place: _Place) -> list[Line]:
    shown = place.shown
    over = f"line {short(sheet.domain_line)}" if sheet.domain_line is not None and place.note else ""
    return [
        _row("window", [_number(w, sheet.chosen) for w in shown], "dim", place),
        _row(_of_columns(shown), [columns_cell(w) for w in shown], "head", place),
        _row("domain AUC", [domain_cell(w, sheet.domain_line) for w in shown], "head", place, over),
        _row(_metric(shown), [label_cell(w, sheet.drop) for w in shown], "head", place),
    ]


def grid_of(sheet: Sheet, shown: Sequence[WindowRow]) -> Grid:
    """The columns by these windows, worst first; a shade is how near a value comes to its line."""
    names = worst_features(sheet.scores, [w.id for w in sheet.windows])
    by_cell = {(s.feature, s.window_id): s for s in sheet.scores}
    cells = [[by_cell.get((name, w.id)) for w in shown] for name in names]
    every = [(y, x, s) for y, row in enumerate(cells) for x, s in enumerate(row) if s is not None]
    return Grid(
        rows=names, columns=[str(w.number) for w in shown], low=_COOL, high=_HOT,
        values=[[s.value if s else None for s in row] for row in cells],
        shades=[[_warmth(s) if s else None for s in row] for row in cells],
        fired=frozenset((y, x) for y, x, s in every if s.fired),
        notes={(y, x): _note(s, shown[x].rows) for y, x, s in every},
        row_name="column", column_name="window",
    )  # fmt: skip


def _by_line(score: ScoreRow) -> float:
    return score.value / score.line if score.line else _COOL


def _warmth(score: ScoreRow) -> float:
    """How far it is along to twice its line; what did not fire, as it may be chance, stays at the line."""
    return _by_line(score) if score.fired else min(1.0, _by_line(score))


def _note(score: ScoreRow, rows: int) -> str:
    """What a value is judged by: `line .20, p 0.001, n 2,100`."""
    line = f"line {short(score.line)}" if score.line is not None else "no line"
    chance = f", p {score.p_adjusted:.2g}" if score.p_adjusted is not None else ""
    return f"{score.statistic}, {line}{chance}, n {rows:,}"


def _noted(
    line: Line, grid: Grid, row: int, at: tuple[int, int] | None, sheet: Sheet, place: _Place
) -> Line:  # fmt: skip
    """The row with its name in colour where it is chosen, and since which window it has drifted."""
    name, *cells = line
    if at is not None and at[0] == row and not sheet.walked:
        name = (name[0], "accent")
    since = since_window(grid, row)
    note: list[Span] = [(f" since w{since}", "drift")] if since and place.note else []
    return [name, *cells, *note]


def since_window(grid: Grid, row: int) -> str:
    """The window from which on a column has drifted in every one up to the newest; "": it does not now."""
    since = ""
    for column in range(len(grid.columns) - 1, -1, -1):
        if grid.values[row][column] is None:
            continue
        if (row, column) not in grid.fired:
            break
        since = grid.columns[column]
    return since


def _around(count: int, at: int, room: int) -> range:
    """`room` neighbouring rows, the chosen one among them."""
    first = max(0, min(at - room // 2, count - room))
    return range(first, min(count, first + room))


def _column(shown: Sequence[WindowRow], number: int | None) -> int:
    return next((x for x, w in enumerate(shown) if w.number == number), len(shown) - 1)


def worst_features(scores: Sequence[ScoreRow], window_ids: Sequence[int]) -> list[str]:
    """Names: what fired in the newest window first; then by how often it fired, and by its largest value."""
    wanted = set(window_ids)
    weight: dict[str, tuple[int, float]] = {}
    for score in scores:
        if score.window_id in wanted:
            fired, largest = weight.get(score.feature, (0, 0.0))
            weight[score.feature] = (fired + score.fired, max(largest, score.value))
    now = _fired_now(scores, window_ids)
    return sorted(weight, key=lambda n: (-now.get(n, 0.0), -weight[n][0], -weight[n][1], n))


def _fired_now(scores: Sequence[ScoreRow], window_ids: Sequence[int]) -> Mapping[str, float]:
    """Column → how many times its line it is, in the newest window that has scores."""
    scored = {s.window_id for s in scores}
    newest = next((id for id in reversed(window_ids) if id in scored), None)
    return {s.feature: _by_line(s) for s in scores if s.window_id == newest and s.fired}


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


def _mark(fired: bool, text: str, *, style: str = "drift") -> Span:
    return (f"{FIRED}{text}", style) if fired else (text, "")


def _nothing(window: WindowRow) -> Span:
    """Why there is no value: it still gathers, or nothing could be said."""
    return ("…", "dim") if window.state in ("OPEN", "CLOSED") else ("–", "dim")


def _number(window: WindowRow, chosen: int | None) -> Span:
    here = window.number == chosen
    return (f"▸{window.number}", "accent") if here else (str(window.number), "dim")


def _row(name: str, cells: Sequence[Span], style: str, place: _Place, note: str = "") -> Line:
    return [
        (" " + fit(safe(name), place.gutter - 2) + " ", style),
        *((fit(text, place.cell - 1, align=">") + " ", own) for text, own in cells),
        (f" {note}" if note else "", "dim"),
    ]


def _of_columns(windows: Sequence[WindowRow]) -> str:
    tested = next((w.columns_tested for w in reversed(windows) if w.columns_tested), None)
    return f"drifted/{tested}" if tested else "columns"


def _metric(windows: Sequence[WindowRow]) -> str:
    named = next((w.metric for w in reversed(windows) if w.metric), None)
    return "accuracy" if named == "holdout" else named or "labels"
