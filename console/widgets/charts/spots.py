"""Words at columns of a line, as under an axis."""

from collections.abc import Sequence

from lineside.console.text import Line, Span, width_of


def placed(words: Sequence[tuple[int, str, str]], width: int) -> Line:
    """Words (column, text, style) at their columns, earlier ones first; what would touch another is left out.

    >>> placed([(0, "10h", "dim"), (2, "11h", "dim"), (6, "12h", "dim")], 9)
    [('', ''), ('10h', 'dim'), ('   ', ''), ('12h', 'dim')]
    """
    taken: list[tuple[int, str, str]] = []
    for column, text, style in words:
        start, wide = max(0, min(column, width - width_of(text))), width_of(text)
        if wide <= width and all(start + wide < s or s + width_of(t) < start for s, t, _ in taken):
            taken.append((start, text, style))
    row: list[Span] = []
    at = 0
    for start, text, style in sorted(taken):
        row += [(" " * (start - at), ""), (text, style)]
        at = start + width_of(text)
    return row
