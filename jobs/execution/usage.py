"""What processes and the box use, through /proc: cheap enough to be looked at every other second."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process, at one look."""

    pid: int
    parent: int
    session: int
    born: int  # ticks since boot
    cpu_s: float  # its own, and of those children of its that ended
    rss_bytes: int
    threads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A shim and all that descends from it."""

    born: int  # of the shim
    cpu_s: float  # since it began; what ended is in it, through the parent that waited for it
    rss_bytes: int  # a page that several share counts in each
    threads: int
    processes: int
    read_bytes: int  # of disks, since it began
    write_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The box."""

    cpu_percent: float | None  # of all its cores, since the last look; None: this was the first
    memory_used_bytes: int
    load: float  # processes that want to run, over the last minute


class Processes:
    """Finds the trees of some roots. Processes that belong to none are not read again."""

    def __init__(self) -> None:
        self._foreign: set[int] = set()
        self._roots: Mapping[int, int] = {}

    def trees(self, roots: Mapping[int, int]) -> dict[int, Tree]:
        """The tree of each root that lives: what descends from it, and what is in its session.

        Args:
            roots: shim → leader of its job's session, in which a process stays when its parent is gone.
        """
        if roots.keys() - self._roots.keys():
            self._foreign.clear()  # a process may have been seen before its root was known
        self._roots = dict(roots)
        here = {int(name) for name in os.listdir("/proc") if name.isdigit()}
        self._foreign &= here
        seen = {found.pid: found for pid in here - self._foreign if (found := _process(pid)) is not None}
        owner = {root: root for root in roots if root in seen}
        by_leader = {leader: root for root, leader in roots.items()}
        for pid in seen:
            _root_of(pid, seen, owner, by_leader)
        members: dict[int, list[Process]] = {root: [] for root in roots if root in seen}
        for pid, process in seen.items():
            root = owner.get(pid, 0)
            if root in members:
                members[root].append(process)
            elif process.parent in self._foreign or process.parent < 2 or process.parent in seen:
                self._foreign.add(pid)
        return {root: _tree(seen[root], parts) for root, parts in members.items()}


class HostMeter:
    """The box as a whole; remembers the last look."""

    def __init__(self) -> None:
        self._busy = self._all = 0

    def look(self) -> Host:
        with open("/proc/stat", "rb") as file:
            ticks = [int(word) for word in file.readline().split()[1:9]]
        whole, idle = sum(ticks), ticks[3] + ticks[4]
        span, busy = whole - self._all, whole - idle - self._busy
        percent = 100.0 * busy / span if self._all and span > 0 else None
        self._all, self._busy = whole, whole - idle
        return Host(cpu_percent=percent, memory_used_bytes=_memory_used(), load=os.getloadavg()[0])


def _root_of(
    pid: int, seen: Mapping[int, Process], owner: dict[int, int], by_leader: Mapping[int, int]
) -> int:
    """The root a process belongs to, 0 for none; what is found on the way up is remembered."""
    path: list[int] = []
    at, found = pid, 0
    while at in seen and at not in path:
        if at in owner:
            found = owner[at]
            break
        path.append(at)
        if seen[at].session in by_leader:
            found = by_leader[seen[at].session]
            break
        at = seen[at].parent
    owner.update(dict.fromkeys(path, found))
    return found


def _tree(root: Process, parts: Iterable[Process]) -> Tree:
    parts = list(parts)
    read, written = zip(*(_io(each.pid) for each in parts), strict=True)
    return Tree(
        born=root.born, cpu_s=sum(each.cpu_s for each in parts),
        rss_bytes=sum(each.rss_bytes for each in parts if each.pid != root.pid),
        threads=sum(each.threads for each in parts if each.pid != root.pid),
        processes=len(parts) - 1, read_bytes=sum(read), write_bytes=sum(written),
    )  # fmt: skip


def _process(pid: int) -> Process | None:
    text = _read(f"/proc/{pid}/stat")
    said = text[text.rfind(b")") + 2 :].split()
    if len(said) < 22:
        return None
    return Process(
        pid=pid, parent=int(said[1]), session=int(said[3]), born=int(said[19]),
        cpu_s=(int(said[11]) + int(said[12]) + int(said[13]) + int(said[14])) * _TICK_S,
        rss_bytes=int(said[21]) * _PAGE_BYTES, threads=int(said[17]),
    )  # fmt: skip


def _io(pid: int) -> tuple[int, int]:
    """Bytes read from and written to disks; zero where another user's may not be seen."""
    facts = dict(line.split(b": ", 1) for line in _read(f"/proc/{pid}/io").splitlines() if b": " in line)
    return int(facts.get(b"read_bytes", 0)), int(facts.get(b"write_bytes", 0))


def _memory_used() -> int:
    lines = _read("/proc/meminfo").splitlines()[:3]
    facts = {line.split(b":")[0]: int(line.split()[1]) * 1024 for line in lines}
    return facts[b"MemTotal"] - facts[b"MemAvailable"]


def _read(path: str) -> bytes:
    """All of a small file of /proc; nothing when it is gone or not ours to see."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(file, 16_384)
    except OSError:
        return b""
    finally:
        os.close(file)
