"""A job's output, read by offset: the file may be any size, and grows while one looks at it.

Of each block of a megabyte only its number of lines is known; where they begin is found when one looks.
"""

import bisect
import os
import re
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from lineside.console import ansi
from lineside.console.text import ELLIPSIS, Span
from lineside.store import outputs
from lineside.store.clock import Micros

FIRST_BYTES = 512 * 1024 * 1024
"""How much of the end of a long log is opened; what stands before it is for `less`."""

BLOCK = 1024 * 1024
_GROWTH = 64 * BLOCK
"""How much one look takes in at most."""


class LogFile:
    """The lines of one file, brought up to date by `grow`. A line is decoded only when it is looked at."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.skipped_bytes = 0  # what stands before the part that was opened, or was dropped since
        self.dropped_bytes = 0  # what the cap of the log has taken away
        self.written_us: Micros | None = None  # when somebody last wrote; None: there is no file yet
        self._base = 0  # where line 0 begins
        self._ends = [0]  # where each block ends; the first is the base
        self._lines = [0]  # newlines up to there
        self._open = False  # the last line has no newline yet
        self._begun = False
        self._breaks = lru_cache(maxsize=8)(self._read_breaks)

    def __len__(self) -> int:
        return self._lines[-1] + self._open

    @property
    def size(self) -> int:
        """Bytes that are known, with those before the part that was opened."""
        return self._ends[-1]

    def grow(self) -> bool:
        """Look at what was appended, at most 64 MiB; True when there was something."""
        try:
            stat = self.path.stat()
        except OSError:
            return False
        self.written_us = Micros(stat.st_mtime_ns // 1000)
        if self._begun and stat.st_size <= self.size:
            return False
        with suppress(OSError), self.path.open("rb") as file:
            return self._take_new(file, stat.st_size)
        return False

    def _take_new(self, file: BinaryIO, size: int) -> bool:
        self.dropped_bytes = outputs.first_kept(file.fileno())
        self._skip(self.dropped_bytes, size)
        most = self.size + _GROWTH
        grown = False
        while self.size < min(size, most):
            data = os.pread(file.fileno(), min(BLOCK, size - self.size), self.size)
            if not data:
                break
            self._take(data)
            grown = True
        return grown

    def _skip(self, kept: int, size: int) -> None:
        """Go past what was dropped and, the first time, past what stands before the end of a long log."""
        start = kept if self._begun else max(kept, size - FIRST_BYTES)
        self.skipped_bytes = max(self.skipped_bytes, start)
        if not self._begun:
            self._base, self._ends = start, [start]
        elif start > self.size:  # what nobody has looked at is gone: a line that is not there stands for it
            self._ends.append(start)
            self._lines.append(self._lines[-1] + self._open)
            self._open = False
        self._begun = True

    def _take(self, data: bytes) -> None:
        """One more block; a short last one is made longer instead."""
        count = data.count(b"\n")
        last = self._ends[-1] - self._ends[-2] if len(self._ends) > 1 else BLOCK
        end, lines = self._ends[-1] + len(data), self._lines[-1] + count
        if last + len(data) <= BLOCK and self._ends[-2] >= self.dropped_bytes:
            self._ends[-1], self._lines[-1] = end, lines
        else:
            self._ends.append(end)
            self._lines.append(lines)
        self._open = not data.endswith(b"\n")

    def _read_breaks(self, start: int, end: int) -> list[int]:
        """Offsets of the newlines between two others."""
        return [start + match.start() for match in re.finditer(b"\n", self._read(start, end))]

    def _read(self, start: int, end: int) -> bytes:
        with self.path.open("rb") as file:
            return os.pread(file.fileno(), end - start, start)

    def start_of(self, line: int) -> int:
        """Where a line begins; the end of the file for the one after the last."""
        if line <= 0:
            return self._base
        block = bisect.bisect_left(self._lines, line)
        if block >= len(self._lines):
            return self.size
        breaks = self._breaks(self._ends[block - 1], self._ends[block])
        at = line - self._lines[block - 1] - 1
        return breaks[at] + 1 if at < len(breaks) else self._ends[block]

    def raw(self, first: int, count: int) -> list[bytes | None]:
        """These lines as they were written; None for one that was dropped since, as all are with the file."""
        last = min(len(self), first + count)
        if first >= last:
            return []
        try:
            return self._raw(first, last)
        except OSError:
            return [None] * (last - first)

    def _raw(self, first: int, last: int) -> list[bytes | None]:
        starts = [self.start_of(line) for line in range(first, last + 1)]
        with self.path.open("rb") as file:
            gone = outputs.first_kept(file.fileno())
            return [
                os.pread(file.fileno(), b - max(a, gone), max(a, gone)) if b > gone else None
                for a, b in pairwise(starts)
            ]

    def lines(self, first: int, count: int) -> list[str]:
        """These lines as text fit for the screen; an ellipsis for one that was dropped since."""
        return [ELLIPSIS if data is None else ansi.plain(data) for data in self.raw(first, count)]

    def coloured(self, first: int, count: int) -> list[list[Span]]:
        """The same in the colours they were printed in."""
        return [[(ELLIPSIS, "dim")] if data is None else ansi.spans(data) for data in self.raw(first, count)]

    # -- searching ---------------------------------------------------------------------------------

    def find(
        self, text: str, *, start: int, step: int, told: Callable[[float], bool] = lambda share: True
    ) -> int | None:
        """The next line from `start` in direction `step` that holds `text`, going round the end.

        May run in a thread of its own, while the file grows.

        Args:
            told: hears which share was searched, in [0, 1]; answers whether to go on.
        """
        wanted = text.lower().encode()
        if not wanted or not len(self):
            return None
        blocks = len(self._ends) - 1
        begin = max(1, min(blocks, bisect.bisect_left(self._lines, start + 1)))
        for turn in range(blocks + 1):
            block = (begin - 1 + turn * step) % blocks + 1
            if not told(turn / (blocks + 1)):
                return None
            found = self._in_block(block, text, wanted)
            if step < 0:
                found.reverse()
            ahead = [line for line in found if (line - start) * step > 0]
            behind = [line for line in found if (line - start) * step <= 0]
            if hit := ahead if turn == 0 else behind if turn == blocks else found:
                return hit[0]
        return None

    def hits(self, text: str, *, most: int, told: Callable[[float], bool]) -> list[int] | None:
        """The lines that hold `text`, ascending; none are added once they are more than `most`.

        May run in a thread of its own, as `find`.

        Args:
            told: hears which share was gone through; answers whether to go on: None is returned where not.
        """
        wanted, blocks = text.lower().encode(), len(self._ends) - 1
        out: list[int] = []
        for block in range(1, blocks + 1):
            if not told(block / (blocks + 1)):
                return None
            out += [line for line in self._in_block(block, text, wanted) if not out or line > out[-1]]
            if len(out) > most:
                break
        return out

    def _in_block(self, block: int, text: str, wanted: bytes) -> list[int]:
        """Lines that begin in a block, or go on into it, and hold the text as they are shown."""
        start, end = self._ends[block - 1], self._ends[block]
        try:
            data = self._read(start, min(self.size, end + ansi.LONGEST)).lower()
        except OSError:  # deleted since
            return []
        out: list[int] = []
        at = data.find(wanted)
        while 0 <= at < end - start:
            line = self._lines[block - 1] + data.count(b"\n", 0, at)
            shown = self.lines(line, 1)
            if shown and text.lower() in shown[0].lower():
                out.append(line)
            newline = data.find(b"\n", at)
            at = data.find(wanted, newline + 1) if newline >= 0 else -1
        return out


def shown(data: bytes) -> str:
    """One line of output as text: colours dropped, a progress bar at its last state."""
    return ansi.plain(data)
