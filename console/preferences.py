"""The rules of `[console]` in a config.toml: what may stand there, and what is told where it may not."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from lineside.console.commands import AREAS, PREFIXES, Command, table
from lineside.console.settings import Settings
from lineside.console.themes import NAMES
from lineside.store import toml
from lineside.store.errors import BadConfig, Usage

TEAM, PERSON = "config.toml", "~/.config/lineside/config.toml"
SHARES = ("runs.table", "jobs.table")
"""Panes whose share of the screen may be chosen."""

LEAST_SHARE, MOST_SHARE = 0.15, 0.85
_SWITCHES = ("mouse", "ascii", "read_only")
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_THEMES = (*NAMES, *(name.removeprefix("lineside-") for name in NAMES))
_NAMED = frozenset({
    "enter", "escape", "tab", "shift+tab", "space", "up", "down", "left", "right", "pageup", "pagedown",
    "home", "end", "insert", "delete", "backspace", *(f"f{n}" for n in range(1, 13)),
    *(f"ctrl+{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"),
})  # fmt: skip
_INNER = ("everywhere", "table", "drawing", "plot", "page", "diff", "log")
"""Scopes whose keys count beside those of any area."""


def of_files(team: str, person: str) -> Settings:
    """What the two files say, the person's over the team's.

    Raises:
        BadConfig: see `Settings.load`.
    """
    said = _Reader(team, TEAM, alone=False).onto(Settings())
    return _Reader(person, PERSON, alone=True).onto(said)


def of_words(given: Mapping[str, Any]) -> dict[str, Any]:
    """Fields from flags and variables, whose values may be words.

    Raises:
        Usage: a theme that there is not, or a word that is neither yes nor no.
    """
    return {name: _theme(value) if name == "theme" else _switch(name, value) for name, value in given.items()}


def _theme(word: object) -> str:
    name = full_name(str(word))
    if name is None:
        raise Usage(f"{word!r} is not a theme", hint=toml.meant(str(word), _THEMES))
    return name


def full_name(word: str) -> str | None:
    """The theme that `dark` or `lineside-dark` means; None: there is no such theme."""
    return next((name for name in NAMES if word in (name, name.removeprefix("lineside-"))), None)


def _switch(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word not in (*_YES, *_NO):
        raise Usage(f"{name}: {value!r} is neither yes nor no", hint="say 1 or 0")
    return word in _YES


class _Reader:
    """One file, and the words for what is wrong in it."""

    def __init__(self, text: str, file: str, *, alone: bool) -> None:
        self._file = file
        tables, self._line_of = toml.parse(text, file)
        if alone:
            toml.reject_unknown(tables, {"console"}, file, lambda key: self._line_of([key]))
        found = tables.get("console", {})
        if not isinstance(found, dict):
            raise self._bad([], f"console = {found!r} is not a table", hint="write [console]")
        self._table: dict[str, Any] = found

    def onto(self, settings: Settings) -> Settings:
        """These settings with what the file says in their place."""
        known = {each.name for each in fields(Settings)}
        self._reject(self._table, known, "[console]", ["console"])
        said: dict[str, Any] = {}
        for name, value in self._table.items():
            if name in _SWITCHES:
                said[name] = self._flag(name, value)
        if "theme" in self._table:
            said["theme"] = self._theme(self._table["theme"])
        said["keys"] = {**settings.keys, **self._keys(self._section("keys"))}
        said["layout"] = {**settings.layout, **self._layout(self._section("layout"))}
        self._conflicts(said["keys"])
        return replace(settings, **said)

    def _section(self, name: str) -> dict[str, Any]:
        """A table below [console], its dotted keys written out: `runs.compare` is one key, quoted or not."""
        found = self._table.get(name, {})
        if not isinstance(found, dict):
            raise self._bad([name], f"{name} = {found!r} is not a table", hint=f"write [console.{name}]")
        return _flat(found)

    def _flag(self, name: str, value: object) -> bool:
        if not isinstance(value, bool):
            raise self._bad([name], f"{name} = {value!r} is not of type bool", hint="say true or false")
        return value

    def _theme(self, value: object) -> str:
        name = full_name(str(value))
        if name is None:
            raise self._bad(["theme"], f"{value!r} is not a theme", hint=toml.meant(str(value), _THEMES))
        return name

    def _keys(self, said: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
        known = {command.id: command for command in table()}
        self._reject(said, known, "[console.keys]", ["console", "keys"])
        return {id: self._of_command(known[id], value) for id, value in said.items()}

    def _of_command(self, command: Command, value: object) -> tuple[str, ...]:
        at = ["keys", command.id]
        keys = [value] if isinstance(value, str) else value
        if not isinstance(keys, list) or not keys or not all(isinstance(key, str) for key in keys):
            raise self._bad(at, f"{command.id} = {value!r} is no key", hint='write "x", or ["x", "ctrl+x"]')
        if command.keys[0] in PREFIXES:
            words = f"{command.id} stays on {command.keys[0]!r}"
            raise self._bad(at, words, hint="its second keys hang on it")
        for key in keys:
            if command.does != key.startswith(". "):
                law = "stays behind '.': it changes things" if command.does else "may not stand behind '.'"
                raise self._bad(at, f"{command.id} {law}", hint=f"its own key is {command.keys[0]!r}")
            if not _is_key(key):
                raise self._bad(at, f"{key!r} is no key", hint=toml.meant(key, _NAMED))
        return tuple(keys)

    def _layout(self, said: Mapping[str, object]) -> dict[str, str | float]:
        self._reject(said, {"start", *SHARES}, "[console.layout]", ["console", "layout"])
        return {name: self._placed(name, value) for name, value in said.items()}

    def _placed(self, name: str, value: object) -> str | float:
        at = ["layout", name]
        if name == "start":
            if value not in (*AREAS, "last", "wall:big"):
                raise self._bad(at, f"{value!r} is no area", hint=toml.meant(str(value), [*AREAS, "last"]))
            return str(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._bad(at, f"{name} = {value!r} is not of type float", hint="say a share such as 0.4")
        if not LEAST_SHARE <= value <= MOST_SHARE:
            raise self._bad(at, f"{name} = {value}", hint=f"from {LEAST_SHARE} to {MOST_SHARE}")
        return float(value)

    def _conflicts(self, own: Mapping[str, tuple[str, ...]]) -> None:
        """Refuse two commands on one key where both would count at once, unless they always did."""
        for command in table():
            for key in own.get(command.id, ()):
                if key not in command.keys and (other := _other_on(key, command, own)) is not None:
                    words = f"{command.id}: {key!r} is the key of {other.id} too"
                    raise self._bad(["keys", command.id], words, hint=f"give {other.id} another")

    def _reject(
        self,
        said: Mapping[str, object],
        known: Collection[str],
        where: str,
        path: list[str],
    ) -> None:
        toml.reject_unknown(said, known, f"{self._file} {where}", lambda key: self._line([*path, key]))

    def _line(self, path: Sequence[str]) -> int:
        """The line of a key; a dotted one may stand there with or without quotes."""
        whole = self._line_of(path)
        parts = self._line_of([*path[:-1], *path[-1].split(".")]) if path else 1
        return max(whole, parts)

    def _bad(self, path: Sequence[str], words: str, *, hint: str) -> BadConfig:
        where = ".".join(["console", *path[:1]]) if len(path) > 1 else "console"
        return BadConfig(f"{self._file} [{where}]: line {self._line(['console', *path])}: {words}", hint=hint)


def _flat(table: Mapping[str, Any], lead: str = "") -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in table.items():
        out |= _flat(value, f"{lead}{key}.") if isinstance(value, dict) else {lead + key: value}
    return out


def _is_key(key: str) -> bool:
    """As people write them: `x`, `ctrl+x`, `f5`, and `g x` behind one of the prefixes."""
    lead, _, second = key.rpartition(" ")
    if lead:
        return lead in PREFIXES and _is_key(second) and " " not in second
    return key in _NAMED or (len(key) == 1 and key.isprintable() and key != " " and key not in PREFIXES)


def _other_on(key: str, command: Command, own: Mapping[str, tuple[str, ...]]) -> Command | None:
    """Another command that answers to the key where this one does; None: there is none."""
    for other in table():
        keys = own.get(other.id, other.keys)
        if other.id != command.id and key in keys and _meet(other.scope, command.scope):
            return other
    return None


def _meet(one: str, two: str) -> bool:
    """Whether keys of both scopes can count at one time."""
    return one == two or "everywhere" in (one, two) or (one in _INNER) != (two in _INNER)
