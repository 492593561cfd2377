"""Windows: tumbling pieces of what a model saw and said, and what was measured on each."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from lineside.store.clock import Micros, new_id
from lineside.store.errors import Conflict, NotFound
from lineside.store.homes import Home
from lineside.store.queries import labels


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRow:
    """One window with its three witnesses: columns, domain classifier, labels."""

    id: int
    uid: str
    monitor_id: int
    monitor: str
    number: int
    state: str
    version_id: int | None  # what served most of it; None: the payloads name no version of ours
    version: int | None
    start_us: Micros
    end_us: Micros
    rows: int
    path: str | None  # inside windows/; None until closed
    columns_tested: int | None  # None here and below: not measured, or too few rows to say
    columns_fired: int | None
    calibrated: bool | None
    domain_auc: float | None
    labelled: int
    metric: str | None
    value: float | None
    low: float | None
    high: float | None
    baseline: float | None
    detail: str
    measured_us: Micros | None
    labelled_us: Micros | None

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        fields = dict(row)
        fields["calibrated"] = None if row["calibrated"] is None else bool(row["calibrated"])
        return cls(**fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """How far one feature of one window is from training, by one statistic."""

    window_id: int
    feature: str
    statistic: str
    value: float
    line: float | None  # None: shown, not judged
    p_adjusted: float | None
    fired: bool
    reference: tuple[float, ...]  # shares per bin at training
    live: tuple[float, ...]  # shares per bin in the window
    edges: tuple[float | str, ...]  # inner edges, or the categories

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        fields = dict(row)
        fields["fired"] = bool(row["fired"])
        for name in ("reference", "live", "edges"):
            fields[name] = () if row[name] == "[]" else tuple(json.loads(row[name]))
        return cls(**fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstRow:
    """One prediction of a window, among those the model did worst on."""

    id: str
    values: dict[str, Any]
    predicted: str
    true: str | None  # None: no label came yet
    probability: float | None  # None: the model gives none


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the compute child found out about one window."""

    columns_tested: int | None
    columns_fired: int | None
    calibrated: bool | None
    domain_auc: float | None
    detail: str


_ROWS = """
    select w.id, w.uid, w.monitor_id, o.name as monitor, w.number, w.state, w.version_id, v.number as version,
           w.start_us, w.end_us, w.rows, w.path, w.columns_tested, w.columns_fired, w.calibrated,
           w.domain_auc, w.labelled, w.metric, w.value, w.low, w.high, w.baseline, w.detail,
           w.measured_us, w.labelled_us
      from window w
      join monitor o on o.id = w.monitor_id
      left join model_version v on v.id = w.version_id
"""

_RECENT = _ROWS + " where w.monitor_id = :monitor_id order by w.number desc limit :limit"

_GET = _ROWS + " where w.id = :id"

_NUMBER = _ROWS + " where w.monitor_id = :monitor_id and w.number = :number"

_CLOSED = _ROWS + " where w.state = 'CLOSED' order by w.id"

_OPEN = _ROWS + " where w.state = 'OPEN' and w.monitor_id = :monitor_id"

_UNLABELLED = (
    _ROWS
    + """
     where w.monitor_id = :monitor_id and w.state in ('CLOSED', 'MEASURED', 'FAILED')
       and coalesce(w.labelled_us, 0) < :newest_us
     order by w.number desc limit :limit
"""
)

_LABELLED = (
    _ROWS + " where w.monitor_id = :monitor_id and w.labelled > 0 and w.path is not null order by w.number"
)

_MEASURED_SINCE = """
    select count(*) from window
     where monitor_id = :monitor_id and state <> 'OPEN' and measured_us > :since_us
"""

_SCORES = """
    select window_id, feature, statistic, value, line, p_adjusted, fired, reference, live, edges
      from drift_score where window_id = :window_id
     order by fired desc, value - coalesce(line, 1e9) desc, feature, statistic
"""

_BY_WINDOW = """
    select s.window_id, s.feature, s.statistic, s.value, s.line, s.p_adjusted, s.fired,
           '[]' as reference, '[]' as live, '[]' as edges
      from drift_score s join window w on w.id = s.window_id
     where w.monitor_id = :monitor_id and w.number > :after and s.line is not null
     order by w.number, s.feature
"""

_COURSE = """
    select s.value
      from drift_score s join window w on w.id = s.window_id
     where w.monitor_id = :monitor_id and w.number > :after and s.line is not null and s.feature = :feature
     order by w.number, s.statistic
"""

_ORIGIN = """
    select start_us from window where monitor_id = :monitor_id and state <> 'OPEN' order by number limit 1
"""

_NEXT = "select coalesce(max(number), 0) + 1 from window where monitor_id = :monitor_id and state <> 'OPEN'"

