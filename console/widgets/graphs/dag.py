"""Lineage as a drawing: what a thing came from to its left, what came of it to its right.

`draw` puts a plan (dag_layout.py) on a canvas around the chosen spot, `step` says where an arrow key
leads from it. Where there is room a node has two lines: its name, and what is worth knowing of it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from lineside.console.format import glyph
from lineside.console.text import Line, Span, fit, safe, width_of
from lineside.console.widgets.charts.canvas import Canvas
from lineside.console.widgets.graphs.layout import Plan, Spot
from lineside.store.queries.lineage import Node

Way = Literal["left", "right", "up", "down"]
Link = tuple[Spot, Spot]

KINDS: Mapping[str, tuple[str, str]] = {
    "dataset_version": ("▤", "data"), "run": ("▷", "run"), "model_version": ("◈", "model"),
    "promotion": ("⇑", "request"), "deployment": ("⌂", "deployment"), "window": ("□", "window"),
    "alert": ("!", "alert"), "retrain": ("↻", "retrain"), "fold": ("…", "more"),
}  # fmt: skip
"""Kind of node → its glyph and its word."""

_NORTH, _SOUTH, _WEST, _EAST = 1, 2, 4, 8
_BENDS = {
    _NORTH: "│", _SOUTH: "│", _NORTH | _SOUTH: "│", _WEST: "─", _EAST: "─", _WEST | _EAST: "─",
    _SOUTH | _EAST: "╭", _SOUTH | _WEST: "╮", _NORTH | _EAST: "╰", _NORTH | _WEST: "╯",
    _NORTH | _SOUTH | _EAST: "├", _NORTH | _SOUTH | _WEST: "┤", _SOUTH | _WEST | _EAST: "┬",
    _NORTH | _WEST | _EAST: "┴", _NORTH | _SOUTH | _WEST | _EAST: "┼",
}  # fmt: skip
_GLYPHS = 4
"""Cells of the state's glyph and the kind's, each with a blank behind it."""

_SPACE = 3
"""Cells between two layers besides the lanes: a blank, the arrow's head, a blank."""

_LEAST, _SHARE = 14, 5
"""No layer is wider than a fifth of the screen, though each may have 14 cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """What stands beside the names: `under` each node, and on the arrows of the chosen one."""

    under: Mapping[Node, str] = field(default_factory=dict)
    path: Mapping[Node, str] = field(default_factory=dict)  # node → what the arrow to it, or from it, says


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The drawing, and which layers of it are in sight from side to side."""

    lines: Sequence[Line]
    seen: range


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """Where each layer stands on an endless sheet, and which part of the sheet is shown."""

    pitch: int  # rows from one spot to the next
    left: dict[int, int]
    wide: dict[int, int]
    lanes: dict[int, list[int]]  # behind each layer: the row of the spot that owns the lane
    x0: int
    y0: int


def draw(plan: Plan, chosen: Spot, *, width: int, height: int, notes: Notes | None = None) -> Picture:
    """The part of the drawing around the chosen spot, its own arrows standing out."""
    notes = notes or Notes()
    frame = _frame(plan, chosen, notes, width, height)
    canvas = Canvas(width, max(1, min(height, _rows(plan, frame.pitch))))
    _arrows(canvas, plan, frame, _of_arrow(plan, chosen))
    for spot in plan.y:
        if spot.real and _in_sight(spot.depth, frame, width):
            _node(canvas, plan, frame, spot, chosen, notes)
    _more(canvas, plan, frame)
    shown = [d for d in plan.depths if _in_sight(d, frame, width)]
    return Picture(lines=list(canvas.lines()), seen=range(shown[0], shown[-1] + 1) if shown else range(0))


def _in_sight(depth: int, frame: _Frame, width: int) -> bool:
    return frame.left[depth] + _GLYPHS < frame.x0 + width and frame.left[depth] + frame.wide[depth] > frame.x0


def _pitch(plan: Plan, height: int) -> int:
    """Rows from node to node: three where two lines each fit in two screens, else two, else one."""
    if plan.height * 3 - 1 <= height * 2:
        return 3
    return 2 if plan.height * 2 - 1 <= height else 1


def _rows(plan: Plan, pitch: int) -> int:
    return (plan.height - 1) * pitch + (2 if pitch == 3 else 1)


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


