"""Reading spools: the append-only files that jobs and model servers write and nobody truncates.

A frame is u32 length, u32 crc32, payload (little-endian); a payload begins with its kind:

    1 shape    u16 id, JSON list of metric names: what the steps that follow with this id mean
    2 step     u16 shape id, i64 step, i64 ns since 1970, one f64 per name
    3 event    JSON object: params, tags, artifacts, status ...
    4 request  JSON object: one request to a model server and its answer

Frames of one shape have one size, so a stretch of them is read as one numpy view. After a damaged or torn
frame the reader looks for the next place where length, kind and checksum agree.
"""

import json
import struct
import zlib
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHAPE, STEP, EVENT, REQUEST = 1, 2, 3, 4
MAX_PAYLOAD = 65_536
"""Bytes; so a reader that lost its place finds the next frame without reading far."""
SLICE = 8 << 20
"""Bytes read at a time."""
_WINDOW = 1 << 17

_HEAD = struct.Struct("<II")
_STEP_HEAD = struct.Struct("<BHqq")
_ID = struct.Struct("<H")

Shapes = Mapping[int, tuple[str, ...]]
_Stretch = tuple[int, int, int, NDArray[np.intp] | None]
"""Where it starts, its frames, the place of the first; and which of them count, None: all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """All step frames of one shape, in the order they were written."""

    names: tuple[str, ...]
    seq: NDArray[np.int64]  # (n,) place among all frames read: tells which of two writes came later
    steps: NDArray[np.int64]  # (n,)
    at_ns: NDArray[np.int64]  # (n,)
    values: NDArray[np.float64]  # (n, len(names))


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What one stretch of a spool says."""

    steps: tuple[Steps, ...]
    events: tuple[dict[str, Any], ...]
    event_places: tuple[int, ...]  # where each stands among all frames read
    requests: tuple[dict[str, Any], ...]
    shapes: Shapes  # those known at `end`
    end: int  # offset of the first byte not read
    frames: int
    skipped: int  # bytes that belonged to no sound frame

    @property
    def points(self) -> int:
        return sum(part.values.size for part in self.steps)


def read(
    path: Path,
    *,
    offset: int = 0,
    limit: int = SLICE,
    shapes: Shapes | None = None,
    verify: bool = True,
    wanted: Set[str] | None = None,
    taken: bool = False,
) -> Decoded:
    """The whole frames from `offset` on, at most `limit` bytes of them.

    Args:
        taken: all of it was ingested once: what is no whole frame there goes on nowhere.
        shapes: what is known at `offset`; nothing when it is 0.
        verify: False trusts a stretch that was verified before.
        wanted: metrics; steps that hold none of them are counted and left out. None: all.

    Raises:
        FileNotFoundError: the spool is gone.
    """
    with path.open("rb") as file:
        file.seek(offset)
        data = file.read(limit)
        at_end = taken or len(data) < limit
    found = decode(data, shapes or {}, verify=verify, at_end=at_end, wanted=wanted)
    return Decoded(
        steps=found.steps, events=found.events, event_places=found.event_places,
        requests=found.requests, shapes=found.shapes, end=offset + found.end, frames=found.frames,
        skipped=found.skipped,
    )  # fmt: skip


def decode(
    data: bytes,
    shapes: Shapes,
    *,
    verify: bool = True,
    at_end: bool = True,
    wanted: Set[str] | None = None,
) -> Decoded:
    """The frames in `data`, which begins at a frame.

    Args:
        at_end: nothing stands behind `data` yet, so a frame that is cut off is still being written, or torn.
    """
    walk = _Walk(data=data, shapes=dict(shapes), verify=verify, wanted=wanted)
    while walk.at < len(data):
        if walk.frame():
            continue
        if walk.cut_off() and not at_end:
            break
        after = _next_sound(data, walk.at + 1)
        if after is None and not at_end:  # a frame that goes on behind the data begins near its end
            after = max(walk.at, len(data) - MAX_PAYLOAD - 8)
        if after is None or after == walk.at:
            break
        walk.skipped += after - walk.at
        walk.at = after
    return walk.result()


