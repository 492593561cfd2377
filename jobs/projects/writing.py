"""Writing TOML: what an import prints, and a project with the values of its params files in it."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from lineside.jobs.projects.declared import Project
from lineside.jobs.projects.project import parse
from lineside.store import toml
from lineside.store.errors import BadConfig

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def key(name: str) -> str:
    """A key as TOML writes it."""
    return name if _BARE.fullmatch(name) else json.dumps(name)


def value(what: Any) -> str:
    """A value as TOML writes it; tables inline.

    >>> value({"lr": [0.1, 0.01], "name": "a"})
    '{ lr = [0.1, 0.01], name = "a" }'
    """
    if isinstance(what, bool):
        return str(what).lower()
    if isinstance(what, (int, float)):
        return repr(what)
    if isinstance(what, Mapping):
        return "{ " + ", ".join(f"{key(k)} = {value(v)}" for k, v in what.items()) + " }"
    if isinstance(what, Sequence) and not isinstance(what, str):
        return "[" + ", ".join(value(each) for each in what) + "]"
    return json.dumps(str(what), ensure_ascii=False)


def table(path: Sequence[str], values: Mapping[str, Any], *, comments: Sequence[str] = ()) -> str:
    """One table with its header."""
    lines = [*(f"# {each}" for each in comments), f"[{'.'.join(map(key, path))}]"]
    lines += [f"{key(name)} = {value(what)}" for name, what in values.items()]
    return "\n".join(lines) + "\n"


def inlined(text: str, project: Project, where: str) -> str:
    """The text with the values of its params files in it: the runner never reads a project's folder.

    Raises:
        BadConfig: a pipeline is not written as a table of its own.
    """
    _, line_of = toml.parse(text, where)
    lines, more = text.splitlines(), []
    for spec in project.pipelines.values():
        if spec.params_file is not None:
            at = line_of(("pipeline", spec.name, "params")) - 1
            lines[at] = f"# {lines[at]}"  # keeps the lines of what follows
            more.append(table(("pipeline", spec.name, "params"), spec.params))
    if not more:
        return text
    whole = "\n".join([*lines, "", *more])
    if parse(whole, where=where, name=project.name).pipelines.keys() != project.pipelines.keys():
        raise BadConfig(f"{where}: a params file cannot be put in", hint="write [pipeline.NAME] as a table")
    return whole
