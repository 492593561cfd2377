"""The runner, seen from outside: who holds the lock, who answers at the socket, does its clock go."""

import importlib.metadata
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lineside.jobs import commands
from lineside.jobs.context import Json
from lineside.jobs.execution import processes
from lineside.store.clock import SECOND
from lineside.store.doctor.findings import Case, Finding, ok, problem, warning
from lineside.store.errors import LinesideError
from lineside.store.homes import Home

_STILL_S = 10.0
"""The clock of a runner at work goes round five times a second."""
_STUCK_S = 300.0
_AGAIN = "lineside runner stop; lineside runner start   (running jobs go on)"
_STATES = {"T": "it was stopped by a signal", "t": "a debugger holds it", "D": "it waits for a disk"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One look at a home's runner."""

    pid: int | None  # as runner.lock says, of a runner that is up or of the last one; None: it says nothing
    holder: int | None  # the process that holds the lock; None: nobody, or nobody who can be seen from here
    socket: bool  # whether runner.sock is there
    info: Json | None  # what the runner says of itself; None: nobody answered
    refusal: str = ""  # why nobody did
    barred: bool = False  # this account may not ask

    @property
    def lives(self) -> bool:
        return self.holder is not None or self.info is not None


def look(home: Home, *, within_s: float = 5.0) -> Sight:
    """Look at the lock without trying it, since a runner that starts at this moment must find it free."""
    info, refusal = None, ""
    barred = home.socket.exists() and not os.access(home.socket, os.W_OK)
    if home.socket.exists() and not barred:
        try:
            info = commands.ask(home, "runner.info", {}, timeout_s=within_s)
        except (LinesideError, ValueError) as error:
            refusal = str(error)
    return Sight(
        pid=_written(home.lock),
        holder=_holder(home.lock),
        socket=home.socket.exists(),
        info=info,
        refusal=refusal,
        barred=barred,
    )


def judge(case: Case, sight: Sight) -> Iterator[Finding]:
    """What the look says."""
    if sight.info is not None:
        yield from _up(case, sight, sight.info)
    elif sight.holder is not None and sight.barred:
        words = f"one is up, pid {sight.holder}, and this account may not ask it how it is"
        yield warning("runner", words, hint="run it as the owner of the home: sudo -u OWNER lineside doctor")
    elif sight.holder is not None:
        yield _mute(case.home, sight, sight.holder)
    elif sight.socket:
        last = f"pid {sight.pid}" if sight.pid else "its pid is not known"
        words = f"the runner died ({last} is gone): nobody answers at its socket, nobody watches the jobs"
        hint = "lineside runner start   and why it died: lineside runner logs"
        yield problem("runner", words, hint=hint)
    else:
        yield ok("runner", "none is up; the next verb that changes something starts one")


def holder(inode: int, locks: str) -> int | None:
    """The process that holds an flock on a file, by the text of /proc/locks."""
    for line in locks.splitlines():
        words = line.split()
        if len(words) >= 6 and words[1] == "FLOCK" and words[5].rpartition(":")[2] == str(inode):
            return int(words[4])
    return None


def _up(case: Case, sight: Sight, info: Json) -> Iterator[Finding]:
    faults = [*_foreign(sight, info), *_slow(info), *_outdated(case, info)]
    faults += [
        problem("runner", f"something in it fails: {words}", hint="lineside runner logs")
        for words in info["problems"]
    ]
    yield from faults
    if not faults:
        counts = ", ".join(f"{number} {state}" for state, number in info["jobs"].items()) or "no job"
        words = f"up, pid {info['pid']}, its clock goes; {counts}; {info['gpu_words']}"
        yield ok("runner", words)


def _mute(home: Home, sight: Sight, pid: int) -> Finding:
    """It holds the lock and does not answer: another one cannot start."""
    state = processes.state(pid)
    if not processes.alive(pid):
        words = f"the runner, pid {pid}, has ended, but a process that it started still holds runner.lock"
        return problem("runner", words, hint=f"find it with: fuser -v {home.lock}   and end it")
    words = f"the runner, pid {pid}, does not answer: {_why(sight, state)}"
    if state == "T":
        return problem("runner", words, hint=f"let it go on: kill -CONT {pid}")
    hint = (
        f"look again in a minute; if it stays so: kill -9 {pid}; lineside runner start   (running jobs go on)"
    )
    return problem("runner", words, hint=hint)


def _why(sight: Sight, state: str) -> str:
    if state in _STATES:
        return _STATES[state]
    return sight.refusal if sight.socket else "it is just starting, or somebody deleted its socket"


def _foreign(sight: Sight, info: Json) -> Iterator[Finding]:
    """A runner that answers and does not hold the lock: somebody deleted the file."""
    pid = int(info["pid"])
    if sight.holder != pid and processes.alive(pid) and Path("/proc/locks").exists():
        words = f"the runner, pid {pid}, does not hold runner.lock: somebody deleted or replaced the file"
        yield problem("runner", words, hint=f"kill {pid}; lineside runner start   (running jobs go on)")


def _slow(info: Json) -> Iterator[Finding]:
    """Its clock, and the ticks it calls."""
    still_s = float(info["clock"].get("still_s", 0.0))
    if still_s > _STILL_S:
        words = f"its clock has stood still for {still_s:.0f} s: nothing is ingested, watched or scheduled"
        yield problem("runner", words, hint=_AGAIN)
    for name, seconds in info.get("going", {}).items():
        if seconds > _STUCK_S:
            words = f"its tick {name} has been at work for {seconds / 60:.0f} minutes"
            yield warning("runner", words, hint=f"lineside runner logs; if that says nothing: {_AGAIN}")


def _outdated(case: Case, info: Json) -> Iterator[Finding]:
    """What it read when it started, and is not so any more."""
    installed = importlib.metadata.version("lineside")
    if info["version"] != installed:
        words = f"the runner is lineside {info['version']}, this is {installed}"
        yield warning("runner", words, hint=_AGAIN)
    config = case.home.config
    if config.exists() and config.stat().st_mtime > info["started_us"] / SECOND:
        words = "config.toml was changed after the runner started: it still goes by the old one"
        yield warning("config", words, hint=_AGAIN)


def _written(lock: Path) -> int | None:
    try:
        return int(lock.read_text())
    except (OSError, ValueError):
        return None


def _holder(lock: Path) -> int | None:
    try:
        return holder(os.stat(lock).st_ino, Path("/proc/locks").read_text())
    except OSError:
        return None
