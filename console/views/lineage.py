"""What the lineage area draws besides the graph: the chosen node and every arrow it has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lineside.console.format import clock, glyph, plural
from lineside.console.text import Line, Span, clip, fit, heading, safe, width_of
from lineside.console.widgets import dag
from lineside.console.widgets.dag_layout import Plan, Spot, source, target
from lineside.store.clock import Micros
from lineside.store.queries.lineage import EdgeRow, Graph, Node


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A lineage around one root, laid out."""

    graph: Graph
    plan: Plan


def canvas(view: View, chosen: Spot, width: int, height: int, *, focused: bool) -> list[Line]:
    """The drawing, in the middle of its room."""
    left, right = len([d for d in view.plan.depths if d < 0]), len([d for d in view.plan.depths if d > 0])
    walk = "arrows walk · " if width >= 60 else ""
    note = f"{walk}{plural(left, 'step')} back ◂  ▸ {plural(right, 'step')} on"
    title = f"LINEAGE OF {safe(view.plan.words[view.plan.root.node].label)}"
    head = heading(title, width, right=note, style="bold accent" if focused else "head")
    lines = dag.draw(view.plan, chosen, width=width, height=height - 1)
    above: list[Line] = [[]] * max(0, (height - 1 - len(lines)) // 2)
    return [head, *above, *lines]


def node(view: View, chosen: Spot, now: Micros, width: int, height: int) -> list[Line]:
    """The chosen node, all it came from at the left and all that came of it at the right."""
    row = view.plan.words[chosen.node]
    mark, style = glyph(row.state)
    came = [e for e in view.graph.edges if target(e) == chosen.node]
    led = [e for e in view.graph.edges if source(e) == chosen.node]
    head = heading(safe(row.label).upper(), width, right=f"{row.kind.replace('_', ' ')} {row.id}")
    state: Line = [(f" {mark} ", style), (safe(row.state), style)]
    half = (width - 3) // 2
    room = height - 3
    left = _ends(view, came, now, half, room, source)
    right = _ends(view, led, now, half, room, target)
    titles: Line = [
        (fit(f" CAME FROM {len(came)}", half), "dim"), (" │ ", "rule"), (f"LED TO {len(led)}", "dim"),
    ]  # fmt: skip
    rows: list[Line] = []
    for i in range(max(len(left), len(right))):
        here = left[i] if i < len(left) else []
        pad = half - sum(width_of(text) for text, _ in here)
        rows.append([*here, (" " * pad, ""), (" │ ", "rule"), *(right[i] if i < len(right) else [])])
    return list([clip(line, width) for line in (head, state, titles, *rows)][:height])


def _ends(
    view: View, edges: Sequence[EdgeRow], now: Micros, width: int, room: int, end: Callable[[EdgeRow], Node]
) -> list[list[Span]]:
    """`trained  run 1 network  09:01:00`, one line each; what does not fit is counted."""
    shown = edges if len(edges) <= room else edges[: max(0, room - 1)]
    lines = [_edge(view, edge, end(edge), now, width) for edge in shown]
    if len(shown) < len(edges):
        lines.append([(f"  and {len(edges) - len(shown)} more", "dim")])
    return lines


def _edge(view: View, edge: EdgeRow, other: Node, now: Micros, width: int) -> list[Span]:
    row = view.plan.words[other]
    mark, style = glyph(row.state)
    time = clock(edge.at_us, now=now)
    room = max(4, width - 13 - 2 - 1 - len(time))
    return [
        (fit(f"  {safe(edge.relation)}", 13), "dim"), (f"{mark} ", style), (fit(safe(row.label), room), ""),
        (f" {time}", "dim"),
    ]  # fmt: skip
