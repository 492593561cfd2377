"""`lineside sql`: one read-only query over everything the home holds."""

import sys

import click

from lineside.console.cli import output
from lineside.console.cli.session import Session, pass_session
from lineside.console.format import number


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
    table = analytics.sql(session.home, query)
    if parquet:
        import polars as pl

        pl.DataFrame(table.rows, schema=list(table.columns), orient="row").write_parquet(parquet)
        output.words(f"{len(table.rows)} rows written to {parquet}")
    elif as_json:
        objects = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
        output.rows(objects, {}, as_json=True, empty="")
    elif as_csv:
        import csv

        writer = csv.writer(sys.stdout)
        writer.writerow(table.columns)
        writer.writerows(table.rows)
    else:
        output.table(list(table.columns), [[output.clean(_text(v)) for v in row] for row in table.rows])


def _text(value: object) -> str:
    if isinstance(value, float):
        return number(value)
    return "–" if value is None else str(value)
