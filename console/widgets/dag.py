"""Lineage as a drawing: what a thing came from to its left, what came of it to its right.

`draw` puts a plan (dag_layout.py) on a canvas around the chosen spot, `step` says where an arrow key
leads from it.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Literal

from lineside.console.format import glyph
from lineside.console.text import Line, fit, safe, width_of
from lineside.console.widgets.canvas import Canvas
from lineside.console.widgets.dag_layout import Plan, Spot

Way = Literal["left", "right", "up", "down"]

_NORTH, _SOUTH, _WEST, _EAST = 1, 2, 4, 8
_BENDS = {
    _NORTH: "│", _SOUTH: "│", _NORTH | _SOUTH: "│", _WEST: "─", _EAST: "─", _WEST | _EAST: "─",
    _SOUTH | _EAST: "╭", _SOUTH | _WEST: "╮", _NORTH | _EAST: "╰", _NORTH | _WEST: "╯",
    _NORTH | _SOUTH | _EAST: "├", _NORTH | _SOUTH | _WEST: "┤", _SOUTH | _WEST | _EAST: "┬",
    _NORTH | _WEST | _EAST: "┴", _NORTH | _SOUTH | _WEST | _EAST: "┼",
}  # fmt: skip
_GLYPH = 2
"""Cells of the state's glyph and the blank in front of each label."""

_SPACE = 3
"""Cells between two layers besides the lanes: a blank, the arrow's head, a blank."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """Where each layer stands on an endless sheet, and which part of the sheet is shown."""

    left: dict[int, int]
    wide: dict[int, int]
    lanes: dict[int, list[int]]  # behind each layer: the row of the spot that owns the lane
    x0: int
    y0: int


def draw(plan: Plan, chosen: Spot, *, width: int, height: int) -> list[Line]:
    """The part of the drawing around the chosen spot, its own arrows standing out."""
    plan = _airy(plan, height)
    frame = _frame(plan, chosen, width, height)
    canvas = Canvas(width, max(1, min(height, plan.height)))
    _arrows(canvas, plan, frame, _of_arrow(plan, chosen))
    for spot in plan.y:
        if spot.real:
            _node(canvas, plan, frame, spot, chosen)
    _more(canvas, plan, frame)
    return list(canvas.lines())


def _airy(plan: Plan, height: int) -> Plan:
    """Rows farther apart where there is room for it."""
    gap = 2 if plan.height * 2 - 1 <= height else 1
    return replace(plan, y={spot: row * gap for spot, row in plan.y.items()})


def step(plan: Plan, chosen: Spot, way: Way) -> Spot:
    """The spot that an arrow key leads to; the chosen one where the way ends.

    Left and right follow arrows, to the end that lies nearest; up and down stay in the layer.
    """
    if way in ("up", "down"):
        here = plan.y[chosen]
        ends = [
            s for s in plan.y if s.real and s.depth == chosen.depth and (plan.y[s] < here) == (way == "up")
        ]
    else:
        ends = _neighbours(plan, chosen, way)
    others = [s for s in ends if s != chosen]
    return min(others, key=lambda s: (abs(plan.y[s] - plan.y[chosen]), plan.y[s])) if others else chosen


def _neighbours(plan: Plan, spot: Spot, way: Way) -> list[Spot]:
    """The real spots at the other ends of the arrows to one side."""
    links = [(b, a) for a, b in plan.links] if way == "left" else plan.links
    front, found = [spot], []
    while front:
        reached = [b for a, b in links if a in front]
        found += [s for s in reached if s.real]
        front = [s for s in reached if not s.real]
    return found


def _of_arrow(plan: Plan, chosen: Spot) -> set[tuple[Spot, Spot]]:
    """Every link that belongs to an arrow of the chosen spot, bends included."""
    found = {link for link in plan.links if chosen in link}
    while True:
        bends = {s for link in found for s in link if not s.real}
        more = {link for link in plan.links if bends & set(link)} - found
        if not more:
            return found
        found |= more


def _frame(plan: Plan, chosen: Spot, width: int, height: int) -> _Frame:
    """Layers as wide as their longest label, though none above a third of the screen."""
    most = max(12, width // 3)
    wide = dict.fromkeys(plan.depths, 0)
    for spot in plan.y:
        if spot.real:
            wide[spot.depth] = max(wide[spot.depth], min(most, width_of(_label(plan, spot)) + _GLYPH))
    lanes: dict[int, list[int]] = {depth: [] for depth in plan.depths}
    for a, b in plan.links:
        if plan.y[a] != plan.y[b] and plan.y[a] not in lanes[a.depth]:
            lanes[a.depth].append(plan.y[a])
    left, x = {}, 0
    for depth in plan.depths:
        lanes[depth].sort()
        left[depth] = x
        x += wide[depth] + len(lanes[depth]) + _SPACE + 1
    total = x - _SPACE - 1 - len(lanes[plan.depths[-1]])
    return _Frame(
        left=left, wide=wide, lanes=lanes,
        x0=_snapped(_begin(left[chosen.depth], wide[chosen.depth], total, width), left, chosen, wide, width),
        y0=_begin(plan.y[chosen], 1, plan.height, height),
    )  # fmt: skip


def _begin(start: int, size: int, total: int, room: int) -> int:
    """Where to begin showing `total` cells so that [start, start + size) lies near the middle."""
    return max(0, min(start + size // 2 - room // 2, total - room))


def _snapped(x0: int, left: dict[int, int], chosen: Spot, wide: dict[int, int], width: int) -> int:
    """The beginning of the layer nearest to `x0` from which the chosen one is seen whole."""
    low = left[chosen.depth] + wide[chosen.depth] - width
    fit_in = [x for x in left.values() if low <= x <= left[chosen.depth]]
    return min(fit_in, key=lambda x: abs(x - x0), default=x0)


def _label(plan: Plan, spot: Spot) -> str:
    """The node's label without what its place says already: "digits@2", "window 3"."""
    label = safe(plan.words[spot.node].label).removeprefix("data:")
    _, word, number = label.rpartition("window ")
    return word + number if spot.node.kind == "window" and word else label


