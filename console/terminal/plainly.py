"""Whatever is drawn, by us or by Textual, in ASCII: strips are translated on their way to the terminal."""

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from lineside.console.terminal.letters import ascii_of


class Plainly(LineFilter):
    """Draws with printable ASCII only; every glyph keeps its cells."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(ascii_of(text), style, control) for text, style, control in segments]
