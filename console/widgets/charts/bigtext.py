"""Large letters in half blocks, three pixels wide and five high at scale 1: read from across a room."""

from collections.abc import Sequence

_ROWS = (
    "0 7 5 5 5 7|1 2 6 2 2 7|2 7 1 7 4 7|3 7 1 7 1 7|4 5 5 7 1 1|5 7 4 7 1 7|6 7 4 7 5 7|"
    "7 7 1 1 1 1|8 7 5 7 5 7|9 7 5 7 1 7|A 7 5 7 5 5|B 6 5 6 5 6|C 7 4 4 4 7|D 6 5 5 5 6|"
    "E 7 4 6 4 7|F 7 4 6 4 4|G 7 4 5 5 7|H 5 5 7 5 5|I 7 2 2 2 7|J 1 1 1 5 7|K 5 5 6 5 5|"
    "L 4 4 4 4 7|M 5 7 7 5 5|N 6 5 5 5 5|O 7 5 5 5 7|P 7 5 7 4 4|Q 7 5 5 7 1|R 6 5 6 5 5|"
    "S 7 4 7 1 7|T 7 2 2 2 2|U 5 5 5 5 7|V 5 5 5 5 2|W 5 5 7 7 5|X 5 5 2 5 5|Y 5 5 7 2 2|"
    "Z 7 1 2 4 7|- 0 0 7 0 0|. 0 0 0 0 2|/ 1 1 2 4 4|: 0 2 0 2 0|% 5 1 2 4 5|_ 0 0 0 0 7|"
    "@ 7 5 5 4 7|! 2 2 2 0 2|+ 0 2 7 2 0|> 4 2 1 2 4|→ 4 2 1 2 4|( 1 2 2 2 1|) 4 2 2 2 4"
)
FONT: dict[str, tuple[int, ...]] = {
    each[0]: tuple(int(row) for row in each[2:].split(" ")) for each in _ROWS.split("|")
}
"""Character → five rows of three pixels, as bits from the left."""


def big(text: str, *, scale: int = 1) -> list[str]:
    """`text` as lines of half blocks: `height(scale)` lines, `width(text, scale)` cells each.

    A character the font lacks is a blank.

    >>> big("1")
    ['▄█ ', ' █ ', '▀▀▀']
    """
    rows = [_row(text.upper(), row, scale) for row in range(5) for _ in range(scale)]
    if len(rows) % 2:
        rows.append(" " * len(rows[0]))
    return [_pair(upper, lower) for upper, lower in zip(rows[::2], rows[1::2], strict=True)]


def width(text: str, scale: int = 1) -> int:
    """Cells that a text takes."""
    return max(0, 4 * len(text) - 1) * scale


def height(scale: int = 1) -> int:
    """Lines that it takes."""
    return (5 * scale + 1) // 2


def _row(text: str, row: int, scale: int) -> str:
    parts = []
    for char in text:
        bits = FONT.get(char, (0,) * 5)[row]
        parts.append("".join("#" * scale if bits >> (2 - x) & 1 else " " * scale for x in range(3)))
    return (" " * scale).join(parts)


def _pair(upper: str, lower: str) -> str:
    return "".join({("#", "#"): "█", ("#", " "): "▀", (" ", "#"): "▄"}.get((a, b), " ")
                   for a, b in zip(upper, lower, strict=True))  # fmt: skip


def largest(texts: Sequence[str], *, room: tuple[int, int], most: int = 6) -> int:
    """The largest scale at which each of these fits into so many cells and lines; 0: none does."""
    scales = (s for s in range(most, 0, -1) if height(s) <= room[1])
    return next((s for s in scales if all(width(text, s) <= room[0] for text in texts)), 0)
