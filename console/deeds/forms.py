"""What a form asks for, what is wrong with an answer, and what comes of it all; nothing of how it looks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lineside.console.deeds.deed import Deed
from lineside.console.text import Line

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the form."""

    key: str
    label: str
    value: str = ""
    hint: str = ""  # its kind, its choices, its default
    wrong: Callable[[str], str] = lambda text: ""  # what is wrong with a value; "" when nothing is


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What is filled in, and what comes of it."""

    title: str
    lines: Sequence[Line]
    entries: Sequence[Entry]
    command: Callable[[Values], str]  # the command line that does the same
    deed: Callable[[Values], Deed]  # what is to be confirmed; a LinesideError says why it cannot be
    yes: str
