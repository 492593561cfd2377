"""Reads PNG images, without a library: all kinds of colour, all five filters, not interlaced ones.

https://www.w3.org/TR/png-3/. It imports numpy, so import it late.
"""

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lineside.store.errors import BadData

Pixels = NDArray[np.uint8]
"""Shape (height, width, 3): red, green, blue."""

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST = 1 << 25
"""Pixels of the largest image that is read."""

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PALETTE, _ALPHA = 3, (4, 6)


class BadImage(BadData):
    """What is wrong with the file, in words for the screen."""


def decode(data: bytes) -> Pixels:
    """The image on white ground.

    Raises:
        BadImage: it is no PNG, it is damaged, too large, or interlaced.
    """
    if not data.startswith(SIGNATURE):
        raise BadImage("not a PNG image")
    try:
        parts = list(_chunks(data))
        head = next(body for kind, body in parts if kind == b"IHDR")
        width, height, bits, kind, _, _, interlaced = struct.unpack(">IIBBBBB", head[:13])
    except (StopIteration, struct.error) as error:
        raise BadImage("a damaged PNG image") from error
    if interlaced:
        raise BadImage("an interlaced PNG image")
    if kind not in _CHANNELS or bits not in (1, 2, 4, 8, 16) or not 0 < width * height <= _MOST:
        raise BadImage("a PNG image of a kind or size that is not read")
    samples = _samples(b"".join(b for k, b in parts if k == b"IDAT"), width, height, bits, _CHANNELS[kind])
    if kind == _PALETTE:
        return _coloured(samples[..., 0], dict(parts))
    return _on_white(samples if bits >= 8 else samples * (255 // ((1 << bits) - 1)), alpha=kind in _ALPHA)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        yield kind, data[at + 8 : at + 8 + length]
        at += length + 12


def _samples(packed: bytes, width: int, height: int, bits: int, channels: int) -> NDArray[np.int64]:
    """Shape (height, width, channels); of 16 bits the upper 8, of fewer than 8 what they say."""
    wide = (width * bits * channels + 7) // 8
    try:
        raw = zlib.decompressobj().decompress(packed, (wide + 1) * height)
    except zlib.error as error:
        raise BadImage("a damaged PNG image") from error
    if len(raw) < (wide + 1) * height:
        raise BadImage("a PNG image that breaks off")
    rows = np.frombuffer(raw, np.uint8)[: (wide + 1) * height].reshape(height, wide + 1)
    step = max(1, bits * channels // 8)
    plain = _unfiltered(rows[:, 0], rows[:, 1:].reshape(height, wide // step, step))
    flat = plain.reshape(height, wide)
    if bits == 16:
        flat = flat[:, ::2]
    elif bits < 8:
        shifts = np.arange(8 - bits, -1, -bits)
        flat = (flat[..., None] >> shifts & ((1 << bits) - 1)).reshape(height, -1)
    return flat[:, : width * channels].reshape(height, width, channels)


def _unfiltered(kinds: NDArray[np.uint8], rows: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Each pixel plus what its neighbours foretell, along diagonals: each depends on earlier ones.

    Args:
        kinds: filter of each row, shape (height,).
        rows: filtered pixels, shape (height, pixels, bytes of one).
    """
    height, wide, step = rows.shape
    if kinds.max(initial=0) > 4:
        raise BadImage("a damaged PNG image")
    out = np.zeros((height + 1, wide + 1, step), dtype=np.int64)  # with a row above and a column before
    for diagonal in range(height + wide - 1):
        r = np.arange(max(0, diagonal - wide + 1), min(height - 1, diagonal) + 1)
        c = diagonal - r
        left, up, corner = out[r + 1, c], out[r, c + 1], out[r, c]
        kind = kinds[r][:, None]
        told = np.select(
            [kind == 1, kind == 2, kind == 3, kind == 4],
            [left, up, (left + up) // 2, _paeth(left, up, corner)],
            0,
        )
        out[r + 1, c + 1] = (rows[r, c] + told) & 255
    return out[1:, 1:]


def _paeth(left: NDArray[np.int64], up: NDArray[np.int64], corner: NDArray[np.int64]) -> NDArray[np.int64]:
    """The neighbour nearest to left + up - corner."""
    guess = left + up - corner
    a, b, c = np.abs(guess - left), np.abs(guess - up), np.abs(guess - corner)
    return np.where((a <= b) & (a <= c), left, np.where(b <= c, up, corner))


def _coloured(indexes: NDArray[np.int64], parts: dict[bytes, bytes]) -> Pixels:
    colours = np.frombuffer(parts.get(b"PLTE", b"")[: 256 * 3], np.uint8)
    table = np.zeros((256, 4), dtype=np.int64)
    table[:, 3] = 255
    table[: len(colours) // 3, :3] = colours[: len(colours) // 3 * 3].reshape(-1, 3)
    clear = np.frombuffer(parts.get(b"tRNS", b"")[:256], np.uint8)
    table[: len(clear), 3] = clear
    return _on_white(table[indexes], alpha=True)


def _on_white(samples: NDArray[np.int64], *, alpha: bool) -> Pixels:
    colours = samples[..., :-1] if alpha else samples
    if colours.shape[-1] == 1:
        colours = colours.repeat(3, axis=-1)
    if alpha:
        share = samples[..., -1:]
        colours = (colours * share + 255 * (255 - share) + 127) // 255
    return colours.astype(np.uint8)
