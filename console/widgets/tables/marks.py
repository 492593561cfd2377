"""Marks on rows: a letter for each of the first eight, as on charts, a plain sign after that."""

from collections.abc import Hashable, Iterable, Mapping

LETTERS = "abcdefgh"
PLAIN = "+"

Marks = Mapping[Hashable, str]
"""Key of a row → its mark, in the order they were set."""


def marked(marks: Marks, keys: Iterable[Hashable]) -> dict[Hashable, str]:
    """These rows marked too, each with the first letter that is free."""
    out = dict(marks)
    for key in keys:
        if key not in out:
            taken = set(out.values())
            out[key] = next((letter for letter in LETTERS if letter not in taken), PLAIN)
    return out


def toggled(marks: Marks, key: Hashable) -> dict[Hashable, str]:
    """The row marked, or no longer."""
    return {k: m for k, m in marks.items() if k != key} if key in marks else marked(marks, [key])
