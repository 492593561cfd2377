"""Backups: everything a home cannot make again, in one folder with a manifest, while all goes on.

The database comes first, then the files: whatever the copy of the database names was there when it was made.
What was merged or moved away meanwhile is noticed, and the database is copied again. What never changes is
linked where the disk allows; what grows is copied. Left out: environments (they may hold secrets), tokens,
unpacked models, sockets, locks.
"""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

from lineside.store import copies, db, garbage, homes
from lineside.store.clock import Micros
from lineside.store.errors import BadData, HomeProblem, Refused, SchemaTooNew
from lineside.store.folders import sha256, sync
from lineside.store.homes import Home
from lineside.store.queries import reachability, segments

FORMAT = 1
MANIFEST = "backup.json"
_NEVER_CHANGE = ("objects", "windows", "segments", "datasets")
_GROW = ("spool", "payloads", "jobs")
_SINGLE = ("config.toml", "home.json")
_LEFT_OUT = frozenset({"env", ".env.new", "lock", "stop"})
_TRIES = 4
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of a backup."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds."""

    format: int
    made_us: Micros
    lineside: str
    schema: int
    files: dict[str, Entry]  # by path inside the backup
    missing: list[str]  # named by the store and nowhere in the home

    @property
    def bytes(self) -> int:
        return sum(entry.bytes for entry in self.files.values())


