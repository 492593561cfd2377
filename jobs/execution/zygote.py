"""Forks shims: a small, single-threaded interpreter that is already warm (250 starts a second against 50).

Run by path with `python -I -S`, so that it neither imports nor pays for anything of ours but the shim beside
it. Takes attempt folders, one a datagram, on the descriptor named in argv; ends when the runner does.
"""

import gc
import importlib.util
import os
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
    while folder := asked.recv(4096):
        if os.fork() == 0:
            asked.close()
            _be_shim(supervise, folder.decode())


def _be_shim(supervise: Callable[[str], None], folder: str) -> None:
    """In the child; never returns."""
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        supervise(folder)
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
