"""One TOML table → one frozen dataclass, by the types of its fields; every error names its line."""

import re
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, Literal, TypeVar

from lineside.store.errors import BadConfig
from lineside.store.toml import LineOf, reject_unknown

T = TypeVar("T")

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,99}", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZES = {"": 1, "K": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4,
          "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40}  # fmt: skip
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*((?:[KMGT]i?)?)B?$")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a file, and where it stands."""

    where: str  # the file's name
    path: tuple[str, ...]
    values: Mapping[str, Any]
    line_of: LineOf

    def inner(self, key: str) -> "Table":
        """The table under `key`, empty where there is none.

        Raises:
            BadConfig: something else stands there.
        """
        values = self.values.get(key, {})
        if not isinstance(values, dict):
            raise self.wrong(key, f"{key!r} must be a table, not {_shown(values)}")
        return Table(self.where, (*self.path, key), values, self.line_of)

    def named(self, key: str) -> list["Table"]:
        """The tables under `key`, one per name: [key.NAME]."""
        outer = self.inner(key)
        return [outer.inner(name) for name in outer.values]

    @property
    def name(self) -> str:
        return self.path[-1]

    def wrong(self, key: str | None, says: str, *, hint: str = "") -> BadConfig:
        """An error at the line of `key`, or of the table itself."""
        path = self.path if key is None else (*self.path, key)
        title = f" [{'.'.join(self.path)}]" if self.path else ""
        return BadConfig(f"{self.where}{title}: line {self.line_of(path)}: {says}", hint=hint)

    def only(self, *allowed: str) -> None:
        """Refuse any other key.

        Raises:
            BadConfig: an unknown key; the hint says what was probably meant.
        """
        title = f" [{'.'.join(self.path)}]" if self.path else ""
        reject_unknown(
            self.values, allowed, f"{self.where}{title}", lambda key: self.line_of((*self.path, key))
        )


def fill(kind: type[T], table: Table, **given: Any) -> T:
    """An instance of the dataclass `kind`: `given` fields as they are, the others from the table.

    A field `period_s` may be written `period_s = 5` or `period = "5s"`; `mem_bytes` likewise `mem = "20GiB"`.

    Raises:
        BadConfig: an unknown key, a value of the wrong type or out of range, or one that must be there.
    """
    hints = typing.get_type_hints(kind)
    open_fields = {f.name: f for f in fields(kind) if f.name not in given}  # type: ignore[arg-type]
    spans = {name[:-2]: name for name in open_fields if name.endswith("_s")}
    sizes = {name[:-6]: name for name in open_fields if name.endswith("_bytes")}
    table.only(*open_fields, *spans, *sizes)
    for key, value in table.values.items():
        if key in spans:
            given[spans[key]] = _duration(table, key, value)
        elif key in sizes:
            given[sizes[key]] = _size(table, key, value)
        else:
            given[key] = _convert(table, key, value, hints[key])
    for field in open_fields.values():
        if field.name not in given and not _has_default(field):
            raise table.wrong(None, f"{field.name!r} is missing", hint=f"add {field.name} = …")
    try:
        return kind(**given)
    except ValueError as error:
        raise table.wrong(None, str(error)) from error


def named(top: Table, kind: str) -> list[Table]:
    """[kind.NAME] tables, refusing names that could not stand in a path or on a command line."""
    tables = top.named(kind)
    for table in tables:
        if not _NAME.fullmatch(table.name):
            hint = "letters, digits, dot, dash and underscore"
            raise table.wrong(None, f"{table.name!r} is no name", hint=hint)
    return tables


def _has_default(field: Field[Any]) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def _convert(table: Table, key: str, value: Any, hint: Any) -> Any:
    """The value as a field of type `hint` holds it."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):  # X | None: a key that is there is an X
        (hint,) = (each for each in typing.get_args(hint) if each is not type(None))
    if typing.get_origin(hint) is Literal:
        if value not in typing.get_args(hint):
            raise table.wrong(key, f"{key!r} is one of {_listed(typing.get_args(hint))}, not {_shown(value)}")
        return value
    if typing.get_origin(hint) is tuple:
        if typing.get_args(hint)[0] is not str:
            return _tables_or_words(table, key, value)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise table.wrong(key, f"{key!r} must be a list of words, not {_shown(value)}")
        return tuple(value)
    accepted, words = _ACCEPTED[hint]
    if not isinstance(value, accepted) or (isinstance(value, bool) and hint is not bool):
        raise table.wrong(key, f"{key!r} must be {words}, not {_shown(value)}")
    return hint(value)


def _tables_or_words(table: Table, key: str, value: Any) -> tuple[str | Mapping[str, Any], ...]:
    """A list of tables or words, which somebody else checks."""
    if not isinstance(value, list) or not all(isinstance(each, (dict, str)) for each in value):
        raise table.wrong(key, f"{key!r} must be a list of words or tables, not {_shown(value)}")
    return tuple(value)


_ACCEPTED: Mapping[type, tuple[tuple[type, ...], str]] = {
    str: ((str,), "text"),
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
}


def _duration(table: Table, key: str, value: Any) -> float:
    """Seconds from "90s", "1.5h", "14d", or from a plain number of seconds."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    found = _DURATION.match(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise table.wrong(key, f'{key!r} is a time such as "30s", "2h" or "14d", not {_shown(value)}')
    return float(found[1]) * _UNITS[found[2]]


def _size(table: Table, key: str, value: Any) -> int:
    """Bytes from "20GiB", "512MB", or from a plain number of bytes."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _SIZE.match(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise table.wrong(key, f'{key!r} is a size such as "20GiB" or "512MB", not {_shown(value)}')
    return int(float(found[1]) * _SIZES[found[2]])


def _listed(words: tuple[Any, ...]) -> str:
    return ", ".join(repr(word) for word in words)


def _shown(value: Any) -> str:
    return "a table" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)
