"""Writing the frames of spool.py, for what the runner itself measures; scripts write theirs with the SDK."""

import json
import os
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

from lineside.store import spool

_HEAD = struct.Struct("<II")


class Frames:
    """One spool, appended to; a frame in whose middle its last writer died is cut off first."""

    def __init__(self, path: Path, *, taken: int) -> None:
        """Open or make the file.

        Args:
            taken: how far it is ingested: only what stands behind is looked at, and cut where it is torn.
        """
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        self._numbers: dict[tuple[str, ...], int] = {}
        self._size = _whole(path, taken)
        os.ftruncate(self._file, self._size)

    def write(self, values: Mapping[str, float], *, step: int, at_ns: int) -> None:
        """Append one step; a new set of names is declared first. It is all there, or nothing of it is.

        Raises:
            OSError: the disk is full.
        """
        names, data = tuple(values), b""
        if names not in self._numbers:
            number = len(self._numbers)
            data = _frame(struct.pack("<BH", spool.SHAPE, number) + json.dumps(names).encode())
        else:
            number = self._numbers[names]
        head = struct.pack("<BHqq", spool.STEP, number, step, at_ns)
        data += _frame(head + struct.pack(f"<{len(names)}d", *values.values()))
        try:
            whole = os.write(self._file, data) == len(data)
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        if not whole:
            os.ftruncate(self._file, self._size)
            raise OSError("half a frame was written: the disk is full")
        self._numbers[names] = number
        self._size += len(data)

    def close(self) -> None:
        os.close(self._file)


def _frame(payload: bytes) -> bytes:
    return _HEAD.pack(len(payload), zlib.crc32(payload)) + payload


def _whole(path: Path, at: int) -> int:
    """Where the last whole frame ends."""
    size = path.stat().st_size
    while at < size:
        end = spool.read(path, offset=at).end
        if end == at:
            break
        at = end
    return min(at, size)
