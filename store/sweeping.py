"""Deleting what `garbage` found, beside a runner that goes on writing.

What was touched since it was found is put back: it is renamed aside first, and only then looked at again, so
that a script that brings the same content at this moment either touches the old file or makes a new one.
"""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lineside.store import segments
from lineside.store.garbage import GONE, Facts, Item, Plan, holds
from lineside.store.homes import Home
from lineside.store.queries.segments import Moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What happened to a plan."""

    gone: tuple[Item, ...]
    kept: tuple[Item, ...]  # needed again, or in use

    @property
    def bytes(self) -> int:
        return sum(item.bytes for item in self.gone)


def confirmed(plan: Plan, known: Facts) -> tuple[list[Item], list[Item]]:
    """The items that may still go, and those that something needs by now."""
    may = [item for item in plan.items if holds(item, known)]
    return may, [item for item in plan.items if not holds(item, known)]


def set_aside(home: Home, items: Iterable[Item]) -> None:
    """Rename unpacked versions inside the transaction that decides it: who wants one now unpacks it anew."""
    for item in items:
        if item.kind == "version":
            path = home.path / item.path
            os.rename(path, path.with_name(GONE + path.name))


def restore_aside(home: Home, known: Facts) -> None:
    """Give back what a crash left renamed although a row names it."""
    for path in home.objects.glob(f"*/{GONE}*"):
        name = path.name.removeprefix(GONE)
        if name.removesuffix(".tree") in known.digests and not path.with_name(name).exists():
            os.rename(path, path.with_name(name))


def sweep(home: Home, items: Iterable[Item], known: Facts) -> Swept:
    """Delete the items; one that is gone already counts as kept."""
    gone: list[Item] = []
    kept: list[Item] = []
    for item in items:
        (gone if _delete(home, item, known) else kept).append(item)
    return Swept(gone=tuple(gone), kept=tuple(kept))


def _delete(home: Home, item: Item, known: Facts) -> bool:
    path = home.path / item.path
    try:
        match item.kind:
            case "object":
                return _object(path, item)
            case "spool":
                return _spool(home, path, known)
            case "version":
                shutil.rmtree(path.with_name(GONE + path.name))
            case "attempt":
                shutil.rmtree(path)
                _empty(path.parent)
            case _ if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            case _:
                path.unlink()
    except FileNotFoundError:
        return False
    return True


def _object(path: Path, item: Item) -> bool:
    """Aside, looked at again, gone; or back."""
    aside = path.with_name(GONE + path.name)
    os.rename(path, aside)
    if aside.stat().st_mtime_ns != item.mark:
        os.rename(aside, path)
        return False
    aside.unlink()
    return True


def _spool(home: Home, path: Path, known: Facts) -> bool:
    """Under its lock: a script that goes on with it keeps it."""
    row = known.cold[path.name]
    moved = Moved(id=row.id, run_id=row.run_id, path=row.path, end=row.end, head=row.head, missing=False)
    with segments.held(home, [moved]) as free:
        if not free or segments.head(path, end=row.end) != row.head:
            return False
        path.unlink()
    return True


def _empty(folder: Path) -> None:
    """Remove a job's folder with its last attempt; one that still holds something stays."""
    try:
        folder.rmdir()
    except OSError:
        return
