"""Telling the number of a row from a name, in what a person typed."""

_DIGITS = 18
"""Of the largest number that any integer column holds for sure."""


def number_in(text: str) -> int | None:
    """The number that `text` is; None: it is a name, or no row can have that number.

    >>> number_in("57"), number_in("v57"), number_in("²"), number_in("9" * 30)
    (57, None, None, None)
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None
