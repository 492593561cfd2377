"""How rows are put in the order of a column: what has no value comes last, whichever way one looks."""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


def in_order(items: Sequence[T], value: Callable[[T], Any], *, falling: bool = False) -> list[T]:
    """Numbers, then words; not-a-number after them and nothing at the very end, in both directions.

    Equal values keep the order they came in.

    >>> in_order([2.0, None, float("nan"), 3.0], lambda v: v, falling=True)
    [3.0, 2.0, nan, None]
    """
    told = [(value(item), item) for item in items]
    have = [(v, item) for v, item in told if not _missing(v)]
    lack = [(v, item) for v, item in told if _missing(v)]
    have.sort(key=lambda pair: _key(pair[0]), reverse=falling)
    lack.sort(key=lambda pair: pair[0] is None)
    return [item for _, item in (*have, *lack)]


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _key(value: Any) -> tuple[int, Any]:
    """Comparable whatever a column mixes: numbers before words, words as people read them."""
    if isinstance(value, (int, float)):
        return 0, value
    if isinstance(value, (tuple, list)):
        return 1, tuple((2, ()) if _missing(part) else _key(part) for part in value)
    return 2, str(value).casefold()