_SHOW_OPEN = """
    insert into window (uid, monitor_id, number, state, start_us, end_us, rows)
    values (:uid, :monitor_id,
            (select coalesce(max(number), 0) + 1 from window where monitor_id = :monitor_id),
            'OPEN', :start_us, :end_us, :rows)
"""

_GROW = """
    update window set start_us = :start_us, end_us = :end_us, rows = :rows
     where monitor_id = :monitor_id and state = 'OPEN'
"""

_CLOSE = """
    update window
       set state = 'CLOSED', version_id = :version_id, start_us = :start_us, end_us = :end_us, rows = :rows,
           path = :path, digest = :digest, baseline = :baseline, metric = :metric, detail = :detail
     where monitor_id = :monitor_id and state = 'OPEN'
    returning id
"""

_MEASURED = """
    update window
       set state = 'MEASURED', columns_tested = :columns_tested, columns_fired = :columns_fired,
           calibrated = :calibrated, domain_auc = :domain_auc, detail = :detail, measured_us = :at_us
     where id = :id and state = 'CLOSED'
"""

_FAILED = """
    update window set state = 'FAILED', detail = :detail, measured_us = :at_us
     where id = :id and state = 'CLOSED'
"""

_SCORE = """
    insert into drift_score (window_id, feature, statistic, value, line, p_adjusted, fired,
                             reference, live, edges)
    values (:window_id, :feature, :statistic, :value, :line, :p_adjusted, :fired,
            :reference, :live, :edges)
"""

_PERFORMED = """
    update window
       set labelled = :labelled, metric = :metric, value = :value, low = :low, high = :high,
           labelled_us = :labelled_us
     where id = :id
"""


def recent(db: sqlite3.Connection, monitor_id: int, *, limit: int = 100) -> list[WindowRow]:
    """The newest windows of one monitor, newest first, the open one included."""
    return [WindowRow.of(r) for r in db.execute(_RECENT, {"monitor_id": monitor_id, "limit": limit})]


def get(db: sqlite3.Connection, window_id: int) -> WindowRow:
    """One window.

    Raises:
        NotFound: no such window.
    """
    row = db.execute(_GET, {"id": window_id}).fetchone()
    if row is None:
        raise NotFound("window", window_id, hint="list them with: lineside drift NAME")
    return WindowRow.of(row)


def numbered(db: sqlite3.Connection, monitor_id: int, number: int) -> WindowRow:
    """One window of a monitor by the number people say.

    Raises:
        NotFound: no such window.
    """
    row = db.execute(_NUMBER, {"monitor_id": monitor_id, "number": number}).fetchone()
    if row is None:
        raise NotFound("window", number, hint="list them with: lineside drift NAME")
    return WindowRow.of(row)


def unmeasured(db: sqlite3.Connection) -> list[WindowRow]:
    """Closed windows that wait for the compute child, oldest first."""
    return [WindowRow.of(r) for r in db.execute(_CLOSED)]


def unlabelled(
    db: sqlite3.Connection, monitor_id: int, *, newest: Micros, limit: int = 50
) -> list[WindowRow]:
    """Windows that were not looked at since a label came at `newest`, newest first."""
    key = {"monitor_id": monitor_id, "newest_us": newest, "limit": limit}
    return [WindowRow.of(r) for r in db.execute(_UNLABELLED, key)]


def labelled(db: sqlite3.Connection, monitor_id: int) -> list[WindowRow]:
    """Windows with at least one labelled row, oldest first."""
    return [WindowRow.of(r) for r in db.execute(_LABELLED, {"monitor_id": monitor_id})]


def measured_since(db: sqlite3.Connection, monitor_id: int, since: Micros) -> int:
    """How many windows of a monitor were measured later than `since`."""
    key = {"monitor_id": monitor_id, "since_us": since}
    return int(db.execute(_MEASURED_SINCE, key).fetchone()[0])


def scores(db: sqlite3.Connection, window_id: int) -> list[ScoreRow]:
    """All scores of one window: what fired first, then by distance from the line."""
    return [ScoreRow.of(r) for r in db.execute(_SCORES, {"window_id": window_id})]


def judged(db: sqlite3.Connection, monitor_id: int, *, after: int = 0) -> list[ScoreRow]:
    """Judged scores of the windows above `after`, without histograms: the table of drift by window."""
    return [ScoreRow.of(r) for r in db.execute(_BY_WINDOW, {"monitor_id": monitor_id, "after": after})]


def course(db: sqlite3.Connection, monitor_id: int, feature: str, *, after: int = 0) -> list[float]:
    """How far one feature was from training in the windows above `after`, oldest first."""
    key = {"monitor_id": monitor_id, "feature": feature, "after": after}
    return [float(row[0]) for row in db.execute(_COURSE, key)]


