"""A drawn panel on paper: plain text, text in colours, or a picture; no terminal needed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.segment import Segment

from lineside.console.text import Line, clip, plain

if TYPE_CHECKING:
    from rich.terminal_theme import TerminalTheme


def trimmed(lines: Sequence[Line]) -> list[Line]:
    """Without empty lines at the end."""
    kept = list(lines)
    while kept and not plain(kept[-1]).strip():
        kept.pop()
    return kept


def text(lines: Sequence[Line], width: int) -> str:
    """The lines as text, none longer than the width."""
    return "".join(plain(clip(line, width)).rstrip() + "\n" for line in trimmed(lines))


def svg(lines: Sequence[Line], width: int, title: str) -> str:
    """The lines as a picture in the console's colours."""
    import io

    from rich.console import Console
    from rich.style import Style

    from lineside.console.look import look as styles_of

    look = styles_of("lineside-dark")
    paper = Console(
        width=width, record=True, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    ground: Style = look.style("")
    for line in trimmed(lines):
        spans = clip(line, width)
        paper.print(_Segments([Segment(part, look.style(name)) for part, name in spans]), style=ground)
    return paper.export_svg(title=title, theme=_theme(ground))


class _Segments:
    """Ready pieces of one line, for rich to print as they are."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments

    def __rich_console__(self, console: object, options: object) -> Sequence[Segment]:
        return [*self._segments, Segment.line()]


def _theme(ground: object) -> "TerminalTheme":
    back = getattr(getattr(ground, "bgcolor", None), "triplet", None) or (15, 20, 27)
    fore = getattr(getattr(ground, "color", None), "triplet", None) or (211, 218, 227)
    from rich.terminal_theme import TerminalTheme

    return TerminalTheme(tuple(back), tuple(fore), [(0, 0, 0)] * 8, [(255, 255, 255)] * 8)
