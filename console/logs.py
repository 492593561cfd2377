"""A job's output, read by offset: the file may be any size, and grows while one looks at it."""

import os
import re
from array import array
from itertools import pairwise
from pathlib import Path

from lineside.console.text import ELLIPSIS, safe
from lineside.store import outputs

FIRST_BYTES = 8 * 1024 * 1024
"""How much of the end of a long log is opened; what stands before it is for `less`."""

_CHUNK = 1024 * 1024
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_LONGEST = 4096


class LogFile:
    """Line offsets of one file, brought up to date by `grow`. A line is decoded only when it is looked at."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.skipped_bytes = 0  # what stands before the part that was opened
        self._starts = array("Q")
        self._end = 0
        self._open = False  # the last line has no newline yet
        self._begun = False

    def __len__(self) -> int:
        return len(self._starts)

    def grow(self) -> bool:
        """Look at what was appended, at most a megabyte; True when there was something."""
        try:
            size = self.path.stat().st_size
        except OSError:
            return False
        if self._begun and size <= self._end:
            return False
        with self.path.open("rb") as file:
            self._skip(outputs.first_kept(file.fileno()), size)
            data = os.pread(file.fileno(), min(_CHUNK, size - self._end), self._end)
        self._take(data)
        return bool(data)

    def _skip(self, kept: int, size: int) -> None:
        """Go past what was dropped and, the first time, past what stands before the end of a long log."""
        start = kept if self._begun else max(kept, size - FIRST_BYTES)
        self._begun = True
        self.skipped_bytes = max(self.skipped_bytes, start)
        if start > self._end:
            self._end, self._open = start, False

    def _take(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            if not self._open:
                self._starts.append(self._end + at)
            newline = data.find(b"\n", at)
            self._open = newline < 0
            at = len(data) if newline < 0 else newline + 1
        self._end += len(data)

    def lines(self, first: int, count: int) -> list[str]:
        """These lines as text fit for the screen; an ellipsis for one that was dropped since."""
        last = min(len(self), first + count)
        if first >= last:
            return []
        end = self._starts[last] if last < len(self._starts) else self._end
        with self.path.open("rb") as file:
            data = os.pread(file.fileno(), end - self._starts[first], self._starts[first])
            gone = outputs.first_kept(file.fileno()) - self._starts[first]
        base = self._starts[first]
        cuts = [self._starts[i] - base for i in range(first, last)] + [end - base]
        return [shown(data[max(a, gone) : b]) if b > gone else ELLIPSIS for a, b in pairwise(cuts)]

    def find(self, text: str, *, start: int, step: int) -> int | None:
        """The next line from `start` in direction `step` that holds `text`, going round the end."""
        total = len(self)
        if not total or not text:
            return None
        every = self.lines(0, total)
        wanted = text.lower()
        for distance in range(1, total + 1):
            at = (start + step * distance) % total
            if wanted in every[at].lower():
                return at
        return None


def shown(data: bytes) -> str:
    """One line of output: colours dropped, a progress bar at its last state, all else shown and not obeyed.

    >>> shown(b"\\x1b[32mok\\x1b[0m 10%\\r 20%\\r\\n")
    ' 20%'
    """
    text = data[:_LONGEST].decode("utf-8", "replace").rstrip("\r\n")
    text = text.rpartition("\r")[2]
    return safe(_COLOUR.sub("", text).expandtabs(4))
