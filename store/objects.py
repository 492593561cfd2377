"""Files under the name of their content: `objects/ab/<sha256>`, and folders as `<sha256>.tree`.

A tree object is the canonical JSON list of its files, so a folder has one digest too. Objects are read-only
and appear by rename: a reader sees a whole one or none. Whoever brings one in makes it young; only what has
been old for hours, and is named by nothing, is ever taken out.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from lineside.store.errors import BadData, NotFound
from lineside.store.folders import sha256, sync
from lineside.store.homes import Home

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What went into the objects folder."""

    digest: str
    bytes: int  # of a tree: the sum over its files
    tree: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeEntry:
    """One file of a folder."""

    path: str  # relative, with "/", never leaving the folder
    digest: str
    bytes: int


def path_of(home: Home, digest: str) -> Path:
    """Where the file with this content lies, whether it is there or not."""
    return home.objects / digest[:2] / digest


def is_tree(home: Home, digest: str) -> bool:
    return _tree_path(home, digest).exists()


def adopt(home: Home, path: Path, *, move: bool = False) -> Stored:
    """Take a file or a folder in; the same content is stored once.

    Args:
        move: the source is ours and about to be deleted: its bytes are shared, not copied. It stays in place,
            so that a crash before the caller's commit loses nothing.

    Raises:
        BadData: nothing is there, or the folder holds what is neither file nor folder.
    """
    path = path.resolve()
    if path.is_file():
        return _adopt_file(home, path, move=move)
    if not path.is_dir():
        raise BadData(f"{path} is neither a file nor a folder", hint="check the path that was logged")
    entries = []
    for file in _files_in(path):
        stored = _adopt_file(home, file, move=move)
        name = file.relative_to(path).as_posix()
        entries.append(TreeEntry(path=name, digest=stored.digest, bytes=stored.bytes))
    return put_tree(home, entries)


def put_bytes(home: Home, data: bytes) -> Stored:
    """Store what is in memory."""
    digest = hashlib.sha256(data).hexdigest()
    _place(home, data, path_of(home, digest))
    return Stored(digest=digest, bytes=len(data), tree=False)


def put_tree(home: Home, entries: list[TreeEntry]) -> Stored:
    """Store the list of files that makes a folder; the files themselves are objects already."""
    listing = sorted((asdict(entry) for entry in entries), key=lambda entry: str(entry["path"]))
    data = json.dumps(listing, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    digest = hashlib.sha256(data).hexdigest()
    _place(home, data, _tree_path(home, digest))
    return Stored(digest=digest, bytes=sum(entry.bytes for entry in entries), tree=True)


def tree(home: Home, digest: str) -> list[TreeEntry]:
    """The files of a folder, by path.

    Raises:
        NotFound: no folder has this digest.
        BadData: an entry would leave the folder.
    """
    try:
        listing = json.loads(_tree_path(home, digest).read_bytes())
    except FileNotFoundError as error:
        raise NotFound(
            "folder", digest[:12], hint="look at the run's artifacts: lineside runs show"
        ) from error
    entries = [TreeEntry(**entry) for entry in listing]
    for entry in entries:
        if PurePosixPath(entry.path).is_absolute() or ".." in PurePosixPath(entry.path).parts:
            raise BadData(f"object {digest[:12]} holds a path that leaves its folder: {entry.path!r}")
    return entries


def materialise(home: Home, digest: str, dest: Path) -> Path:
    """Put a file or a folder at `dest`, by hard links where the disk allows; what is there already stays.

    Raises:
        NotFound: the object is not in this home.
    """
    if dest.exists():
        return dest
    dest.parent.mkdir(parents=True, exist_ok=True)
    fresh = dest.with_name(f".{dest.name}.{secrets.token_hex(4)}")
    if is_tree(home, digest):
        for entry in tree(home, digest):
            _link(home, entry.digest, fresh / entry.path)
        fresh.mkdir(exist_ok=True)  # an empty folder is a folder
    else:
        _link(home, digest, fresh)
    os.rename(fresh, dest)
    return dest


def verify(home: Home, digest: str) -> bool:
    """Whether the bytes on disk still have this digest; of a folder, those of every file too."""
    if is_tree(home, digest):
        whole = sha256(_tree_path(home, digest)) == digest
        return whole and all(verify(home, entry.digest) for entry in tree(home, digest))
    return path_of(home, digest).exists() and sha256(path_of(home, digest)) == digest


@contextlib.contextmanager
def turn(home: Home, *, taking_out: bool = False) -> Iterator[None]:
    """Many may bring objects in at a time, but nobody while one is looked at a last time and taken out."""
    folder = os.open(home.objects, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX if taking_out else fcntl.LOCK_SH)
        yield
    finally:
        os.close(folder)


def _tree_path(home: Home, digest: str) -> Path:
    return home.objects / digest[:2] / f"{digest}.tree"


def _files_in(folder: Path) -> Iterator[Path]:
    """Every regular file below `folder`, by name."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise BadData(f"{path} is neither a file nor a folder", hint="log a copy of what it points to")
        if path.is_file():
            yield path


def _adopt_file(home: Home, path: Path, *, move: bool) -> Stored:
    digest = sha256(path)
    target = path_of(home, digest)
    if not _stays(home, target):
        if not move or path.stat().st_dev != home.objects.stat().st_dev:
            return _copy_in(home, path)
        target.parent.mkdir(exist_ok=True)
        path.chmod(0o440)
        os.utime(path)  # however old the content is, the object is young
        sync(path)
        with turn(home), contextlib.suppress(FileExistsError):  # somebody else brought the same content
            os.link(path, target)
    return Stored(digest=digest, bytes=path.stat().st_size, tree=False)


def _stays(home: Home, target: Path) -> bool:
    """Whether the object is there already; if so it is young again: no garbage while a row is on its way."""
    with turn(home):
        try:
            os.utime(target)
        except FileNotFoundError:
            return False
    return True


def _copy_in(home: Home, path: Path) -> Stored:
    """Copy and hash in one pass, so that name and content agree even when the source is still growing."""
    fresh = home.objects / f".{secrets.token_hex(8)}"
    seen, size = hashlib.sha256(), 0
    with path.open("rb") as source, fresh.open("wb") as copy:
        while chunk := source.read(_CHUNK):
            seen.update(chunk)
            size += copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    target = path_of(home, seen.hexdigest())
    target.parent.mkdir(exist_ok=True)
    fresh.chmod(0o440)
    with turn(home):
        os.rename(fresh, target)
    return Stored(digest=seen.hexdigest(), bytes=size, tree=False)


def _place(home: Home, data: bytes, target: Path) -> None:
    if _stays(home, target):
        return
    target.parent.mkdir(exist_ok=True)
    fresh = target.with_name(f".{secrets.token_hex(8)}")
    fresh.write_bytes(data)
    fresh.chmod(0o440)
    sync(fresh)
    with turn(home):
        os.rename(fresh, target)


def _link(home: Home, digest: str, dest: Path) -> None:
    source = path_of(home, digest)
    if not source.exists():
        raise NotFound("object", digest[:12], hint="this home no longer holds it: restore a backup")
    dest.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, dest)
    except OSError:  # another disk, or too many links: a copy is as good
        shutil.copyfile(source, dest)
