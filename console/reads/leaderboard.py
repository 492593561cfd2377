"""What the runs area shows, as one read: the ids in order, and everything about the ones in sight."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lineside.console.reads import charts
from lineside.console.reads.charts import Look
from lineside.console.reads.walls import MAIN_METRICS
from lineside.store import bests, columns
from lineside.store.columns import Column
from lineside.store.errors import Usage
from lineside.store.homes import Home
from lineside.store.queries import groups, lineage, models, runs
from lineside.store.queries.comparisons import Comparison
from lineside.store.queries.groups import Groups
from lineside.store.queries.lineage import Node
from lineside.store.queries.runs import ArtifactRow, RunRow, SummaryRow

HOLDOUT = "holdout"
"""The metric our trainers end with: comparable between runs that train in different ways."""

_PARAMS_SHOWN = 4
_LOOKED_AT = 60


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
    look: Look = charts.PLAIN  # how the chart is looked at
    detail: int | None = None  # the run that is opened
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
class Detail:
    """One run, opened."""

    run: RunRow
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Sequence[SummaryRow]
    artifacts: Sequence[ArtifactRow]
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaderboard:
    """The answer."""

    ids: Sequence[int]
    total: int
    metric: str  # that charts show
    column: Column  # what the table shows of it
    metrics: tuple[str, ...]
    params: tuple[str, ...]  # the keys that differ among the runs in sight
    groups: Groups | None = None  # None: runs, line by line
    families: bool = False  # some run was begun from another
    curves: Mapping[int, tuple[float, ...]] = field(default_factory=dict)
    bests: Mapping[int, float | None] = field(default_factory=dict)  # where the points know the column
    lines: tuple[Any, ...] = ()  # series.Series of the charted runs
    comparison: Comparison | None = None  # None: fewer than two are marked
    detail: Detail | None = None
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
    charted = asked.charted
    return replace(
        board, curves=_curves(db, home, asked, board.metric), bests=_bests(db, home, asked, board.column),
        lines=_lines(db, home, asked, board.metric) if asked.points else (),
        comparison=runs.compare(db, charted) if len(charted) > 1 else None,
        detail=_detail(db, asked.detail) if asked.detail is not None else None, asked=asked,
    )  # fmt: skip


def _board(db: sqlite3.Connection, home: Home, asked: Asked) -> Leaderboard:
    """The order of the runs or groups, and the columns worth showing."""
    metrics = tuple(runs.metric_names(db))
    name = asked.metric or main_metric(metrics)
    try:
        column = chosen(db, name)
    except Usage:  # nothing was logged yet
        column = Column(title=name, family="metric", name=name)
    ids: Sequence[int] = []
    found: Groups | None = None
    problem = ""
    try:
        if asked.group:
            of = column.best.metric if column.best else column.title
            found = groups.groups(db, key=asked.group, where=asked.where, metric=of, sort=asked.group_sort)
        else:
            ids = bests.ids(home, db, asked.where, asked.sort)
    except Usage as error:
        problem = str(error)
    looked_at = [row.id for row in runs.recent(db, limit=_LOOKED_AT)] if asked.group else ids[:_LOOKED_AT]
    return Leaderboard(
        ids=ids, total=runs.count(db), metric=column.name, column=column, metrics=metrics, groups=found,
        params=_differing(db, looked_at), families=runs.families(db), problem=problem,
    )  # fmt: skip


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
    """The params that tell these runs apart, those with the fewest values first; seeds come last."""
    values: dict[str, set[str]] = {}
    for id in ids:
        for key, value in runs.params(db, id).items():
            values.setdefault(key, set()).add(value)
    told = [key for key, found in values.items() if len(found) > 1]
    return tuple(sorted(told, key=lambda key: ("seed" in key, len(values[key]), key))[:_PARAMS_SHOWN])


def _curves(db: sqlite3.Connection, home: Home, asked: Asked, metric: str) -> dict[int, tuple[float, ...]]:
    if not asked.points or not metric:
        return {}
    from lineside.console.reads.curves import sparks

    return sparks(db, home, dict.fromkeys(asked.seen, metric))


def _bests(db: sqlite3.Connection, home: Home, asked: Asked, column: Column) -> dict[int, float | None]:
    """The column of the runs in sight, each of which gets an entry once it was looked at."""
    if column.best is None or not asked.points:
        return {}
    found = bests.values(home, db, asked.seen, [column.best])
    return {id: found.get((id, column.best)) for id in asked.seen}


def _lines(db: sqlite3.Connection, home: Home, asked: Asked, metric: str) -> tuple[Any, ...]:
    return charts.lines(db, home, asked.charted, metric, asked.look, width=charts.COLUMNS)


def _detail(db: sqlite3.Connection, id: int) -> Detail:
    return Detail(
        run=runs.get(db, id),
        params=runs.params(db, id),
        tags=runs.tags(db, id),
        metrics=runs.summaries(db, id),
        artifacts=runs.artifacts(db, id),
        context=runs.context(db, id),
    )


def kin(db: sqlite3.Connection, run_id: int) -> tuple[int | None, int | None]:
    """The newest model version made from a run, and the dataset version it learned from; None: none."""
    made = models.of_run(db, run_id)
    above = lineage.around(db, Node("run", run_id), down=False, limit=8).nodes
    data = next((node.id for node in above if node.kind == "dataset_version"), None)
    return (made[-1].id if made else None), data
