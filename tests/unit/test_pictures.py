"""Images of artifacts: PNG of every kind and filter, PPM, and words for what cannot be drawn."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lineside.console.text import line_width, plain
from lineside.console.widgets.images import picture, png
from lineside.console.widgets.images.png import BadImage

Bytes = NDArray[np.uint8]


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def paeth(a: int, b: int, c: int) -> int:
    p = a + b - c
    return min((a, b, c), key=lambda near: (abs(p - near), (a, b, c).index(near)))


def filtered(rows: Bytes, step: int, kinds: list[int]) -> bytes:
    """Rows of bytes as an encoder writes them, byte by byte as the standard says."""
    out = bytearray()
    above = [0] * rows.shape[1]
    for row, kind in zip(rows.tolist(), kinds, strict=True):
        out.append(kind)
        for i, value in enumerate(row):
            a = row[i - step] if i >= step else 0
            b, c = above[i], above[i - step] if i >= step else 0
            out.append((value - (0, a, b, (a + b) // 2, paeth(a, b, c))[kind]) % 256)
        above = row
    return bytes(out)


def encoded(
    rows: Bytes, *, size: tuple[int, int], kind: int, bits: int, step: int, kinds: list[int]
) -> bytes:
    head = struct.pack(">IIBBBBB", *size, bits, kind, 0, 0, 0)
    body = zlib.compress(filtered(rows, step, kinds))
    return png.SIGNATURE + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    channels=st.sampled_from([1, 2, 3, 4]),
)
def test_every_filter_gives_back_the_pixels(
    data: st.DataObject, size: tuple[int, int], channels: int
) -> None:
    width, height = size
    pixels = np.frombuffer(
        data.draw(st.binary(min_size=width * height * channels, max_size=width * height * channels)), np.uint8
    ).reshape(height, width, channels)
    kinds = data.draw(st.lists(st.integers(0, 4), min_size=height, max_size=height))
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    found = png.decode(
        encoded(pixels.reshape(height, -1), size=size, kind=kind, bits=8, step=channels, kinds=kinds)
    )
    assert found.shape == (height, width, 3)
    if channels in (1, 3):
        assert np.array_equal(found, np.broadcast_to(pixels, found.shape))
    else:
        alpha = pixels[..., -1:].astype(float) / 255
        wanted = pixels[..., :-1] * alpha + 255 * (1 - alpha)
        assert np.abs(found - np.broadcast_to(wanted, found.shape)).max() <= 1


@pytest.mark.parametrize(("bits", "byte", "wanted"), [(1, 0b10100000, [255, 0, 255]), (4, 0xF0, [255, 0])])
def test_a_few_bits_a_pixel_are_read(bits: int, byte: int, wanted: list[int]) -> None:
    rows = np.array([[byte]], dtype=np.uint8)
    found = png.decode(encoded(rows, size=(len(wanted), 1), kind=0, bits=bits, step=1, kinds=[0]))
    assert found[0, :, 0].tolist() == wanted


def test_a_palette_names_colours_and_what_is_clear_is_white() -> None:
    rows = np.array([[0, 1, 2]], dtype=np.uint8)
    plain_one = encoded(rows, size=(3, 1), kind=3, bits=8, step=1, kinds=[0])
    at = plain_one.index(b"IDAT") - 4
    extra = chunk(b"PLTE", bytes([9, 8, 7, 1, 2, 3, 4, 5, 6])) + chunk(b"tRNS", bytes([255, 255, 0]))
    found = png.decode(plain_one[:at] + extra + plain_one[at:])
    assert found[0].tolist() == [[9, 8, 7], [1, 2, 3], [255, 255, 255]]


def head(width: int, *, interlaced: int = 0) -> bytes:
    return png.SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, width, 8, 2, 0, 0, interlaced))


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff\xe0 a photo", b"GIF89a", b"", b"just words", png.SIGNATURE,
        png.SIGNATURE + b"\0\0\0\rIHDR", head(10**6), head(4) + chunk(b"IDAT", b"nothing"),
        head(4) + chunk(b"IDAT", zlib.compress(b"short")), head(4, interlaced=1), b"P6 900 900 255 x",
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_says_what_to_do(data: bytes) -> None:
    with pytest.raises(BadImage, match=r"cannot draw .*: y copies the path"):
        picture.decode(data)


def test_a_photo_is_named_by_its_kind() -> None:
    with pytest.raises(BadImage, match="image/jpeg"):
        picture.decode(b"\xff\xd8\xff\xe0")


def test_half_blocks_hold_two_pixels_and_keep_their_colours(tmp_path: Path) -> None:
    file = tmp_path / "two.ppm"
    file.write_bytes(b"P6 1 2 255\n" + bytes([255, 0, 0, 0, 0, 255]))
    lines = picture.draw(picture.read(file), width=1, height=1)
    assert lines == [[("", ""), ("▀", "rgb#ff0000 on-rgb#0000ff")]]


def test_without_colour_light_is_dense() -> None:
    ramp = np.repeat(np.linspace(0, 255, 10).astype(np.uint8)[None, :, None], 2, axis=0).repeat(3, axis=2)
    (line,) = picture.draw(ramp, width=10, height=1, colour=False)
    assert plain(line) == picture.SHADES


@settings(max_examples=60)
@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    room=st.tuples(st.integers(1, 60), st.integers(1, 30)),
    colour=st.booleans(),
)
def test_an_image_keeps_to_its_room(size: tuple[int, int], room: tuple[int, int], colour: bool) -> None:
    image = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3)).astype(np.uint8)
    lines = picture.draw(image, width=room[0], height=room[1], colour=colour)
    assert 1 <= len(lines) <= room[1]
    assert all(line_width(line) <= room[0] for line in lines)
