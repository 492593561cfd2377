"""The thread that writes to the terminal; nobody ever waits for it, however slow the line is.

Textual's own writer blocks the event loop once thirty writes are waiting: timers, watchers and keys stop with
a terminal that is not read. This one takes everything at once and says how many frames are unwritten, so that
`console/terminal.py` draws no more of them than the line can carry.
"""

import os
import threading
from collections.abc import Callable
from queue import SimpleQueue

from lineside.console.terminal.thrift import Thrift

_FRAME, _FORGET, _END = object(), object(), object()


class Outlet(threading.Thread):
    """Stands in for Textual's `WriterThread`: `write`, `flush`, `start`, `stop`."""

    PATIENCE_S = 1.0
    """How long `stop` waits for what is unwritten; a terminal that nobody reads would keep us for ever."""

    def __init__(self, fd: int, *, freed: Callable[[], object]) -> None:
        super().__init__(daemon=True, name="terminal output")
        self._fd, self._freed = fd, freed
        self._queue: SimpleQueue[object] = SimpleQueue()
        self._thrift = Thrift()
        self._drawn = self._written = 0
        self.lost = False
        """The terminal is gone; what is written goes nowhere."""

    @property
    def unwritten(self) -> int:
        """Frames that the terminal has not taken yet."""
        return self._drawn - self._written

    def write(self, text: str) -> None:
        self._queue.put(text)

    def frame(self) -> None:
        """All since the last time was one frame."""
        self._drawn += 1
        self._queue.put(_FRAME)

    def forget(self) -> None:
        """The terminal may show anything from here on: nothing is left out that it seems to show already."""
        self._queue.put(_FORGET)

    def flush(self) -> None:
        """Nothing is held back."""

    def fileno(self) -> int:
        return self._fd

    def isatty(self) -> bool:
        return True

    def stop(self) -> None:
        self._queue.put(_END)
        self.join(self.PATIENCE_S)

    def run(self) -> None:
        while True:
            taken = [self._queue.get()]
            while not self._queue.empty():
                taken.append(self._queue.get())
            if _FORGET in taken:
                self._thrift.forget()
            self._send(self._fewer("".join(text for text in taken if isinstance(text, str))))
            if frames := taken.count(_FRAME):
                self._written += frames
                self._freed()
            if _END in taken:
                return

    def _fewer(self, text: str) -> str:
        """What is sent of it; a bug in saving bytes may cost bytes, and never the picture."""
        try:
            return self._thrift.less(text)
        except Exception:  # noqa: BLE001
            self._thrift = Thrift(pen=None)
            return text

    def _send(self, text: str) -> None:
        data = memoryview(text.encode(errors="replace"))
        try:
            while data and not self.lost:
                data = data[os.write(self._fd, data) :]
        except OSError:  # the terminal was closed; its driver hears of that as the end of its input
            self.lost = True
