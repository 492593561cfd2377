"""The one table of everything a key, the palette or the `:` line can do.

Each area lists its commands in `console/keys/<area>.py`; this module puts them together. Dispatch, footer,
help, palette and the docs page are all read from here, so none of them can disagree. The law: letters look;
only what stands behind `.` does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from importlib import import_module

from lineside.console.areas import AREAS as AREAS
from lineside.console.areas import TITLES as TITLES
from lineside.store.actors import Role

PREFIXES: Mapping[str, str] = {".": "do", "g": "go to", "y": "copy", ";": "panel"}
"""Keys that open a small menu and wait for a second key."""


class Danger(Enum):
    """What has to happen before a command runs."""

    NONE = "none"
    CONFIRM = "confirm"  # `y` in a dialog whose default is to cancel
    TYPED = "typed"  # the name of the thing, typed out


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One thing the console can do; the method `cmd_<verb>` of its scope answers to `<scope>.<verb>`."""

    id: str
    keys: tuple[str, ...]  # as people write them: "x", "ctrl+f", "g r", ". c"
    title: str
    footer: str = ""  # the short word in the footer; "" keeps it out
    group: str = "look"
    danger: Danger = Danger.NONE
    role: Role = Role.VIEWER  # the least role that may; the menu shows only what you may do

    @property
    def scope(self) -> str:
        return self.id.partition(".")[0]

    @property
    def method(self) -> str:
        return "cmd_" + self.id.partition(".")[2]

    @property
    def does(self) -> bool:
        """True where it changes the world: such a command stands behind `.` only."""
        return all(key.startswith(". ") for key in self.keys)


def deed(
    id: str,
    letter: str,
    title: str,
    *,
    role: Role = Role.OPERATOR,
    danger: Danger = Danger.CONFIRM,
    footer: str = "",
) -> Command:
    """A command behind `.`: it changes the world, so it asks first.

    One with a footer word stands in the footer while the row under the cursor calls for it.
    """
    return Command(
        id=id, keys=(f". {letter}",), title=title, footer=footer, group="do", danger=danger, role=role
    )


_SCOPES = ("everywhere", "table", "drawing", "plot", "page", "diff", "log", *AREAS)
"""What keys belong to, in the order the help screen shows; each has its module in `console/keys`."""


@cache
def table() -> tuple[Command, ...]:
    """Every command, scope by scope."""
    return tuple(command for scope in _SCOPES for command in _listed(scope))


def _listed(scope: str) -> tuple[Command, ...]:
    """The commands of a scope; its module is imported only now."""
    if scope not in _SCOPES:
        return ()
    found: tuple[Command, ...] = import_module(f"lineside.console.keys.{scope}").COMMANDS
    return found


_own: dict[str, tuple[str, ...]] = {}
"""The keys that the person at this console has chosen: a process is one console."""


def use(keys: Mapping[str, tuple[str, ...]], *, in_words: bool = False) -> None:
    """Let these commands have these keys instead, from now on; {} is the table as it stands.

    `console/preferences.py` has refused what cannot be. `in_words`: `enter` is printed so, and no arrow.
    """
    _signs.clear()
    _signs.update({"escape": "esc"} if in_words else SHOWN)
    if keys != _own:
        _own.clear()
        _own.update(keys)
        for made in (of_scope, keymap, by_id):
            made.cache_clear()


def chosen(command: Command) -> bool:
    """Whether this person gave it other keys than the table does."""
    return command.id in _own


@cache
def of_scope(scope: str) -> tuple[Command, ...]:
    """The commands of a scope, with the keys they have at this console."""
    return tuple(
        replace(command, keys=_own[command.id]) if command.id in _own else command
        for command in _listed(scope)
    )


@cache
def keymap(scopes: tuple[str, ...]) -> Mapping[str, Command]:
    """Key → command; an earlier scope wins over a later one."""
    found: dict[str, Command] = {}
    for scope in scopes:
        for command in of_scope(scope):
            for key in command.keys:
                found.setdefault(key, command)
    return found


def behind(prefix: str, scopes: tuple[str, ...]) -> list[tuple[str, Command]]:
    """The second keys that may follow `prefix`, with their commands."""
    lead = prefix + " "
    return [
        (key.removeprefix(lead), command) for key, command in keymap(scopes).items() if key.startswith(lead)
    ]


@cache
def by_id(id: str) -> Command:
    """The command of that id, with the keys it has at this console."""
    return next(command for command in of_scope(id.partition(".")[0]) if command.id == id)


SHOWN: Mapping[str, str] = {
    "enter": "↵", "escape": "esc", "up": "↑", "down": "↓", "left": "←", "right": "→", "pagedown": "PgDn",
    "pageup": "PgUp", "home": "Home", "end": "End", "shift+tab": "⇧tab",
}  # fmt: skip


_signs: dict[str, str] = dict(SHOWN)
"""How keys are printed at this console."""


def shown(key: str) -> str:
    """A key as it is printed: `↵`, `^f`, `g r`."""
    return " ".join(_signs.get(part, part.replace("ctrl+", "^")) for part in key.split(" "))


def matching(text: str, commands: Iterable[Command]) -> list[Command]:
    """Commands that hold every typed word in title, id or group; those that start with the text first."""
    words = text.lower().split()
    hits = [c for c in commands if all(w in f"{c.title} {c.id} {c.group}".lower() for w in words)]
    return sorted(hits, key=lambda c: not c.title.lower().startswith(text.lower()))
