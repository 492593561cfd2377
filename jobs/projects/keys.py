"""What goes into a stage's hash, the hash, and what changed between two of them, in words.

In: the command with its params and its script, the content of declared deps, named variables, the interpreter
with its installed packages, the paths of what it makes. Not in: the commit, resources, retries, the host.
"""

import hashlib
import json
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from lineside.jobs.projects.hashing import Files
from lineside.jobs.projects.interpreters import interpreter, packages, script
from lineside.store.errors import NotFound

Inputs = dict[str, Any]
"""What a key was made of, as JSON."""

_SHOWN = 4
"""Changes that are said one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One cell of a stage, as the planner saw it: travels with the job."""

    cell: str  # the stage's name, with the cell's values
    folder: str  # the project's
    wdir: str
    cmd: str  # with its placeholders
    argv: tuple[str, ...]
    params: Mapping[str, Any]
    deps: tuple[str, ...]  # from the project's folder
    datasets: Mapping[str, str]  # name → digest of the version
    outs: tuple[str, ...]
    metrics: tuple[str, ...]
    env: tuple[str, ...]
    shell: bool
    python: str  # of the planner: can import lineside
    may_skip: bool  # an earlier result may stand in for running it
    records: bool  # its own result may stand in for a later one
    look: bool = False  # it is thought to be there already: must not run, as it holds no resources

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        listed = ("argv", "deps", "outs", "metrics", "env")
        return cls(**{**said, **{key: tuple(said[key]) for key in listed}})

    @property
    def makes(self) -> tuple[str, ...]:
        """Everything that must exist afterwards."""
        return tuple(dict.fromkeys((*self.outs, *self.metrics)))

    def at(self, path: str) -> str:
        """The whole path of one of its files."""
        return os.path.normpath(os.path.join(self.folder, path))


def gather(recipe: Recipe, files: Files, env: Mapping[str, str]) -> Inputs:
    """Everything that decides what the stage makes, as it is now.

    Raises:
        NotFound: a dep is not there, or cannot be read.
    """
    cwd = recipe.at(recipe.wdir)
    made = [recipe.at(path) for path in recipe.makes]
    words = shlex.split(recipe.argv[-1]) if recipe.shell else recipe.argv
    code = script(words, recipe.folder, cwd, not_=made)
    python = interpreter(words, cwd, env)
    deps = {dep: _digest(files, recipe, dep) for dep in recipe.deps}
    if code is not None and (name := os.path.relpath(code, recipe.folder)) not in deps:
        deps[name] = _digest(files, recipe, name)
    return {
        "format": 1,
        "cmd": recipe.cmd,
        "shell": recipe.shell,
        "wdir": recipe.wdir,
        "params": dict(recipe.params),
        "deps": deps | {f"dataset:{name}": digest for name, digest in recipe.datasets.items()},
        "env": {name: _secret(env.get(name)) for name in recipe.env},
        "packages": packages(python) if python else [],
        "outs": sorted(recipe.makes),
    }


def key_of(inputs: Inputs) -> str:
    """The hash of all that goes into a stage."""
    text = json.dumps(inputs, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def changes(old: Inputs, new: Inputs) -> str:
    """What differs, in words; "" when nothing does.

    >>> changes({"params": {"lr": 0.1}, "deps": {"a": "1"}}, {"params": {"lr": 0.01}, "deps": {"a": "2"}})
    'lr changed 0.1 → 0.01; a changed'
    """
    said = list(_changes(old, new))
    more = [f"and {len(said) - _SHOWN} more"] if len(said) > _SHOWN else []
    return "; ".join(said[:_SHOWN] + more)


def changed_outs(recipe: Recipe, outs: Sequence[Mapping[str, Any]], files: Files) -> str:
    """Which of the things a result made is no longer there as it was; "" when all are."""
    for out in outs:
        try:
            digest = files.digest(recipe.at(out["path"])).digest
        except OSError:
            return f"{out['path']} is gone"
        if digest != out["digest"]:
            return f"{out['path']} is not as the stage left it"
    return ""


def _changes(old: Inputs, new: Inputs) -> Iterator[str]:
    for name, was, now in _differing(old.get("params", {}), new.get("params", {})):
        yield f"{name} changed {_said(was)} → {_said(now)}"
    for name, was, now in _differing(old.get("deps", {}), new.get("deps", {})):
        yield f"{name} is a new dep" if was is None else f"{name} is no dep any more" if now is None \
            else f"{name} changed"  # fmt: skip
    if any(old.get(key) != new.get(key) for key in ("cmd", "shell", "wdir")):
        yield "the command changed"
    for name, _, _ in _differing(old.get("env", {}), new.get("env", {})):
        yield f"variable {name} changed"
    yield from _packages(old.get("packages", []), new.get("packages", []))
    if old.get("outs") != new.get("outs"):
        yield "the paths of outs changed"


def _packages(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    if old[:1] != new[:1]:
        yield f"Python changed {' '.join(old[:1]) or '–'} → {' '.join(new[:1]) or '–'}"
    was, now = (dict(each.partition("==")[::2] for each in some[1:]) for some in (old, new))
    differing = _differing(was, now)
    for name, before, after in differing[:2]:
        yield f"{name} {before or 'absent'} → {after or 'absent'}"
    if len(differing) > 2:
        yield f"{len(differing) - 2} more packages changed"


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    names = dict.fromkeys((*old, *new))
    pairs = [(name, old.get(name), new.get(name)) for name in names]
    return [each for each in pairs if json.dumps(each[1]) != json.dumps(each[2])]  # 1 is not true, nor 1.0


def _said(value: Any) -> str:
    return "nothing" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _digest(files: Files, recipe: Recipe, dep: str) -> str:
    try:
        return files.digest(recipe.at(dep)).digest
    except OSError as error:
        raise NotFound("file", dep, hint=f"stage {recipe.cell} depends on it") from error


def _secret(value: str | None) -> str | None:
    """A variable may be a token: the store gets no more than the means to see that it changed."""
    return None if value is None else hashlib.sha256(f"lineside {value}".encode()).hexdigest()[:16]
