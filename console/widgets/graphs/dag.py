"""Lineage as a drawing: what a thing came from to its left, what came of it to its right.

`draw` puts a plan (layout.py) on a canvas around the chosen spot, `step` says where an arrow key leads from
it. How a node looks (nodes.py) depends on the room: a name, a name and a figure, a box of facts.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from lineside.console.text import Line, fit, width_of
from lineside.console.widgets.charts.canvas import Canvas
from lineside.console.widgets.graphs import nodes
from lineside.console.widgets.graphs.layout import Plan, Spot
from lineside.console.widgets.graphs.nodes import Notes, Shape

Way = Literal["left", "right", "up", "down"]
Link = tuple[Spot, Spot]

_NORTH, _SOUTH, _WEST, _EAST = 1, 2, 4, 8
_BENDS = {
    _NORTH: "│", _SOUTH: "│", _NORTH | _SOUTH: "│", _WEST: "─", _EAST: "─", _WEST | _EAST: "─",
    _SOUTH | _EAST: "╭", _SOUTH | _WEST: "╮", _NORTH | _EAST: "╰", _NORTH | _WEST: "╯",
    _NORTH | _SOUTH | _EAST: "├", _NORTH | _SOUTH | _WEST: "┤", _SOUTH | _WEST | _EAST: "┬",
    _NORTH | _WEST | _EAST: "┴", _NORTH | _SOUTH | _WEST | _EAST: "┼",
}  # fmt: skip
_SAID = 14
"""What an arrow says takes at most so many cells."""

_MARGIN = 1
"""Cells at the left that stay free, as everywhere else."""

_MOST_WIDER, _MOST_APART = 12, 16
"""Where all layers fit, what room is left makes boxes and gaps wider, up to so many cells each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The drawing, and what of it is in sight."""

    lines: Sequence[Line]
    seen: range  # layers from side to side
    calm: frozenset[
        Spot
    ]  # what may be chosen next without looking elsewhere: its neighbours are in sight too


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """Where each layer stands on an endless sheet, and which part of the sheet is shown."""

    shape: Shape
    left: dict[int, int]
    wide: dict[int, int]
    lanes: dict[int, list[int]]  # behind each layer: the row of the spot that owns the lane
    apart: int  # cells more than needed before the first lane
    said: dict[Spot, str]  # what the arrows that end here say, where all of them speak
    x0: int
    y0: int

    def row(self, plan: Plan, spot: Spot) -> int:
        """The row in which arrows leave and reach a spot, on the sheet."""
        return plan.y[spot] * self.shape.pitch + self.shape.middle


def draw(
    plan: Plan,
    chosen: Spot,
    *,
    width: int,
    height: int,
    notes: Notes | None = None,
    eye: Spot | None = None,
    lit: Spot | None = None,
) -> Picture:
    """The part of the drawing around a spot, the chosen one's arrows and the way to it standing out.

    Args:
        eye: the spot in the middle; None: the chosen one.
        lit: whose arrows and way stand out, where that is not yet the chosen one.
    """
    notes, lit = notes or Notes(), lit or chosen
    frame = _frame(plan, eye or chosen, notes, width, height)
    canvas = Canvas(width, max(1, min(height, frame.shape.rows(plan.height))))
    own, way = _of_arrow(plan, lit), _way(plan, lit)
    _arrows(canvas, plan, frame, own, way)
    near = {spot for link in own | way for spot in link}
    for spot in plan.y:
        if spot.real and _in_sight(spot.depth, frame, width):
            x, y = frame.left[spot.depth] - frame.x0, plan.y[spot] * frame.shape.pitch - frame.y0
            role: nodes.Role = (
                "lit" if spot == lit else "root" if spot == plan.root else "near" if spot in near else ""
            )
            nodes.put(canvas, plan, spot, (x, y), frame.wide[spot.depth], frame.shape, notes, role,
                      chosen=spot == chosen)  # fmt: skip
    _more(canvas, plan, frame)
    shown = [d for d in plan.depths if _in_sight(d, frame, width)]
    seen = range(shown[0], shown[-1] + 1) if shown else range(0)
    calm = frozenset(s for s in plan.y if s.real and _is_calm(plan, frame, s, width, canvas.height))
    return Picture(lines=list(canvas.lines()), seen=seen, calm=calm)


def _is_calm(plan: Plan, frame: _Frame, spot: Spot, width: int, height: int) -> bool:
    first, last = max(spot.depth - 1, plan.depths[0]), min(spot.depth + 1, plan.depths[-1])
    across = frame.x0 <= frame.left[first] and frame.left[last] + frame.wide[last] <= frame.x0 + width
    row = plan.y[spot] * frame.shape.pitch - frame.y0
    return across and 0 <= row <= height - frame.shape.height


def _in_sight(depth: int, frame: _Frame, width: int) -> bool:
    inner = frame.left[depth] + nodes.GLYPHS
    return inner < frame.x0 + width and frame.left[depth] + frame.wide[depth] > frame.x0


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


def _of_arrow(plan: Plan, chosen: Spot) -> set[Link]:
    """Every link that belongs to an arrow of the chosen spot, bends included."""
    found = {link for link in plan.links if chosen in link}
    while True:
        bends = {s for link in found for s in link if not s.real}
        more = {link for link in plan.links if bends & set(link)} - found if bends else set()
        if not more:
            return found
        found |= more


def _way(plan: Plan, chosen: Spot) -> set[Link]:
    """Every link on a way between the root and the chosen spot."""
    back = {b: [] for b in plan.y}  # type: dict[Spot, list[Link]]
    sign = 1 if chosen.depth > 0 else -1
    for link in plan.links:
        back[link[1] if sign > 0 else link[0]].append(link)
    found: set[Link] = set()
    front = [chosen]
    while front:
        links = {link for spot in front if spot.depth * sign > 0 for link in back[spot]} - found
        found |= links
        front = [link[0] if sign > 0 else link[1] for link in links]
    return found


def _frame(plan: Plan, eye: Spot, notes: Notes, width: int, height: int) -> _Frame:
    """Layers as wide as what stands in them, though none wider than a share of the screen."""
    shape = nodes.shape_for(plan.height, width, height)
    needs = _needs(plan, notes, shape)
    roomy = sum(needs.values()) + (shape.space + _SAID * shape.said) * len(needs) <= width
    wide = {depth: need if roomy else min(need, nodes.widest(width)) for depth, need in needs.items()}
    lanes: dict[int, set[int]] = {depth: set() for depth in plan.depths}
    for a, b in plan.links:
        if plan.y[a] != plan.y[b]:
            lanes[a.depth].add(plan.y[a] * shape.pitch + shape.middle)
    said = _said(plan, notes) if shape.said else {}
    behind = {d: len(lanes[d]) + shape.space for d in plan.depths}
    for spot, words in said.items():
        behind[spot.depth - 1] = max(
            behind[spot.depth - 1], len(lanes[spot.depth - 1]) + shape.space + width_of(words) + 2
        )
    behind[plan.depths[-1]] = 0
    wider, apart = (
        _spared(width - sum(wide.values()) - sum(behind.values()), len(wide)) if shape.facts else (0, 0)
    )
    left, x = {}, 0
    for depth in plan.depths:
        wide[depth] += wider
        left[depth] = x
        x += wide[depth] + behind[depth] + (apart if depth != plan.depths[-1] else 0)
    room = width - _MARGIN
    x0 = _snapped(_begin(left[eye.depth], wide[eye.depth], x, room), left, eye, wide, room) - _MARGIN
    if shape.facts and x < width:
        x0 = -((width - x) // 2)
    return _Frame(
        shape=shape, left=left, wide=wide, lanes={d: sorted(rows) for d, rows in lanes.items()},
        apart=apart, said=said, x0=x0,
        y0=_begin(plan.y[eye] * shape.pitch, shape.height, shape.rows(plan.height), height),
    )  # fmt: skip


def _needs(plan: Plan, notes: Notes, shape: Shape) -> dict[int, int]:
    """Cells that each layer would like to have."""
    needs = dict.fromkeys(plan.depths, 0)
    for spot in plan.y:
        if spot.real:
            needs[spot.depth] = max(needs[spot.depth], nodes.need(plan, spot, notes, shape))
    return needs


def _spared(spare: int, layers: int) -> tuple[int, int]:
    """How much wider each box and each gap become where cells are left."""
    if spare <= 0:
        return 0, 0
    wider = min(_MOST_WIDER, spare // (2 * layers))
    left = spare - wider * layers
    return wider, min(_MOST_APART, left // (layers - 1)) if layers > 1 else 0


def _said(plan: Plan, notes: Notes) -> dict[Spot, str]:
    """What the arrows that end in a spot say, each word once."""
    words: dict[Spot, dict[str, None]] = defaultdict(dict)
    for a, b in plan.links:
        if b.real:
            first = a.node if a.real or a.node != b.node else a.bend
            relation = notes.relations.get((first, b.node), "") if first else ""
            if relation:
                words[b][relation] = None
    return {spot: fit(_first(list(several)), _SAID).rstrip() for spot, several in words.items()}


def _first(words: Sequence[str]) -> str:
    """All of the words where they have room, else the first one."""
    every = "/".join(words)
    return every if width_of(every) <= _SAID else f"{words[0]} …"


def _begin(start: int, size: int, total: int, room: int) -> int:
    """Where to begin showing `total` cells so that [start, start + size) lies near the middle."""
    return max(0, min(start + size // 2 - room // 2, total - room))


def _snapped(x0: int, left: dict[int, int], chosen: Spot, wide: dict[int, int], width: int) -> int:
    """The beginning of the layer nearest to `x0` from which the chosen one is seen whole."""
    low = left[chosen.depth] + wide[chosen.depth] - width
    fit_in = [x for x in left.values() if low <= x <= left[chosen.depth]]
    return min(fit_in, key=lambda x: abs(x - x0), default=x0)


def _arrows(canvas: Canvas, plan: Plan, frame: _Frame, own: set[Link], way: set[Link]) -> None:
    """All arrows in sight: lines that meet join; the chosen spot's, and those on the way to it, stand out."""
    bends: dict[tuple[int, int], int] = defaultdict(int)
    styles: dict[tuple[int, int], str] = {}
    seen = [link for link in plan.links if _link_in_sight(link, plan, frame, canvas)]
    for links, style in ((seen, ""), ([k for k in seen if k in way], "accent"),
                         ([k for k in seen if k in own], "bold accent")):  # fmt: skip
        for cell, bits in _routed(links, plan, frame).items():
            bends[cell] |= bits
            styles[cell] = style or "rule"
    for (x, y), bits in bends.items():
        canvas.put(x - frame.x0, y - frame.y0, _BENDS[bits], styles[x, y])
    for a, b in seen:
        if b.real:
            _head(canvas, plan, frame, b, "accent" if (a, b) in own | way else "dim")


