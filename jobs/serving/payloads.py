"""The payload log: what was asked and what was answered, written by a thread that no request waits for.

One frame of the spool's format per request: u32 length, u32 crc32 (both little-endian, over what follows),
then one kind byte `4` and UTF-8 JSON:

    {"id": "abc",                 the request's id: given by the client, or made here
     "ids": ["abc#0", "abc#1"],   one per row: the client's `parameters.ids`, else the id itself for a single
                                  row, else <id>#<row>; labels are joined by these
     "at_us": 1700000000000000,   when it was answered
     "event_us": [..] | null,     `parameters.event_time_us`, one per row; null when none was given
     "version": "3",              the model version's number, as the answer said it
     "columns": {"x": [..], ..},  the inputs as the client sent them, one list per feature, one value per
                                  row; null is a missing value, NaN and ±inf are the strings "NaN",
                                  "Infinity" and "-Infinity"
     "prediction": [..],          one per row: the class as package.json spells it, or the number
     "probability": [..] | null}  of the predicted class, one per row; null where there are no classes

A frame has at most 60 KiB: a larger request is cut into several frames by rows (same `id`, other `ids`).
Requests that carry `parameters.probe` (golden checks of the runner) are not written.
"""

import os
import struct
import threading
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lineside.jobs.packaging.scoring import Predictions
from lineside.jobs.serving.answers import dumps, row_ids
from lineside.jobs.serving.metrics import Metrics
from lineside.jobs.serving.wire import Asked
from lineside.store.clock import Micros

KIND = 4
MAX_FRAME = 60 * 1024
"""Bytes of one payload; a reader that lost its place need not look further than this."""
CAPACITY = 64 << 20
"""Bytes that may wait: some ten seconds of a busy server whose disk does not answer."""
SMALL = 64
"""Rows that take no longer to encode than a thread takes to begin."""
_GATHER_S = 0.05
_HEAD = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class Record:
    """One request and its answer, as the request path leaves them: nothing is copied, nothing is encoded."""

    id: str
    asked: Asked
    said: Predictions
    version: str
    at_us: Micros
    names: Sequence[str]


def frame(payload: bytes) -> bytes:
    """The payload with its length and checksum before it."""
    return _HEAD.pack(len(payload), zlib.crc32(payload)) + payload


def frames(record: Record) -> Iterator[bytes]:
    """The frames of one request; a row that does not fit into one alone is left out."""
    table = {
        "id": record.id,
        "ids": row_ids(record.id, record.asked),
        "at_us": record.at_us,
        "event_us": record.asked.event_us,
        "version": record.version,
        "columns": record.asked.by_column(record.names),
        "prediction": record.said.labels,
        "probability": record.said.confidence,
    }
    yield from _cut(table, record.asked.rows)


def _cut(table: dict[str, Any], rows: int) -> Iterator[bytes]:
    payload = bytes((KIND,)) + dumps(table)
    if len(payload) <= MAX_FRAME:
        yield frame(payload)
    elif rows > 1:
        half = rows // 2
        yield from _cut(_rows(table, slice(0, half)), half)
        yield from _cut(_rows(table, slice(half, rows)), rows - half)


def _rows(table: dict[str, Any], part: slice) -> dict[str, Any]:
    """The same table with some of its rows."""
    columns = {name: values[part] for name, values in table["columns"].items()}
    lists = {key: table[key] and table[key][part] for key in ("ids", "event_us", "prediction", "probability")}
    return {**table, **lists, "columns": columns}


class PayloadLog:
    """A bounded queue and the one thread that empties it into the file. Full means dropped, and counted."""

    def __init__(self, path: Path, metrics: Metrics, *, capacity: int = CAPACITY) -> None:
        self._capacity, self._metrics = capacity, metrics
        self._lock, self._queue, self._waiting = threading.Lock(), list[bytes](), 0
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._some, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._write, name="payload log")
        self._thread.start()

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, record: Record) -> None:
        """Encode one request and hand it over; never waits for the disk. Not SMALL: call it in a thread."""
        data = b"".join(frames(record))
        with self._lock:
            room = bool(data) and self._waiting + len(data) <= self._capacity
            if room:
                self._queue.append(data)
                self._waiting += len(data)
        (self._metrics.recorded if room else self._metrics.dropped).inc()
        if not self._some.is_set():
            self._some.set()

    def close(self) -> None:
        """Write what is left, and make it durable."""
        self._closing.set()
        self._some.set()
        self._thread.join()
        os.fsync(self._file)
        os.close(self._file)

    def _write(self) -> None:
        while not self._closing.is_set():
            self._some.wait()
            self._closing.wait(_GATHER_S)  # a write for many requests costs no more than for one
            self._some.clear()
            self._drain()
        self._drain()

    def _drain(self) -> None:
        with self._lock:
            batch, self._queue, self._waiting = self._queue, [], 0
        if batch:
            try:
                _append(self._file, b"".join(batch))
            except OSError:  # a full disk loses payloads, never requests
                self._metrics.dropped.inc(len(batch))


def _append(file: int, data: bytes) -> None:
    """Write whole frames or nothing: a torn one would hide those behind it until a reader resyncs."""
    size = os.fstat(file).st_size
    if os.write(file, data) != len(data):
        os.ftruncate(file, size)
        raise OSError("short write")
