"""The folder itself: whether it is a home at all, whose it is, where it lies and what room it has."""

import json
import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path

from lineside.store import config, homes
from lineside.store.doctor.findings import Case, Finding, counted, ok, problem, warning
from lineside.store.homes import Home

_LEAST = 512 << 20
"""With fewer free bytes, jobs and the store soon fail."""
_LITTLE = 10 << 30
_SHARE = 0.05
"""Below both of these there is little room."""
_MEMORY = frozenset({"tmpfs", "ramfs"})
_STATE = ("lineside.db", "lineside.db-wal", "lineside.db-shm", "home.json", "config.toml", "runner.lock")
_SECRETS = ("jobs/*/env", "jobs/*/*/env", "serving/*/token")


def missing(home: Home) -> Finding | None:
    """Why there is no home to look at; None: there is one."""
    make = "make one with: lineside init   or name another: lineside --home DIR doctor"
    path = home.path
    if not os.path.lexists(path):
        return problem("home", f"there is no folder {path}", hint=make)
    if not path.exists():
        return problem(
            "home", f"{path} is a link to nothing: is a disk not mounted?", hint="look with: mount"
        )
    if not path.is_dir():
        return problem("home", f"{path} is a file, not a folder", hint="name another: --home DIR")
    if not os.access(path, os.R_OK | os.X_OK):
        owner = name_of(path.stat().st_uid)
        return problem(
            "home", f"{path} is shut for you", hint=f"ask its owner: sudo -u {owner} lineside doctor"
        )
    if not home.exists and not home.db.exists():
        holds = "holds neither home.json nor lineside.db" if any(path.iterdir()) else "is empty"
        return problem("home", f"{path} is no lineside home: it {holds}", hint=make)
    return None


def identity(case: Case) -> Iterator[Finding]:
    """home.json and the folders: what makes a folder a home."""
    home, again = case.home, "the runner makes it anew: lineside runner start"
    if not home.exists:
        yield problem("home", "home.json is missing", hint=again)
    elif (made_by := _said(home).get("format")) is None:
        hint = f"take it from a backup, or move it away and run: lineside --home {home.path} runner start"
        yield problem("home", "home.json cannot be understood", hint=hint)
    elif made_by > homes.FORMAT:
        words = f"the home has format {made_by}, this lineside knows {homes.FORMAT}"
        yield problem("home", words, hint="upgrade lineside")
    for folder in homes.folders(home):
        if not folder.exists():
            yield warning("home", f"the folder {folder.name}/ is missing", hint=again)
        elif not folder.is_dir():
            yield problem(
                "home", f"{folder.name} is a file, not a folder", hint="move it away; then " + again
            )


def rights(case: Case) -> Iterator[Finding]:
    """Nobody but the owner may write; nobody but the owner may read a secret; everything is the owner's."""
    home = case.home
    mode, owner = home.path.stat().st_mode, home.path.stat().st_uid
    faults = [*_openness(home.path, mode), *_writable(home, mode), *_secrets(home), *_owners(home, owner)]
    yield from faults
    if not faults:
        kind = " a demo," if _said(home).get("demo") else ""
        yield ok("home", f"{home.path},{kind} of {name_of(owner)}, {stat.S_IMODE(mode):04o}")


def place(case: Case) -> Iterator[Finding]:
    """Each part of the home lies on a disk of this machine, mounted to be written."""
    parts = [case.home.path, case.home.db, *homes.folders(case.home)]
    seen: dict[Path, str] = {}
    for path in dict.fromkeys(path.resolve() for path in parts if path.exists()):
        seen[path] = homes.kind_of(path, mounts=case.mounts)
        if seen.get(path.parent) != seen[path]:  # else it was said of the folder it lies in
            yield from _under(path, case.mounts)


def room(case: Case) -> Iterator[Finding]:
    """Free bytes, and free files, for the account that asks."""
    found = os.statvfs(case.home.path)
    yield from judge_room(
        free=found.f_bavail * found.f_frsize, total=found.f_blocks * found.f_frsize,
        free_files=found.f_favail, files=found.f_files, read_only=bool(found.f_flag & os.ST_RDONLY),
    )  # fmt: skip


def judge_room(
    *, free: int, total: int, free_files: int, files: int, read_only: bool = False
) -> Iterator[Finding]:
    """What is said of a disk.

    Args:
        files: how many it could hold; 0: it does not say.
    """
    see = "see what could go: lineside gc --dry-run   and what else fills the disk: df -h, du -xsh /*"
    words = f"{_gib(free)} of {_gib(total)} are free"
    if read_only:
        hint = "a failing disk often is: look with dmesg, then mount it to be written"
        yield problem("disk", "it is mounted read-only: nothing can be written", hint=hint)
    elif free < _LEAST:
        yield problem("disk", f"it is nearly full: {words}", hint=see)
    elif files and free_files < max(1_000, files * 0.01):
        yield problem("disk", f"it can hold only {free_files:,} more files", hint=see + ", df -i")
    elif free < min(_LITTLE, total * _SHARE):
        yield warning("disk", f"there is little room: {words}", hint=see)
    else:
        yield ok("disk", words)


