"""Queries that a person keeps under a name: one file each, `~/.config/lineside/sql/NAME.sql`.

They are the person's, not the home's: they need no runner, work on a home one may only read, serve every
home, and are plain text to be edited, versioned and given away.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from lineside.store import toml
from lineside.store.errors import NotFound, Usage
from lineside.store.queries.views import VIEWS

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where this person's queries lie; nothing is made by asking."""
    base = environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "lineside" / "sql"


def every(where: Path) -> dict[str, str]:
    """Name → text, by name; a file whose name no query could have is left alone."""
    try:
        files = sorted(where.glob("*.sql"))
    except OSError:
        return {}
    return {f.stem: _text(f) for f in files if _NAME.fullmatch(f.stem) and f.stem not in VIEWS}


def get(where: Path, name: str) -> str:
    """The text of one query.

    Raises:
        NotFound: none has that name.
    """
    known = every(where)
    if name not in known:
        raise NotFound(
            "saved query", name, hint=toml.meant(name, list(known)) if known else "save one with --save"
        )
    return known[name]


def save(where: Path, name: str, query: str) -> Path:
    """Keep a query under a name, in place of an older one of that name.

    Raises:
        Usage: a query cannot be called that, or the folder cannot be written.
    """
    if name in VIEWS:
        raise Usage(f"{name!r} is a view", hint="choose another name")
    if not _NAME.fullmatch(name):
        raise Usage(f"{name!r} is no name for a query", hint="small letters, digits and _: best_by_loss")
    path = where / f"{name}.sql"
    try:
        where.mkdir(parents=True, exist_ok=True)
        path.write_text(query.strip().rstrip(";").rstrip() + "\n", encoding="utf-8")
    except OSError as error:
        raise Usage(f"{path} cannot be written: {error.strerror}") from error
    return path


def forget(where: Path, name: str) -> None:
    """Remove a saved query; errors as of `get`."""
    get(where, name)
    (where / f"{name}.sql").unlink(missing_ok=True)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip().rstrip(";").rstrip()
    except OSError:
        return ""
