"""How a node of a lineage looks: its name, its name over a figure, or a box of facts, as there is room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from lineside.console.format import glyph
from lineside.console.text import Span, clip, fit, line_width, safe, width_of
from lineside.console.widgets.charts.canvas import Canvas
from lineside.console.widgets.graphs.layout import Plan, Spot
from lineside.store.queries.lineage import Node

KINDS: Mapping[str, tuple[str, str]] = {
    "dataset_version": ("▤", "data"), "run": ("▷", "run"), "model_version": ("◈", "model"),
    "promotion": ("⇑", "request"), "deployment": ("⌂", "deployment"), "window": ("□", "window"),
    "alert": ("!", "alert"), "retrain": ("↻", "retrain"), "fold": ("…", "more"),
}  # fmt: skip
"""Kind of node → its glyph and its word."""

Role = Literal["lit", "root", "near", ""]
"""What a node is to the way that stands out: its end, the root, on it, or beside it."""

GLYPHS = 4
"""Cells of the state's glyph and the kind's, each with a blank behind it."""

_BORDERS = 4
"""Cells of a box beside its text: two borders, two blanks."""

_BOXED, _SPOKEN = 100, 150
"""From so many columns on nodes are boxes, and from so many every arrow says what it means."""

_FACTS = (4, 3, 2, 1)
_LEAST, _SHARE = 14, 5
"""No layer is wider than a fifth of the screen, though each may have 14 cells."""

_LOUD = frozenset({"bad", "drift", "ask"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """What is known besides the names."""

    under: Mapping[Node, str] = field(default_factory=dict)  # the one figure of each node
    facts: Mapping[Node, Sequence[Span]] = field(default_factory=dict)  # the lines of its box
    path: Mapping[Node, str] = field(default_factory=dict)  # what the chosen node's arrow to or from it says
    relations: Mapping[tuple[Node, Node], str] = field(default_factory=dict)  # what every arrow says


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What all nodes of a drawing have in common."""

    facts: int  # lines of facts in a box; 0: no box
    pitch: int  # rows from one node to the one below it
    said: bool = False  # every arrow says what it means

    @property
    def height(self) -> int:
        """Rows of one node."""
        return self.facts + 2 if self.facts else 2 if self.pitch == 3 else 1

    @property
    def middle(self) -> int:
        """The row of a node in which arrows end."""
        return (self.facts + 2) // 2 if self.facts else 0

    @property
    def tip(self) -> int:
        """Cells from an arrow's head to its node."""
        return 1 if self.facts else 2

    @property
    def space(self) -> int:
        """Cells between two layers besides lanes and words."""
        return 3 if self.facts else 4

    def rows(self, nodes: int) -> int:
        """Rows that so many nodes below each other take."""
        return (nodes - 1) * self.pitch + self.height


def shape_for(nodes: int, width: int, height: int) -> Shape:
    """The richest look with which so many nodes below each other have room.

    >>> shape_for(3, 200, 30), shape_for(3, 80, 12).facts
    (Shape(facts=4, pitch=8, said=True), 0)
    """
    said = width >= _SPOKEN
    if width >= _BOXED:
        for facts in _FACTS:
            for apart in (2, 1):
                shape = Shape(facts=facts, pitch=facts + 2 + apart, said=said)
                if shape.rows(nodes) <= height:
                    return shape
    if nodes * 3 - 1 <= height * 2:
        return Shape(facts=0, pitch=3)
    return Shape(facts=0, pitch=2 if nodes * 2 - 1 <= height else 1)


