"""The files that rows name by digest: each is there, and is still what it was."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from lineside.store import objects
from lineside.store.doctor.findings import Case, Finding, counted, from_backup, ok, problem
from lineside.store.folders import sha256, size
from lineside.store.homes import Home
from lineside.store.objects import TreeEntry
from lineside.store.queries import examinations, reachability


@dataclass(slots=True)
class _Look:
    """What was looked at so far: content that many need is read once."""

    home: Home
    quick: bool
    faults: dict[str, str] = field(default_factory=dict)  # of a file's digest; no words: it is sound
    bytes: int = 0
    read: int = 0

    def whole(self, digest: str) -> list[tuple[Path, str]]:
        """The files of a file or a folder that are not what they should be, and why."""
        path = objects.path_of(self.home, digest)
        if not objects.is_tree(self.home, digest):
            words = self._file(digest, path)
            either = (
                path if path.exists() else path.with_name(f"{digest}*")
            )  # it may have been a folder's list
            return [(either, f"object {digest[:12]} {words}")] if words else []
        tree = path.with_name(f"{digest}.tree")
        if words := self._file(digest, tree):
            return [(tree, f"folder {digest[:12]} {words}")]
        return [fault for entry in objects.tree(self.home, digest) for fault in self._inside(entry)]

    def _inside(self, entry: TreeEntry) -> list[tuple[Path, str]]:
        path = objects.path_of(self.home, entry.digest)
        words = self._file(entry.digest, path, entry.bytes)
        return [(path, f"object {entry.digest[:12]} ({entry.path}) {words}")] if words else []

    def _file(self, digest: str, path: Path, wanted: int | None = None) -> str:
        if digest not in self.faults:
            self.faults[digest] = self._fault(digest, path, wanted)
        return self.faults[digest]

    def _fault(self, digest: str, path: Path, wanted: int | None) -> str:
        found = size(path)
        if found < 0:
            return "is missing"
        self.bytes += found
        if wanted is not None and wanted != found:
            return f"has {found:,} bytes, not {wanted:,}"
        if self.quick:
            return ""
        self.read += found
        return "" if sha256(path) == digest else "has changed: its bytes are not what was stored"


def needed(case: Case, conn: sqlite3.Connection) -> Iterator[Finding]:
    """Everything that datasets, models and artifacts are made of."""
    users: dict[str, list[str]] = defaultdict(list)
    for one in list(reachability.needed(conn)):
        users[one.digest].append(one.what)
    look = _Look(case.home, case.quick)
    faults = [
        problem("objects", f"{words}: needed by {_some(whats)}", hint=from_backup(case.home, path))
        for digest, whats in users.items()
        for path, words in look.whole(digest)
    ]
    yield from faults
    if not faults:
        held = "there" if case.quick else "as stored"
        words = f"{len(users):,} that rows need, {look.bytes:,} bytes: {held}"
        yield ok("objects", words if users else "none yet", read_bytes=look.read)


def windows(case: Case, conn: sqlite3.Connection) -> Iterator[Finding]:
    """The rows that monitors were measured on."""
    rows = examinations.windows(conn)
    faults: list[Finding] = []
    read = 0
    for row in rows:
        path = case.home.windows / row.path
        found = size(path)
        whose = f"the rows of window {row.number} of {row.monitor}"
        tell = partial(problem, "windows", hint=from_backup(case.home, path))
        if found < 0:
            faults.append(tell(f"{whose} are missing: {row.path}"))
        elif not case.quick and row.digest:
            read += found
            if sha256(path) != row.digest:
                faults.append(tell(f"{whose} have changed: {row.path}"))
    yield from faults
    if not faults and rows:
        held = "there" if case.quick else "as written"
        yield ok("windows", f"{counted(len(rows), 'file')}: {held}", read_bytes=read)


def _some(whats: Sequence[str]) -> str:
    return "; ".join(whats[:2]) + (f" and {len(whats) - 2} more" if len(whats) > 2 else "")
