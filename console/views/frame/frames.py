"""The words around every area: the crumb with what is marked and left out, the filter's help."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lineside.console.commands import TITLES, by_id, shown
from lineside.console.format import clock
from lineside.console.text import Line, Span, clip, line_width, plain, safe
from lineside.store.clock import Micros

if TYPE_CHECKING:
    from lineside.console.screens.base.area import Area

SMALLEST = (38, 12)
ROOMY = 16
"""Rows from which on there is room for a word of help above a table."""
_FIELD = 16
"""Cells that a filter has to be typed in, however much it finds."""
_LEFT = 16
"""Cells that the way to here keeps, however much there is to say on its right."""

FILTERS: Mapping[str, str] = {
    "runs": "status:FAILED   lr<=1e-2   loss<0.3   tag:base   name~mlp   or any word",
    "jobs": "failed   running   by ana   or any word of a name",
}


def too_small(width: int, height: int) -> bool:
    return width < SMALLEST[0] or height < SMALLEST[1]


def small_lines(width: int, height: int) -> list[Line]:
    """All that such a terminal is told."""
    least, leave = "x".join(map(str, SMALLEST)), shown(by_id("everywhere.quit").keys[0])
    return [
        [],
        clip([(f" too small: {width}x{height}", "bold warn")], width),
        clip([(f" {least} at least", "")], width),
        clip([(f" {leave}", "key"), (" leaves", "")], width),
    ]


def as_of(at: Micros, *, now: Micros) -> str:
    return f"as of {clock(at, now=now)}"


def told_of(area: "Area[Any]", right: Line) -> list[Line]:
    """What the crumb says on its right, the most important first: others, the sum, marks, columns."""
    parts: list[Line] = [presence(area), right]
    table = area.main()
    if (
        table is None
        or not all(node.display for node in table.ancestors_with_self)
        or area.has_class("-empty")
    ):
        return parts
    if table.marks and "marked" not in plain(right):
        hidden = table.marks_out_of_sight
        words = f"{len(table.marks)} marked" + (f", {hidden} out of sight" if hidden else "")
        parts.append([(words, "accent")])
    if table.left_out:
        more = f"+{table.left_out} column" + ("s" if table.left_out > 1 else "")
        parts.append([(f"{more}: ", "dim"), (shown(by_id("table.wide").keys[0]), "key")])
    return parts


def presence(area: "Area[Any]") -> Line:
    """`maria is looking too`."""
    present = area.console_app.present
    names = present.get(area.looking_at() or "", ()) if present else ()
    if not names:
        return []
    return [(f"{safe(' and '.join(names))} {'is' if len(names) == 1 else 'are'} looking too", "bold ask")]


def crumb_line(left: Line, parts: Sequence[Line], width: int, *, urgent: Line = ()) -> list[Span]:
    """Where we are on the left, and of the parts on the right as many as there is room for.

    Args:
        urgent: goes first, and before where we are.
    """
    room = width - min(line_width(left), max(_LEFT, width * 3 // 5)) - 2
    if urgent:
        parts, room = [urgent, *parts], max(room, min(line_width(urgent), width - _LEFT - 2))
    right: list[Span] = []
    for part in (part for part in parts if part):
        more: list[Span] = [*([(" · ", "dim")] if right else []), *part]
        if line_width(right) + line_width(more) > room:
            right = right or clip(part, room)
            break
        right += more
    kept = clip(left, width - line_width(right) - 2)
    return [*kept, (" " * max(0, width - line_width(kept) - line_width(right) - 1), ""), *right, (" ", "")]


def filter_head(name: str) -> Line:
    return [(f" {TITLES[name]}", "bold"), (" › ", "dim"), ("/ ", "bold accent")]


def filter_found(name: str, found: Line, width: int) -> Line:
    """What it finds, as far as the field leaves room."""
    room = width - line_width(filter_head(name)) - _FIELD
    return [(" ", ""), *clip(found, room - 2), (" ", "")] if room > 6 else []


def filter_notes(wrong: str, help: str, width: int) -> list[Line]:
    """What is wrong with what is typed, else what could be; and how to leave."""
    ways: Line = [(f"  {shown('enter')}", "key"), (" keep  ", "dim"), ("esc", "key"), (" as it was ", "dim")]
    words = " · ".join(part.strip() for part in wrong.splitlines() if part.strip())
    said: Line = [(f" ✗ {safe(words)}", "bad")] if words else [(f" {help}", "dim")]
    room = width - line_width(ways)
    kept = clip(said, room)
    first: Line = [*kept, (" " * (room - line_width(kept)), ""), *ways]
    return [first, clip([(f" {help}", "dim")], width)] if words else [first]
