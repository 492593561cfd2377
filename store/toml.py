"""Reading TOML so that an error names the line: shared by lineside.toml and the home's config.toml."""

import difflib
import re
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from lineside.store.errors import BadConfig, Usage

LineOf = Callable[[Sequence[str]], int]
"""The line on which a dotted path of keys stands; that of its table when the key itself is not found."""

_HEADER = re.compile(r"^\s*\[+\s*(?P<path>[^\]]+?)\s*\]+\s*(?:#.*)?$")
_KEY = re.compile(
    r"^\s*(?P<path>(?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*="
)
_PART = re.compile(r"\"([^\"]*)\"|'([^']*)'|([\w-]+)")


def parse(text: str, where: str) -> tuple[dict[str, Any], LineOf]:
    """The tables of `text`, and a function that finds the line of a key in it.

    Raises:
        BadConfig: not TOML; the message carries tomllib's line and column.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"{where}: {error}", hint="see https://toml.io for the syntax") from error
    lines = _lines(text)

    def line_of(keys: Sequence[str]) -> int:
        path = tuple(keys)
        while path and path not in lines:
            path = path[:-1]
        return lines.get(path, 1)

    return tables, line_of


def reject_unknown(
    table: Mapping[str, object],
    allowed: Collection[str],
    where: str,
    line: Callable[[str], int] | None = None,
) -> None:
    """Refuse the first key of `table` that nobody reads.

    Args:
        where: the file and the table, as the message names them: "config.toml [runner]".
        line: the line of one key of this table; None for what did not come from a file.

    Raises:
        BadConfig: an unknown key of a file; the hint says what was probably meant.
        Usage: the same of a request.
    """
    for key in table:
        if key not in allowed and line is not None:
            raise BadConfig(f"{where}: line {line(key)}: unknown key {key!r}", hint=meant(key, allowed))
        if key not in allowed:
            raise Usage(f"{where}: unknown key {key!r}", hint=meant(key, allowed))


def meant(word: str, known: Collection[str]) -> str:
    """The hint for a word nobody knows: the nearest known one, or all of them."""
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(sorted(known)) or 'nothing'}"


def _lines(text: str) -> dict[tuple[str, ...], int]:
    """First line of each table and each key; multi-line strings can only add harmless extra entries."""
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _path(header["path"])
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            path = (*table, *_path(key["path"]))
            for depth in range(len(table) + 1, len(path) + 1):
                found.setdefault(path[:depth], number)
    return found


def _path(text: str) -> tuple[str, ...]:
    return tuple(a or b or c for a, b, c in _PART.findall(text))
