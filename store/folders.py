"""What lies in a home's folders, looked at while others write there; links are never followed."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path


def below(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """A file, or a folder and all that is in it. Links are not followed.

    Raises:
        OSError: it is gone, or not all of it can be read.
    """
    seen = path.lstat()
    yield path, seen
    if stat.S_ISDIR(seen.st_mode):
        for name in sorted(os.listdir(path)):
            yield from below(path / name)


def listing(folder: Path) -> list[Path]:
    """What is in a folder, if it is one.

    Raises:
        OSError: nobody can say.
    """
    try:
        return [folder / name for name in sorted(os.listdir(folder))]
    except (FileNotFoundError, NotADirectoryError):
        return []


def children(folder: Path) -> list[Path]:
    """What can be seen in a folder: what cannot be seen stays."""
    try:
        return listing(folder)
    except OSError:
        return []


def plain(folder: Path, *, hidden: bool = False) -> list[Path]:
    """The plain folders in a folder; links may lead anywhere."""
    shown = (path for path in children(folder) if hidden or not path.name.startswith("."))
    return [path for path in shown if is_plain(path)]


def is_plain(path: Path) -> bool:
    """Whether it is a folder itself, not a link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def size(path: Path) -> int:
    """Bytes of a file; -1: it is not there."""
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return -1


def sha256(path: Path) -> str:
    """The digest of a file."""
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Have a file's bytes, or a folder's names, on the disk before anything relies on them.

    Raises:
        OSError: the disk does not take them.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
