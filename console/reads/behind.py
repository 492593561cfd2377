"""What lies behind the params and metrics of two runs: their code, data and environment."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lineside.console.reads.changes import Change as Moved
from lineside.console.reads.changes import changes
from lineside.store import differences, objects
from lineside.store.differences import Change, Code
from lineside.store.homes import Home
from lineside.store.queries import comparisons, datasets, inputs, runs
from lineside.store.queries.artifacts import ArtifactRow

LARGEST = 256 * 1024
"""Bytes of a file that is compared line by line."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One thing that two runs have as text."""

    name: str
    sides: tuple[str, str]  # "": that run has none


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """All that two runs have as text."""

    runs: tuple[int, int]
    code: Code
    parts: Sequence[Text]


def texts(db: sqlite3.Connection, home: Home, first: int, second: int) -> Texts:
    """Code, params, how they ran, and the text files both or one left behind. Asks git as `read` does."""
    pair = (first, second)
    said = [
        Text(name="params", sides=_both(_told(runs.params(db, id)) for id in pair)),
        Text(name="how it ran", sides=_both(_told(_context(db, id)) for id in pair)),
        Text(name="tags", sides=_both(_told(runs.tags(db, id)) for id in pair)),
    ]
    code = differences.code(home, db, first, second)
    return Texts(runs=pair, code=code, parts=[*said, *_files(db, home, pair)])


def _both(texts: Iterable[str]) -> tuple[str, str]:
    one, two = texts
    return one, two


def _told(values: Mapping[str, object]) -> str:
    """`key = value`, a line each, by name."""
    return "".join(f"{key} = {_word(values[key])}\n" for key in sorted(values))


def _word(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _context(db: sqlite3.Connection, id: int) -> dict[str, object]:
    return {key: value for key, value in runs.context(db, id).items() if key not in comparisons.PASSING}


def _files(db: sqlite3.Connection, home: Home, pair: tuple[int, int]) -> list[Text]:
    """The text files that are not the same in both; what was not committed is told with the code."""
    one, two = ({file.path: file for file in runs.artifacts(db, id) if not file.tree} for id in pair)
    found = []
    for path in sorted({*one, *two} - {differences.PATCH}):
        files = one.get(path), two.get(path)
        if files[0] is None or files[1] is None or files[0].digest != files[1].digest:
            sides = [_text(home, file) if file is not None else "" for file in files]
            if sides[0] is not None and sides[1] is not None:
                found.append(Text(name=path, sides=(sides[0], sides[1])))
    return found


def _text(home: Home, file: ArtifactRow) -> str | None:
    """What is in a file; None: it is large, no text, or gone."""
    if file.bytes > LARGEST:
        return None
    try:
        data = objects.path_of(home, file.digest).read_bytes()
        return None if b"\0" in data else data.decode()
    except (OSError, UnicodeDecodeError):
        return None


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