def _arrows(canvas: Canvas, plan: Plan, frame: _Frame, mine: set[tuple[Spot, Spot]]) -> None:
    """All arrows: lines that meet join, and those of the chosen spot stand out."""
    bends: dict[tuple[int, int], int] = defaultdict(int)
    own: set[tuple[int, int]] = set()
    for link in sorted(plan.links, key=lambda link: link in mine):
        cells: dict[tuple[int, int], int] = defaultdict(int)
        _route(cells, plan, frame, *link)
        for cell, bits in cells.items():
            bends[cell] |= bits
        if link in mine:
            own |= set(cells)
    for (x, y), bits in bends.items():
        canvas.put(x - frame.x0, y - frame.y0, _BENDS[bits], "accent" if (x, y) in own else "rule")
    for a, b in plan.links:
        if b.real:
            x, style = frame.left[b.depth] - 2 - frame.x0, "accent" if (a, b) in mine else "dim"
            canvas.put(x, plan.y[b] - frame.y0, "▸", style)


def _route(bends: dict[tuple[int, int], int], plan: Plan, frame: _Frame, a: Spot, b: Spot) -> None:
    """From the right of `a` along the lane of its row to the left of `b`; bends are passed through."""
    ya, yb = plan.y[a], plan.y[b]
    said = min(frame.wide[a.depth], width_of(_label(plan, a)) + _GLYPH) + 1 if a.real else 0
    start = frame.left[a.depth] + said
    turn = frame.left[a.depth] + frame.wide[a.depth] + 1
    turn += frame.lanes[a.depth].index(ya) if ya != yb else 0
    end = frame.left[b.depth] - (2 if b.real else 1)
    for x in range(start, end + 1):
        if ya == yb or x != turn:
            bends[x, ya if x <= turn else yb] |= _WEST | _EAST
    if ya == yb:
        return
    way = 1 if yb > ya else -1
    leave, enter = (_SOUTH, _NORTH) if way > 0 else (_NORTH, _SOUTH)
    bends[turn, ya] |= _WEST | leave
    bends[turn, yb] |= enter | _EAST
    for y in range(ya + way, yb, way):
        bends[turn, y] |= _NORTH | _SOUTH


def _node(canvas: Canvas, plan: Plan, frame: _Frame, spot: Spot, chosen: Spot) -> None:
    x, y = frame.left[spot.depth] - frame.x0, plan.y[spot] - frame.y0
    mark, style = glyph(_state(plan.words[spot.node].state))
    label = _label(plan, spot)
    label = fit(label, min(frame.wide[spot.depth] - _GLYPH, width_of(label)))
    canvas.put(x, y, mark, style)
    own = "bold reverse" if spot == chosen else "bold" if spot == plan.root else ""
    canvas.put(x + _GLYPH, y, label, own)


def _state(state: str) -> str:
    """Data has no state of its own (it says how many rows); it is simply there."""
    return "READY" if state.endswith(" rows") else state


def _more(canvas: Canvas, plan: Plan, frame: _Frame) -> None:
    """Small heads at the border where the drawing goes on."""
    last, right, low = plan.depths[-1], canvas.width - 1, canvas.height - 1
    rows = sorted(range(canvas.height), key=lambda y: abs(y - canvas.height // 2))
    columns = sorted(range(canvas.width), key=lambda x: abs(x - canvas.width // 2))
    for there, cells, head in (
        (frame.x0 > 0, [(0, y) for y in rows], "◂"),
        (frame.left[last] + frame.wide[last] > frame.x0 + canvas.width, [(right, y) for y in rows], "▸"),
        (frame.y0 > 0, [(x, 0) for x in columns], "▴"),
        (plan.height > frame.y0 + canvas.height, [(x, low) for x in columns], "▾"),
    ):
        blank = next((cell for cell in cells if canvas.at(*cell)[0] == " "), None)
        if there and blank:
            canvas.put(*blank, head, "accent")
