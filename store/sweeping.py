"""Deleting what `garbage` found, beside a runner that goes on writing.

Each thing is looked at a last time: one that was touched since it was judged stays. An object goes while
nobody can bring one in; a folder is renamed first, so that it is there whole or not at all.
"""

import contextlib
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lineside.store import folders, objects, segments
from lineside.store.garbage import GONE, VERSION, Facts, Item, Plan
from lineside.store.homes import Home
from lineside.store.queries.segments import Moved

_NEEDED = "it is needed again"
_IN_USE = "it is in use again"
_AWAY = "somebody else has deleted it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was to go and did not."""

    path: str  # inside the home
    why: str
    failed: bool = False  # True: the disk refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What happened to a plan."""

    gone: tuple[Item, ...]
    kept: tuple[Kept, ...]
    bytes: int  # that the disk got back, as measured when each file went


class _Stays(Exception):
    """A last look said so."""


def confirmed(plan: Plan, known: Facts) -> tuple[list[Item], list[Kept]]:
    """The items that may still go, and those that something needs by now."""
    may = [item for item in plan.items if holds(item, known)]
    return may, [Kept(path=item.path, why=_NEEDED) for item in plan.items if not holds(item, known)]


def holds(item: Item, known: Facts) -> bool:
    """Whether newer facts still let the item go."""
    path = Path(item.path)
    match item.kind:
        case "object":
            return path.stem not in known.digests
        case "version":
            called, numbers = VERSION.fullmatch(path.name), known.versions.get(path.parent.name)
            return called is not None and numbers is not None and int(called["number"]) not in numbers
        case "attempt":
            return _attempt_of(path) in known.attempts
        case "outbox" if path.parts[0] == "jobs":
            return _attempt_of(path) in known.attempts
        case "outbox":
            return path.parts[1].removesuffix(".outbox") in known.runs
        case "spool":
            return path.name in known.cold
        case "segment":
            return path.name not in known.segments
    return True


def set_aside(home: Home, items: Iterable[Item]) -> dict[str, Path]:
    """Rename unpacked versions inside the transaction that decides it: who wants one now unpacks it anew.

    Returns:
        Where each of them is now; one that cannot be renamed is left out, and so it stays.
    """
    moved = {}
    for item in items:
        if item.kind == "version":
            with contextlib.suppress(OSError):
                moved[item.path] = _aside(home.path / item.path)
    return moved


def sweep(home: Home, items: Sequence[Item], known: Facts, *, moved: dict[str, Path]) -> Swept:
    """Delete the items one after the other; whatever one of them says, the others go."""
    gone: list[Item] = []
    kept: list[Kept] = []
    freed = 0
    for item in items:
        try:
            for size in _deleting(home, item, known, moved):
                freed += size
        except _Stays as stays:
            kept.append(Kept(path=item.path, why=str(stays)))
        except FileNotFoundError:
            kept.append(Kept(path=item.path, why=_AWAY))
        except OSError as error:
            kept.append(Kept(path=item.path, why=error.strerror or str(error), failed=True))
        else:
            gone.append(item)
    return Swept(gone=tuple(gone), kept=tuple(kept), bytes=freed)


def _deleting(home: Home, item: Item, known: Facts, moved: dict[str, Path]) -> Iterator[int]:
    """Delete one item; the bytes of each file as it goes.

    Raises:
        OSError: the disk refused.
    """
    path = home.path / item.path
    match item.kind:
        case "object":
            with objects.turn(home, taking_out=True):
                _look_again(path, item)
                yield from _removing(path)
        case "spool":
            yield from _spool(home, path, known)
        case "version":
            if item.path not in moved:
                raise _Stays(_IN_USE)
            yield from _removing(moved[item.path])
        case "attempt":
            _look_again(path, item)
            yield from _removing(_aside(path))
            _remove_if_empty(path.parent)
        case "outbox":
            _look_again(path, item)
            yield from _removing(path)
            if path.parent.parent == home.spool:
                _remove_if_empty(path.parent)
        case _:
            _look_again(path, item)
            yield from _removing(path)
            if path.parent.parent == home.path / "jobs":  # an attempt that an earlier sweep had renamed
                _remove_if_empty(path.parent)


def _look_again(path: Path, item: Item) -> None:
    """Let it be if anything of it was touched since it was judged."""
    if max(each.st_mtime_ns for _, each in folders.below(path)) != item.mark:
        raise _Stays(_NEEDED)


def _spool(home: Home, path: Path, known: Facts) -> Iterator[int]:
    """Under its lock: a script that goes on with it keeps it."""
    row = known.cold[path.name]
    moved = Moved(id=row.id, run_id=row.run_id, path=row.path, end=row.end, head=row.head, missing=False)
    with segments.held(home, [moved]) as free:
        if not free or segments.head(path, end=row.end) != row.head:
            raise _Stays(_IN_USE)
        yield from _removing(path)


def _aside(path: Path) -> Path:
    """Give it a name by which the next sweep knows it, should this one be killed."""
    aside = path.with_name(f"{GONE}{path.name}.{secrets.token_hex(4)}")
    os.rename(path, aside)
    return aside


def _removing(path: Path) -> Iterator[int]:
    """Delete a file, or a folder with all in it; the bytes of each file that had no other name."""
    parent = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield from _removing_in(parent, path.name)
    finally:
        os.close(parent)


def _removing_in(parent: int, name: str) -> Iterator[int]:
    """By descriptor, so that a folder that becomes a link at this moment leads nowhere else."""
    seen = os.lstat(name, dir_fd=parent)
    if not stat.S_ISDIR(seen.st_mode):
        os.unlink(name, dir_fd=parent)
        yield seen.st_size if seen.st_nlink == 1 else 0
        return
    folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        if seen.st_mode & stat.S_IRWXU != stat.S_IRWXU:
            os.fchmod(folder, stat.S_IRWXU)  # a copy of somebody's read-only folder
        for each in os.listdir(folder):
            yield from _removing_in(folder, each)
    finally:
        os.close(folder)
    os.rmdir(name, dir_fd=parent)


def _remove_if_empty(folder: Path) -> None:
    """A job's folder goes with its last attempt, an outbox with its last box."""
    with contextlib.suppress(OSError):
        folder.rmdir()


def _attempt_of(path: Path) -> tuple[int, int]:
    return int(path.parts[1]), int(path.parts[2])
