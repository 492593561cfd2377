"""What lies over an area and goes away again."""

from collections.abc import Sequence
from typing import TypeVar

from textual.screen import ModalScreen

from lineside.console.text import Span, clip, joined

T = TypeVar("T")


class Overlay(ModalScreen[T]):
    """Leaves once: what is typed faster than it goes away is not for what lies beneath."""

    def leave(self, result: T | None) -> None:
        if self.is_active:
            self.dismiss(result)


def keys_line(keys: Sequence[tuple[str, str]], width: int) -> list[Span]:
    """The last line of an overlay, where the area's own keys stood: `↓ ↑ choose  esc leave`."""
    pairs = joined(([(key, "bold accent"), (f" {words}", "dim")] for key, words in keys), "  ")
    return clip([(" ", ""), *pairs], width)
