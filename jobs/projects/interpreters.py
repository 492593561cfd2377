"""Which Python a command runs on, and what is installed there, by the names of folders: it is not started."""

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

_PYTHON = re.compile(r"(python|pypy)[\d.]*$")
_RUNS_MODULES = re.compile(r"-m$")


def interpreter(argv: Sequence[str], cwd: str, env: Mapping[str, str]) -> str | None:
    """The path of the Python that `argv` starts; None when its first word is something else."""
    if not argv or not _PYTHON.fullmatch(os.path.basename(argv[0])):
        return None
    if os.sep in argv[0]:
        return os.path.join(cwd, argv[0])
    return shutil.which(argv[0], path=env.get("PATH"))


def packages(python: str) -> list[str]:
    """`name==version` of all that is installed beside an interpreter, and its own version first.

    The links are not followed: it is the virtual environment that counts, not the Python it was made from.
    """
    prefix = Path(python).absolute().parent.parent
    real = os.path.basename(os.path.realpath(python))
    folders = [*prefix.glob("lib*/python3*/*-packages"), *prefix.glob("lib/python3/dist-packages")]
    found = {entry.removesuffix(end) for folder in {f.resolve() for f in folders} for entry in _listed(folder)
             for end in (".dist-info", ".egg-info") if entry.endswith(end)}  # fmt: skip
    return [f"{real} {_version(prefix)}".strip(), *sorted(_named(each) for each in found)]


def script(argv: Sequence[str], folder: str, cwd: str, *, not_: Sequence[str]) -> str | None:
    """The first file of the project that the command names, by path or as a module; None: it names none.

    Args:
        folder: the project's.
        not_: whole paths that are no scripts: what the command makes.
    """
    for place, word in enumerate(argv):
        after_m = place > 0 and _RUNS_MODULES.fullmatch(argv[place - 1]) is not None
        for path in _files_of_module(word, cwd) if after_m else [os.path.join(cwd, word)]:
            path = os.path.normpath(path)
            if path.startswith(f"{os.path.normpath(folder)}/") and path not in not_ and os.path.isfile(path):
                return path
    return None


def _files_of_module(module: str, cwd: str) -> list[str]:
    base = os.path.join(cwd, *module.split("."))
    return [f"{base}.py", os.path.join(base, "__main__.py")]


def _listed(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _named(entry: str) -> str:
    name, _, version = entry.partition("-")
    return f"{name}=={version}".lower()


def _version(prefix: Path) -> str:
    try:
        lines = (prefix / "pyvenv.cfg").read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition("=")[2].strip() for line in lines if line.startswith("version")), "")
