"""Forms that start work: a pipeline of an applied project, or any command."""

import os
import shlex
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from lineside.console.deeds.deed import Answer, Ask, Deed, FormField
from lineside.console.deeds.forms import Entry, Form, Values
from lineside.console.format import plural
from lineside.console.text import Line, fit, safe, width_of
from lineside.jobs.context import Json
from lineside.jobs.projects import pipelines, project
from lineside.jobs.projects.declared import PipelineSpec, Value
from lineside.jobs.projects.project import Project
from lineside.jobs.projects.words import shown
from lineside.store.errors import Usage
from lineside.store.homes import Home
from lineside.store.queries import datasets, paces, projects
from lineside.store.queries.datasets import VersionRow
from lineside.store.queries.projects import ProjectRow

_DATA = "data."


def known(db: sqlite3.Connection) -> list[tuple[str, ProjectRow]]:
    """Every pipeline of every applied project, by name, with the project it stands in."""
    return [(name, row) for row in projects.every(db) for name in _parse(row).pipelines]


def told(known: Sequence[tuple[str, ProjectRow]]) -> list[str]:
    """`bike  prepare → train → evaluate   lr=0.003`, a line each; the project of another name."""
    width = max((width_of(safe(name)) for name, _ in known), default=0)
    return [f"{fit(safe(name), width)}  {safe(_does(name, row))}" for name, row in known]


def _does(name: str, row: ProjectRow) -> str:
    spec = _parse(row).pipelines[name]
    stages = " → ".join(stage.name for stage in spec.stages)
    params = "  ".join(f"{key}={shown(value)}" for key, value in spec.params.items())
    return "   ".join(part for part in (stages, params, f"of {row.name}" if row.name != name else "") if part)


def pipeline(db: sqlite3.Connection, home: Home, name: str, row: ProjectRow, *, who: str) -> Form:
    """The form for one run of a pipeline: data with their versions, params as this person gave them last.

    Args:
        who: whose last values stand in it.
    """
    found = _parse(row)
    spec = found.pipelines[name]
    versions, last = datasets.by_name(db), paces.last_params(db, name, who)
    stages = " → ".join(safe(stage.name) for stage in spec.stages)
    entries = [*_data_entries(spec, versions), *_param_entries(spec, last), *_WISHES]

    def deed(values: Values) -> Deed:
        jobs = _planned(found, spec, values, versions, home, row)
        line: Line = [("the same as  ", "dim"), (safe(command_line(spec, values)), "")]
        names: list[Line] = [[("  ○ ", "wait"), (safe(str(job["name"])), "")] for job in jobs[:12]]
        many = plural(len(jobs), "job")
        return Deed(title=f"Run pipeline {safe(name)}: {many}?", lines=[line, *names], yes="run it",
                    asks=[_submit(jobs, f"{name}: {many} queued")])  # fmt: skip

    return Form(
        title=f"Run pipeline {safe(name)}",
        lines=[[("stages  ", "dim"), (stages, "")], [("in      ", "dim"), (safe(row.folder), "")]],
        entries=entries, command=lambda values: safe(command_line(spec, values)), deed=deed, yes="run it",
    )  # fmt: skip


def _data_entries(spec: PipelineSpec, versions: Mapping[str, VersionRow]) -> list[Entry]:
    chosen = {key: version for stage in spec.stages for key, version in stage.datasets.items()}
    return [_data_entry(key, str(version), versions) for key, version in chosen.items()]


def _data_entry(key: str, chosen: str, versions: Mapping[str, VersionRow]) -> Entry:
    newest = versions.get(key)
    known = [str(n) for n in range(newest.number, 0, -1)] if newest is not None else []
    hint = f"latest ({newest.number}), or {', '.join(known[:6])}" if newest is not None else "no version yet"

    def wrong(text: str) -> str:
        if not known:
            return f"no data {key} yet: lineside data add {key} PATH"
        number = text.rpartition("@")[2].removeprefix("v")
        return "" if number == "latest" or number in known else f"no version {text!r}: {hint}"

    return Entry(key=f"{_DATA}{key}", label=f"data {safe(key)}", value=chosen, hint=hint, wrong=wrong)


def _param_entries(spec: PipelineSpec, last: Mapping[str, object]) -> list[Entry]:
    return [_param_entry(key, value, last.get(key)) for key, value in spec.params.items()]


def _param_entry(key: str, default: Value, last: object) -> Entry:
    return Entry(
        key=key, label=safe(key), value=shown(_last(last, default)), hint=_kind(default, last),
        wrong=lambda text: unlike(text, default),
    )  # fmt: skip


def _last(given: object, default: Value) -> Value:
    """What was given last, where the parameter is still of that kind."""
    if isinstance(default, float) and isinstance(given, int) and not isinstance(given, bool):
        return float(given)
    return given if type(given) is type(default) else default


def _kind(value: Value, last: object) -> str:
    """`number, default 0.003; yours last`."""
    kinds = {bool: "true or false", int: "integer", float: "number"}
    said = f"{kinds.get(type(value), 'text')}, default {shown(value)}"
    return f"{said}; yours last" if last is not None and last != value else said


def unlike(text: str, like: Value) -> str:
    """What is wrong with a text as a value of the same kind; nothing when it is one.

    >>> unlike("abc", 0.1), unlike("yes", True), unlike("3", 1)
    ('not a number', 'true or false', '')
    """
    if isinstance(like, bool):
        return "" if text.lower() in ("true", "false") else "true or false"
    try:
        type(like)(text)
    except ValueError:
        return "not an integer" if isinstance(like, int) else "not a number"
    return "" if text else "must not be empty"


def _whole_or_nothing(text: str) -> str:
    return unlike(text, 1) if text else ""


_WISHES = (
    Entry(key="+priority", label="priority", hint="50 if empty; higher goes first",
          wrong=_whole_or_nothing),
    Entry(key="+gpus", label="GPUs", hint="as declared if empty", wrong=_whole_or_nothing),
)  # fmt: skip
"""What any job may be given beside its params."""


def _given(spec: PipelineSpec, values: Values) -> dict[str, str]:
    """What differs from what is declared."""
    usual = {key: shown(value) for key, value in spec.params.items()}
    usual |= {f"{_DATA}{k}": str(v) for stage in spec.stages for k, v in stage.datasets.items()}
    return {
        key: value for key, value in values.items()
        if not key.startswith("+") and value and value != usual.get(key)
    }  # fmt: skip


def command_line(spec: PipelineSpec, values: Values) -> str:
    """What one would type in the project's folder."""
    words = ["lineside", "run", spec.name]
    for key, value in _given(spec, values).items():
        words += ["--param", f"{key}={value}"]
    for key in ("priority", "gpus"):
        if values.get(f"+{key}"):
            words += [f"--{key}", values[f"+{key}"]]
    return shlex.join(words)


def _planned(
    found: Project, spec: PipelineSpec, values: Values, versions: dict[str, VersionRow], home: Home,
    row: ProjectRow,
) -> list[Json]:  # fmt: skip
    jobs = pipelines.plan(
        found, spec.name, params=_given(spec, values), datasets=versions, home=home, python=sys.executable,
        folder=Path(row.folder), env=dict(os.environ),
    )  # fmt: skip
    wishes = {key: int(values[f"+{key}"]) for key in ("priority", "gpus") if values.get(f"+{key}")}
    return [{**job, **wishes} for job in jobs]


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
