"""What lies behind the params and metrics of two runs: their code, data and environment."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from lineside.console.reads.changes import Change as Moved
from lineside.console.reads.changes import changes
from lineside.store import differences
from lineside.store.differences import Change, Code
from lineside.store.homes import Home
from lineside.store.queries import datasets, inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiles:
    """One dataset that the two read in different versions."""

    name: str
    numbers: tuple[int, int]
    moved: Sequence[Moved]  # columns that are not as they were, by more than chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """Between two runs."""

    runs: tuple[int, int]
    code: Code
    data: Sequence[Change]
    profiles: Sequence[Profiles]
    environment: Sequence[Change]


def read(db: sqlite3.Connection, home: Home, first: int, second: int) -> Differences:
    """Asks git, where the checkout of the runs is still here: may take a moment."""
    return Differences(
        runs=(first, second), code=differences.code(home, db, first, second),
        data=differences.data(db, first, second), profiles=_profiles(db, first, second),
        environment=differences.environment(home, db, first, second),
    )  # fmt: skip


def _profiles(db: sqlite3.Connection, first: int, second: int) -> list[Profiles]:
    one, two = dict(inputs.of_run(db, first)), dict(inputs.of_run(db, second))
    found = []
    for name in sorted(one.keys() & two.keys()):
        if one[name] != two[name]:
            ids = {version.number: version.id for version in datasets.versions(db, name)}
            before, now = (datasets.profile(db, ids[number]) for number in (one[name], two[name]))
            moved = [change for change in changes(now, before) if change.moved or change.fate != "same"]
            found.append(Profiles(name=name, numbers=(one[name], two[name]), moved=moved))
    return found
