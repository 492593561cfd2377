"""An image on the screen, drawn for the room there is and for the colours the terminal has."""

from typing import TYPE_CHECKING

from lineside.console.look import COLOURLESS
from lineside.console.text import Line
from lineside.console.themes import NAMES
from lineside.console.widgets.lines import Lines

if TYPE_CHECKING:
    from lineside.console.widgets.images.png import Pixels


class PictureView(Lines):
    """Shows pixels below some lines, or words in their place where there are none."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._pixels: Pixels | None = None
        self._heads: tuple[Line, ...] = ()

    def show(self, pixels: "Pixels | None", *heads: Line) -> None:
        """Draw these pixels, shape (height, width, 3), under the heads; None: only the heads."""
        self._pixels, self._heads = pixels, heads
        self.redraw()

    @property
    def coloured(self) -> bool:
        """Has the terminal colours enough, and a half block to put them in?"""
        depth = getattr(self.app, "depth", "truecolor")
        ascii = getattr(getattr(self.app, "settings", None), "ascii", False)
        return self.app.theme in NAMES and self.app.theme != COLOURLESS and depth != "standard" and not ascii

    def redraw(self) -> None:
        rows = list(self._heads)
        if self._pixels is not None and self.size.width:
            from lineside.console.widgets.images import picture

            room = self.size.height - len(rows)
            rows += picture.draw(self._pixels, width=self.size.width, height=room, colour=self.coloured)
        self.set(rows)

    def on_resize(self) -> None:
        self.redraw()
