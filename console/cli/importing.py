"""`lineside import`: a pipeline of another tool as a lineside.toml."""

from pathlib import Path

import click

from lineside.console.cli import output
from lineside.store.errors import Refused, Usage


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Write it there; printed without.")
@click.option("--force", is_flag=True, help="Write over a file that is there already.")
def import_file(file: Path, out: Path | None, force: bool) -> None:
    """Turn dvc.yaml (with its params and dvc.lock) or MLproject into a lineside.toml."""
    text = _translated(file)
    if out is None:
        click.echo(output.clean(text), nl=False)
        return
    if out.exists() and not force:
        raise Refused(f"{out} is already there", hint="write over it with --force")
    out.write_text(text)
    output.words(f"{out} written; look at it with: lineside pipeline show")


def _translated(file: Path) -> str:
    from lineside.jobs.projects.foreign.dvc import translated as of_dvc
    from lineside.jobs.projects.foreign.mlproject import translated as of_mlproject

    if not file.is_file():
        raise Usage(f"no file {file}", hint="name a dvc.yaml or an MLproject file")
    if file.name in ("dvc.yaml", "dvc.yml"):
        return of_dvc(file)
    if file.name == "MLproject":
        return of_mlproject(file)
    raise Usage(f"{file.name} is neither dvc.yaml nor MLproject", hint="these two can be imported")
