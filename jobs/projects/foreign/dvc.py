"""dvc.yaml, with its params.yaml and its dvc.lock, as a lineside.toml.

foreach becomes a stage per item, matrix stays a matrix. The hashes of dvc.lock are MD5 and vouch for nothing
here: they stand as comments, and what they were of runs once more.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lineside.jobs.projects import writing
from lineside.jobs.projects.foreign.documents import Document, needs_shell
from lineside.jobs.projects.foreign.templates import Scope
from lineside.jobs.projects.project import parse

_KNOWN = {"cmd", "wdir", "deps", "params", "outs", "metrics", "plots", "always_changed", "frozen", "desc",
          "meta", "vars", "foreach", "do", "matrix"}  # fmt: skip
_PARAMS = "params.yaml"


def translated(file: Path, *, name: str = "main") -> str:
    """The text of a lineside.toml with one pipeline.

    Raises:
        BadConfig: what has no counterpart, or cannot be resolved, by its line in dvc.yaml.
    """
    document = Document.read(file)
    params = _beside(file, _PARAMS)
    scope = Scope(document=document, params=params, vars=_vars(document, file.parent, document.values, ()))
    lock = _beside(file, "dvc.lock").get("stages", {})
    head = {"params": _PARAMS} if params else {}
    parts = [f"# made of {file.name}\n" + writing.table(("pipeline", name), head)]
    stages = document.values.get("stages")
    if not isinstance(stages, Mapping) or not stages:
        raise document.wrong(("stages",), "there are no stages", hint="stages: a name, and its cmd")
    for stage, said in stages.items():
        parts += _stages(str(stage), said, scope, file.parent, name, lock)
    text = "\n".join(parts)
    parse(text, where=f"{file.name} as lineside.toml", folder=file.parent)
    return text


def _stages(
    stage: str, said: Any, scope: Scope, folder: Path, pipeline: str, lock: Mapping[str, Any]
) -> list[str]:
    """The tables of one stage: several for a foreach."""
    document, path = scope.document, ("stages", stage)
    if not isinstance(said, Mapping):
        raise document.wrong(path, f"stage {stage} is no table", hint="cmd: …")
    for key in said:
        if key not in _KNOWN:
            raise document.wrong((*path, str(key)), f"{key!r} has no counterpart here", hint="take it out")
    scope = replace(scope, vars={**scope.vars, **_vars(document, folder, said, path)})
    if "foreach" not in said:
        return [_table(stage, said, scope, path, pipeline, lock.get(stage, {}))]
    items = scope.value(said["foreach"], (*path, "foreach"))
    pairs = items.items() if isinstance(items, Mapping) else [(each, each) for each in items or ()]
    inner = said.get("do")
    if not isinstance(inner, Mapping):
        raise document.wrong((*path, "do"), f"stage {stage} has a foreach without a do", hint="do: cmd: …")
    return [
        _table(f"{stage}-{_name(key if not isinstance(key, Mapping) else place)}", inner,
               replace(scope, item=item, key=key), (*path, "do"), pipeline, lock.get(f"{stage}@{key}", {}))
        for place, (key, item) in enumerate(pairs)
    ]  # fmt: skip


def _table(
    stage: str, said: Mapping[str, Any], scope: Scope, path: tuple[str, ...], pipeline: str,
    lock: Mapping[str, Any],
) -> str:  # fmt: skip
    """One stage as a table of lineside.toml."""
    values: dict[str, Any] = {}
    if "matrix" in said:
        axes = {k: scope.value(v, (*path, "matrix", k)) for k, v in said["matrix"].items()}
        values["matrix"], scope = axes, replace(scope, axes=frozenset(axes))
    cmd = said.get("cmd")
    if not cmd:
        raise scope.document.wrong(path, f"stage {stage} has no cmd", hint="cmd: python train.py")
    cmd = " && ".join(str(each) for each in cmd) if isinstance(cmd, list) else str(cmd).strip()
    text = scope.text(cmd, (*path, "cmd"))
    made = {"cmd": text, **({"shell": True} if needs_shell(re.sub(r"\$\{[^}]*\}", "", cmd)) else {})}
    if "wdir" in said:
        made["wdir"] = scope.text(said["wdir"], (*path, "wdir"))
    outs = [*_paths(said, "outs", scope, path), *_paths(said, "plots", scope, path)]
    lists = {"deps": _paths(said, "deps", scope, path), "params": _params(said, scope, path),
             "outs": outs, "metrics": _paths(said, "metrics", scope, path)}  # fmt: skip
    made |= {key: found for key, found in lists.items() if found} | values
    if said.get("always_changed"):
        made["always"] = True
    return writing.table(("pipeline", pipeline, "stage", _name(stage)), made, comments=_comments(said, lock))


def _comments(said: Mapping[str, Any], lock: Mapping[str, Any]) -> list[str]:
    found = str(said.get("desc", "")).splitlines()
    if said.get("frozen"):
        found.append("frozen in dvc.yaml: name a later stage with --from to leave it out")
    kept = [each for key in ("deps", "outs") for each in lock.get(key) or ()]
    return found + [f"dvc.lock: {each['path']} {each['md5']}" for each in kept if "md5" in each]


def _paths(said: Mapping[str, Any], key: str, scope: Scope, path: tuple[str, ...]) -> list[str]:
    """Paths, given bare or with settings of DVC's cache."""
    found = []
    for place, each in enumerate(said.get(key) or ()):
        bare = next(iter(each)) if isinstance(each, Mapping) else each
        at = (*path, key, str(place))
        if "://" in str(bare):
            raise scope.document.wrong(at, f"{bare} lies elsewhere", hint="only files of this box")
        found.append(scope.text(bare, at))
    return found


def _params(said: Mapping[str, Any], scope: Scope, path: tuple[str, ...]) -> list[str]:
    """Names in params.yaml; a file of its own becomes nothing here, so it is refused."""
    found: list[str] = []
    for place, each in enumerate(said.get("params") or ()):
        at = (*path, "params", str(place))
        if isinstance(each, Mapping) and set(each) != {_PARAMS}:
            raise scope.document.wrong(
                at, f"params of {', '.join(map(str, each))}", hint=f"one file: {_PARAMS}"
            )
        names = (each[_PARAMS] or list(scope.params)) if isinstance(each, Mapping) else [each]
        found += [scope.text(name, at) for name in names]
    return found


def _vars(document: Document, folder: Path, said: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """What `vars` gives: tables as they are, and the tables of files."""
    found: dict[str, Any] = {}
    for place, each in enumerate(said.get("vars") or ()):
        if isinstance(each, Mapping):
            found |= each
            continue
        name, _, keys = str(each).partition(":")
        if not (folder / name).is_file():
            raise document.wrong((*path, "vars", str(place)), f"no file {name}", hint="vars: a file")
        values = Document.read(folder / name).values
        if name != _PARAMS:  # these stay parameters
            found |= {k: v for k, v in values.items() if not keys or k in keys.split(",")}
    return found


def _beside(file: Path, name: str) -> Mapping[str, Any]:
    path = file.parent / name
    return Document.read(path).values if path.is_file() else {}


def _name(text: object) -> str:
    """As a stage may be called."""
    return re.sub(r"[^A-Za-z0-9_.-]", "-", str(text)).lstrip("-._") or "stage"
