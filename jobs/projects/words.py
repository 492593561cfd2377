"""Texts with {placeholders}: commands, and the paths of what stages make."""

import os
import re
import shlex
from collections.abc import Mapping

from lineside.jobs.projects.declared import Value

PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([A-Za-z_][\w.-]*)\}")
"""{name} in a command; doubled braces stand for themselves."""


def names_in(text: str) -> list[str]:
    """The names between braces."""
    return [found[1] for found in PLACEHOLDER.finditer(text) if found[1]]


def filled(text: str, words: Mapping[str, Value], *, quote: bool = False) -> str:
    """The text with its names replaced; `quote` keeps a value one word of a shell.

    >>> filled("a{{b}} {lr}", {"lr": 0.1})
    'a{b} 0.1'

    Raises:
        KeyError: a name that `words` lacks.
    """

    def put(found: re.Match[str]) -> str:
        if not found[1]:
            return found[0][0]
        return shlex.quote(shown(words[found[1]])) if quote else shown(words[found[1]])

    return PLACEHOLDER.sub(put, text)


def shown(value: Value) -> str:
    """A value as a command line writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def within(wdir: str, path: str) -> str:
    """A stage's path from the project's folder, without dots in it."""
    return os.path.normpath(os.path.join(wdir, path))


def overlap(a: str, b: str) -> bool:
    """Whether two paths are the same, or one lies in the other."""
    return a == b or a.startswith(f"{b}/") or b.startswith(f"{a}/")