def places(data: bytes, *, begins: bool) -> Iterator[tuple[int, int]]:
    """Where each whole frame begins and ends, whatever stands between them.

    Args:
        begins: a frame begins at the first byte; otherwise the first sound one is looked for.
    """
    at: int | None = 0 if begins else _next_sound(data, 0)
    while at is not None and at + 9 <= len(data):
        length, checksum = _HEAD.unpack_from(data, at)
        end = at + 8 + length
        if 0 < length <= MAX_PAYLOAD and end <= len(data) and zlib.crc32(data[at + 8 : end]) == checksum:
            yield at, end
            at = end
        else:
            at = _next_sound(data, at + 1)


@dataclass(slots=True, kw_only=True)
class _Walk:
    """One pass over the frames, collecting stretches of equal ones."""

    data: bytes
    shapes: dict[int, tuple[str, ...]]
    verify: bool
    wanted: Set[str] | None
    at: int = 0
    frames: int = 0
    skipped: int = 0
    stretches: dict[tuple[str, ...], list[_Stretch]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    event_places: list[int] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)

    def frame(self) -> bool:
        """Take the frame, or the stretch of equal frames, that begins here; False: there is no sound one."""
        data, at = self.data, self.at
        if at + 9 > len(data):
            return False
        length, checksum = _HEAD.unpack_from(data, at)
        end = at + 8 + length
        if not 0 < length <= MAX_PAYLOAD or end > len(data):
            return False
        kind = data[at + 8]
        if kind == STEP:
            return self._steps(length)
        if zlib.crc32(data[at + 8 : end]) != checksum or kind not in (SHAPE, EVENT, REQUEST):
            return False
        self._say(kind, data[at + 9 : end])
        self.at, self.frames = end, self.frames + 1
        return True

    def cut_off(self) -> bool:
        """Whether the frame here may go on behind the data."""
        if self.at + 8 > len(self.data):
            return True
        length: int = _HEAD.unpack_from(self.data, self.at)[0]
        return length <= MAX_PAYLOAD and self.at + 8 + length > len(self.data)

    def _steps(self, length: int) -> bool:
        size = 8 + length
        if length < _STEP_HEAD.size:
            return False
        count = self._sound(size, _alike(self.data, self.at, size))
        if not count:
            return False
        first: int = _ID.unpack_from(self.data, self.at + 9)[0]
        idents = _column(self.data, self.at, size, count, "<u2", 9) if count > 1 else None
        if idents is None or bool((idents == first).all()):
            self._take(first, size, count, None)
        else:  # metrics of one size, logged in turn
            order = np.argsort(idents, kind="stable")
            for picks in np.split(order, np.flatnonzero(np.diff(idents[order])) + 1):
                self._take(int(idents[picks[0]]), size, count, picks)
        self.at += size * count
        self.frames += count
        return True

    def _take(self, ident: int, size: int, count: int, picks: NDArray[np.intp] | None) -> None:
        """Note a stretch of `count` frames of one size, or those of them that are of one shape."""
        names = self.shapes.get(ident)
        if names is None or 8 + _STEP_HEAD.size + 8 * len(names) != size:
            self.skipped += size * (count if picks is None else len(picks))  # declared where it was lost
        elif self.wanted is None or not self.wanted.isdisjoint(names):
            self.stretches.setdefault(names, []).append((self.at, count, self.frames, picks))

    def _sound(self, size: int, count: int) -> int:
        """How many of `count` frames of this size hold what their checksums say."""
        if not self.verify:
            return count
        view, crc32, at = memoryview(self.data), zlib.crc32, self.at
        said = np.ndarray((count,), "<u4", self.data, at + 4, (size,)).tolist()
        for index, checksum in enumerate(said):
            start = at + index * size
            if crc32(view[start + 8 : start + size]) != checksum:
                return index
        return count

    def _say(self, kind: int, body: bytes) -> None:
        """A frame of words; one that is no JSON object is passed over."""
        said = _parsed(body[2:] if kind == SHAPE else body)
        if kind == SHAPE and isinstance(said, list) and all(isinstance(name, str) for name in said):
            self.shapes[_ID.unpack_from(body)[0]] = tuple(said)
        elif kind == EVENT and isinstance(said, dict):
            self.events.append(said)
            self.event_places.append(self.frames)
        elif kind == REQUEST and isinstance(said, dict):
            self.requests.append(said)
        else:
            self.skipped += 9 + len(body)

    def result(self) -> Decoded:
        steps = tuple(_gather(self.data, names, parts) for names, parts in self.stretches.items())
        return Decoded(
            steps=steps, events=tuple(self.events), event_places=tuple(self.event_places),
            requests=tuple(self.requests), shapes=self.shapes, end=self.at, frames=self.frames,
            skipped=self.skipped,
        )  # fmt: skip