def worst(home: Home, db: sqlite3.Connection, window_id: int, n: int) -> list[WorstRow]:
    """The `n` worst predictions: wrong and sure of it first; among unlabelled ones the least sure.

    Raises:
        NotFound: no such window.
    """
    window = get(db, window_id)
    if window.path is None:
        return []
    import polars as pl

    frame = pl.read_parquet(home.windows / window.path)
    known = labels.of_predictions(db, window.monitor_id, frame["_id"].to_list())
    regression = window.metric is not None and window.metric not in ("accuracy", "holdout")
    rows = [_worst(row, known) for row in frame.iter_rows(named=True)]
    rows.sort(key=_by_error if regression else _by_confidence, reverse=True)
    return rows[:n]


def origin(db: sqlite3.Connection, monitor_id: int) -> Micros | None:
    """When the first window of a monitor began: where its grid of spans hangs. None: there is none yet."""
    row = db.execute(_ORIGIN, {"monitor_id": monitor_id}).fetchone()
    return Micros(row[0]) if row else None


def next_number(db: sqlite3.Connection, monitor_id: int) -> int:
    """The number of the window that gathers now, or will."""
    return int(db.execute(_NEXT, {"monitor_id": monitor_id}).fetchone()[0])


def show_open(db: sqlite3.Connection, monitor_id: int, *, start: Micros, end: Micros, rows: int) -> None:
    """Show what gathers: the one open window of a monitor, made where there is none."""
    values = {
        "uid": new_id("window"),
        "monitor_id": monitor_id,
        "start_us": start,
        "end_us": end,
        "rows": rows,
    }
    if db.execute(_GROW, values).rowcount == 0:
        db.execute(_SHOW_OPEN, values)


def close(
    db: sqlite3.Connection,
    monitor_id: int,
    *,
    start: Micros,
    end: Micros,
    rows: int,
    version_id: int | None,
    path: str,
    digest: str,
    metric: str | None,
    baseline: float | None,
    detail: str = "",
) -> int:
    """The open window is full: its rows lie in `path` now. Returns its number in the table."""
    show_open(db, monitor_id, start=start, end=end, rows=rows)
    values = {"monitor_id": monitor_id, "start_us": start, "end_us": end, "rows": rows,
              "version_id": version_id, "path": path, "digest": digest, "metric": metric,
              "baseline": baseline, "detail": detail}  # fmt: skip
    return int(db.execute(_CLOSE, values).fetchone()[0])


def measured(
    db: sqlite3.Connection, window_id: int, found: Measured, found_scores: Iterable[ScoreRow], *, at: Micros
) -> None:
    """Write what was measured, once.

    Raises:
        Conflict: it was measured before.
    """
    values = {name: getattr(found, name) for name in Measured.__slots__}
    if db.execute(_MEASURED, {**values, "id": window_id, "at_us": at}).rowcount != 1:
        raise Conflict(f"window {window_id} was measured before")
    db.executemany(_SCORE, [_bind(window_id, score) for score in found_scores])


def failed(db: sqlite3.Connection, window_id: int, *, detail: str, at: Micros) -> None:
    """It cannot be measured, and why; the next window is not held up by it."""
    db.execute(_FAILED, {"id": window_id, "detail": detail, "at_us": at})


def performed(
    db: sqlite3.Connection,
    window_id: int,
    *,
    labelled: int,
    metric: str | None,
    value: float | None,
    low: float | None,
    high: float | None,
    seen: Micros,
) -> None:
    """Write how well the model did on the rows whose label has come, labels up to `seen` considered."""
    values = {"id": window_id, "labelled": labelled, "metric": metric, "value": value, "low": low,
              "high": high, "labelled_us": seen}  # fmt: skip
    db.execute(_PERFORMED, values)


def _bind(window_id: int, score: ScoreRow) -> dict[str, Any]:
    values = {name: getattr(score, name) for name in ScoreRow.__slots__}
    for name in ("reference", "live", "edges"):
        values[name] = json.dumps(values[name])
    return {**values, "window_id": window_id, "fired": int(score.fired)}


def _worst(row: dict[str, Any], known: dict[str, str]) -> WorstRow:
    return WorstRow(
        id=row["_id"],
        values={name: value for name, value in row.items() if not name.startswith("_")},
        predicted=str(row["_prediction"]),
        true=known.get(row["_id"]),
        probability=row["_probability"],
    )


def _by_confidence(row: WorstRow) -> tuple[int, float]:
    sure = row.probability if row.probability is not None else 0.5
    if row.true is None:
        return 1, 1.0 - sure
    return (2, sure) if row.true != row.predicted else (0, 1.0 - sure)


def _by_error(row: WorstRow) -> tuple[int, float]:
    return (0, 0.0) if row.true is None else (1, abs(float(row.predicted) - float(row.true)))
