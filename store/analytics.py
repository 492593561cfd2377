"""SQL over everything a home holds: an in-memory DuckDB, filled with the views a query names, no more.

The query may only read those: no file, no network, no setting is within its reach.
"""

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from lineside.store import points
from lineside.store.building import NAMES, built
from lineside.store.db import reader
from lineside.store.errors import BadData, Usage
from lineside.store.halting import STOPPED, Halt, Stopped
from lineside.store.homes import Home
from lineside.store.points import Part
from lineside.store.queries import segments, spools, views
from lineside.store.queries.views import VIEWS, View
from lineside.store.segments import Stream

if TYPE_CHECKING:
    import duckdb
    import polars as pl

T = TypeVar("T")

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "memory_limit": "2GB",
    "threads": "2",
    "temp_directory": "",
}
_MOST_POINTS = 50_000_000
_TRIES = 10
_POINTS = """
    create view points as
    select run_id, metric, step, value, logged_at, opening from hot_points
    union all
    select p.run_id, n.name, p.step, p.value, make_timestamp(p.at_us), cast(p.opening as bigint)
      from read_parquet([{files}]) p join metric_names n on n.id = p.metric_id
"""
_KIND = re.compile(r"\A[A-Z][A-Za-z ]* Error: ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The answer to a query; NaN and infinities are floats, no value is None."""

    columns: tuple[str, ...]
    types: tuple[str, ...]  # DuckDB's words: "BIGINT", "VARCHAR", "TIMESTAMP"
    rows: tuple[tuple[Any, ...], ...]
    more: bool  # `limit` cut it off


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A query, the texts it may name, and who may stop it."""

    query: str
    saved: Mapping[str, str]
    halt: Halt


def sql(
    home: Home,
    query: str,
    *,
    limit: int | None = None,
    saved: Mapping[str, str] | None = None,
    halt: Halt | None = None,
) -> Table:
    """Answer one SELECT over the views, row by row.

    Args:
        limit: rows to fetch; the answer says whether there are more.
        saved: queries by name, which this one may read from as if they were views.
        halt: ends it from another thread.

    Raises:
        Usage: it is no single SELECT, or DuckDB does not understand it.
        Stopped: `halt` was told to stop.
        HomeProblem: there is no home.
    """
    return _asked(
        home, _Asked(query=query, saved=saved or {}, halt=halt or Halt()), lambda con: _table(con, limit)
    )


def frame(home: Home, query: str, *, saved: Mapping[str, str] | None = None) -> "pl.DataFrame":
    """Answer one SELECT over the views as a polars frame; errors as of `sql`."""
    from lineside.store import answers

    return _asked(home, _Asked(query=query, saved=saved or {}, halt=Halt()), answers.taken)


def _asked(home: Home, asked: _Asked, take: "Callable[[duckdb.DuckDBPyConnection], T]") -> T:
    """What `take` makes of the answer, as of one moment."""
    import duckdb

    db = reader(home)
    try:
        for _ in range(_TRIES):
            before = _kept(db)
            try:
                found = _answer(home, db, asked, take)
            except (duckdb.IOException, FileNotFoundError):
                if before == _kept(db):
                    raise
                continue
            if before == _kept(db):  # nothing moved from spools to segments meanwhile
                return found
        raise BadData("the store's files move faster than they can be read", hint="try again")
    except duckdb.InterruptException as error:
        raise Stopped(STOPPED) from error
    except duckdb.Error as error:
        if "pytz" in str(error):
            raise Usage("times with a zone cannot be shown", hint="cast them: now()::timestamp") from error
        raise Usage(_KIND.sub("", str(error).strip()), hint=NAMES) from error
    finally:
        db.close()


def _answer(
    home: Home, db: sqlite3.Connection, asked: _Asked, take: "Callable[[duckdb.DuckDBPyConnection], T]"
) -> T:
    import duckdb

    with duckdb.connect(":memory:", config=_CONFIG) as con:
        asked.halt.begin(con)
        try:
            return take(_executed(con, home, db, asked))
        finally:
            asked.halt.end()


def _executed(
    con: "duckdb.DuckDBPyConnection", home: Home, db: sqlite3.Connection, asked: _Asked
) -> "duckdb.DuckDBPyConnection":
    """The same connection, with the query under way."""
    needed = built(con, asked.query, asked.saved)
    _fill(con, home, db, needed.views)
    if "points" in needed.views:
        con.execute("set allowed_paths = $1", [_cold(con, home, db)])
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
    for name in needed.saved:  # only now: binding a view reads what it names
        quoted = name.replace('"', '""')
        con.execute(f'create view "{quoted}" as\n{asked.saved[name]}')
    con.execute(asked.query)
    return con


def _kept(db: sqlite3.Connection) -> tuple[int, ...]:
    """What compaction and merging change."""
    return tuple(row.id for row in segments.every(db))


def _cold(con: "duckdb.DuckDBPyConnection", home: Home, db: sqlite3.Connection) -> list[str]:
    """Let `points` be what spools gave it and what segments hold; the files it may read for that."""
    import polars as pl

    files = [str(home.segments / row.path) for row in segments.every(db)]
    if not files:
        return files
    metrics = segments.metrics(db)
    table = pl.DataFrame({"id": list(metrics.values()), "name": list(metrics.keys())})
    con.register("incoming", Stream(table))
    con.execute("create table metric_names as select id, name from incoming")
    con.unregister("incoming")
    con.execute("alter table points rename to hot_points")
    quoted = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    con.execute(_POINTS.format(files=quoted))
    return files


def _fill(con: "duckdb.DuckDBPyConnection", home: Home, db: sqlite3.Connection, named: set[str]) -> None:
    """Make every view, so that a mistyped one is answered with the nearest; give rows to those named."""
    for name, view in VIEWS.items():
        columns = ", ".join(f'"{column}" {kind}' for column, kind in view.columns.items())
        con.execute(f'create table "{name}" ({columns})')
    for name in named:
        for frame in _frames(home, db, VIEWS[name]):
            con.register("incoming", Stream(frame))
            con.execute(f'insert into "{name}" select {_selected(VIEWS[name])} from incoming')
            con.unregister("incoming")


def _selected(view: View) -> str:
    return ", ".join(
        f'make_timestamp("{column}")' if kind == "TIMESTAMP" else f'cast("{column}" as {kind})'
        for column, kind in view.columns.items()
    )


def _frames(home: Home, db: sqlite3.Connection, view: View) -> "Iterable[pl.DataFrame]":
    import polars as pl

    if view.sql is None:
        return _points(home, db)
    kinds = {"VARCHAR": pl.String, "DOUBLE": pl.Float64}
    schema = {column: kinds.get(kind, pl.Int64) for column, kind in view.columns.items()}
    return [pl.DataFrame(list(views.rows(db, view)), schema=schema, orient="row")]


def _points(home: Home, db: sqlite3.Connection) -> "Iterator[pl.DataFrame]":
    """Every point that no segment holds.

    Raises:
        Usage: there are too many to hold.
    """
    total = 0
    for run_id in spools.warm_runs(db):
        for each in points.hot(home, db, points.state(db, run_id)):
            for metric, part in points.parts(each):
                total += len(part.steps)
                if total > _MOST_POINTS:
                    raise Usage(
                        f"more than {_MOST_POINTS:,} points", hint="ask `metrics`, which sums them up"
                    )
                yield _frame(run_id, metric, part)


def _frame(run_id: int, metric: str, part: Part) -> "pl.DataFrame":
    import polars as pl

    count = len(part.steps)
    return pl.DataFrame(
        {
            "run_id": np.full(count, run_id),
            "metric": pl.repeat(metric, count, eager=True, dtype=pl.String),
            "step": part.steps,
            "value": part.values,
            "logged_at": part.at_us,
            "opening": np.broadcast_to(part.opening, count).astype(np.int64),
        }
    )


def _table(con: "duckdb.DuckDBPyConnection", limit: int | None) -> Table:
    described = con.description or []
    found = con.fetchall() if limit is None else con.fetchmany(limit + 1)
    shown = found if limit is None else found[:limit]
    return Table(
        columns=_told_apart([column[0] for column in described]),
        types=tuple(str(column[1]) for column in described),
        rows=tuple(shown),
        more=len(found) > len(shown),
    )


def _told_apart(names: Sequence[str]) -> tuple[str, ...]:
    """No name twice, so that none hides another where rows are read by name.

    >>> _told_apart(["a", "b", "a", "a"])
    ('a', 'b', 'a_1', 'a_2')
    """
    found: list[str] = []
    for name in names:
        nth = (name, *(f"{name}_{number}" for number in range(1, len(names) + 1)))
        found.append(next(each for each in nth if each not in found))
    return tuple(found)
