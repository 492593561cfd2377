"""What the runs area shows, as one read: the ids in order, and everything about the ones in sight."""

import math
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lineside.console.reads import behind, charts, curves, opened
from lineside.console.reads.behind import Differences
from lineside.console.reads.charts import Look
from lineside.console.reads.judging import foremost, judged, of_validation
from lineside.console.reads.opened import Detail
from lineside.console.reads.walls import MAIN_METRICS
from lineside.store import bests, columns
from lineside.store.columns import Column
from lineside.store.errors import Usage
from lineside.store.homes import Home
from lineside.store.queries import groups, lineage, models, names, runs
from lineside.store.queries.bests import better_side
from lineside.store.queries.comparisons import Comparison
from lineside.store.queries.groups import Groups
from lineside.store.queries.lineage import Node
from lineside.store.queries.runs import RunRow, SummaryRow

if TYPE_CHECKING:
    from lineside.store.series import Series

HOLDOUT = "holdout"
"""The metric our trainers end with: comparable between runs that train in different ways."""

_PARAMS_SHOWN = 8
_LOOKED_AT = 60
_TAIL = 40
"""Lines of output that stand in for a chart of nothing."""

SMALL = 160
"""What small charts are thinned to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the person has set: captured on the loop, read in a thread."""

    where: str = ""
    sort: str = "-created"
    metric: str = ""  # or "min(loss)", "acc@best(loss)"; "": the first one that people usually mean
    group: str = ""  # what to group by; "": runs, line by line
    group_sort: str = "best"
    seen: tuple[int, ...] = ()  # runs in sight: these get curves
    charted: tuple[int, ...] = ()  # marked runs in the order of their letters, or the one under the cursor
    curve: int = curves.WIDTH  # cells of their curves
    look: Look = charts.PLAIN  # how the chart is looked at
    beside: int | None = None  # the run whose facts stand beside the chart; None: there is no room
    opened: int | None = None  # the run that is opened
    closer: tuple[str, tuple[float, float]] | None = None  # a metric of the opened run, and the stretch of it
    pair: tuple[int, int] | None = None  # whose code, data and environment are held against each other
    small: int = 0  # so many other metrics have small charts
    points: bool = True  # False: leave series out, for a quick first frame


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """One run with the cells that are not its own columns."""

    run: RunRow
    summary: SummaryRow | None  # of the chosen metric; None: never logged
    value: float | None  # of the chosen column; None: there is none, or the points know it
    holdout: SummaryRow | None  # on rows it did not learn from, where the trainer measured that
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaderboard:
    """The answer."""

    ids: Sequence[int]
    total: int
    metric: str  # of the table
    column: Column  # what the table shows of it
    metrics: tuple[str, ...]
    params: tuple[str, ...]  # the keys that differ among the runs in sight
    groups: Groups | None = None  # None: runs, line by line
    families: bool = False  # some run was begun from another
    curves: Mapping[int, tuple[float, ...]] = field(default_factory=dict)
    bests: Mapping[int, float | None] = field(default_factory=dict)  # where the points know the column
    best: int | None = None  # the run that has the best value of the column; None: none has one, or unknown
    charted: str = ""  # the metric of the chart: another one where no charted run has the table's
    lines: "tuple[Series, ...]" = ()  # of the charted runs
    small: "Mapping[str, tuple[Series, ...]]" = field(default_factory=dict)  # other metrics of the same runs
    comparison: Comparison | None = None  # None: fewer than two are marked
    differences: Differences | None = None  # None: nobody asked
    failed: int = 0  # of those listed
    running: frozenset[int] = frozenset()  # of the charted runs
    beside: Detail | None = None
    opened: Detail | None = None
    problem: str = ""  # the filter says what we do not understand
    asked: Asked = field(default_factory=Asked)

    @property
    def measured(self) -> bool:
        """Whether a hold-out column says something the chosen metric does not."""
        return HOLDOUT in self.metrics and self.metric != HOLDOUT


def read(
    db: sqlite3.Connection, home: Home, asked: Asked, *, known: Leaderboard | None = None
) -> Leaderboard:
    """Everything at one moment; a filter that is not understood comes back as `problem`, with no rows.

    Args:
        known: the board on screen, when only its cursor or its marks moved: its order is kept.
    """
    board = known or _board(db, home, asked)
    charted, lines = asked.charted, _Lines.of(db, home, asked, board.metric)
    return replace(
        board, curves=_curves(db, home, asked, board.metric), bests=_bests(db, home, asked, board.column),
        running=frozenset(run.id for run in runs.by_ids(db, charted) if run.status == "RUNNING"),
        charted=lines.metric, lines=lines.large, small=lines.small,
        comparison=runs.compare(db, charted) if len(charted) > 1 else None,
        beside=_beside(db, home, asked, drawn=bool(lines.large)), opened=_opened(db, home, asked),
        differences=_behind(db, home, asked, known),
        asked=asked,
    )  # fmt: skip