def settings(case: Case) -> Iterator[Finding]:
    """config.toml as a runner would read it; BadConfig says the line and what to do."""
    home = case.home
    if not home.config.exists():
        yield ok("config", "no config.toml: defaults everywhere")
        return
    try:
        read = config.load(home)
    except UnicodeDecodeError as error:
        yield problem("config", f"config.toml is no text: {error}", hint="write it as UTF-8")
        return
    yield ok(
        "config", f"config.toml: {counted(len(read.roles), 'role')}, {counted(read.runner.slots, 'slot')}"
    )


def leftovers(case: Case) -> Iterator[Finding]:
    """What a crash left half-written: it costs room and nothing else."""
    home = case.home
    places = (
        (home.segments, (".*.tmp", ".spill/*")), (home.objects, (".*", "??/.*")), (home.windows, ("*.tmp",)),
        (home.datasets, ("*/.*",)), (home.path, (".lineside.db.*.tmp", "home.tmp", "jobs/*/.gone.*")),
    )  # fmt: skip
    found = [path for folder, names in places for name in names for path in folder.glob(name)]
    old = [path for path in found if settled(case, path)]
    if old:
        size = sum(path.lstat().st_size for path in old)
        words = f"half-written by a crash: {counted(len(old), 'file')}, {size:,} bytes: {_some(home, old)}"
        yield warning(
            "leftovers", words, hint="lineside runner start tidies segments/; the rest: lineside gc"
        )


def settled(case: Case, path: Path) -> bool:
    """Whether nobody can be at work on a file any more."""
    try:
        return case.at / 1e6 - path.lstat().st_mtime >= case.settle_s
    except FileNotFoundError:
        return False


def _said(home: Home) -> dict[str, int]:
    """What home.json says in numbers; nothing when it cannot be understood."""
    try:
        said = json.loads(home.identity.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    pairs = said.items() if isinstance(said, dict) else ()
    return {str(key): value for key, value in pairs if isinstance(value, int)}


def _under(path: Path, mounts: str) -> Iterator[Finding]:
    move = "move it to a disk of this machine: stop the runner, copy the home, then --home DIR"
    if kind := homes.network_kind(path, mounts=mounts):
        words = (
            f"{path} lies on {kind}, a network file system: SQLite's write-ahead log and locks break there"
        )
        yield problem("home", words, hint=move)
    elif homes.kind_of(path, mounts=mounts) in _MEMORY:
        words = f"{path} lies in memory: all of it is gone when the machine restarts"
        yield warning("home", words, hint=move)


def _openness(path: Path, mode: int) -> Iterator[Finding]:
    if mode & stat.S_IWOTH:
        words = f"everybody on this machine may write to {path}"
        yield problem("home", words, hint=f"chmod 0700 {path}")
    elif mode & stat.S_IWGRP:
        yield problem("home", f"the group of {path} may write to it", hint=f"chmod g-w {path}")
    elif mode & (stat.S_IROTH | stat.S_IXOTH):
        yield warning("home", f"everybody on this machine may look into {path}", hint=f"chmod o-rwx {path}")


def _writable(home: Home, mode: int) -> Iterator[Finding]:
    """State that somebody else may write, as far as they can reach it."""
    reach = (stat.S_IWGRP if mode & stat.S_IXGRP else 0) | (stat.S_IWOTH if mode & stat.S_IXOTH else 0)
    for path in (*(home.path / name for name in _STATE), *homes.folders(home)):
        if path.exists() and path.stat().st_mode & reach:
            yield problem("home", f"others may write to {path.name}", hint=f"chmod go-w {path}")


def _secrets(home: Home) -> Iterator[Finding]:
    for pattern in _SECRETS:
        for path in home.path.glob(pattern):
            if path.stat().st_mode & 0o077:
                words = f"others may read {path.relative_to(home.path)}, which holds secrets"
                yield problem("home", words, hint=f"chmod 0600 {path}")


def _owners(home: Home, owner: int) -> Iterator[Finding]:
    """A verb that once ran under sudo leaves files that the owner's runner cannot write."""
    parts = (*(home.path / name for name in _STATE), *homes.folders(home))
    foreign = [path for path in parts if path.exists() and path.stat().st_uid != owner]
    if foreign:
        whose = name_of(foreign[0].stat().st_uid)
        words = f"{_some(home, foreign)} belong to {whose}, the home to {name_of(owner)}"
        yield problem("home", words, hint=f"sudo chown -R {name_of(owner)} {home.path}")


def _some(home: Home, paths: list[Path]) -> str:
    names = [path.relative_to(home.path).as_posix() for path in paths[:3]]
    return ", ".join(names) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")


def _gib(size: int) -> str:
    return f"{size / (1 << 30):.1f} GiB"


def name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
