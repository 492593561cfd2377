"""Forks shims: a small, single-threaded interpreter that is already warm (250 starts a second against 50).

Run by path with `python -I -S`, so that it neither imports nor pays for anything of ours but the shim beside
it. Attempt folders come, one a datagram, on the descriptor named in argv; there is always one shim that waits
for the next. Ends when the runner does.
"""

import gc
import importlib.util
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable


def main() -> None:
    asked = socket.socket(fileno=int(sys.argv[1]))
    supervise = _load_shim()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the shims
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    gc.freeze()  # a collection in a shim would copy every page it shares with this process
    while _fork_spare(asked, supervise):
        pass


def _fork_spare(asked: socket.socket, supervise: Callable[[str], None]) -> bool:
    """One shim that waits for its attempt, forked before it is wanted; once it has one, or died: True."""
    until, taken = os.pipe()
    if os.fork() == 0:
        os.close(until)
        _be_shim(asked, taken, supervise)
    os.close(taken)  # the spare holds the only one now
    watched = select.poll()
    watched.register(asked, 0)
    watched.register(until, 0)
    ended = {file for file, _ in watched.poll()}
    os.close(until)
    return asked.fileno() not in ended  # else the runner has gone


def _be_shim(asked: socket.socket, taken: int, supervise: Callable[[str], None]) -> None:
    """In the child; never returns."""
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if folder := asked.recv(4096):
            os.close(taken)
            asked.close()
            supervise(folder.decode())
    except BaseException:  # noqa: BLE001  # a process border
        traceback.print_exc()
    finally:
        os._exit(0)


def _load_shim() -> Callable[[str], None]:
    """By path: this folder must not be on sys.path, where its `queue` would hide Python's own."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shim.py")
    spec = importlib.util.spec_from_file_location("lineside_shim", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    supervise: Callable[[str], None] = module.supervise
    return supervise


if __name__ == "__main__":
    main()
