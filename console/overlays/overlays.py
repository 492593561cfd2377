"""What lies over an area and goes away again."""

from typing import TypeVar

from textual.screen import ModalScreen

T = TypeVar("T")


class Overlay(ModalScreen[T]):
    """Leaves once: what is typed faster than it goes away is not for what lies beneath."""

    def leave(self, result: T | None) -> None:
        if self.is_active:
            self.dismiss(result)