def back_up(home: Home, target: Path, *, at: Micros) -> Manifest:
    """Make a backup at `target`: all of it appears at once, or nothing.

    Raises:
        HomeProblem: there is no home, or no room.
        Refused: something is at `target` already, or it lies inside the home.
    """
    db.reader(home).close()  # says in words what is no home, or too new a one
    target = target.absolute()
    if os.path.lexists(target):
        raise Refused(f"{target} exists already", hint="name a folder that is not there yet")
    if target.resolve().is_relative_to(home.path.resolve()):
        raise Refused(f"{target} lies inside the home", hint="a backup belongs elsewhere, on another disk")
    fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        fresh.mkdir(mode=0o700, parents=True)
        manifest = _fill(home, fresh, at)
        _write_manifest(fresh, manifest)
        os.rename(fresh, target)
        sync(target.parent)
    except OSError as error:
        raise HomeProblem(
            f"the backup could not be written: {error.strerror or error}",
            hint="nothing is left of it: choose a place with more room",
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return manifest


def restore(source: Path, home: Home, *, settle: Callable[[Home, Manifest], None]) -> Manifest:
    """Make a new home of a backup: every byte is checked, and the home appears whole or not at all.

    Args:
        settle: called with the home while nobody can see it yet.

    Raises:
        BadData: `source` is no backup.
        Refused: the home is not empty, or the backup is damaged.
        SchemaTooNew: a newer lineside made it.
    """
    manifest = read_manifest(source)
    target = home.path
    if os.path.lexists(target) and not (target.is_dir() and not any(target.iterdir())):
        raise Refused(f"{target} is not empty", hint="restore into a new folder: --home DIR")
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Home(target.with_name(f".{target.name}.{secrets.token_hex(4)}.restoring"))
    try:
        fresh.path.mkdir(mode=0o700)
        homes.check(fresh)
        _unpack(source, fresh, manifest)
        homes.create(fresh)
        settle(fresh, manifest)
        os.rename(fresh.path, target)
        sync(target.parent)
    except OSError as error:
        raise HomeProblem(
            f"{target} could not be written: {error.strerror or error}",
            hint="nothing is left of it: choose a place with more room",
        ) from error
    finally:
        shutil.rmtree(fresh.path, ignore_errors=True)
    return manifest


def read_manifest(source: Path) -> Manifest:
    """What a backup says it holds.

    Raises:
        BadData: there is no manifest, or it cannot be understood.
        SchemaTooNew: a newer lineside made it.
    """
    try:
        said: dict[str, Any] = json.loads((source / MANIFEST).read_bytes())
        manifest = Manifest(
            **{**said, "files": {path: Entry(**entry) for path, entry in said["files"].items()}}
        )
    except FileNotFoundError as error:
        raise BadData(f"{source} is no backup: it has no {MANIFEST}", hint="name the folder") from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadData(f"{source / MANIFEST} cannot be read: {error}", hint="use another backup") from error
    if manifest.format > FORMAT or manifest.schema > db.SCHEMA_VERSION:
        raise SchemaTooNew(
            f"{source} was made by lineside {manifest.lineside}, with schema {manifest.schema}; "
            f"this one knows {db.SCHEMA_VERSION}",
            hint="upgrade lineside",
        )
    for path in manifest.files:
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            raise BadData(f"{source / MANIFEST} names a path outside: {path!r}", hint="do not trust it")
    return manifest


def _fill(home: Home, fresh: Path, at: Micros) -> Manifest:
    """Copy until the files are all that the copied database names, a few times at most."""
    for _ in range(_TRIES):
        files = {"lineside.db": _copy_database(home, fresh / "lineside.db")}
        for path in _files_of(home):
            with contextlib.suppress(FileNotFoundError):  # gone since it was listed: `_lacking` will know
                files[path] = _bring(home, fresh, path)
        with contextlib.closing(_reading(fresh / "lineside.db")) as conn:
            schema = db.check_version(conn, home.db)
            missing = _lacking(fresh, conn, files)
        if not missing:
            break
    return Manifest(
        format=FORMAT, made_us=at, lineside=version("lineside"), schema=schema,
        files=dict(sorted(files.items())), missing=missing,
    )  # fmt: skip


def _copy_database(home: Home, target: Path) -> Entry:
    target.unlink(missing_ok=True)
    target.touch(mode=0o600)
    try:
        copies.snapshot(home.db, target)
    except sqlite3.Error as error:
        raise HomeProblem(
            f"{home.db} cannot be copied: {error}", hint="look with: lineside doctor"
        ) from error
    sync(target)
    return Entry(bytes=target.stat().st_size, sha256=sha256(target))


def _files_of(home: Home) -> Iterator[str]:
    """The paths, inside the home, of what a backup takes."""
    yield from (name for name in _SINGLE if (home.path / name).is_file())
    for folder in (*_NEVER_CHANGE, *_GROW):
        for path in garbage.files(home.path / folder):
            inside = path.relative_to(home.path)
            if _wanted(inside) and path.is_file() and not path.is_symlink():
                yield inside.as_posix()


def _wanted(inside: Path) -> bool:
    """Whether it is whole, and no secret; what scripts left in an outbox may have any name."""
    parts = inside.parts
    if parts[0] in _NEVER_CHANGE:
        return not any(part.startswith(".") for part in parts)
    return parts[0] != "jobs" or len(parts) > 4 or parts[-1] not in _LEFT_OUT


def _bring(home: Home, fresh: Path, path: str) -> Entry:
    """Link what never changes, copy the rest; either way the digest is of what lies in the backup now."""
    source, target = home.path / path, fresh / path
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.partition("/")[0] not in _NEVER_CHANGE:
        return _copy(source, target)
    if not target.exists():
        try:
            os.link(source, target)
        except FileNotFoundError:
            raise
        except OSError:  # another disk, or a file of somebody else
            return _copy(source, target)
    return Entry(bytes=target.stat().st_size, sha256=sha256(target))


def _copy(source: Path, target: Path) -> Entry:
    """Copy and hash in one pass: of a file that grows, both are of the same bytes."""
    seen, size = hashlib.sha256(), 0
    with source.open("rb") as old, target.open("wb") as new:
        while chunk := old.read(_CHUNK):
            seen.update(chunk)
            size += new.write(chunk)
        new.flush()
        os.fchmod(new.fileno(), source.stat().st_mode & 0o770)
        os.fsync(new.fileno())
    return Entry(bytes=size, sha256=seen.hexdigest())


def _lacking(fresh: Path, conn: sqlite3.Connection, files: dict[str, Entry]) -> list[str]:
    """What the copied database names and the backup does not hold."""
    objects = {each.digest for each in reachability.needed(conn)}
    trees = {digest for digest in objects if f"objects/{digest[:2]}/{digest}.tree" in files}
    for digest in trees:
        objects.update(garbage.contents(fresh / "objects" / digest[:2] / f"{digest}.tree"))
    wanted = {f"objects/{digest[:2]}/{digest}" for digest in objects - trees}
    wanted |= {f"windows/{name}" for name in reachability.windows(conn)}
    wanted |= {f"segments/{row.path}" for row in segments.every(conn)}
    short = {
        f"spool/{name}"
        for name, end in reachability.warm(conn).items()
        if (entry := files.get(f"spool/{name}")) is None or entry.bytes < end
    }
    return sorted(short | (wanted - files.keys()))


def _unpack(source: Path, fresh: Home, manifest: Manifest) -> None:
    """Copy every file of the manifest, and refuse at the first that is not what it was."""
    for path, entry in manifest.files.items():
        target = fresh.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        same = fresh.objects / entry.sha256[:2] / entry.sha256
        if path.startswith("datasets/") and same.exists():
            os.link(same, target)  # a readable name of an object, as it was
            continue
        try:
            found = _copy(source / path, target)
        except FileNotFoundError:
            found = None
        if found != entry:
            words = "is missing" if found is None else "is not what was written"
            raise Refused(f"the backup is damaged: {path} {words}", hint="use another backup")


def _write_manifest(folder: Path, manifest: Manifest) -> None:
    path = folder / MANIFEST
    path.write_text(json.dumps(asdict(manifest), indent=1, sort_keys=True) + "\n")
    sync(path)
    sync(folder)


def _reading(path: Path) -> sqlite3.Connection:
    conn = sqlite3.connect(path, isolation_level=None)
    conn.row_factory = sqlite3.Row
    return conn
