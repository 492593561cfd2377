"""Stopping what runs in another thread: who waits for an answer may give up."""

import threading
from typing import Protocol

from lineside.store.errors import LinesideError

STOPPED = "stopped before it was answered"


_AGAIN_S = 0.02


class Interruptible(Protocol):
    """What can be told from any thread to end: a connection to DuckDB."""

    def interrupt(self) -> None: ...


class Stopped(LinesideError):
    """Somebody gave up waiting."""


class Halt:
    """Handed to a long question; `stop` ends it, also when it has not begun yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Interruptible | None = None
        self._ended = threading.Event()
        self.stopped = False

    def begin(self, what: Interruptible) -> None:
        """This is what runs now.

        Raises:
            Stopped: somebody has given up already.
        """
        with self._lock:
            if self.stopped:
                raise Stopped(STOPPED)
            self._running = what
            self._ended.clear()  # a question may be asked again, of files that have moved

    def end(self) -> None:
        """It has ended by itself: from now on `stop` touches nothing."""
        with self._lock:
            self._running = None
        self._ended.set()

    def stop(self) -> None:
        """End what runs, and what would begin later.

        An interrupt that comes between two statements is lost, so it is said again until it has ended.
        """
        self.stopped = True
        threading.Thread(target=self._insist, daemon=True).start()

    def _insist(self) -> None:
        while not self._ended.is_set():
            with self._lock:
                if self._running is None:
                    return
                self._running.interrupt()
            self._ended.wait(_AGAIN_S)
