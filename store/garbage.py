"""What a home could do without, found without changing anything.

An object is garbage when no row names it, neither directly nor through a folder that a row names, and nobody
has brought it in for a while: an artifact is in objects/ before the row that names it is. Where something
cannot be read, what it might hold counts as needed.
"""

import contextlib
import json
import os
import re
import sqlite3
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from lineside.store import folders
from lineside.store.clock import SECOND, Micros
from lineside.store.errors import HomeProblem
from lineside.store.homes import Home
from lineside.store.queries import reachability, segments, spools
from lineside.store.queries.reachability import ColdSpool, EndedAttempt

GRACE_S = 6 * 3600.0
"""What is younger is let alone: a row may be on its way."""
GONE = ".gone."
"""Begins the name of what is being deleted."""
_DAY_S = 86_400.0
_AT_REST = frozenset({"LIVE", "STOPPED"})
_OBJECT = re.compile(r"[0-9a-f]{64}(\.tree)?")
_SCRAP = re.compile(r"\.([0-9a-f]{16}|[a-z0-9_]{8})")
"""How what is being written into objects/ and datasets/ is called, by us and by `tempfile`."""
_SEGMENT = re.compile(r"\.?seg_[0-9a-f]+\.parquet(\.tmp)?")
VERSION = re.compile(r"(?P<half>\.)?(?P<number>[0-9]+)-[0-9a-f]{12}(?(half)\.[0-9a-f]{8})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the store says at one moment."""

    digests: frozenset[str]  # named by a row, or by a folder that a row names
    versions: Mapping[str, frozenset[int]]  # deployment at rest → the versions it needs
    attempts: Mapping[tuple[int, int], EndedAttempt]  # over, and all they logged is taken
    runs: frozenset[str]  # over likewise, by uid
    cold: Mapping[str, ColdSpool]  # by file name
    segments: Mapping[str, int]  # file name → bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One file or folder that could go."""

    kind: str  # "object", "scrap", "version", "outbox", "attempt", "spool" or "segment"
    path: str  # inside the home
    bytes: int  # that the disk gets back; what another name still holds counts as nothing
    why: str
    mark: int  # when anything of it was touched last, in nanoseconds, as of before it was judged


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
    mark: int
    files: tuple[os.stat_result, ...]


def facts(home: Home, db: sqlite3.Connection) -> Facts:
    """Read everything that keeps a file alive, in one transaction of the caller's or in a short own one.

    Raises:
        HomeProblem: something that may name files cannot be read.
    """
    with _one_moment(db), _readable():
        unread = _unread(home, db)
        return Facts(
            digests=_with_contents(home, reachability.named(db)),
            versions=_served(db),
            attempts={
                (row.job_id, row.number): row for row in reachability.over(db) if row.run_uid not in unread
            },
            runs=frozenset(reachability.runs_over(db) - unread),
            cold={row.path: row for row in reachability.cold(db)},
            segments={row.path: row.bytes for row in segments.every(db)},
        )


def survey(home: Home, known: Facts, *, at: Micros, older_than_days: float | None = None) -> Plan:
    """All that could go, by kind and path.

    Args:
        older_than_days: also the folders, logs and all, of attempts that ended longer ago.

    Raises:
        HomeProblem: a folder of the home cannot be read.
    """
    parts: Iterable[_Found] = chain(
        _objects(home, known, at),
        _scrap(home, at),
        _versions(home, known, at),
        _attempts(home, known, at, older_than_days),
        _boxes_outside(home, known),
        _spools(home, known),
        _segments(home, known, at),
    )
    with _readable():
        found = sorted(parts, key=lambda one: (one.kind, one.path))
    return Plan(items=tuple(_weighed(home, found)))


def contents(tree: Path) -> list[str]:
    """The files of a folder object; none when there is no such thing, or it cannot be read."""
    try:
        return _listed(tree)
    except (OSError, ValueError, TypeError, KeyError):
        return []


def files(path: Path) -> list[Path]:
    """Everything below a folder that is no folder, or the file itself; links are not followed."""
    if path.is_symlink() or not path.is_dir():
        return [path]
    return [
        Path(folder) / name
        for folder, names, others in os.walk(path)
        for name in (*others, *(name for name in names if os.path.islink(os.path.join(folder, name))))
    ]


def _unread(home: Home, db: sqlite3.Connection) -> frozenset[str]:
    """The uids of runs of which something may still come: from a spool, or because a script resumes."""

    def over(path: Path) -> bool:
        row = spools.find(db, path.name)
        return row is not None and row.sealed and row.offset_bytes == folders.size(path)

    names = folders.listing(home.spool)
    open_ones = (path for path in names if path.suffix == ".sp" and not over(path))
    resumed = (path for path in names if path.suffix == ".resume")
    return frozenset(path.name.partition(".")[0] for path in chain(open_ones, resumed))


def _served(db: sqlite3.Connection) -> dict[str, frozenset[int]]:
    """The versions that each deployment at rest needs."""
    found: dict[str, set[int]] = {}
    for row in reachability.served(db):
        if row.state in _AT_REST:
            found.setdefault(row.deployment, set()).update(() if row.number is None else (row.number,))
    return {name: frozenset(numbers) for name, numbers in found.items()}


def _with_contents(home: Home, digests: Iterable[str]) -> frozenset[str]:
    """The digests, of folders among them those of their files, and so on.

    Raises:
        HomeProblem: a folder among them is damaged: nobody can say what it needs.
    """
    trees = {path.stem: path for path in _stored(home) if path.suffix}
    every: set[str] = set()
    fresh = set(digests)
    while fresh:
        every |= fresh
        inside: set[str] = set()
        for digest in fresh & trees.keys():
            try:
                inside.update(_listed(trees[digest]))
            except (ValueError, TypeError, KeyError) as error:
                raise HomeProblem(
                    f"the folder {digest[:12]} in objects/ is damaged: nobody can say which files it needs",
                    hint="nothing was deleted; restore that file from a backup: lineside doctor names it",
                ) from error
        fresh = inside - every
    return frozenset(every)


def _listed(tree: Path) -> list[str]:
    return [str(entry["digest"]) for entry in json.loads(tree.read_bytes())]


def _stored(home: Home) -> Iterator[Path]:
    """Every file in objects/ that is called as objects are."""
    for folder in folders.listing(home.objects):
        if not folder.name.startswith(".") and not folder.is_symlink():
            for path in folders.listing(folder):
                if _OBJECT.fullmatch(path.name) and path.name.startswith(folder.name):
                    yield path


def _objects(home: Home, known: Facts, at: Micros) -> Iterator[_Found]:
    """Whole objects nobody names; a young folder, whose row is on its way, keeps its files."""
    young: set[str] = set()
    lonely: list[_Found] = []
    for path in _stored(home):
        if path.stem in known.digests or path.is_symlink() or not path.is_file():
            continue
        if (found := _found("object", path, "no row names it")) and _old(found, at):
            lonely.append(found)
        elif path.suffix:
            young.add(path.stem)
    kept = _with_contents(home, young)
    yield from (one for one in lonely if one.path.stem not in kept)


def _scrap(home: Home, at: Micros) -> Iterator[_Found]:
    """What crashes left: half-written, and half-deleted by an earlier sweep, which nobody waits for."""
    places = [home.objects, *folders.plain(home.objects), *folders.plain(home.datasets)]
    half = [path for place in places for path in folders.children(place) if _SCRAP.fullmatch(path.name)]
    half += [path for path in folders.children(home.windows) if path.suffix == ".tmp"]
    for path in half:
        if (found := _found("scrap", path, "a crash left it half-written")) and _old(found, at):
            yield found
    for place in (*folders.plain(home.serving), *folders.plain(home.path / "jobs")):
        for path in folders.children(place):
            if path.name.startswith(GONE) and (found := _found("scrap", path, "an earlier gc was cut off")):
                yield found


def _versions(home: Home, known: Facts, at: Micros) -> Iterator[_Found]:
    """Unpacked model versions that a deployment neither serves nor would serve next."""
    for name, needed in known.versions.items():
        folder = home.serving / name
        for path in folders.plain(folder, hidden=True) if folders.is_plain(folder) else ():
            called, found = VERSION.fullmatch(path.name), None
            if called and called["half"]:
                found = _found("scrap", path, "a crash left it half-unpacked")
            elif called and int(called["number"]) not in needed:
                found = _found("version", path, f"{name} no longer serves it")
            if found and _old(found, at):
                yield found


def _attempts(home: Home, known: Facts, at: Micros, older_than_days: float | None) -> Iterator[_Found]:
    """Whole folders of attempts when asked for; of the others, outboxes whose files are in objects/."""
    for (job, number), row in known.attempts.items():
        folder = home.attempt(job, number)
        outbox = folder / "outbox"
        if not (folders.is_plain(folder.parent) and folders.is_plain(folder)) or outbox.is_symlink():
            continue
        aged = older_than_days is not None and at - row.ended_us >= older_than_days * _DAY_S * SECOND
        # looked at before anything in it is judged, so that what comes meanwhile shows
        whole = _found("attempt", folder, f"ended more than {older_than_days:g} days ago") if aged else None
        boxes = folders.children(outbox)
        adopted = [box for path in boxes if (box := _adopted(home, path, known))]
        if whole and len(adopted) == len(boxes):
            yield whole
        else:
            yield from adopted


def _boxes_outside(home: Home, known: Facts) -> Iterator[_Found]:
    """Outboxes of scripts that ran outside the runner."""
    for outbox in folders.children(home.spool):
        if outbox.suffix == ".outbox" and outbox.stem in known.runs and folders.is_plain(outbox):
            yield from (box for path in folders.children(outbox) if (box := _adopted(home, path, known)))


def _spools(home: Home, known: Facts) -> Iterator[_Found]:
    """Spools whose every byte is in a segment, while no segment is missing."""
    from lineside.store.segments import head

    if any(folders.size(home.segments / name) != size for name, size in known.segments.items()):
        return
    for name, row in known.cold.items():
        found = _found("spool", home.spool / name, "its points are in a segment")
        with contextlib.suppress(FileNotFoundError):  # compaction deletes it at this moment
            if found and folders.size(found.path) == row.end and head(found.path, end=row.end) == row.head:
                yield found


def _segments(home: Home, known: Facts, at: Micros) -> Iterator[_Found]:
    for path in folders.children(home.segments):
        if _SEGMENT.fullmatch(path.name) and path.name not in known.segments and not path.is_symlink():
            found = _found("segment", path, "the manifest does not name it")
            if found and _old(found, at):
                yield found


def _adopted(home: Home, box: Path, known: Facts) -> _Found | None:
    """A box of which every file is, unharmed, an object that a row names: nothing would be lost."""
    found = _found("outbox", box, "all of it is in objects/")
    with contextlib.suppress(OSError):
        every = [(path, each) for path, each in folders.below(box) if not stat.S_ISDIR(each.st_mode)]
        if all(stat.S_ISREG(each.st_mode) and _is_object(home, path, known) for path, each in every):
            return found
    return None


def _is_object(home: Home, path: Path, known: Facts) -> bool:
    digest = folders.sha256(path)
    stored = home.objects / digest[:2] / digest
    return digest in known.digests and (stored.samefile(path) or folders.sha256(stored) == digest)


def _weighed(home: Home, found: Iterable[_Found]) -> Iterator[Item]:
    """Give each the bytes that go with it: of a file with several names, only if all of them go."""
    every = list(found)
    going = Counter((each.st_dev, each.st_ino) for one in every for each in one.files)
    counted: set[tuple[int, int]] = set()
    for one in every:
        size = 0
        for each in one.files:
            key = (each.st_dev, each.st_ino)
            if going[key] >= each.st_nlink and key not in counted:
                counted.add(key)
                size += each.st_size
        path = one.path.relative_to(home.path).as_posix()
        yield Item(kind=one.kind, path=path, bytes=size, why=one.why, mark=one.mark)


def _found(kind: str, path: Path, why: str) -> _Found | None:
    """The thing as it is now; None: it is gone, or not all of it can be read, and so it stays."""
    try:
        every = [each for _, each in folders.below(path)]
    except OSError:
        return None
    files = tuple(each for each in every if not stat.S_ISDIR(each.st_mode))
    mark = max(each.st_mtime_ns for each in every)
    return _Found(kind=kind, path=path, why=why, mark=mark, files=files)


def _old(found: _Found, at: Micros) -> bool:
    return at - found.mark // 1_000 >= GRACE_S * SECOND


@contextlib.contextmanager
def _one_moment(db: sqlite3.Connection) -> Iterator[None]:
    own = not db.in_transaction
    if own:
        db.execute("begin")
    try:
        yield
    finally:
        if own:
            db.execute("rollback")


@contextlib.contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise HomeProblem(
            f"{error.filename} cannot be read: {error.strerror}",
            hint="nothing was deleted: gc has to see all of the home, as the account its runner runs as does",
        ) from error
