"""Digests of files and folders, remembered by what the file system says of them. Standard library only.

A file whose inode, size and times did not change is not read again. One that was written within the last two
seconds is never remembered: another write could follow without any of these changing (as with git's index).
"""

import contextlib
import hashlib
import json
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_RACY_NS = 2_000_000_000
_MOST = 200_000
"""Files that are remembered; a project with more of them is hashed anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What lies under a path."""

    digest: str  # sha256, of a folder over the names and digests in it
    bytes: int


class Files:
    """Digests of one project's files, remembered in the user's cache folder across processes."""

    def __init__(self, known: dict[str, Any] | None = None, *, at: Path | None = None) -> None:
        self._known, self._at = known or {}, at
        self._fresh: dict[str, Any] = {}
        self.read_bytes = 0  # how much had to be read

    @classmethod
    def of(cls, folder: str | Path) -> "Files":
        """What is remembered of the project in `folder`; nothing where no cache is, or a damaged one."""
        at = _cache(Path(folder))
        try:
            known = json.loads(at.read_bytes()) if at else {}
        except (OSError, ValueError):
            known = {}
        return cls(known if isinstance(known, dict) else {}, at=at)

    def digest(self, path: str) -> Digest:
        """The digest of a file or a folder.

        Raises:
            OSError: it is not there, or cannot be read.
        """
        found = os.stat(path)
        if not stat.S_ISDIR(found.st_mode):
            return Digest(digest=self._file(path, found), bytes=found.st_size)
        whole, size = hashlib.sha256(), 0
        for name, inside in _below(path):
            if os.path.islink(inside) and os.path.isdir(inside):  # not followed: it may lead up again
                part = Digest(digest=f"link {os.readlink(inside)}", bytes=0)
            else:
                part = self.digest(inside)
            whole.update(f"{name}\0{part.digest}\n".encode("utf-8", "surrogateescape"))
            size += part.bytes
        return Digest(digest=whole.hexdigest(), bytes=size)

    def unread_bytes(self, path: str) -> int:
        """How much would have to be read to know the digest; 0 for what is not there."""
        try:
            found = os.stat(path)
        except OSError:
            return 0
        if stat.S_ISDIR(found.st_mode):
            return sum(self.unread_bytes(inside) for _, inside in _below(path))
        return 0 if self._remembered(path, found) else found.st_size

    def keep(self) -> None:
        """Remember what was read; of two processes that do so at once, one is forgotten: a read more."""
        if self._at is None or not self._fresh:
            return
        words = {**self._known, **self._fresh}
        with contextlib.suppress(OSError):  # a full disk, a home without a cache: only time is lost
            self._at.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self._at.parent, delete=False) as file:
                json.dump(words if len(words) <= _MOST else self._fresh, file)
            os.replace(file.name, self._at)

    def _file(self, path: str, found: os.stat_result) -> str:
        if remembered := self._remembered(path, found):
            return remembered
        if not stat.S_ISREG(found.st_mode):
            raise OSError(f"{path} is no file")
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self.read_bytes += found.st_size
        if time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) > _RACY_NS:
            self._fresh[os.path.realpath(path)] = [*_mark(found), digest]
        return digest

    def _remembered(self, path: str, found: os.stat_result) -> str | None:
        place = os.path.realpath(path)
        known = self._fresh.get(place) or self._known.get(place)
        return str(known[-1]) if isinstance(known, list) and known[:-1] == _mark(found) else None


def _below(folder: str) -> Iterator[tuple[str, str]]:
    """Names and paths in a folder, in an order that every file system agrees on."""
    return iter(sorted((name, os.path.join(folder, name)) for name in os.listdir(folder)))


def _mark(found: os.stat_result) -> list[int]:
    return [found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def _cache(folder: Path) -> Path | None:
    """The file for one project; None for a user without a home."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if not os.path.isabs(base):
        return None
    name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:16]
    return Path(base) / "lineside" / f"hashes-{name}.json"