def _behind(
    db: sqlite3.Connection, home: Home, asked: Asked, known: Leaderboard | None
) -> Differences | None:
    """What lies behind the pair; git is not asked again where only the cursor moved."""
    if asked.pair is None:
        return None
    old = known.differences if known is not None else None
    return old if old is not None and old.runs == asked.pair else behind.read(db, home, *asked.pair)


def _board(db: sqlite3.Connection, home: Home, asked: Asked) -> Leaderboard:
    """The order of the runs or groups, and the columns worth showing."""
    metrics = tuple(runs.metric_names(db))
    ids: Sequence[int] = []
    found: Groups | None = None
    problem = ""
    looked_at: Sequence[int] = []
    try:
        if asked.group:
            looked_at = [row.id for row in runs.recent(db, where=asked.where, limit=_LOOKED_AT)]
        else:
            ids = bests.ids(home, db, asked.where, asked.sort)
            looked_at = ids[:_LOOKED_AT]
    except Usage as error:
        problem = str(error).partition("\n")[0]
    column = _column(db, asked.metric or _usual(db, looked_at, metrics))
    try:
        if asked.group and not problem:
            of = column.best.metric if column.best else column.title
            found = groups.groups(db, key=asked.group, where=asked.where, metric=of, sort=asked.group_sort)
    except Usage as error:
        problem = str(error).partition("\n")[0]
    return Leaderboard(
        ids=ids, total=runs.count(db), metric=column.name, column=column, metrics=metrics, groups=found,
        params=_differing(db, looked_at), families=runs.families(db), problem=problem,
        failed=runs.count(db, _and(asked.where, "status:FAILED")) if ids else 0,
        best=_best(db, asked.where, column) if ids else None,
    )  # fmt: skip


def _and(where: str, more: str) -> str:
    return f"({where}) {more}" if where.strip() else more


def _column(db: sqlite3.Connection, name: str) -> Column:
    try:
        return chosen(db, name)
    except Usage:  # nothing was logged yet
        return Column(title=name, family="metric", name=name)


def _usual(db: sqlite3.Connection, ids: Sequence[int], metrics: Sequence[str]) -> str:
    """The metric of validation that more than half of these runs are judged by; else the main one of most."""
    main = [name for name in MAIN_METRICS if name in metrics]
    judging = [name for name in metrics if of_validation(name) and name not in main]
    cells = runs.summary_table(db, ids, [*main, *judging])
    have = Counter(metric for _, metric in cells)
    half = len({run for run, _ in cells}) / 2
    most = [name for name in (*main, *judging) if of_validation(name) and have[name] > half]
    if most:
        return max(most, key=lambda name: have[name])
    if any(have[name] for name in main):
        return max(main, key=lambda name: have[name])
    return main_metric(runs.metric_names(db, list(ids)) or metrics)


def side_of(column: Column) -> str:
    """ "min" or "max": which values of the column are the better ones."""
    return column.side if column.side in ("min", "max") else better_side(column.name)


def _best(db: sqlite3.Connection, where: str, column: Column) -> int | None:
    """The run that leads by the column; None: no run has a number there, or only the points know."""
    if column.family != "metric" or not judged(column.name) or names.find(db, "metric", column.name) is None:
        return None
    key = f"metric:{column.name}" if column.side == "last" else f"{column.side}({column.name})"
    first = runs.recent(db, where=where, sort=("-" if side_of(column) == "max" else "") + key, limit=1)
    cells = runs.summary_table(db, [row.id for row in first], [column.name])
    value = next((columns.of_summary(cell, column.side) for cell in cells.values()), None)
    return first[0].id if value is not None and math.isfinite(value) else None


def chosen(db: sqlite3.Connection, text: str) -> Column:
    """The column of a metric: "loss", "min(loss)" or "acc@best(loss)".

    Raises:
        Usage: nobody logged such a metric.
    """
    column = columns.understood(db, text)
    if column.family in ("metric", "best"):
        return column
    return replace(columns.understood(db, f"metric:{text}"), title=text)


def main_metric(metrics: Sequence[str]) -> str:
    """What a person most likely wants to see first."""
    return next((name for name in MAIN_METRICS if name in metrics), metrics[0] if metrics else "")


def named(db: sqlite3.Connection, words: str) -> list[RunRow]:
    """The runs that these words name, each once; `metric=NAME` names none.

    Raises:
        NotFound: there is no such run.
    """
    found = [runs.find(db, word) for word in words.split() if not word.startswith("metric=")]
    return list({run.id: run for run in found}.values())


