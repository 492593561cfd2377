"""A drawing that is walked with the arrow keys: it says which way, its area says what that means."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from textual import events
from textual.message import Message

from lineside.console.text import Line
from lineside.console.widgets.lines import Drawing

M = TypeVar("M")


class Walked(Drawing[M], can_focus=True):
    """Takes the focus; arrows become `Step` messages."""

    SCOPE = "drawing"

    @dataclass
    class Step(Message):
        """One arrow key: columns to the right, rows down."""

        drawing: "Walked[object]"
        right: int
        down: int

        @property
        def control(self) -> "Walked[object]":
            return self.drawing

    def __init__(
        self,
        draw: Callable[[M, int, int], Sequence[Line]],
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(draw, id=id, classes=classes)

    def _step(self, right: int, down: int) -> None:
        self.post_message(self.Step(self, right, down))  # type: ignore[arg-type]

    def cmd_left(self) -> None:
        self._step(-1, 0)

    def cmd_right(self) -> None:
        self._step(1, 0)

    def cmd_up(self) -> None:
        self._step(0, -1)

    def cmd_down(self) -> None:
        self._step(0, 1)

    def on_focus(self) -> None:
        self.redraw()

    def on_blur(self) -> None:
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        self.focus()