def _frame(plan: Plan, chosen: Spot, notes: Notes, width: int, height: int) -> _Frame:
    """Layers as wide as their longest name or note, though none wider than a share of the screen."""
    pitch = _pitch(plan, height)
    most = max(_LEAST, width // _SHARE) + _GLYPHS
    wide = dict.fromkeys(plan.depths, 0)
    for spot in plan.y:
        if spot.real:
            wide[spot.depth] = max(wide[spot.depth], min(most, _need(plan, spot, notes, pitch) + _GLYPHS))
    lanes: dict[int, set[int]] = {depth: set() for depth in plan.depths}
    for a, b in plan.links:
        if plan.y[a] != plan.y[b]:
            lanes[a.depth].add(plan.y[a] * pitch)
    left, x = {}, 0
    for depth in plan.depths:
        left[depth] = x
        x += wide[depth] + len(lanes[depth]) + _SPACE + 1
    total = x - _SPACE - 1 - len(lanes[plan.depths[-1]])
    return _Frame(
        pitch=pitch, left=left, wide=wide, lanes={d: sorted(rows) for d, rows in lanes.items()},
        x0=_snapped(_begin(left[chosen.depth], wide[chosen.depth], total, width), left, chosen, wide, width),
        y0=_begin(plan.y[chosen] * pitch, 2, _rows(plan, pitch), height),
    )  # fmt: skip


def _need(plan: Plan, spot: Spot, notes: Notes, pitch: int) -> int:
    name = width_of(_label(plan, spot, pitch))
    return max(name, width_of(safe(notes.under.get(spot.node, "")))) if pitch == 3 else name


def _begin(start: int, size: int, total: int, room: int) -> int:
    """Where to begin showing `total` cells so that [start, start + size) lies near the middle."""
    return max(0, min(start + size // 2 - room // 2, total - room))


def _snapped(x0: int, left: dict[int, int], chosen: Spot, wide: dict[int, int], width: int) -> int:
    """The beginning of the layer nearest to `x0` from which the chosen one is seen whole."""
    low = left[chosen.depth] + wide[chosen.depth] - width
    fit_in = [x for x in left.values() if low <= x <= left[chosen.depth]]
    return min(fit_in, key=lambda x: abs(x - x0), default=x0)


def _label(plan: Plan, spot: Spot, pitch: int) -> str:
    """The node's name without what its place, its glyph or the line under it says already."""
    label = safe(plan.words[spot.node].label).removeprefix("data:").removeprefix("deployment ")
    kind = spot.node.kind
    if kind == "window" and "window " in label:
        return "window " + label.rpartition("window ")[2]
    if pitch == 3 and kind in ("promotion", "alert", "retrain"):
        return " ".join(label.split(" ")[:2])
    return label


def _arrows(canvas: Canvas, plan: Plan, frame: _Frame, mine: set[Link]) -> None:
    """All arrows in sight: lines that meet join, and those of the chosen spot stand out."""
    bends: dict[tuple[int, int], int] = defaultdict(int)
    own: set[tuple[int, int]] = set()
    seen = [link for link in plan.links if _link_in_sight(link, plan, frame, canvas)]
    for link in sorted(seen, key=lambda link: link in mine):
        if link in mine:
            cells: dict[tuple[int, int], int] = defaultdict(int)
            _route(cells, plan, frame, *link)
            own |= set(cells)
            for cell, bits in cells.items():
                bends[cell] |= bits
        else:
            _route(bends, plan, frame, *link)
    for (x, y), bits in bends.items():
        canvas.put(x - frame.x0, y - frame.y0, _BENDS[bits], "accent" if (x, y) in own else "rule")
    for a, b in seen:
        if b.real:
            x, style = frame.left[b.depth] - 2 - frame.x0, "accent" if (a, b) in mine else "dim"
            canvas.put(x, plan.y[b] * frame.pitch - frame.y0, "▸", style)


def _link_in_sight(link: Link, plan: Plan, frame: _Frame, canvas: Canvas) -> bool:
    a, b = link
    rows = plan.y[a] * frame.pitch - frame.y0, plan.y[b] * frame.pitch - frame.y0
    across = frame.left[b.depth] > frame.x0 and frame.left[a.depth] < frame.x0 + canvas.width
    return across and max(rows) >= 0 and min(rows) < canvas.height


def _route(bends: dict[tuple[int, int], int], plan: Plan, frame: _Frame, a: Spot, b: Spot) -> None:
    """From the right of `a` along the lane of its row to the left of `b`; bends are passed through."""
    ya, yb = plan.y[a] * frame.pitch, plan.y[b] * frame.pitch
    said = min(frame.wide[a.depth], width_of(_label(plan, a, frame.pitch)) + _GLYPHS) + 1 if a.real else 0
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


def _node(canvas: Canvas, plan: Plan, frame: _Frame, spot: Spot, chosen: Spot, notes: Notes) -> None:
    x, y = frame.left[spot.depth] - frame.x0, plan.y[spot] * frame.pitch - frame.y0
    if not -2 < y < canvas.height:
        return
    room = frame.wide[spot.depth] - _GLYPHS
    mark, style = glyph(_state(plan.words[spot.node].state))
    label = _label(plan, spot, frame.pitch)
    canvas.put(x, y, mark, style)
    canvas.put(x + 2, y, KINDS.get(spot.node.kind, ("·", ""))[0], "head")
    own = "bold reverse" if spot == chosen else "bold accent" if spot == plan.root else ""
    canvas.put(x + _GLYPHS, y, fit(label, min(room, width_of(label))), own)
    if frame.pitch == 3:
        text, tone = _note(spot, chosen, notes, style)
        canvas.put(x + _GLYPHS, y + 1, fit(text, min(room, width_of(text))), tone)


def _note(spot: Spot, chosen: Spot, notes: Notes, style: str) -> Span:
    """What stands under a node: what the chosen one's arrow says, else what it says of itself."""
    if spot != chosen and (said := notes.path.get(spot.node)):
        return safe(said), "accent"
    return safe(notes.under.get(spot.node, "")), style if style in ("bad", "drift", "ask") else "dim"


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
        (_rows(plan, frame.pitch) > frame.y0 + canvas.height, [(x, low) for x in columns], "▾"),
    ):
        blank = next((cell for cell in cells if canvas.at(*cell)[0] == " "), None)
        if there and blank:
            canvas.put(*blank, head, "accent")
