"""The `:` line: an area with a filter, a thing with its number, or a command by its words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from lineside.console.commands import AREAS, Command

NOUNS: Mapping[str, str] = {
    "run": "runs",
    "job": "jobs",
    "model": "models",
    "dataset": "data",
    "endpoint": "monitor",
    "alert": "monitor",
    "window": "monitor",
    "promotion": "models",
    "request": "models",
    "node": "lineage",
    "log": "jobs",
}
"""Singular nouns and the area that shows one of them."""

LEAVES = ("q", "quit", "exit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What was said: go to `area`, filter it by `where`, or put its cursor on `target`."""

    area: str
    where: str | None = None  # None: leave the filter as it is
    target: int | str | None = None


def understood(text: str) -> Spoken | None:
    """`runs status:FAILED`, `job 57`, `model digit-reader@champion`; None when it is none of these.

    >>> understood("runs lr<1e-2"), understood("job 57"), understood("quit")
    (Spoken(area='runs', where='lr<1e-2', target=None), Spoken(area='jobs', where=None, target=57), None)
    """
    word, _, rest = text.strip().partition(" ")
    rest = rest.strip()
    if word in AREAS:
        return Spoken(area=word, where=rest or None)
    if word not in NOUNS or not rest:
        return None
    if word == "log":
        return Spoken(area="jobs", target=f"log:{rest}")
    named = word in ("alert", "window", "promotion") or not rest.isdigit()
    if word == "request":
        return Spoken(area="models", target=f"promotion:{rest}")
    return Spoken(area=NOUNS[word], target=f"{word}:{rest}" if named and rest.isdigit() else _number(rest))


def _number(text: str) -> int | str:
    return int(text) if text.isdigit() else text


def completed(text: str, said: Sequence[str], commands: Sequence[Command]) -> str | None:
    """What the line most likely becomes; None when nothing begins like it.

    Args:
        said: the lines from before, oldest first: the newest that begins like it comes first.

    >>> completed("mo", ["job 57"], [])
    'models'
    """
    if not text.strip():
        return None
    known = [*reversed(said), *AREAS, *(f"{noun} " for noun in NOUNS), *(c.title for c in commands)]
    low = text.casefold()
    return next((line for line in known if line.casefold().startswith(low) and len(line) > len(text)), None)


def nearest(text: str, commands: Sequence[Command]) -> str:
    """A line we would have understood, for one that we do not; "" where nothing is like it.

    >>> nearest("jbos failed", [])
    'jobs failed'
    """
    word, space, rest = text.strip().partition(" ")
    words = {part.strip(",.;:") for command in commands for part in command.title.split() if len(part) > 3}
    found = get_close_matches(word.lower(), [*AREAS, *NOUNS, *sorted(words)], n=1, cutoff=0.6)
    return f"{found[0]}{space}{rest}" if found else ""
