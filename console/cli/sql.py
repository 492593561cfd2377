"""`lineside sql`: one read-only query over everything the home holds."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lineside.console.cli import output
from lineside.console.cli.session import Session, pass_session
from lineside.console.format import number
from lineside.console.querying import saved
from lineside.store.errors import Usage

if TYPE_CHECKING:
    from lineside.store.analytics import Table


@click.command()
@click.argument("query", required=False)
@click.option("--saved", "name", metavar="NAME", help="Ask a query that you have saved.")
@click.option("--save", "as_name", metavar="NAME", help="Keep QUERY under this name, once it is answered.")
@click.option("--list", "listing", is_flag=True, help="Your saved queries.")
@click.option("--forget", metavar="NAME", help="Remove a saved query.")
@click.option("--json", "as_json", is_flag=True, help="An array of objects.")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values with a heading.")
@click.option("--parquet", type=click.Path(dir_okay=False), help="Write the result to this file.")
@pass_session
def sql(
    session: Session,
    query: str | None,
    name: str | None,
    as_name: str | None,
    listing: bool,
    forget: str | None,
    as_json: bool,
    as_csv: bool,
    parquet: str | None,
) -> None:
    """Ask in SQL (DuckDB's); a saved query can be read from like a view.

    Views: runs params metrics points tags datasets model_versions promotions endpoints windows scores
    alerts jobs audit.
    """
    where = saved.folder()
    if listing:
        kept = [{"name": name, "query": text} for name, text in saved.every(where).items()]
        columns: output.Columns = {"name": lambda row: row["name"], "query": lambda row: row["query"]}
        output.rows(kept, columns, as_json=as_json, empty="no query is saved yet: --save NAME keeps one")
    elif forget is not None:
        saved.forget(where, forget)
        output.words(f"{forget} is forgotten")
    else:
        text = _meant(where, query, name)
        _answer(session, text, as_json=as_json, as_csv=as_csv, parquet=parquet)
        if as_name is not None:
            output.words(f"kept in {saved.save(where, as_name, text)}")


def _meant(where: Path, query: str | None, name: str | None) -> str:
    if (query is None) == (name is None):
        raise Usage("one query, please", hint='lineside sql "select …", or lineside sql --saved NAME')
    return saved.get(where, name) if name is not None else str(query)


def _answer(session: Session, query: str, *, as_json: bool, as_csv: bool, parquet: str | None) -> None:
    from lineside.store import analytics

    session.read()  # a home that is not there is said in our words, not in DuckDB's
    own = saved.every(saved.folder())
    if parquet:
        frame = analytics.frame(session.home, query, saved=own)
        frame.write_parquet(parquet)
        output.words(f"{frame.height} rows written to {parquet}")
        return
    table = analytics.sql(session.home, query, saved=own)
    if as_json:
        objects = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
        output.rows(objects, {}, as_json=True, empty="")
    elif as_csv:
        _csv(table)
    else:
        output.table(list(table.columns), [[output.clean(_text(v)) for v in row] for row in table.rows])


def _csv(table: "Table") -> None:
    """`nan`, `inf`, `-inf`, and nothing where there is no value; a terminal obeys none of what it shows."""
    import csv

    watched = sys.stdout.isatty()
    writer = csv.writer(sys.stdout)
    writer.writerow(table.columns)
    for row in table.rows:
        writer.writerow([output.clean(v) if watched and isinstance(v, str) else v for v in row])


def _text(value: object) -> str:
    if isinstance(value, float):
        return number(value)
    return "–" if value is None else str(value)
