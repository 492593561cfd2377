"""What a home could do without, found without changing anything.

An object is garbage when no row names it, neither directly nor through a folder that a row names, and nothing
has touched it for a while: an artifact is in objects/ before the row that names it is.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from lineside.store.clock import SECOND, Micros
from lineside.store.homes import Home
from lineside.store.queries import reachability, segments
from lineside.store.queries.reachability import ColdSpool, EndedAttempt

GRACE_S = 6 * 3600.0
"""What is younger is let alone: a row may be on its way."""
GONE = ".gone."
"""Begins the name of what is being deleted."""
_DAY_S = 86_400.0
_AT_REST = frozenset({"LIVE", "STOPPED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the store says at one moment."""

    digests: frozenset[str]  # named by a row, or by a folder that a row names
    versions: Mapping[str, frozenset[int]]  # deployment at rest → the versions it needs
    attempts: Mapping[tuple[int, int], EndedAttempt]
    runs: frozenset[str]  # outside the runner, and over
    cold: Mapping[str, ColdSpool]  # by file name
    segments: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One file or folder that could go."""

    kind: str  # "object", "scrap", "version", "outbox", "attempt", "spool" or "segment"
    path: str  # inside the home
    bytes: int  # that the disk gets back; what another name still holds counts as nothing
    why: str
    mark: int = 0  # when its content was touched last, in nanoseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that could go now."""

    items: tuple[Item, ...]

    @property
    def bytes(self) -> int:
        """What the disk gets back when all of it goes."""
        return sum(item.bytes for item in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    kind: str
    path: Path
    why: str


def facts(home: Home, db: sqlite3.Connection) -> Facts:
    """Read everything that keeps a file alive, in one transaction of the caller's or in a short own one."""
    own = not db.in_transaction
    if own:
        db.execute("begin")
    try:
        versions: dict[str, set[int]] = {}
        for row in reachability.served(db):
            if row.state in _AT_REST:
                versions.setdefault(row.deployment, set()).update(() if row.number is None else (row.number,))
        return Facts(
            digests=_with_contents(home, reachability.named(db)),
            versions={name: frozenset(numbers) for name, numbers in versions.items()},
            attempts={(row.job_id, row.number): row for row in reachability.over(db)},
            runs=frozenset(reachability.runs_over(db)),
            cold={row.path: row for row in reachability.cold(db)},
            segments=frozenset(row.path for row in segments.every(db)),
        )
    finally:
        if own:
            db.execute("rollback")


def survey(home: Home, known: Facts, *, at: Micros, older_than_days: float | None = None) -> Plan:
    """All that could go, by kind and path.

    Args:
        older_than_days: also the folders, logs and all, of attempts that ended longer ago.
    """
    found: Iterable[_Found] = chain(
        _objects(home, known, at),
        _versions(home, known, at),
        _attempts(home, known, at, older_than_days),
        _boxes_outside(home, known),
        _spools(home, known),
        _segments(home, known, at),
    )
    return Plan(items=tuple(_weighed(home, sorted(found, key=lambda one: (one.kind, one.path)))))


def holds(item: Item, known: Facts) -> bool:
    """Whether newer facts still let the item go."""
    path = Path(item.path)
    match item.kind:
        case "object":
            return _digest_in(path.name) not in known.digests
        case "version":
            numbers = known.versions.get(path.parent.name)
            return numbers is not None and _number_in(path.name) not in numbers
        case "attempt":
            return (int(path.parts[1]), int(path.parts[2])) in known.attempts
        case "outbox" if path.parts[0] == "jobs":
            return (int(path.parts[1]), int(path.parts[2])) in known.attempts
        case "outbox":
            return path.parts[1].removesuffix(".outbox") in known.runs
        case "spool":
            return path.name in known.cold
        case "segment":
            return path.name not in known.segments
    return True


def _with_contents(home: Home, digests: Iterable[str]) -> frozenset[str]:
    """The digests and, of folders among them, those of their files."""
    every = set(digests)
    for digest in tuple(every):
        every.update(contents(home.objects / digest[:2] / f"{digest}.tree"))
    return frozenset(every)


def contents(tree: Path) -> list[str]:
    """The files of a folder object; none when there is no such thing, or it cannot be read."""
    try:
        return [str(entry["digest"]) for entry in json.loads(tree.read_bytes())]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def _objects(home: Home, known: Facts, at: Micros) -> Iterator[_Found]:
    """Whole objects nobody names, and what a crash left of others."""
    young: set[str] = set()  # a folder whose row is on its way keeps its files
    lonely: list[Path] = []
    for path in sorted(home.objects.glob("*/*")):
        if path.parent.name.startswith(".") or (path.name.startswith(".") and _old(path, at)):
            continue  # met as scrap below
        if _digest_in(path.name) in known.digests:
            continue
        if not _old(path, at):
            young.update(contents(path) if path.suffix == ".tree" else ())
        elif not path.name.startswith("."):
            lonely.append(path)
    for path in lonely:
        if path.name not in young:
            yield _Found(kind="object", path=path, why="no row names it")
    scrap = chain(home.objects.glob(".*"), home.objects.glob("*/.*"), home.datasets.glob("*/.*"))
    for path in scrap:
        if _old(path, at) and _digest_in(path.name.removeprefix(GONE)) not in known.digests:
            yield _Found(kind="scrap", path=path, why="left half-written by a crash")


def _versions(home: Home, known: Facts, at: Micros) -> Iterator[_Found]:
    """Unpacked model versions that a deployment neither serves nor would serve next."""
    for name, needed in known.versions.items():
        for folder in (home.serving / name).glob("*"):
            if not folder.is_dir() or folder.is_symlink() or not _old(folder, at):
                continue
            if folder.name.startswith("."):
                yield _Found(kind="scrap", path=folder, why="left half-unpacked by a crash")
            elif (number := _number_in(folder.name)) is not None and number not in needed:
                yield _Found(kind="version", path=folder, why=f"{name} no longer serves it")


def _attempts(home: Home, known: Facts, at: Micros, older_than_days: float | None) -> Iterator[_Found]:
    """Whole folders of attempts when asked for; of the others, outboxes whose files are in objects/."""
    for (job, number), row in known.attempts.items():
        folder = home.attempt(job, number)
        boxes = [box for box in folder.glob("outbox/*") if not box.is_symlink()]
        adopted = [box for box in boxes if _adopted(home, box, known)]
        aged = older_than_days is not None and at - row.ended_us >= older_than_days * _DAY_S * SECOND
        if aged and len(adopted) == len(boxes) and folder.is_dir() and not folder.is_symlink():
            yield _Found(kind="attempt", path=folder, why=f"ended more than {older_than_days:g} days ago")
            continue
        for box in adopted:
            yield _Found(kind="outbox", path=box, why="all of it is in objects/")


def _boxes_outside(home: Home, known: Facts) -> Iterator[_Found]:
    """Outboxes of scripts that ran outside the runner."""
    for box in home.spool.glob("*.outbox"):
        of_ended = box.name.removesuffix(".outbox") in known.runs and not box.is_symlink()
        if of_ended and _adopted(home, box, known):
            yield _Found(kind="outbox", path=box, why="all of it is in objects/")


def _spools(home: Home, known: Facts) -> Iterator[_Found]:
    """Spools whose every byte is in a segment."""
    from lineside.store.segments import head

    for name, row in known.cold.items():
        path = home.spool / name
        try:
            same = path.stat().st_size == row.end and head(path, end=row.end) == row.head
        except FileNotFoundError:
            continue
        if same:
            yield _Found(kind="spool", path=path, why="its points are in a segment")


def _segments(home: Home, known: Facts, at: Micros) -> Iterator[_Found]:
    for path in home.segments.iterdir() if home.segments.is_dir() else ():
        if path.is_file() and path.name not in known.segments and _old(path, at):
            yield _Found(kind="segment", path=path, why="the manifest does not name it")


def _adopted(home: Home, box: Path, known: Facts) -> bool:
    """Whether every file in it is an object that a row names: nothing would be lost."""
    for path in files(box):
        if path.is_symlink() or not path.is_file():
            return False
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest not in known.digests or not (home.objects / digest[:2] / digest).exists():
            return False
    return True


def _weighed(home: Home, found: Iterable[_Found]) -> Iterator[Item]:
    """Give each the bytes that go with it: of a file with several names, only if all of them go."""
    every = list(found)
    stats = [[path.lstat() for path in files(one.path)] for one in every]
    going: dict[tuple[int, int], int] = {}
    for stat in chain.from_iterable(stats):
        key = (stat.st_dev, stat.st_ino)
        going[key] = going.get(key, 0) + 1
    counted: set[tuple[int, int]] = set()
    for one, each in zip(every, stats, strict=True):
        size = 0
        for stat in each:
            key = (stat.st_dev, stat.st_ino)
            if going[key] == stat.st_nlink and key not in counted:
                counted.add(key)
                size += stat.st_size
        path = one.path.relative_to(home.path).as_posix()
        yield Item(kind=one.kind, path=path, bytes=size, why=one.why, mark=one.path.lstat().st_mtime_ns)


def files(path: Path) -> list[Path]:
    """Everything below a folder that is no folder, or the file itself; links are not followed."""
    if path.is_symlink() or not path.is_dir():
        return [path]
    return [
        Path(folder) / name
        for folder, names, others in os.walk(path)
        for name in (*others, *_links(folder, names))
    ]


def _links(folder: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if os.path.islink(os.path.join(folder, name))]


def _old(path: Path, at: Micros) -> bool:
    try:
        stat = path.lstat()
    except FileNotFoundError:
        return False
    newest = max(stat.st_mtime_ns, stat.st_ctime_ns) // 1_000
    return at - newest >= GRACE_S * SECOND


def _digest_in(name: str) -> str:
    return name.removesuffix(".tree")


def _number_in(name: str) -> int | None:
    """The version in `7-ab12cd34ef56`."""
    number = name.partition("-")[0]
    return int(number) if number.isascii() and number.isdigit() else None
