"""`lineside sql`: one read-only query over everything the home holds."""

import sys
from typing import TYPE_CHECKING

import click

from lineside.console.cli import output
from lineside.console.cli.session import Session, pass_session
from lineside.console.format import number

if TYPE_CHECKING:
    from lineside.store.analytics import Table


@click.command()
@click.argument("query")
@click.option("--json", "as_json", is_flag=True, help="An array of objects.")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values with a heading.")
@click.option("--parquet", type=click.Path(dir_okay=False), help="Write the result to this file.")
@pass_session
def sql(session: Session, query: str, as_json: bool, as_csv: bool, parquet: str | None) -> None:
    """Ask in SQL (DuckDB's).

    Views: runs params metrics points tags datasets model_versions promotions endpoints windows scores
    alerts jobs audit.
    """
    from lineside.store import analytics

    session.read()  # a home that is not there is said in our words, not in DuckDB's
    if parquet:
        frame = analytics.frame(session.home, query)
        frame.write_parquet(parquet)
        output.words(f"{frame.height} rows written to {parquet}")
        return
    table = analytics.sql(session.home, query)
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
