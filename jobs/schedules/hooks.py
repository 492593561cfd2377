"""Git hooks that fire schedules: `pre-push` for pushes from a repository, `post-receive` for pushes to it.

A commit fires a schedule once, so a repository that has both fires it once too. A hook does its work beside
the push: it can neither fail nor delay it.
"""

import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lineside.store.errors import Refused, Usage

_MARK = "# written by: lineside init --hooks"
_FIELDS = {"pre-push": "_ commit ref _", "post-receive": "_ commit ref"}
"""What git says to each of them, a line for each branch."""
_SCRIPT = """\
#!/bin/sh
{mark}
# Fires what `lineside schedules add NAME --on-push BRANCH PIPELINE` waits for, beside the push.
while read -r {fields}; do
    case "$ref" in refs/heads/*) ;; *) continue ;; esac
    case "$commit" in *[!0]*) ;; *) continue ;; esac  # only zeros: a branch was deleted
    {command} --branch "${{ref#refs/heads/}}" --key "$commit" </dev/null >/dev/null 2>&1 &
done
exit 0
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A git repository on this box."""

    hooks: Path
    folder: Path | None  # its working tree; None: it is bare


def repository(here: Path) -> Repository:
    """The repository that `here` lies in.

    Raises:
        Usage: it lies in none, or there is no git.
    """
    bare = _git(here, "rev-parse", "--is-bare-repository") == "true"
    hooks = here / _git(here, "rev-parse", "--git-path", "hooks")
    folder = None if bare else Path(_git(here, "rev-parse", "--show-toplevel"))
    return Repository(hooks=hooks.resolve(), folder=folder)


def install(found: Repository, *, home: Path, python: str) -> list[Path]:
    """Write the hooks and say which files they are; a bare repository is only pushed to.

    Raises:
        Refused: somebody else's hook stands there; it stays as it is.
    """
    names = ("post-receive",) if found.folder is None else ("pre-push", "post-receive")
    foreign = [name for name in names if _foreign(found.hooks / name)]
    words = command(found, home=home, python=python)
    if foreign:
        raise Refused(
            f"{found.hooks / foreign[0]} is there already and not ours",
            hint=f"add to it, for each branch: {words} --branch B --key COMMIT",
        )
    found.hooks.mkdir(parents=True, exist_ok=True)
    for name in names:
        fresh = found.hooks / f".{name}.new"
        fresh.write_text(script(name, words))
        fresh.chmod(0o755)
        fresh.rename(found.hooks / name)
    return [found.hooks / name for name in names]


def command(found: Repository, *, home: Path, python: str) -> str:
    """What a hook runs, but for branch and commit; a working tree means the schedules of its own folder."""
    words = [python, "-P", "-m", "lineside.console", "--home", str(home), "schedules", "fire"]
    return shlex.join([*words, *(["--folder", str(found.folder)] if found.folder else [])])


def script(name: str, command: str) -> str:
    """The text of one hook."""
    return _SCRIPT.format(mark=_MARK, fields=_FIELDS[name], command=command)


def _foreign(path: Path) -> bool:
    return path.exists() and _MARK not in path.read_text(errors="replace")


def _git(here: Path, *words: str) -> str:
    try:
        done = subprocess.run(["git", *words], cwd=here, capture_output=True, text=True, check=True)
    except FileNotFoundError as error:
        raise Usage("there is no git on this box", hint="hooks need it") from error
    except subprocess.CalledProcessError as error:
        raise Usage(f"{here} lies in no git repository", hint="make one with: git init") from error
    return done.stdout.strip()
