"""This box: a zygote forks one shim per attempt; both are standard library only."""

import contextlib
import logging
import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from lineside.jobs.devices.gpus import Inventory
from lineside.jobs.execution import attempts, gpus, processes
from lineside.jobs.execution.attempts import Phase, Sighting, Start
from lineside.jobs.executors import Caps
from lineside.store.states import Cause

log = logging.getLogger(__name__)
_ZYGOTE = Path(__file__).parents[1] / "execution" / "zygote.py"
_AGAIN_S = 3.0
"""How long an attempt may stay unclaimed before the same zygote is asked once more."""
_APART_S, _SWEEP_S = 0.03, 5.0
"""Between two looks for what is to be killed, and how long at most."""


class Local:
    """Attempts on this box, outliving the runner that started them."""

    name = "local"
    caps = Caps(gpu_bind=True, checkpoint=True, logs_live=True, usage=True, survives_us=True)

    def __init__(self) -> None:
        self._zygote: subprocess.Popen[bytes] | None = None
        self._asks: socket.socket | None = None
        self._asked: dict[Path, float] = {}  # what this zygote was told to fork, and when (monotonic)

    @property
    def zygote(self) -> int | None:
        """The pid of the zygote, when one is up."""
        return self._zygote.pid if self._zygote and self._zygote.poll() is None else None

    def start(self, folder: Path) -> None:
        if self.zygote is None:
            self._renew()
        if time.monotonic() - self._asked.get(folder, -math.inf) < _AGAIN_S:
            return
        try:
            self._send(folder)
        except OSError:  # it died this moment; what it had not forked yet is asked for again by the next look
            self._renew()
            self._send(folder)

    def look(self, folder: Path) -> Sighting:
        sighting = attempts.look(folder)
        if sighting.phase != Phase.UNCLAIMED:
            self._asked.pop(folder, None)
        return sighting

    def remains(self, folder: Path) -> bool:
        return bool(processes.carrying(mark(folder)))

    def stop(self, folder: Path, *, cause: Cause, grace_s: float) -> None:
        if not folder.exists():  # the job removed it: no order can reach its shim, which tells the end
            self.sweep(folder)
            return
        attempts.order_stop(folder, cause=cause, grace_s=grace_s)
        start = attempts.look(folder).start
        if start is not None:
            _signal(start, signal.SIGTERM)

    def read(self, folder: Path, offset: int, size: int) -> tuple[int, bytes]:
        return attempts.output(folder, offset, size)

    def inventory(self) -> Inventory:
        return gpus.inventory()

    def sweep(self, folder: Path) -> int:
        start = attempts.look(folder).start
        if start is not None and processes.boot_id() == start.boot:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if _leads_ours(start, folder):
                    os.killpg(start.pid, signal.SIGKILL)
        return _kill(lambda: processes.carrying(mark(folder)))

    def sweep_strays(self, home: Path) -> int:
        return _kill(lambda: self._strays(home))

    def _strays(self, home: Path) -> list[int]:
        found = processes.carriers(mark(home / "jobs") + b"/")
        ended = (attempts.Phase.ENDED, attempts.Phase.GONE)
        return [
            pid for pid, rest in found.items() if self.look(home / "jobs" / os.fsdecode(rest)).phase in ended
        ]

    def close(self) -> None:
        if self._asks is not None:
            self._asks.close()  # the zygote reads the end and goes
        if self._zygote is not None:
            self._zygote.wait(5)

    def _send(self, folder: Path) -> None:
        assert self._asks is not None
        self._asked[folder] = time.monotonic()
        self._asks.send(os.fsencode(folder))

    def _renew(self) -> None:
        if self._zygote is not None:
            self._zygote.wait()
            log.warning("the zygote was gone", extra={"code": self._zygote.returncode})
        if self._asks is not None:
            self._asks.close()
        self._asked.clear()
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(1.0)
        argv = [sys.executable, "-I", "-S", str(_ZYGOTE), str(its.fileno())]
        self._zygote = subprocess.Popen(
            argv, pass_fds=[its.fileno()], stdin=subprocess.DEVNULL, env={}, start_new_session=True, cwd="/"
        )
        its.close()
        self._asks = ours


def mark(folder: Path) -> bytes:
    """The variable every process of an attempt inherits, unless it threw its environment away."""
    return b"LINESIDE_ATTEMPT_DIR=" + os.fsencode(folder)


def _kill(find: Callable[[], list[int]]) -> int:
    """Kill what is found until nothing is, twice in a row; how many were killed.

    A process that forks or executes at the moment of a look is not there yet, or shows no mark.
    """
    killed: set[int] = set()
    quiet, deadline = 0, time.monotonic() + _SWEEP_S
    while quiet < 2 and time.monotonic() < deadline:
        found = find()
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        killed.update(found)
        quiet = 0 if found else quiet + 1
        time.sleep(_APART_S if quiet < 2 else 0.0)
    return len(killed)


def _leads_ours(start: Start, folder: Path) -> bool:
    """Whether the job's session still holds a process of this attempt: a pid may be anybody's by now."""
    return any(_session(pid) == start.pid for pid in processes.carrying(mark(folder)))


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def _signal(start: Start, number: int) -> None:
    """Signal the shim, never another process that has its number by now."""
    try:
        process = os.pidfd_open(start.shim)
    except ProcessLookupError:
        return
    try:
        if processes.born(start.shim) == start.born:
            signal.pidfd_send_signal(process, number)
    except ProcessLookupError:
        return
    finally:
        os.close(process)
