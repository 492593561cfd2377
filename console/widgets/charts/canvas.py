"""A grid of cells to draw on: what is put later lies over what was put before."""

from lineside.console.text import Span, safe, width_of


class Canvas:
    """`width` × `height` cells of text and style; whatever falls outside is not drawn."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._cells: list[list[Span]] = [[(" ", "")] * width for _ in range(height)]

    def put(self, x: int, y: int, text: str, style: str = "") -> None:
        """Write `text` from cell (x, y) to the right."""
        if not 0 <= y < self.height:
            return
        row = self._cells[y]
        for char in safe(text):
            wide = width_of(char)
            if x >= 0 and x + wide <= self.width:
                row[x] = (char, style)
                row[x + 1 : x + wide] = [("", style)] * (wide - 1)
            x += max(1, wide)

    def at(self, x: int, y: int) -> Span:
        """What stands in cell (x, y)."""
        return self._cells[y][x]

    def paint(self, x: int, y: int, glyph: str, style: str) -> None:
        """Fill one cell, which there is, with a glyph of ours that is one cell wide."""
        self._cells[y][x] = (glyph, style)

    def lines(self) -> list[list[Span]]:
        """The rows, neighbours of one style joined, so that they cost few bytes."""
        return [_joined(row) for row in self._cells]


def _joined(row: list[Span]) -> list[Span]:
    out: list[Span] = []
    said: list[str] = []
    last = ""
    for text, style in row:
        if said and (style == last or (last == "" and text == " " and "on" not in style.split())):
            said.append(text)
            continue
        if said:
            out.append(("".join(said), last))
        said, last = [text], style
    return [*out, ("".join(said), last)] if said else out