def widest(width: int) -> int:
    """Cells that the widest layer may take."""
    return max(_LEAST, width // _SHARE) + GLYPHS


def need(plan: Plan, spot: Spot, notes: Notes, shape: Shape) -> int:
    """Cells that a node would like to have."""
    name = width_of(label(plan, spot, shape))
    if shape.facts:
        facts = [width_of(safe(text)) for text, _ in _facts(spot, notes, shape)]
        return max(name + GLYPHS + 1, *facts, 8) + _BORDERS
    figure = width_of(safe(notes.under.get(spot.node, ""))) if shape.pitch == 3 else 0
    return max(name, figure) + GLYPHS


def reach(plan: Plan, spot: Spot, wide: int, shape: Shape) -> int:
    """Where an arrow that leaves a node begins, from the node's left."""
    return wide if shape.facts else min(wide, width_of(label(plan, spot, shape)) + GLYPHS) + 1


def label(plan: Plan, spot: Spot, shape: Shape) -> str:
    """The node's name without what its place, its glyph or the lines under it say already."""
    words = safe(plan.words[spot.node].label).removeprefix("data:").removeprefix("deployment ")
    kind = spot.node.kind
    if kind == "window" and "window " in words:
        return "window " + words.rpartition("window ")[2]
    if (shape.facts or shape.pitch == 3) and kind in ("promotion", "alert", "retrain"):
        return " ".join(words.split(" ")[:2])
    return words


def put(
    canvas: Canvas,
    plan: Plan,
    spot: Spot,
    at: tuple[int, int],
    wide: int,
    shape: Shape,
    notes: Notes,
    role: Role,
    *,
    chosen: bool,
) -> None:
    """Draw a node with its upper left corner `at`."""
    if not -shape.height < at[1] < canvas.height:
        return
    if shape.facts:
        _box(canvas, plan, spot, at, wide, shape, notes, role, chosen=chosen)
        return
    x, y = at
    room = wide - GLYPHS
    mark, style = glyph(_state(plan.words[spot.node].state))
    name = label(plan, spot, shape)
    canvas.put(x, y, mark, style)
    canvas.put(x + 2, y, KINDS.get(spot.node.kind, ("·", ""))[0], "head")
    canvas.put(x + GLYPHS, y, fit(name, min(room, width_of(name))), _named(role, chosen, ""))
    if shape.pitch == 3:
        text, tone = _note(spot, notes, style, role)
        canvas.put(x + GLYPHS, y + 1, fit(text, min(room, width_of(text))), tone)


def _named(role: Role, chosen: bool, plain: str) -> str:
    return "bold reverse" if chosen else "bold accent" if role == "root" else plain


def _note(spot: Spot, notes: Notes, style: str, role: Role) -> Span:
    """What stands under a node: what the chosen one's arrow says, else what it says of itself."""
    if role != "lit" and (said := notes.path.get(spot.node)):
        return safe(said), "accent"
    return safe(notes.under.get(spot.node, "")), style if style in _LOUD else "dim"


def _box(
    canvas: Canvas,
    plan: Plan,
    spot: Spot,
    at: tuple[int, int],
    wide: int,
    shape: Shape,
    notes: Notes,
    role: Role,
    *,
    chosen: bool,
) -> None:
    """`╭ ● ◈ digits@v2 ──╮`, its facts, and where arrows do not speak, what the chosen one's says."""
    x, y = at
    mark, tone = glyph(_state(plan.words[spot.node].state))
    edge = "bold accent" if role == "lit" else tone if tone in _LOUD else "accent" if role else "rule"
    name = fit(full := label(plan, spot, shape), min(width_of(full), wide - _BORDERS - GLYPHS - 1))
    canvas.put(x, y, "╭" + "─" * (wide - 2) + "╮", edge)
    canvas.put(x + 2, y, f" {mark}", tone)
    canvas.put(x + 4, y, f" {KINDS.get(spot.node.kind, ('·', ''))[0]} ", "head")
    canvas.put(x + 7, y, name, _named(role, chosen, "bold"))
    canvas.put(x + 7 + width_of(name), y, " ", edge)
    facts = _facts(spot, notes, shape)
    for row in range(shape.facts):
        text, style = facts[row] if row < len(facts) else ("", "")
        line = clip([(safe(text), style)], wide - _BORDERS) if text else []
        canvas.put(x, y + 1 + row, "│", edge)
        canvas.put(x + wide - 1, y + 1 + row, "│", edge)
        canvas.put(x + 2, y + 1 + row, "".join(t for t, _ in line), style)
    canvas.put(x, y + shape.facts + 1, "╰" + "─" * (wide - 2) + "╯", edge)
    if not shape.said and role != "lit" and (said := notes.path.get(spot.node)):
        line = clip([(f" {safe(said)} ", "accent")], wide - 4)
        canvas.put(x + 2 + max(0, wide - 4 - line_width(line)), y + shape.facts + 1, line[0][0], "accent")


def _facts(spot: Spot, notes: Notes, shape: Shape) -> Sequence[Span]:
    """As many facts as have room; where it is only one, the figure that matters."""
    facts = notes.facts.get(spot.node, ())
    if shape.facts == 1 and (text := notes.under.get(spot.node)):
        return [(text, facts[0][1] if facts and facts[0][1] in _LOUD else "")]
    return facts[: shape.facts]


def _state(state: str) -> str:
    """Data has no state of its own (it says how many rows); it is simply there."""
    return "READY" if state.endswith(" rows") else state