def _parsed(text: bytes) -> Any:
    """JSON with nothing in it that a database cannot hold; None: it is none."""
    try:
        said = json.loads(text)
        if b"\\ud" in text.lower():  # half a character, written as an escape
            whole = json.dumps(said, ensure_ascii=False).encode("utf-16", "surrogatepass")
            said = json.loads(whole.decode("utf-16", "replace"))
    except (ValueError, RecursionError):
        return None
    return said


def _alike(data: bytes, at: int, size: int) -> int:
    """How many frames from `at` on are steps of the size of the first; at least 1."""
    whole, count, window = (len(data) - at) // size, 1, 16
    head = data[at : at + 4]
    while count < whole:
        start = at + count * size
        if data[start : start + 4] != head or data[start + 8] != STEP:
            break  # many stretches end at once: sets of several sizes logged in turn
        span = min(window, whole - count)
        equal = _column(data, start, size, span, "<u4", 0) == _HEAD.unpack_from(data, at)[0]
        equal &= _column(data, start, size, span, "u1", 8) == STEP
        if not equal.all():
            return count + int(equal.argmin())
        count, window = count + span, window * 8
    return count


def _column(data: bytes, at: int, size: int, count: int, kind: str, offset: int) -> NDArray[Any]:
    """One field of `count` frames of one size, as a view."""
    return np.ndarray((count,), kind, data, at + offset, (size,))


def _gather(data: bytes, names: tuple[str, ...], parts: list[_Stretch]) -> Steps:
    """The stretches of one shape, joined."""
    size = 8 + _STEP_HEAD.size + 8 * len(names)
    layout = np.dtype(
        {"names": ["step", "at_ns", "values"], "formats": ["<i8", "<i8", ("<f8", (len(names),))],
         "offsets": [11, 19, 27], "itemsize": size}
    )  # fmt: skip
    views = [np.ndarray((count,), layout, data, start) for start, count, _, _ in parts]
    views = [view if part[3] is None else view[part[3]] for view, part in zip(views, parts, strict=True)]
    frames = views[0] if len(views) == 1 else np.concatenate(views)  # one stretch is not even copied
    return Steps(
        names=names,
        seq=np.concatenate(
            [
                np.arange(place, place + count) if picks is None else place + picks
                for _, count, place, picks in parts
            ]
        ),
        steps=frames["step"],
        at_ns=frames["at_ns"],
        values=frames["values"],
    )


def _next_sound(data: bytes, start: int) -> int | None:
    """The next place at or after `start` where a whole sound frame begins; None: there is none."""
    while start + 9 <= len(data):
        for place in _candidates(data, start, min(_WINDOW, len(data) - 8 - start)):
            length, checksum = _HEAD.unpack_from(data, place)
            end = place + 8 + length
            if (
                0 < length <= MAX_PAYLOAD
                and end <= len(data)
                and zlib.crc32(data[place + 8 : end]) == checksum
            ):
                return place
        start += _WINDOW
    return None


def _candidates(data: bytes, start: int, count: int) -> list[int]:
    """Places whose bytes could be a length below 128 KiB and a kind: one in ten thousand of any bytes."""
    octets = np.frombuffer(data, np.uint8, count + 8, start)
    kinds = octets[8:]
    fits = (octets[3 : count + 3] == 0) & (octets[2 : count + 2] <= 1) & (kinds >= SHAPE) & (kinds <= REQUEST)
    found: list[int] = (np.flatnonzero(fits) + start).tolist()
    return found
