"""Forms that start work: a pipeline of an applied project, or any command."""

import os
import shlex
import sqlite3
import sys
from pathlib import Path

from lineside.console.deeds import Answer, Ask, Deed, FormField
from lineside.console.text import safe
from lineside.jobs.context import Json
from lineside.jobs.projects import pipelines, project
from lineside.jobs.projects.project import Project
from lineside.store.errors import Usage
from lineside.store.homes import Home
from lineside.store.queries import datasets, projects
from lineside.store.queries.datasets import VersionRow
from lineside.store.queries.projects import ProjectRow


def known(db: sqlite3.Connection) -> list[tuple[str, ProjectRow]]:
    """Every pipeline of every applied project, by name, with the project it stands in."""
    return [(name, row) for row in projects.every(db) for name in _parse(row).pipelines]


def pipeline(db: sqlite3.Connection, home: Home, name: str, row: ProjectRow) -> Deed:
    """The form for one run of a pipeline: its params with their defaults, its data with their versions."""
    found = _parse(row)
    spec = found.pipelines[name]
    data = {key: chosen for stage in spec.stages for key, chosen in stage.datasets.items()}
    fields = [
        FormField(key=f"data.{key}", label=f"data {key}", value=str(chosen), hint="a version, or latest")
        for key, chosen in data.items()
    ]
    fields += [FormField(key=key, label=key, value=str(value)) for key, value in spec.params.items()]
    versions = datasets.by_name(db)

    def then(answer: Answer) -> list[Ask]:
        return [_submit(_planned(found, name, answer, versions, home, row), f"{name}: queued")]

    stages = " → ".join(safe(stage.name) for stage in spec.stages)
    return Deed(
        title=f"Run pipeline {safe(name)}",
        lines=[[("stages  ", "dim"), (stages, "")], [("in      ", "dim"), (row.folder, "")]],
        fields=fields,
        then=then,
        yes="run it",
    )


def _planned(
    found: Project, name: str, answer: Answer, versions: dict[str, VersionRow], home: Home, row: ProjectRow
) -> list[Json]:
    usual = {key: str(value) for key, value in found.pipelines[name].params.items()}
    given = {key: value for key, value in answer.values.items() if value and value != usual.get(key)}
    return pipelines.plan(
        found,
        name,
        params=given,
        datasets=versions,
        home=home,
        python=sys.executable,
        folder=Path(row.folder),
        env=dict(os.environ),
    )


def command(folder: Path) -> Deed:
    """The form for one command, as `lineside run -- CMD` would start it."""
    fields = [
        FormField(key="command", label="command", hint="as in a shell, but run without one"),
        FormField(key="cwd", label="in", value=str(folder)),
        FormField(key="name", label="name", hint="may stay empty"),
        FormField(key="gpus", label="GPUs", value="0", hint="-1: one if the box has any"),
        FormField(key="cpus", label="CPU slots", value="1"),
    ]
    return Deed(title="Run a command", fields=fields, then=_command, yes="run it")


def _command(answer: Answer) -> list[Ask]:
    said = answer.values
    argv = shlex.split(said["command"])
    if not argv:
        raise Usage("no command was given", hint="for example: python train.py --epochs 20")
    spec: Json = {
        "argv": argv,
        "cwd": said["cwd"],
        "env": dict(os.environ),
        "gpus": _whole("GPUs", said["gpus"]),
        "cpus": _whole("CPU slots", said["cpus"]),
        "name": said["name"].strip() or Path(argv[0]).name,
    }
    return [_submit([spec], f"{spec['name']}: queued")]


def _whole(what: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise Usage(f"{what}: {text!r} is no whole number", hint="say 0, 1, 2 …") from None


def _submit(jobs: list[Json], said: str) -> Ask:
    return Ask(verb="jobs.submit", args={"jobs": jobs}, said=said)


def _parse(row: ProjectRow) -> Project:
    return project.parse(row.text, name=row.name)
