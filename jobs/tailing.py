"""What is remembered of a home's spools between two looks, so that one that is still costs one `stat`."""

import asyncio
import errno
import fcntl
import logging
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG

from lineside.store import ingest
from lineside.store.homes import Home
from lineside.store.spool import Shapes

log = logging.getLogger(__name__)
QUIET_S = 2.0
"""How long a spool must be still before its lock is tried: a script that opens it must not find it taken."""
RESUME = ".resume"
"""Ends the name of the empty file that the SDK leaves when a script goes on with a run that had ended."""
_ASK_AGAIN_S = 30.0
"""The longest between two tries of the lock of a spool that is long still, and held."""
_HEAD = 64
"""Bytes by which one spool is told from another: they hold a start event, with its pid and moment."""
_LISTS = 3
"""How often the folder is listed after it changed: its clock is too coarse to tell two changes apart."""


@dataclass(slots=True, kw_only=True)
class Tail:
    """One spool file, as it was at the last look."""

    name: str
    size: int = 0
    inode: int = 0
    offset: int = 0  # taken up to here
    taken_at: int = -1  # the size at which nothing whole was left to take
    shapes: Shapes | None = None  # what is known at `offset`; None: ask the store
    grown_at: float = field(default_factory=time.monotonic)  # never the clock on the wall, which may jump
    ask_at: float = 0.0  # when its lock may be tried again
    retry_at: float = 0.0  # after a failure
    kept: int = -1  # the size that is safe on the disk
    problem: str = ""  # why it cannot be ingested
    shut: str = ""  # why it cannot even be opened
    head: bytes = b""  # its first bytes: a script that finds its spool deleted writes the same again
    replaced: bool = False  # another file has taken its name

    @property
    def grown(self) -> bool:
        return self.replaced or self.size not in (self.offset, self.taken_at)

    @property
    def afresh(self) -> bool:
        """Whether another file has the name of the one that was read so far; nobody shortens a spool."""
        return self.replaced or self.size < self.offset

    def still(self, at: float) -> bool:
        """Whether there is nothing to take and has not been for a while."""
        return not self.grown and at - self.grown_at >= QUIET_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A spool that was deleted."""

    since: float = field(default_factory=time.monotonic)
    inode: int = 0  # 0: it was never seen by this process


class Watch:
    """The open spools of one home. `look` and `keep` run on threads; one tick at a time has it."""

    def __init__(self, home: Home) -> None:
        self.tails: dict[str, Tail] = {}
        self.over: set[str] = set()  # sealed: not looked at any more
        self.new: list[str] = []  # names seen for the first time, to be looked up in the store
        self.gone: dict[str, Gone] = {}  # open ones without a file
        self.doubted: set[str] = set()  # met with something taken: is it still what it was?
        self.resumed: set[str] = set()  # files that say so of a run
        self.looked_at = 0.0  # for ends
        self.keeping: asyncio.Future[None] | None = None
        self.folder = home.spool
        self._stamp, self._lists = -1, 0

    @property
    def stirs(self) -> bool:
        """Whether a look could find anything: with no spool open, one `stat` of the folder says so."""
        return bool(self.tails) or self._lists > 0 or os.stat(self.folder).st_mtime_ns != self._stamp

    def look(self) -> list[Tail]:
        """Those that have grown, the runs' own before those of their other processes."""
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._list(folder)
            at = time.monotonic()
            for tail in list(self.tails.values()):
                self._measure(folder, tail, at)
        finally:
            os.close(folder)
        grown = [tail for tail in self.tails.values() if tail.grown and tail.retry_at <= at]
        return sorted(grown, key=lambda tail: (tail.name.count("."), tail.name))

    def admit(self, name: str, *, offset: int) -> None:
        """Look at it from now on; `offset` says how far it was taken."""
        self.tails[name] = Tail(name=name, offset=offset)

    def forget(self, name: str) -> None:
        """Nothing comes any more."""
        self.tails.pop(name, None)
        self.over.add(name)

    def keep(self) -> None:
        """Ask the disk to keep what was written since the last time.

        Raises:
            OSError: it could not, for one of them; it was asked for the others all the same.
        """
        failed: OSError | None = None
        for tail in list(self.tails.values()):
            size = tail.size
            if tail.kept == size or tail.shut:
                continue
            try:
                _sync(self.folder / tail.name)
                tail.kept = size
            except (FileNotFoundError, PermissionError):
                continue
            except OSError as error:
                failed = error
        if failed is not None:
            raise failed

    def _list(self, folder: int) -> None:
        stamp = os.stat(folder).st_mtime_ns
        if stamp != self._stamp:
            self._stamp, self._lists = stamp, _LISTS
        if not self._lists:
            return
        self._lists -= 1
        listed = os.listdir(folder)
        self.resumed = {name for name in listed if name.endswith(RESUME)}
        names = {name for name in listed if name.endswith(".sp") and ingest.uid_in(name)}
        self.over &= names
        self.new = [name for name in names if name not in self.tails and name not in self.over]
        for name in self.tails.keys() - names:
            self.gone[name] = Gone(inode=self.tails.pop(name).inode)

    def _measure(self, folder: int, tail: Tail, at: float) -> None:
        try:
            self._compare(tail, os.stat(tail.name, dir_fd=folder, follow_symlinks=False), at)
            tail.shut = ""
        except FileNotFoundError:
            self._lists = _LISTS
        except OSError as error:  # of somebody else, or no file at all: that keeps no other one waiting
            tail.shut = f"cannot be read: {error.strerror}"

    def _compare(self, tail: Tail, stat: os.stat_result, at: float) -> None:
        if not S_ISREG(stat.st_mode):
            raise OSError(errno.EINVAL, "it is no file")
        if stat.st_ino != tail.inode or len(tail.head) < min(_HEAD, stat.st_size):
            head = _head(self.folder / tail.name)
            tail.replaced |= bool(head) and not head.startswith(tail.head)
            tail.head = head or tail.head
        if stat.st_size != tail.size or stat.st_ino != tail.inode:
            tail.size, tail.inode, tail.grown_at, tail.ask_at = stat.st_size, stat.st_ino, at, 0.0


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fdatasync(file)
    finally:
        os.close(file)


def let_go(folder: Path, tails: Iterable[Tail]) -> set[str]:
    """The names of those that no process holds; a held one is asked about less and less often."""
    free, at = set(), time.monotonic()
    for tail in tails:
        if tail.ask_at > at:
            continue
        tail.ask_at = at + min(_ASK_AGAIN_S, (at - tail.grown_at) / 4)
        if _unlocked(folder / tail.name):
            free.add(tail.name)
    return free


def locked_inodes() -> set[int]:
    """The files that some process of this box holds a lock on, deleted ones too."""
    with open("/proc/locks", encoding="ascii") as file:
        return {
            int(word.rpartition(":")[2]) for line in file for word in line.split() if word.count(":") == 2
        }


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except FileNotFoundError:
        return b""


def _unlocked(path: Path) -> bool:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # gone, or shut: nobody can tell
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(file)
    return True
