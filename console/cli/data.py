"""`lineside data` and `lineside labels`: what models learn from and are judged by."""

from pathlib import Path

import click

from lineside.console.cli import output
from lineside.console.cli.output import Columns, json_option, moment
from lineside.console.cli.session import Session, pass_session
from lineside.console.format import amount, number

_FILE = click.Path(path_type=Path)


@click.group()
def data() -> None:
    """Datasets: content-addressed versions with a profile."""


@data.command()
@click.argument("name")
@click.argument("path", type=_FILE)
@click.option("--target", help="The column a model learns to predict.")
@click.option("--time", "time_column", help="The column that says when a row happened.")
@click.option("--tz", help="The zone that naive times are in.")
@click.option("--exclude", multiple=True, metavar="COLUMN", help="A column no model may see.")
@json_option
@pass_session
def add(
    session: Session, name: str, path: Path, target: str | None, time_column: str | None, tz: str | None,
    exclude: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Add the CSV or Parquet file PATH as the next version of dataset NAME."""
    answer = session.ask(
        "data.add", name=name, path=str(path.absolute()), target=target, time=time_column, tz=tz,
        exclude=list(exclude) or None, wait_s=600,
    )  # fmt: skip
    known = "" if answer["new"] else "  (already known: nothing was written)"
    size = f"{answer['rows']:,} rows  {amount(answer['bytes'])}"
    line = f"{answer['dataset']}@{answer['version']}  {size}{known}"
    output.one(answer, [line], as_json=as_json)


@data.command("ls")
@json_option
@pass_session
def ls(session: Session, as_json: bool) -> None:
    """List every version of every dataset."""
    from lineside.store.queries import datasets as query

    columns: Columns = {
        "dataset": lambda v: f"{v.name}@{v.number}", "rows": lambda v: f"{v.rows:,}",
        "size": lambda v: amount(v.bytes),
        "target": "target", "splits": lambda v: " ".join(v.splits), "created": lambda v: moment(v.created_us),
        "by": "created_by",
    }  # fmt: skip
    output.rows(
        query.versions(session.read()), columns, as_json=as_json,
        empty="no data yet; add some with: lineside data add NAME PATH --target COLUMN",
    )  # fmt: skip


@data.command()
@click.argument("version", metavar="NAME[@N]")
@json_option
@pass_session
def show(session: Session, version: str, as_json: bool) -> None:
    """Show one version with the profile of its columns."""
    from lineside.store.queries import datasets as query

    db = session.read()
    row = query.find(db, version)
    profile = query.profile(db, row.id)
    if as_json:
        output.one({"version": row, "profile": profile}, [], as_json=True)
        return
    output.words(
        f"{row.name}@{row.number}  {row.rows:,} rows  {amount(row.bytes)}  target {row.target or '–'}"
    )
    cells = [
        [p.name, p.dtype, str(p.nulls), str(p.distinct), _value(p.min), number(p.mean), _value(p.max)]
        for p in profile
    ]
    output.table(["column", "type", "nulls", "distinct", "min", "mean", "max"], cells)


def _value(value: float | str | None) -> str:
    return output.clean(value) if isinstance(value, str) else number(value)


@data.command()
@click.argument("old", metavar="NAME@N")
@click.argument("new", metavar="NAME@M")
@json_option
@pass_session
def diff(session: Session, old: str, new: str, as_json: bool) -> None:
    """Say how two versions differ: columns, rows, the most shifted columns."""
    answer = session.ask("data.diff", old=old, new=new, wait_s=600)
    output.one(answer, [f"{key}: {value}" for key, value in answer.items()], as_json=as_json)


@data.command()
@click.argument("name")
@click.argument("path", type=_FILE)
@json_option
@pass_session
def validate(session: Session, name: str, path: Path, as_json: bool) -> int:
    """Compare the file PATH with the newest version of NAME; exit 3 when it should not be added."""
    answer = session.ask("data.validate", name=name, path=str(path.absolute()), wait_s=600)
    lines = [f"{f['severity']}: {f['finding']}" for f in answer["findings"]] or ["nothing to object"]
    output.one(answer, lines, as_json=as_json)
    return 0 if answer["ok"] else 3


@click.group()
def labels() -> None:
    """Labels: the truth that comes late."""


@labels.command("add")
@click.argument("monitor", metavar="NAME")
@click.argument("path", type=_FILE)
@json_option
@pass_session
def add_labels(session: Session, monitor: str, path: Path, as_json: bool) -> None:
    """Add labels (columns id and label, CSV or Parquet) to the monitor NAME."""
    answer = session.ask("labels.add", monitor=monitor, path=str(path.absolute()), wait_s=600)
    line = f"{answer['added']} labels added, {answer['updated']} changed"
    output.one(answer, [line], as_json=as_json)
