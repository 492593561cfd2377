"""The folder of one attempt, as the runner reads and writes it; shim.py says what lies in it."""

import errno
import fcntl
import json
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from lineside.store import outputs
from lineside.store.clock import Micros
from lineside.store.states import Cause


class Phase(StrEnum):
    """What the files and the lock say. Silence says nothing: there is no phase for it."""

    UNCLAIMED = "unclaimed"  # no shim ever had it: starting it is safe, and safe to repeat
    CLAIMED = "claimed"  # a shim has it and did not start the command yet
    RUNNING = "running"
    ENDED = "ended"  # the shim wrote down how
    GONE = "gone"  # claimed, no longer locked, no exit: the shim died


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Written by the shim once its child exists."""

    shim: int
    pid: int  # of the job: leader of its session
    born: int  # of the shim, in ticks since boot: with the pid, one process for ever
    boot: str
    at_us: Micros

    @classmethod
    def of(cls, said: dict[str, Any]) -> Self:
        return cls(**{name: said[name] for name in cls.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """How an attempt ended. From the shim, or put together by the runner for a shim that died."""

    cause: Cause
    detail: str
    code: int | None  # negative: the signal; None: nobody knows
    user_s: float | None
    system_s: float | None
    max_rss_bytes: int | None
    started_us: Micros | None
    ended_us: Micros

    @classmethod
    def of(cls, said: dict[str, Any]) -> Self:
        return cls(**{name: said[name] for name in cls.__slots__} | {"cause": Cause(said["cause"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One look at an attempt."""

    phase: Phase
    start: Start | None = None
    exit: Exit | None = None


def look(folder: Path) -> Sighting:
    """What is true of the attempt now.

    The lock is only tried once there is a claim, so a look never gets in the way of a shim that starts.
    """
    if exit := _exit(folder):
        return Sighting(phase=Phase.ENDED, start=_start(folder), exit=exit)
    if not (folder / "claim").exists():
        return Sighting(phase=Phase.UNCLAIMED)
    if _held(folder / "lock"):
        start = _start(folder)
        return Sighting(phase=Phase.RUNNING if start else Phase.CLAIMED, start=start)
    if exit := _exit(folder):  # written between the first look and the last breath
        return Sighting(phase=Phase.ENDED, start=_start(folder), exit=exit)
    return Sighting(phase=Phase.GONE, start=_start(folder))


def order_stop(
    folder: Path, *, cause: Cause, grace_s: float, detail: str = "", checkpoint: bool = True
) -> None:
    """Leave the order to end; the first one stands.

    Args:
        detail: why, in words; it becomes part of what is said of the end.
        checkpoint: whether a job that has a checkpoint signal gets it first.
    """
    if not (folder / "stop").exists():
        why = {"detail": detail} if detail else {}
        put(folder / "stop", {"cause": cause, "grace_s": grace_s, "checkpoint": checkpoint, **why})


def put(path: Path, what: Any, *, mode: int = 0o600) -> None:
    """Write JSON so that a reader sees all of it or none."""
    fresh = path.with_name(f".{path.name}.new")
    write(fresh, what, mode=mode)
    fresh.rename(path)


def write(path: Path, what: Any, *, mode: int = 0o600) -> None:
    """Write JSON that nobody reads before another file says so.

    Raises:
        OSError: there is no room for all of it.
    """
    data = json.dumps(what).encode()
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        if os.write(file, data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fspath(path))
    finally:
        os.close(file)


def tail(folder: Path, *, size: int = 8192) -> str:
    """The last of what the job said."""
    try:
        with open(folder / "log", "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - size))
            return file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""


def output(folder: Path, offset: int, size: int) -> tuple[int, bytes]:
    """What the job said, from `offset` or from the first byte that is kept after it; and from where."""
    try:
        with open(folder / "log", "rb") as file:
            return outputs.read(file.fileno(), offset, size)
    except FileNotFoundError:
        return offset, b""


def environments(folder: Path) -> dict[int, list[Path]]:
    """The files below the folder of all jobs that hold a job's variables, by the job's number."""
    found: dict[int, list[Path]] = {}
    for path in (*folder.glob("*/env"), *folder.glob("*/*/env")):
        job = path.relative_to(folder).parts[0]
        if job.isascii() and job.isdigit():
            found.setdefault(int(job), []).append(path)
    return found


def _start(folder: Path) -> Start | None:
    said = read(folder / "start")
    return Start.of(said) if said else None


def _exit(folder: Path) -> Exit | None:
    """How it ended; one that was stopped for a reason says that first."""
    said = read(folder / "exit")
    if said is None:
        return None
    order = read(folder / "stop") or {}
    if order.get("detail") and order.get("cause") == said["cause"]:
        said["detail"] = f"{order['detail']} ({said['detail']})"
    return Exit.of(said)


def read(path: Path) -> dict[str, Any] | None:
    """What one of the files says; None: it is not there."""
    try:
        said: dict[str, Any] = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return said


def _held(lock: Path) -> bool:
    try:
        file = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
