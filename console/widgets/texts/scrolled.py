"""The keys and the wheel of what is scrolled by lines, whatever it shows."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual import events

_END = 10**12
"""Lines: further than anything reaches."""
_WHEEL = 3


class Scrolled:
    """A widget under it says how many lines are in sight, and moves by some within its ends."""

    @property
    def _room(self) -> int:
        raise NotImplementedError

    def _scroll(self, lines: int) -> None:
        raise NotImplementedError

    def cmd_down(self) -> None:
        self._scroll(1)

    def cmd_up(self) -> None:
        self._scroll(-1)

    def cmd_page_down(self) -> None:
        self._scroll(max(1, self._room - 1))

    def cmd_page_up(self) -> None:
        self._scroll(-max(1, self._room - 1))

    def cmd_top(self) -> None:
        self._scroll(-_END)

    def cmd_bottom(self) -> None:
        self._scroll(_END)

    def on_mouse_scroll_down(self, event: "events.MouseScrollDown") -> None:
        event.stop()
        self._scroll(_WHEEL)

    def on_mouse_scroll_up(self, event: "events.MouseScrollUp") -> None:
        event.stop()
        self._scroll(-_WHEEL)
