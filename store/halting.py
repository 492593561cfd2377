"""Stopping what runs in another thread: who waits for an answer may give up."""

import threading
from typing import Protocol

from lineside.store.errors import LinesideError

STOPPED = "stopped before it was answered"


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

    def end(self) -> None:
        """It has ended by itself: from now on `stop` touches nothing."""
        with self._lock:
            self._running = None

    def stop(self) -> None:
        """End what runs, and what would begin later."""
        with self._lock:
            self.stopped = True
            if self._running is not None:
                self._running.interrupt()
