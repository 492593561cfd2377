"""`lineside runs ls`: runs line by line, with the columns that were asked for, or one line for each group."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from lineside.console.cli import output
from lineside.console.cli.output import Columns, moment
from lineside.console.cli.session import Session
from lineside.console.format import number, plural
from lineside.store import bests, columns
from lineside.store.columns import Column, Value
from lineside.store.queries import runs
from lineside.store.queries.groups import Groups
from lineside.store.queries.runs import RunRow

_EMPTY = "no runs yet; start one with: lineside run PIPELINE"
_CHILDREN = 20
_TIMES = ("created", "started", "ended")


def list_runs(
    session: Session, *, where: str, sort: str, limit: int, named: Sequence[str], as_json: bool
) -> None:
    """Print the first runs of the order; with `named`, these columns in place of the usual ones."""
    db = session.read()
    asked = [columns.understood(db, name) for text in named for name in columns.split(text)]
    found = bests.recent(session.home, db, where=where, sort=sort, limit=limit)
    if not asked:
        output.rows(found, _usual(found), as_json=as_json, empty=_EMPTY)
        return
    cells = columns.cells(session.home, db, found, asked)
    if as_json:
        lines = [
            {**asdict(row), "cells": {c.title: cells.get((row.id, c.title)) for c in asked}} for row in found
        ]
        output.one(lines, [], as_json=True)
        return
    shown: Columns = {"run": "id", "status": "status", "name": "name"}
    shown = {**shown, **{column.title: _cell(column, cells) for column in asked}}
    output.rows(found, shown, as_json=False, empty=_EMPTY)


def list_groups(
    session: Session, *, key: str, where: str, metric: str, sort: str, limit: int, as_json: bool
) -> None:
    """Print one line for each group of the runs that match."""
    from lineside.console.reads.leaderboard import main_metric
    from lineside.store.queries import groups, names

    db = session.read()
    found = groups.groups(
        db, key=key, where=where, metric=metric or main_metric(names.metrics(db)), sort=sort, limit=limit
    )
    shown: Columns = {
        key: lambda g: " ".join(filter(None, [g.value, g.name])) if g.value is not None else None,
        "runs": "count", "running": "running", "failed": "failed",
        **({"best": lambda g: number(g.best), "median": lambda g: number(g.median),
            "worst": lambda g: number(g.worst), "best run": "best_run"} if found.metric else {}),
        "newest": lambda g: moment(g.newest_us),
    }  # fmt: skip
    output.rows(found.rows, shown, as_json=as_json, empty=_EMPTY)
    if found.rows and not as_json:
        output.words(_in_sum(found))


def family(db: sqlite3.Connection, row: RunRow) -> tuple[RunRow | None, list[RunRow]]:
    """The run that one was begun from, and those begun from it: the first of them where there are many."""
    children = runs.recent(db, where=f"parent:{row.id}", sort="id", limit=_CHILDREN) if row.children else []
    return (runs.get(db, row.parent_id) if row.parent_id is not None else None), children


def family_lines(row: RunRow, parent: RunRow | None, children: Sequence[RunRow]) -> list[str]:
    """Parent and children for eyes."""
    lines = [] if parent is None else [f"  parent  run {parent.id} {parent.name}  {parent.status}"]
    lines += [f"  child   run {child.id} {child.name}  {child.status}" for child in children]
    if len(children) < row.children:
        lines.append(f"          {row.children - len(children):,} more: "
                     f"lineside runs ls --where parent:{row.id}")  # fmt: skip
    return lines


def _in_sum(found: Groups) -> str:
    cut = f", the first {len(found.rows)} shown" if len(found.rows) < found.total else ""
    of = f"; best, median and worst are of {found.metric}" if found.metric else ""
    return f"{plural(found.total, 'group')} of {plural(found.runs, 'run')}{cut}{of}"


def _usual(found: Sequence[RunRow]) -> Columns:
    """The columns for anybody; family where there is any."""
    return {
        "run": "id", "status": "status", "cause": "cause", "experiment": "experiment", "name": "name",
        **({"parent": "parent_id"} if any(row.parent_id for row in found) else {}),
        **({"children": "children"} if any(row.children for row in found) else {}),
        "author": "author", "started": lambda r: moment(r.started_us), "ended": lambda r: moment(r.ended_us),
    }  # fmt: skip


def _cell(column: Column, cells: dict[tuple[int, str], Value]) -> Callable[[Any], str | None]:
    def text(row: RunRow) -> str | None:
        value = cells.get((row.id, column.title))
        if column.family == "field" and column.name in _TIMES:
            return moment(getattr(row, columns.FIELDS[column.name]))
        return number(value) if isinstance(value, float) else None if value is None else str(value)

    return text
