"""Between two runs: what differs in their code, their data and their environment."""

import difflib
import os
import sqlite3
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lineside.store import objects
from lineside.store.homes import Home
from lineside.store.queries import artifacts, datasets, inputs, runs

PATCH, PACKAGES = "code/changes.patch", "environment/packages.txt"
"""Where the SDK keeps what was not committed, and what was installed."""
_GIT_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """The code of two runs."""

    commits: tuple[str | None, str | None]  # None: it was in no checkout
    branches: tuple[str | None, str | None]
    changes: tuple[str | None, str | None]  # in words: "2 files, +3 -1"; None: nobody looked
    exact: bool  # False: the checkout is not here, so `diff` is between what was not committed
    diff: tuple[str, ...]  # lines; empty: the same code, as far as we know


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One named thing, in the one run and in the other."""

    kind: str  # "data", "rows", "package", "env" …
    name: str
    values: tuple[str | None, str | None]  # None: it has none


def code(home: Home, db: sqlite3.Connection, first: int, second: int) -> Code:
    """What differs between the code of two runs: commits, and what was not committed.

    The checkout they ran in is asked, when it is still here and has both commits; it is not changed.
    """
    sides = [runs.context(db, first), runs.context(db, second)]
    patches = [_kept(home, db, run, PATCH) for run in (first, second)]
    exact = _in_checkout(sides, patches)
    one, two = (patch.decode("utf-8", "replace").splitlines() for patch in patches)
    lines = difflib.unified_diff(one, two, f"run {first}", f"run {second}", lineterm="", n=1)
    return Code(
        commits=_two(sides, "commit"), branches=_two(sides, "branch"), changes=_two(sides, "changes"),
        exact=exact is not None, diff=tuple(lines if exact is None else exact),
    )  # fmt: skip


def data(db: sqlite3.Connection, first: int, second: int) -> list[Change]:
    """Dataset versions that only one of the runs read, and how the two differ."""
    one, two = (dict(_data_of(db, run)) for run in (first, second))
    found = []
    for name in sorted({*one, *two}):
        label, other = one.get(name), two.get(name)
        if label != other:
            found.append(Change(kind="data", name=name, values=(label, other)))
            found += _versions(db, name, label, other)
    return found


def environment(home: Home, db: sqlite3.Connection, first: int, second: int) -> list[Change]:
    """Interpreter, host, GPUs, told variables and packages that differ."""
    sides = [runs.context(db, first), runs.context(db, second)]
    keys = ("python", "executable", "host", "cpus", "gpus")
    told = sorted({key for side in sides for key in side if key.startswith("env.")})
    found = [Change(kind="system", name=key, values=_two(sides, key)) for key in keys]
    found += [Change(kind="env", name=key.removeprefix("env."), values=_two(sides, key)) for key in told]
    one, two = (_packages(_kept(home, db, run, PACKAGES)) for run in (first, second))
    if one and two:
        found += [
            Change(kind="package", name=name, values=(one.get(name), two.get(name)))
            for name in sorted({*one, *two})
        ]
    return [change for change in found if change.values[0] != change.values[1]]


def _two(sides: Sequence[Mapping[str, Any]], key: str) -> tuple[str | None, str | None]:
    one, two = (str(side[key]) if side.get(key) is not None else None for side in sides)
    return one, two


def _kept(home: Home, db: sqlite3.Connection, run_id: int, path: str) -> bytes:
    """A file of a run; empty when it has none, or the home no longer holds it."""
    digest = next((file.digest for file in artifacts.artifacts(db, run_id) if file.path == path), None)
    if digest is None:
        return b""
    try:
        return objects.path_of(home, digest).read_bytes()
    except FileNotFoundError:
        return b""


def _packages(listing: bytes) -> dict[str, str]:
    lines = (line.partition("==") for line in listing.decode("utf-8", "replace").splitlines())
    return {name: version for name, _, version in lines}


def _data_of(db: sqlite3.Connection, run_id: int) -> list[tuple[str, str]]:
    """What a run read, by name: the versions its lineage knows, else what the script said."""
    said = runs.context(db, run_id).get("datasets", [])
    declared = [(str(each["name"]), f"@{each.get('version') or each.get('digest') or '?'}") for each in said]
    return [*declared, *((name, f"@{number}") for name, number in inputs.of_run(db, run_id))]


def _versions(db: sqlite3.Connection, name: str, label: str | None, other: str | None) -> list[Change]:
    """Rows, content and columns of two versions of one dataset, when this home has both."""
    known = {f"@{version.number}": version for version in datasets.versions(db, name)}
    one, two = known.get(label or ""), known.get(other or "")
    if one is None or two is None:
        return []
    found = [
        Change(kind="rows", name=name, values=(f"{one.rows:,}", f"{two.rows:,}")),
        Change(kind="content", name=name, values=(one.digest[:12], two.digest[:12])),
    ]
    types = [{column.name: column.dtype for column in version.columns} for version in (one, two)]
    for column in sorted({*types[0], *types[1]}):
        values = types[0].get(column), types[1].get(column)
        found.append(Change(kind="column", name=f"{name}.{column}", values=values))
    return [change for change in found if change.values[0] != change.values[1]]


# -- asking git -------------------------------------------------------------------------------------


def _in_checkout(sides: Sequence[Mapping[str, Any]], patches: Sequence[bytes]) -> list[str] | None:
    """The diff between the two whole states of the code; None: no checkout here has both commits."""
    commits = [side.get("commit") for side in sides]
    folder = next((side["cwd"] for side in sides if os.path.isdir(str(side.get("cwd")))), None)
    if folder is None or not all(commits):
        return None
    with tempfile.TemporaryDirectory() as scratch:
        try:
            git = _Git(folder, Path(scratch))
            trees = [git.tree(str(commit), patch) for commit, patch in zip(commits, patches, strict=True)]
            return git.ask("diff", "--no-ext-diff", "--no-textconv", "--no-color", *trees).splitlines()
        except (OSError, subprocess.SubprocessError):
            return None


class _Git:
    """Git on a checkout that is only read: new objects and the index lie in a scratch folder."""

    def __init__(self, folder: str, scratch: Path) -> None:
        self._folder, self._scratch = folder, scratch
        (scratch / "objects").mkdir()
        self._env = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_INDEX_FILE": str(scratch / "index")}
        self._folder = self.ask("rev-parse", "--show-toplevel").strip()  # what paths in patches begin at
        theirs = self.ask("rev-parse", "--path-format=absolute", "--git-path", "objects").strip()
        self._env |= {
            "GIT_OBJECT_DIRECTORY": str(scratch / "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": theirs,
        }

    def tree(self, commit: str, patch: bytes) -> str:
        """The tree of a commit with a patch on top."""
        self.ask("read-tree", commit)
        if patch:
            self.ask("apply", "--cached", "--whitespace=nowarn", "--binary", "-", given=patch)
        return self.ask("write-tree").strip()

    def ask(self, *words: str, given: bytes = b"") -> str:
        """What git answers.

        Raises:
            subprocess.SubprocessError: it failed, or took too long.
        """
        done = subprocess.run(
            ["git", "-C", self._folder, "-c", "core.fsmonitor=false", *words],
            input=given, env=self._env, capture_output=True, timeout=_GIT_S, check=True,
        )  # fmt: skip
        return done.stdout.decode("utf-8", "replace")
