"""`;`: a letter on every panel; the letter that is pressed has the keys from then on."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.events import Key
from textual.widget import Widget

from lineside.console.overlays.overlays import Overlay
from lineside.console.screens.base.events import key_name
from lineside.console.text import Line, width_of
from lineside.console.widgets.lines import Lines

Panels = Sequence[tuple[str, str, Widget]]
"""Letter, title, widget."""


class Sign(Lines):
    """One letter, lying on the panel it leads to."""

    ground = "panel"
    DEFAULT_CSS = "Sign { position: absolute; height: 1; width: auto; }"


class Jump(Overlay[str]):
    """Dismisses with the letter of a panel, or "" for none."""

    BINDINGS: ClassVar = []
    DEFAULT_CSS = "Jump { background: $background 40%; }"

    def __init__(self, panels: Panels) -> None:
        super().__init__()
        self._panels = in_sight(panels)

    def compose(self) -> ComposeResult:
        for letter, title, widget in self._panels:
            sign = Sign([signed(letter, title)])
            words = width_of(letter) + width_of(title) + 5
            region = widget.region
            sign.styles.width = words
            sign.styles.offset = (
                max(0, region.x + (region.width - words) // 2), region.y + (region.height - 1) // 2,
            )  # fmt: skip
            yield sign

    def on_key(self, event: Key) -> None:
        event.stop()
        event.prevent_default()
        key = key_name(event)
        self.leave(key if any(key == letter for letter, _, _ in self._panels) else "")

    def on_resize(self) -> None:
        for sign, (_, _, widget) in zip(self.query(Sign), self._panels, strict=True):
            region = widget.region
            sign.styles.offset = (max(0, region.x + region.width // 2 - 4), region.y + region.height // 2)


def signed(letter: str, title: str) -> Line:
    """` r  runs `, the letter set off."""
    return [(f" {letter} ", "reverse bold accent"), (f" {title} ", "bold")]


def in_sight(panels: Panels) -> Panels:
    """Those that stand on the screen now."""
    return [panel for panel in panels if panel[2].region.area and panel[2].visible and panel[2].display]
