"""The `:` line: an area with a filter, a thing with its number, or a command by its words."""

from collections.abc import Mapping
from dataclasses import dataclass

from lineside.console.commands import AREAS

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
