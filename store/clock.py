"""Time and identifiers: UTC microseconds in, UTC microseconds out."""

import os
import time
from typing import NewType

Micros = NewType("Micros", int)
"""Microseconds since 1970-01-01 UTC. The only form of time in the store."""

SECOND = 1_000_000


def now() -> Micros:
    return Micros(time.time_ns() // 1_000)


def after(at: Micros, seconds: float) -> Micros:
    """The moment `seconds` later than `at`."""
    return Micros(at + int(seconds * SECOND))


def new_id(kind: str) -> str:
    """Return an id such as `run_0686f1c2a9d3e4b1c2d3e4`: sorts by birth, unique without a lock."""
    return f"{kind}_{now():014x}{os.urandom(4).hex()}"
