"""Images in half blocks: two pixels a cell, in their own colours, or in shades of ASCII where there are none.

PNG and PPM are read here; with Pillow installed (`pip install 'lineside[images]'`), whatever it reads. It
imports numpy, so import it late.
"""

import re
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lineside.console.text import Line
from lineside.console.widgets.images import png
from lineside.console.widgets.images.png import BadImage, Pixels

SHADES = " .:-=+*#%@"
_LARGEST = 64 << 20
"""Bytes of a file that is read at all."""

_TIMES = 8
"""So many times a small image is enlarged at most."""

_FINE = 0xF8
"""Bits of a colour that are kept: what differs less looks alike, and alike cells cost less to send."""

_PPM = re.compile(rb"P([56])(?:\s+#[^\n]*)*\s+(\d+)\s+(\d+)\s+(\d+)\s")
_KINDS = (
    (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"), (b"BM", "image/bmp"), (b"RIFF", "image/webp"),
    (b"II*\0", "image/tiff"), (b"MM\0*", "image/tiff"), (b"<svg", "image/svg+xml"),
    (b"<?xml", "image/svg+xml"),
)  # fmt: skip


def kind_of(head: bytes) -> str:
    """The media type that the first bytes of a file tell; "": it is no image that we know.

    >>> kind_of(b"\\xff\\xd8\\xff\\xe0"), kind_of(b"P6 2 2 255 "), kind_of(b"hello")
    ('image/jpeg', 'image/x-portable-anymap', '')
    """
    if head.startswith(png.SIGNATURE):
        return "image/png"
    if _PPM.match(head):
        return "image/x-portable-anymap"
    return next((kind for start, kind in _KINDS if head.startswith(start)), "")


def read(path: Path) -> Pixels:
    """The image in a file, shape (height, width, 3).

    Raises:
        BadImage: it cannot be drawn; the words say why, and what to do.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise BadImage("cannot draw an image of more than 64 MiB: y copies the path")
    return decode(data)


def decode(data: bytes) -> Pixels:
    """The image in these bytes; see `read`."""
    kind = kind_of(data[:200])
    try:
        if kind == "image/png":
            return png.decode(data)
        if kind == "image/x-portable-anymap":
            return _portable(data)
    except BadImage as error:
        found = _pillow(data)
        if found is None:
            raise BadImage(f"cannot draw {error}: y copies the path") from error
        return found
    found = _pillow(data)
    if found is None:
        raise BadImage(f"cannot draw {kind or 'this file'}: y copies the path")
    return found


def _pillow(data: bytes) -> Pixels | None:
    """What Pillow makes of it; None: it is not installed, or cannot either."""
    try:
        pillow: Any = import_module("PIL.Image")
    except ImportError:
        return None
    try:
        return np.asarray(pillow.open(BytesIO(data)).convert("RGB"), dtype=np.uint8)
    except (OSError, ValueError, pillow.DecompressionBombError):
        return None


def _portable(data: bytes) -> Pixels:
    """PPM and PGM in their binary forms."""
    found = _PPM.match(data)
    assert found is not None
    width, height, top = (int(found[i]) for i in (2, 3, 4))
    channels = 3 if found[1] == b"6" else 1
    body = np.frombuffer(data[found.end() :], np.uint8)
    if not 0 < top < 256 or width * height * channels > len(body) or not width * height:
        raise BadImage("a PPM image that breaks off or has 16 bits")
    pixels = body[: width * height * channels].reshape(height, width, channels).astype(np.int64) * 255 // top
    return np.broadcast_to(pixels, (height, width, 3)).astype(np.uint8)


def draw(image: Pixels, *, width: int, height: int, colour: bool = True) -> list[Line]:
    """The image in at most `width` × `height` cells, in its proportions, in the middle.

    Args:
        colour: False: shades of ASCII, for terminals without colours.
    """
    if width < 1 or height < 1 or not image.size:
        return []
    columns, rows = _room(image, width, height)
    small = _sized(image, rows * 2, columns)
    pad = (" " * ((width - columns) // 2), "")
    cells = _blocks(small) if colour else _shaded(small)
    return [[pad, *row] for row in cells]


def _room(image: Pixels, width: int, height: int) -> tuple[int, int]:
    """Cells (columns, rows) that keep the proportions; a cell is as high as two pixels."""
    high, wide = image.shape[:2]
    scale = min(width / wide, height * 2 / high, _TIMES)
    if scale > 1:
        scale = int(scale)
    return max(1, min(width, round(wide * scale))), max(1, min(height, -(-round(high * scale) // 2)))


def _sized(image: Pixels, rows: int, columns: int) -> Pixels:
    """Each new pixel is the mean of those it covers, or a copy where it is smaller than one."""
    return _along(_along(image.astype(np.float64), rows, 0), columns, 1).round().astype(np.uint8)


def _along(values: NDArray[np.float64], size: int, axis: int) -> NDArray[np.float64]:
    have = values.shape[axis]
    if size >= have:
        copied: NDArray[np.float64] = values.take(np.arange(size) * have // size, axis=axis)
        return copied
    cuts = np.arange(size) * have // size
    counts = np.diff(np.append(cuts, have))
    shape = [1] * values.ndim
    shape[axis] = size
    sums: NDArray[np.float64] = np.add.reduceat(values, cuts, axis=axis)
    return sums / counts.reshape(shape)


def _blocks(pixels: Pixels) -> list[Line]:
    """`▀`: the upper pixel is the letter, the lower one its ground."""
    kept = pixels & _FINE | pixels >> 5
    names = [[f"#{r:02x}{g:02x}{b:02x}" for r, g, b in row] for row in kept.tolist()]
    return [
        [("▀", f"rgb{up} on-rgb{down}") for up, down in zip(*pair, strict=True)]
        for pair in zip(names[::2], names[1::2], strict=True)
    ]


def _shaded(pixels: Pixels) -> list[Line]:
    light = pixels @ np.array([0.2126, 0.7152, 0.0722])
    light = (light[::2] + light[1::2]) / 2
    if light.max() - light.min() >= 1:  # all shades there are, for what there is
        light = (light - light.min()) / (light.max() - light.min()) * 255
    places = (light / 256 * len(SHADES)).astype(np.int64)
    return [[("".join(SHADES[place] for place in row), "")] for row in places.tolist()]
