"""MLproject as a lineside.toml: each entry point is a pipeline of one stage, as its params are its own."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lineside.jobs.projects import writing
from lineside.jobs.projects.foreign.documents import Document, needs_shell
from lineside.jobs.projects.project import parse

_KNOWN = ("name", "entry_points", "docker_env", "conda_env", "python_env")
_KINDS = {"float": float, "string": str, "path": str, "uri": str, "int": int}


def translated(file: Path) -> str:
    """The text of a lineside.toml.

    Raises:
        BadConfig: what cannot be translated, by its line.
    """
    document = Document.read(file)
    for key in document.values:
        if key not in _KNOWN:
            raise document.wrong((str(key),), f"{key!r} has no counterpart here", hint="take it out")
    points = document.values.get("entry_points")
    if not isinstance(points, Mapping) or not points:
        raise document.wrong(("entry_points",), "there are no entry points", hint="entry_points: main: …")
    head = ["# made of MLproject", *_environment(document)]
    if "name" in document.values:
        head.append("\n" + writing.table(("project",), {"name": document.values["name"]}).rstrip())
    parts, lacking = ["\n".join(head) + "\n"], False
    for name, said in points.items():
        found, missing = _point(document, str(name), said)
        parts.append(found)
        lacking = lacking or missing
    text = "\n".join(parts)
    if not lacking:  # what lacks a value is told by whoever runs it, with its line
        parse(text, where="MLproject as lineside.toml")
    return text


def _point(document: Document, name: str, said: Any) -> tuple[str, bool]:
    """One entry point; whether a parameter of it lacks a value."""
    path = ("entry_points", name)
    command = said.get("command") if isinstance(said, Mapping) else None
    if not command:
        raise document.wrong(path, f"entry point {name} has no command", hint="command: python train.py")
    values, lacking = {}, []
    for key, about in (said.get("parameters") or {}).items():
        kind, default = (about.get("type", "string"), about.get("default")) if isinstance(about, Mapping) \
            else (about, None)  # fmt: skip
        if kind not in _KINDS:
            at = (*path, "parameters", str(key))
            raise document.wrong(at, f"{key} is a {kind}", hint=f"one of {', '.join(_KINDS)}")
        if default is None:
            lacking.append(f"{key} = …  ({kind}; MLproject has no default: give it a value)")
        else:
            values[str(key)] = _KINDS[kind](default)
    pipeline = re.sub(r"[^A-Za-z0-9_.-]", "-", name)
    stage = {"cmd": str(command).strip(), **({"shell": True} if needs_shell(str(command)) else {})}
    params = writing.table(("pipeline", pipeline, "params"), values, comments=lacking)
    text = writing.table(("pipeline", pipeline, "stage", pipeline), stage)
    return (f"{params}\n{text}" if values or lacking else text), bool(lacking)


def _environment(document: Document) -> list[str]:
    """What it wanted to run in; nothing here builds that."""
    return [
        f"# {key}: {writing.value(document.values[key])}: not built here; run in an environment that has it"
        for key in ("docker_env", "conda_env", "python_env")
        if key in document.values
    ]
