"""Looking at processes through /proc: who descends from whom, who carries which mark, who is still who."""

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

_PROC = Path("/proc")


@lru_cache(maxsize=1)
def boot_id() -> str:
    """Another one after every start of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def born(pid: int) -> int | None:
    """When `pid` started, in ticks since boot; with the pid this names one process for ever. None: gone."""
    stat = _stat(pid)
    return int(stat[19]) if stat else None


def parent(pid: int) -> int | None:
    stat = _stat(pid)
    return int(stat[1]) if stat else None


def alive(pid: int) -> bool:
    """Running or sleeping; a zombie is not alive."""
    stat = _stat(pid)
    return stat is not None and stat[0] != b"Z"


def state(pid: int) -> str:
    """The kernel's letter: "R", "S", "D", "T" ...; nothing: gone."""
    stat = _stat(pid)
    return stat[0].decode() if stat else ""


def ancestors(pid: int) -> Iterator[int]:
    """`pid` itself, its parent, its parent's parent, up to the first process of the machine."""
    at: int | None = pid
    while at and at > 0:
        yield at
        at = parent(at)


def carrying(mark: bytes) -> list[int]:
    """Processes of ours whose first environment holds `mark` (such as `NAME=value`)."""
    return [pid for pid, rest in carriers(mark).items() if not rest]


def carriers(prefix: bytes) -> dict[int, bytes]:
    """Processes whose first environment has a variable beginning with `prefix`, and the rest of it."""
    found: dict[int, bytes] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            values = [v.removeprefix(prefix) for v in environment(int(entry.name)) if v.startswith(prefix)]
            found |= {int(entry.name): values[0]} if values else {}
    return {pid: rest for pid, rest in found.items() if pid != os.getpid() and alive(pid)}


def environment(pid: int) -> list[bytes]:
    """The variables `pid` was started with; empty when it is gone or somebody else's."""
    return _read(pid, "environ").split(b"\0")


def command(pid: int) -> list[str]:
    """The argv of `pid`; empty when it is gone."""
    return [word.decode(errors="replace") for word in _read(pid, "cmdline").split(b"\0")[:-1]]


def _read(pid: int, name: str) -> bytes:
    try:
        return (_PROC / str(pid) / name).read_bytes()
    except OSError:
        return b""


def _stat(pid: int) -> list[bytes] | None:
    """The fields of /proc/PID/stat after the command's name: state first, then the parent."""
    text = _read(pid, "stat")
    return text.rpartition(b")")[2].split() if text else None
