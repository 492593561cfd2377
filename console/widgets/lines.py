"""Ready lines on the screen, repainted only where they changed: what is refreshed is what SSH must carry."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from rich.segment import Segment
from textual.geometry import Region, Size
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from lineside.console.look import Look, look
from lineside.console.text import Line, clip, plain

if TYPE_CHECKING:
    from textual import events

M = TypeVar("M")


def look_of(widget: Widget) -> Look:
    """The styles of the theme the app is in, on the terminal it is on."""
    return look(widget.app.theme, getattr(widget.app, "depth", "truecolor"))


def strip(line: Line, width: int, look: Look, *, ground: str = "bg") -> Strip:
    """One line as Textual wants it: neighbours of one style joined, filled to the width on its ground."""
    segments: list[Segment] = []
    for text, name in clip(line, width):
        style = look.style(name, ground)
        if segments and segments[-1].style is style:
            segments[-1] = Segment(segments[-1].text + text, style)
        elif text:
            segments.append(Segment(text, style))
    return Strip(segments).adjust_cell_length(width, look.style("", ground))


class Lines(Widget):
    """A block of lines; `set` compares with what stands there and refreshes only the rows that differ."""

    ground = "bg"

    def __init__(
        self, lines: Sequence[Line] = (), *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: list[Line] = list(lines)

    @property
    def lines(self) -> Sequence[Line]:
        return self._lines

    def set(self, lines: Sequence[Line]) -> None:
        """Show these lines instead."""
        old, self._lines = self._lines, list(lines)
        if len(old) != len(self._lines) and self.styles.auto_dimensions:
            self.refresh(layout=True)
            return
        rows = max(len(old), len(self._lines))
        changed = [row for row in range(rows) if old[row : row + 1] != self._lines[row : row + 1]]
        if changed:
            self.refresh(*(Region(0, row, self.size.width, 1) for row in changed if row < self.size.height))

    def render_line(self, y: int) -> Strip:
        line = self._lines[y] if y < len(self._lines) else ()
        return strip(line, self.size.width, look_of(self), ground=self.ground)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        return selection.extract("\n".join(plain(line) for line in self._lines)), "\n"


class Drawing(Lines, Generic[M]):
    """Lines drawn from a model for the room there is: drawn again when either changes."""

    def __init__(
        self,
        draw: Callable[[M, int, int], Sequence[Line]],
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._draw = draw
        self._model: M | None = None

    def show(self, model: M) -> None:
        """Draw this model; a model equal to the one on screen costs a comparison of lines."""
        self._model = model
        self.redraw()

    def redraw(self) -> None:
        if self._model is not None and self.size.width > 0:
            self.set(self._draw(self._model, self.size.width, self.size.height))

    def on_resize(self, event: "events.Resize") -> None:
        self.redraw()
