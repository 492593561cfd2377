"""One request or answer of the control socket: a line of JSON, without NaN."""

import json
import math
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lineside.store.errors import Usage

VERSION = 1
LIMIT = 1 << 20
"""Bytes of the longest line either side takes."""

_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def encode(message: dict[str, Any]) -> bytes:
    """One line. NaN and the infinities become the strings "NaN", "Infinity" and "-Infinity".

    Raises:
        Usage: longer than a line may be.
    """
    try:
        text = json.dumps(message, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(plain(message), allow_nan=False, separators=(",", ":"))
    line = text.encode() + b"\n"
    if len(line) > LIMIT:
        raise Usage(
            f"the message has {len(line)} bytes, the socket takes {LIMIT}",
            hint="send a file's path instead of its content, or fewer things at once",
        )
    return line


def plain(value: Any) -> Any:
    """`value` with every float that JSON cannot say replaced by its word."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value


def number(value: float | str | None) -> float | None:
    """A number that crossed a border: the way back from `plain`."""
    return _WORDS[value] if isinstance(value, str) else value


@contextmanager
def short_path(path: Path) -> Iterator[str]:
    """A name of at most 107 bytes for a socket file, however deep its folder lies."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def connect(path: Path, *, timeout_s: float) -> socket.socket:
    """A connected stream socket; OSError when nobody listens."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout_s)
        with short_path(path) as name:
            sock.connect(name)
    except BaseException:
        sock.close()
        raise
    return sock
