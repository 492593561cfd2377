"""`lineside init`, `apply`, `pipeline`: the project file, and what is made of it."""

import os
import sys
from pathlib import Path

import click

from lineside.console.cli import output
from lineside.console.cli.output import json_option
from lineside.console.cli.session import Json, Session, pass_session
from lineside.store.errors import NotFound, Usage

FILE = "lineside.toml"

_TEMPLATE = """\
# lineside.toml: what this project trains, how it is judged, what is watched.

[project]
name = "{name}"

[data.{name}]
path = "data.parquet"   # CSV or Parquet
target = "label"        # the column to predict

[pipeline.train.params]
seed = 0

[pipeline.train.stage.network]
cmd = "{{python}} -P -m lineside.jobs.trainers.network --data {{data.{name}}} --target label --seed {{seed}}"
deps = ["dataset:{name}@latest"]
resources = {{ gpus = -1, cpus = 1 }}   # -1: one GPU if the box has any

[model.{name}]
min_holdout = 0.9       # a version below is not even shown to an approver
approvals = 1

[monitor.{name}]
model = "{name}"
window_rows = 200

[retrain.{name}]
monitor = "{name}"
pipeline = "train"
on = ["performance"]
"""


@click.command()
@pass_session
def init(session: Session) -> None:
    """Start a project in this folder: a lineside.toml to edit, and a home for its runs."""
    path = Path(FILE)
    if path.exists():
        output.words(f"{path} is already here and stays as it is")
    else:
        name = "".join(c if c.isalnum() or c == "-" else "-" for c in Path.cwd().name) or "project"
        path.write_text(_TEMPLATE.format(name=name))
        output.words(f"{path} written: edit it, then add the data and run: lineside run train")
    session.bring_up()
    output.words(f"home {session.home.path}, runner up")


@click.command()
@json_option
@pass_session
def apply(session: Session, as_json: bool) -> None:
    """Send ./lineside.toml to the runner: monitors, endpoints, gates and retrain triggers become real."""
    folder = project_folder()
    text = (folder / FILE).read_text()
    answer = session.ask("project.apply", text=text, folder=str(folder))
    output.one(answer, [*answer["changes"]] or ["nothing changed"], as_json=as_json)


@click.group()
def pipeline() -> None:
    """Pipelines of ./lineside.toml."""


@pipeline.command("show")
@click.argument("name", required=False)
def show_pipeline(name: str | None) -> None:
    """Draw the stages of a pipeline and what each waits for."""
    from lineside.jobs.projects import pipelines, project

    found = project.read(project_folder() / FILE)
    for one in [name] if name else list(found.pipelines):
        sys.stdout.write(pipelines.show(found, one) + "\n")


def project_folder() -> Path:
    """The nearest folder upwards that holds a lineside.toml.

    Raises:
        Usage: there is none.
    """
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / FILE).exists():
            return folder
    raise Usage(f"no {FILE} here or above", hint="write one with: lineside init")


def resolve_pipeline(session: Session, name: str, params: dict[str, str]) -> list[Json]:
    """The jobs that running pipeline `name` of this folder's project means."""
    from lineside.jobs.projects import pipelines, project
    from lineside.store.queries import datasets

    folder = project_folder()
    found = project.read(folder / FILE)
    if name not in found.pipelines:
        known = ", ".join(found.pipelines) or "none"
        raise NotFound("pipeline", name, hint=f"{FILE} has: {known}; a command goes behind --")
    session.bring_up()
    return pipelines.plan(
        found,
        name,
        params=params,
        datasets=datasets.by_name(session.read()),
        home=session.home,
        python=sys.executable,
        folder=folder,
        env=dict(os.environ),
    )
