"""`lineside init` and `apply`: the project file, and its way to the runner."""

import os
import sys
from pathlib import Path

import click

from lineside.console.cli import output
from lineside.console.cli.output import json_option
from lineside.console.cli.session import Session, here, pass_session
from lineside.store.errors import Usage

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
@click.option("--hooks", is_flag=True, help="Have git fire the schedules that wait for a push.")
@pass_session
def init(session: Session, hooks: bool) -> None:
    """Start a project in this folder: a lineside.toml to edit, and a home for its runs."""
    if hooks and install_hooks(session):
        return
    path = Path(FILE)
    if path.exists():
        output.words(f"{path} is already here and stays as it is")
    else:
        name = "".join(c if c.isalnum() or c == "-" else "-" for c in here().name) or "project"
        path.write_text(_TEMPLATE.format(name=name))
        output.words(f"{path} written: edit it, then add the data and run: lineside run train")
    session.bring_up()
    output.words(f"home {session.home.path}, runner up")


@click.command()
@json_option
@pass_session
def apply(session: Session, as_json: bool) -> None:
    """Send ./lineside.toml to the runner: monitors, endpoints, gates, triggers, schedules become real."""
    from lineside.jobs.projects import project, writing
    from lineside.jobs.schedules import planners

    folder = project_folder()
    text = writing.inlined((folder / FILE).read_text(), project.read(folder / FILE), FILE)
    env = planners.captured(os.environ)  # for its schedules
    answer = session.ask("project.apply", text=text, folder=str(folder), env=env, python=sys.executable)
    output.one(answer, [*answer["changes"]] or ["nothing changed"], as_json=as_json)


def install_hooks(session: Session) -> bool:
    """Write the hooks of the repository here; True where it is a bare one, which holds no project."""
    from lineside.jobs.schedules import hooks

    found = hooks.repository(here())
    for path in hooks.install(found, home=session.home.path, python=sys.executable):
        output.words(f"{path} written: it fires schedules added with --on-push")
    return found.folder is None


def project_folder() -> Path:
    """The nearest folder upwards that holds a lineside.toml.

    Raises:
        Usage: there is none.
    """
    at = here()
    for folder in (at, *at.parents):
        if (folder / FILE).exists():
            return folder
    raise Usage(f"no {FILE} here or above", hint="write one with: lineside init")