def _routed(links: Iterable[Link], plan: Plan, frame: _Frame) -> dict[tuple[int, int], int]:
    cells: dict[tuple[int, int], int] = defaultdict(int)
    for link in links:
        _route(cells, plan, frame, *link)
    return cells


def _head(canvas: Canvas, plan: Plan, frame: _Frame, spot: Spot, style: str) -> None:
    """The arrow's head, what it says before it; a head that stands out is not painted over."""
    x, y = frame.left[spot.depth] - frame.shape.tip - frame.x0, frame.row(plan, spot) - frame.y0
    if not (0 <= y < canvas.height and 0 <= x < canvas.width) or canvas.at(x, y) == ("▸", "accent"):
        return
    canvas.put(x, y, "▸", style)
    if words := frame.said.get(spot):
        canvas.put(x - width_of(words) - 2, y, f" {words} ", style)


def _link_in_sight(link: Link, plan: Plan, frame: _Frame, canvas: Canvas) -> bool:
    a, b = link
    rows = frame.row(plan, a) - frame.y0, frame.row(plan, b) - frame.y0
    across = frame.left[b.depth] > frame.x0 and frame.left[a.depth] < frame.x0 + canvas.width
    return across and max(rows) >= 0 and min(rows) < canvas.height


def _route(bends: dict[tuple[int, int], int], plan: Plan, frame: _Frame, a: Spot, b: Spot) -> None:
    """From the right of `a` along the lane of its row to the left of `b`; bends are passed through."""
    ya, yb = frame.row(plan, a), frame.row(plan, b)
    own = nodes.reach(plan, a, frame.wide[a.depth], frame.shape) if a.real else 0
    start = frame.left[a.depth] + own
    turn = frame.left[a.depth] + frame.wide[a.depth] + 1 + frame.apart // 2
    turn += frame.lanes[a.depth].index(ya) if ya != yb else 0
    end = frame.left[b.depth] - (frame.shape.tip if b.real else 1)
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


def _more(canvas: Canvas, plan: Plan, frame: _Frame) -> None:
    """Small heads at the border where the drawing goes on."""
    last, right, low = plan.depths[-1], canvas.width - 1, canvas.height - 1
    rows = sorted(range(canvas.height), key=lambda y: abs(y - canvas.height // 2))
    columns = sorted(range(canvas.width), key=lambda x: abs(x - canvas.width // 2))
    for there, cells, head in (
        (frame.x0 > 0, [(0, y) for y in rows], "◂"),
        (frame.left[last] + frame.wide[last] > frame.x0 + canvas.width, [(right, y) for y in rows], "▸"),
        (frame.y0 > 0, [(x, 0) for x in columns], "▴"),
        (frame.shape.rows(plan.height) > frame.y0 + canvas.height, [(x, low) for x in columns], "▾"),
    ):
        blank = next((cell for cell in cells if canvas.at(*cell)[0] == " "), None)
        if there and blank:
            canvas.put(*blank, head, "accent")