def page(db: sqlite3.Connection, ids: Sequence[int], column: Column) -> dict[int, RunLine]:
    """The lines of one page of the table."""
    cells = runs.summary_table(db, ids, [column.name, HOLDOUT])
    return {
        row.id: RunLine(
            run=row,
            summary=cells.get((row.id, column.name)),
            value=None if column.best else columns.of_summary(cells.get((row.id, column.name)), column.side),
            holdout=cells.get((row.id, HOLDOUT)),
            params=runs.params(db, row.id),
        )
        for row in runs.by_ids(db, ids)
    }


def _differing(db: sqlite3.Connection, ids: Sequence[int]) -> tuple[str, ...]:
    """The params that tell these runs apart, those that tell most first; seeds come last."""
    told: dict[str, Counter[str]] = {}
    for id in ids:
        for key, value in runs.params(db, id).items():
            told.setdefault(key, Counter())[value] += 1
    several = [key for key, found in told.items() if len(found) > 1]
    ranked = sorted(several, key=lambda key: ("seed" in key, -_told(told[key], len(ids)), key))
    return tuple(ranked[:_PARAMS_SHOWN])


def _told(values: Counter[str], of: int) -> float:
    """Bits that a param tells of a run, the runs without it being one more value.

    >>> _told(Counter({"a": 2, "b": 2}), 4), _told(Counter({"a": 4}), 4)
    (1.0, 0.0)
    """
    counts = [*values.values(), of - values.total()]
    return sum((-n / of * math.log2(n / of) for n in counts if n), 0.0)


def _curves(db: sqlite3.Connection, home: Home, asked: Asked, metric: str) -> dict[int, tuple[float, ...]]:
    """Of the runs in sight; of one that never logged the metric, what it is usually judged by."""
    if not asked.points or not metric:
        return {}
    have = {run for run, _ in runs.summary_table(db, asked.seen, [metric])}
    others = [run for run in asked.seen if run not in have]
    logged: dict[int, list[str]] = {}
    for run, name in runs.summary_table(db, others, MAIN_METRICS) if others else ():
        logged.setdefault(run, []).append(name)
    wanted = {**dict.fromkeys(have, metric), **{run: main_metric(found) for run, found in logged.items()}}
    return curves.sparks(db, home, wanted, width=asked.curve)


def _bests(db: sqlite3.Connection, home: Home, asked: Asked, column: Column) -> dict[int, float | None]:
    """The column of the runs in sight, each of which gets an entry once it was looked at."""
    if column.best is None or not asked.points:
        return {}
    found = bests.values(home, db, asked.seen, [column.best])
    return {id: found.get((id, column.best)) for id in asked.seen}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    """The curves of the charted runs."""

    metric: str
    large: "tuple[Series, ...]" = ()
    small: "Mapping[str, tuple[Series, ...]]" = field(default_factory=dict)

    @classmethod
    def of(cls, db: sqlite3.Connection, home: Home, asked: Asked, metric: str) -> "_Lines":
        """Of `metric`, or where no charted run logged it, of the one that these runs have."""
        ids = asked.charted
        if not ids or not asked.points:
            return cls(metric=metric)
        logged = runs.metric_names(db, list(ids))
        if metric not in logged:
            metric = main_metric(logged) or metric
        large = charts.lines(db, home, ids, metric, asked.look, width=charts.COLUMNS)
        others = sorted(_drawable(db, ids, [n for n in logged if n != metric]), key=foremost)[: asked.small]
        plain = replace(asked.look, within=None)
        small = charts.many(db, home, ids, others, plain, width=SMALL) if others else {}
        return cls(metric=metric, large=large, small=small)


def _drawable(db: sqlite3.Connection, ids: Sequence[int], metrics: Sequence[str]) -> set[str]:
    """Those of which some run has more than one point: one point is a number, and no curve."""
    return {metric for (_, metric), row in runs.summary_table(db, ids, metrics).items() if row.count > 1}


def _beside(db: sqlite3.Connection, home: Home, asked: Asked, *, drawn: bool) -> Detail | None:
    """What is known of the run under the cursor; the end of its output where it drew nothing."""
    one = asked.beside
    if one is None and not drawn and asked.points:
        one = next(iter(asked.charted), None)
    return None if one is None else opened.read(db, home, one, tail=0 if drawn else _TAIL)


def _opened(db: sqlite3.Connection, home: Home, asked: Asked) -> Detail | None:
    if asked.opened is None:
        return None
    look = replace(asked.look, within=None) if asked.points else None
    return opened.read(db, home, asked.opened, look=look, tail=_TAIL, closer=asked.closer)


def kin(db: sqlite3.Connection, run_id: int) -> tuple[int | None, int | None]:
    """The newest model version made from a run, and the dataset version it learned from; None: none."""
    made = models.of_run(db, run_id)
    above = lineage.around(db, Node("run", run_id), down=False, limit=8).nodes
    data = next((node.id for node in above if node.kind == "dataset_version"), None)
    return (made[-1].id if made else None), data
