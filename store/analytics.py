"""SQL over everything a home holds: an in-memory DuckDB, filled with the views a query names, no more.

The query may only read those: no file, no network, no setting is within its reach.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lineside.store import spool
from lineside.store.db import reader
from lineside.store.errors import Usage
from lineside.store.homes import Home
from lineside.store.queries import spools, views
from lineside.store.queries.views import VIEWS, View

if TYPE_CHECKING:
    import duckdb
    import polars as pl

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "memory_limit": "2GB",
    "threads": "2",
    "temp_directory": "",
}
_MOST_POINTS = 50_000_000
_KIND = re.compile(r"\A[A-Z][A-Za-z ]* Error: ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The answer to a query; NaN and infinities are floats, no value is None."""

    columns: tuple[str, ...]
    types: tuple[str, ...]  # DuckDB's words: "BIGINT", "VARCHAR", "TIMESTAMP"
    rows: tuple[tuple[Any, ...], ...]
    more: bool  # `limit` cut it off


def sql(home: Home, query: str, *, limit: int | None = None) -> Table:
    """Answer one SELECT over the views.

    Raises:
        Usage: it is no single SELECT, or DuckDB does not understand it.
        HomeProblem: there is no home.
    """
    import duckdb

    db = reader(home)
    try:
        with duckdb.connect(":memory:", config=_CONFIG) as con:
            _fill(con, home, db, _named(con, query))
            con.execute("set enable_external_access = false")
            con.execute("set lock_configuration = true")
            con.execute(query)
            return _table(con, limit)
    except duckdb.Error as error:
        raise Usage(_KIND.sub("", str(error).strip()), hint="views: " + " ".join(VIEWS)) from error
    finally:
        db.close()


def _named(con: "duckdb.DuckDBPyConnection", query: str) -> set[str]:
    """The views that a query reads.

    Raises:
        Usage: it is not one SELECT.
    """
    statements = con.extract_statements(query)
    kinds = [statement.type.name for statement in statements]
    if kinds not in (["SELECT"], ["EXPLAIN"]):
        said = "nothing" if not kinds else " and ".join(kind.lower() for kind in kinds)
        raise Usage(
            f"only one SELECT can be asked, this is {said}",
            hint="the views are read-only: " + " ".join(VIEWS),
        )
    return {name.lower() for name in con.get_table_names(query)} & VIEWS.keys()


def _fill(con: "duckdb.DuckDBPyConnection", home: Home, db: sqlite3.Connection, named: set[str]) -> None:
    """Make every view, so that a mistyped one is answered with the nearest; give rows to those named."""
    for name, view in VIEWS.items():
        columns = ", ".join(f'"{column}" {kind}' for column, kind in view.columns.items())
        con.execute(f'create table "{name}" ({columns})')
    for name in named:
        for frame in _frames(home, db, VIEWS[name]):
            con.register("incoming", _Stream(frame))
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
    """Every point of every run, in the order each spool was written.

    Raises:
        Usage: there are too many to hold.
    """
    import polars as pl

    total = 0
    for row in spools.every(db):
        path = home.spool / row.path
        if not path.exists():
            continue
        for part in spool.read(path, limit=row.offset_bytes, verify=row.skipped_bytes > 0).steps:
            total += part.values.size
            if total > _MOST_POINTS:
                raise Usage(f"more than {_MOST_POINTS:,} points", hint="ask `metrics`, which sums them up")
            count, width = part.values.shape
            yield pl.DataFrame(
                {
                    "run_id": np.full(count * width, row.run_id),
                    "metric": pl.Series(part.names, dtype=pl.String).gather(np.tile(np.arange(width), count)),
                    "step": np.repeat(part.steps, width),
                    "value": part.values.ravel(),
                    "logged_at": np.repeat(part.at_ns // 1_000, width),
                }
            )


class _Stream:
    """A frame as DuckDB can read it without pyarrow: the Arrow C stream and nothing more."""

    def __init__(self, frame: "pl.DataFrame") -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


def _table(con: "duckdb.DuckDBPyConnection", limit: int | None) -> Table:
    described = con.description or []
    found = con.fetchall() if limit is None else con.fetchmany(limit + 1)
    shown = found if limit is None else found[:limit]
    return Table(
        columns=tuple(column[0] for column in described),
        types=tuple(str(column[1]) for column in described),
        rows=tuple(shown),
        more=len(found) > len(shown),
    )
