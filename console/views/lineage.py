"""What the lineage area draws besides the graph: its steps in one line, the chosen node with its arrows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from lineside.console.format import clock, count, glyph, number, plural
from lineside.console.reads.ancestry import View, is_wrong
from lineside.console.text import Line, Span, beside, clip, fit, heading, line_width, safe, width_of
from lineside.console.views import happened
from lineside.console.views.grid import wrapped
from lineside.console.widgets.graphs import dag
from lineside.console.widgets.graphs.layout import Plan, Spot, source, target
from lineside.console.widgets.graphs.nodes import KINDS, Notes
from lineside.store.clock import Micros
from lineside.store.queries.lineage import EdgeRow, Node, NodeRow
from lineside.store.queries.traces import TraceRow

LOOP: Mapping[str, str] = {
    "dataset_version": "data", "run": "train", "model_version": "model", "promotion": "approve",
    "deployment": "serve", "window": "watch", "alert": "drift", "retrain": "retrain",
}  # fmt: skip
"""Kind of node → what it is in the loop, in the order of the loop."""


class Canvas(NamedTuple):
    """The upper part of the area, and the spots that may be chosen next without looking elsewhere."""

    lines: list[Line]
    calm: frozenset[Spot]


def canvas(
    view: View, chosen: Spot, now: Micros, width: int, height: int, *,
    focused: bool, known: Notes | None = None, eye: Spot | None = None, lit: Spot | None = None,
) -> Canvas:  # fmt: skip
    """The loop in one line, the drawing, its steps; below them the same in order of time, if it fits.

    Args:
        eye: the spot in the middle; None: the chosen one.
        lit: whose way, kind and line of the story stand out; None: the chosen one.
    """
    lit = lit or chosen
    title = f"LINEAGE OF {safe(view.plan.words[view.plan.root.node].label)}"
    style = "bold accent" if focused else "head"
    head = heading(title, width, right="arrows walk", style=style)
    around = [head, loop(view, lit, width)] if height >= 8 else [head]
    room = max(1, height - 1 - len(around))
    said = replace(known or notes(view, now), path=_path(view, lit))
    picture = dag.draw(view.plan, chosen, width=width, height=room, notes=said, eye=eye, lit=lit)
    story = happened.lines(view, lit.node, now, width, room - len(picture.lines) - 3)
    spare = max(0, room - len(picture.lines) - len(story))
    above = min(4, spare // 3) if story else spare // 2
    under = above if story else spare - above
    blank: Line = []
    lines = [*around, *[blank] * above, *picture.lines, *[blank] * under,
             steps(view.plan, chosen, picture.seen, width), *story,
             *[blank] * (spare - above - under)]  # fmt: skip
    return Canvas(lines, picture.calm)


def notes(view: View, now: Micros) -> Notes:
    """What is known of all nodes and arrows: the same whatever is chosen."""
    return Notes(
        under={n: under(view, n, now) for n in view.plan.words},
        facts={n: facts(view, n, now) for n in view.plan.words},
        relations={(source(e), target(e)): e.relation for e in view.graph.edges},
    )


def loop(view: View, chosen: Spot, width: int) -> Line:
    """`▤ 3 data → ▷ 4 train → …`: how many of each kind there are, what is wrong with them, where one is."""
    here, every = _kind_of(view, chosen), {kind: _all_of(view, kind) for kind in LOOP}
    line: Line = []
    for gap, form in _FORMS:
        line = [(" ", "")]
        for kind, rows in every.items():
            line = [*line, *_in_loop(kind, rows, form, here=kind == here), (gap, "dim")]
        line = [*line, ("▤", "dim")]
        if line_width(line) <= width:
            break
    return clip(line, width)


_FORMS = (
    ("  →  ", "{sign} {count} {word}"), (" → ", "{sign} {count} {word}"), ("→", "{sign} {count} {word}"),
    ("→", "{sign} {word}"), ("→", "{sign}{word}"), ("→", "{sign}"),
)  # fmt: skip
"""What stands between the kinds of the loop, and how each of them is written, as there is room."""


def _all_of(view: View, kind: str) -> list[NodeRow]:
    """The nodes of a kind, the folded ones too."""
    folded = [row for f in view.folds.values() for row in f.rows if row.kind == kind]
    return [*(row for row in view.graph.nodes if row.kind == kind), *folded]


def _kind_of(view: View, spot: Spot) -> str:
    behind = view.folds.get(spot.node)
    return behind.family[1] if behind else spot.node.kind


def _in_loop(kind: str, rows: Sequence[NodeRow], form: str, *, here: bool) -> list[Span]:
    """`◈ 3 model`, with the glyph of what went wrong; what there is none of is pale."""
    said = form.format(sign=KINDS[kind][0], count=len(rows) or "no", word=LOOP[kind])
    wrong = next((row.state for row in rows if is_wrong(row)), None)
    mark, tone = glyph(wrong) if wrong else ("", "" if rows else "dim")
    if here:
        return [(f" {said}{mark} ", "bold reverse")]
    return [(said + mark, tone)]


def steps(plan: Plan, chosen: Spot, seen: range, width: int) -> Line:
    """Every layer as its kind and its number of nodes, those in sight bright, wrong ones with their glyph."""
    cells: list[Span] = []
    at = 0
    for depth in plan.depths:
        spots = [s for s in plan.y if s.real and s.depth == depth]
        wrong = next((plan.words[s.node].state for s in spots if is_wrong(plan.words[s.node])), None)
        mark, tone = glyph(wrong) if wrong else ("", "")
        style = tone if tone and depth in seen else "bold" if depth in seen else f"{tone or 'dim'}"
        if depth == chosen.depth:
            at, style = len(cells), "bold reverse"
        sign = KINDS.get(min(s.node.kind for s in spots), ("·", ""))[0] if spots else "·"
        cells.append((f" {sign}{len(spots) if len(spots) > 1 else ''}{mark} ", style))
    back, on = chosen.depth - plan.depths[0], plan.depths[-1] - chosen.depth
    left: list[Span] = [(f" {plural(back, 'step')} back ", "dim"), ("◂" if back else " ", "accent")]
    right: list[Span] = [("▸" if on else " ", "accent"), (f" {plural(on, 'step')} on", "dim")]
    room = width - sum(width_of(text) for text, _ in (*left, *right)) - 1
    return [*left, *_around(cells, at, room), *right]


def _around(cells: list[Span], at: int, room: int) -> list[Span]:
    """As many cells as fit, the chosen one among them."""
    first, last = at, at + 1
    used = width_of(cells[at][0])
    while first > 0 or last < len(cells):
        grow = [c for c in ((first - 1) if first > 0 else None, last if last < len(cells) else None)
                if c is not None and used + width_of(cells[c][0]) <= room]  # fmt: skip
        if not grow:
            break
        nearest = min(grow, key=lambda c: abs(c - at))
        used += width_of(cells[nearest][0])
        first, last = min(first, nearest), max(last, nearest + 1)
    return cells[first:last]


def _path(view: View, chosen: Spot) -> dict[Node, str]:
    """What the arrows of the chosen node say, under the nodes at their other ends."""
    said = {source(e): f"{e.relation} ▸" for e in view.graph.edges if target(e) == chosen.node}
    return said | {target(e): f"▸ {e.relation}" for e in view.graph.edges if source(e) == chosen.node}


def facts(view: View, node: Node, now: Micros) -> list[Span]:
    """The lines of a node's box: its state, what it reached, of how many rows, by whom and when."""
    row, trace = view.plan.words[node], view.traces.get(node)
    if node in view.folds:
        return [("enter shows them", "dim"), *[(r.label, "dim") for r in view.folds[node].rows[:3]]]
    style = glyph(row.state)[1]
    data = row.kind == "dataset_version" and trace is not None and trace.rows is not None
    words = f"{count(trace.rows)} rows" if data and trace else row.state
    state: Span = (words.replace("PENDING_MANUAL_APPROVAL", "WAITS"), "bold" if data else style)
    if trace is None:
        return [state]
    out: list[Span] = [state]
    if trace.value is not None and trace.metric:
        out.append((f"{trace.metric} {number(trace.value, digits=3)}", "bold"))
    elif trace.metric and row.kind in ("promotion", "alert", "retrain"):
        out.append((f"→ {trace.metric}" if row.kind == "promotion" else trace.metric, ""))
    if trace.words and (is_wrong(row) or row.kind in ("dataset_version", "deployment")):
        out.append((trace.words, "dim" if not is_wrong(row) else style))
    if trace.rows is not None and not data:
        out.append((f"{count(trace.rows)} rows", ""))
    when = clock(trace.at_us, now=now) if trace.at_us is not None else ""
    out.append((" · ".join(filter(None, (trace.by, when))), "dim"))
    return out


def under(view: View, node: Node, now: Micros) -> str:
    """The one figure of a node that matters, in a few words; else when it was."""
    row, trace = view.plan.words[node], view.traces.get(node)
    if trace is None:
        return "enter shows them" if node in view.folds else ""
    at = clock(trace.at_us, now=now)
    figure = f"{trace.metric} {number(trace.value, digits=3)}"
    match row.kind:
        case "dataset_version":
            return f"{count(trace.rows)} rows"
        case "run":
            return trace.words if is_wrong(row) else figure if trace.metric else at
        case "model_version":
            return figure if trace.metric else at
        case "promotion":
            return f"→ {trace.metric} {row.state.replace('PENDING_MANUAL_APPROVAL', 'WAITS')}"
        case "deployment":
            return f"{row.state} {trace.words}"
        case "window":
            return figure if trace.value is not None else f"{count(trace.rows)} rows"
        case "alert":
            return trace.metric
        case _:
            return row.state


# -- the chosen node -------------------------------------------------------------------------------


def node(view: View, chosen: Spot, now: Micros, width: int, height: int) -> list[Line]:
    """The chosen node, all it came from at the left and all that came of it at the right."""
    row = view.plan.words[chosen.node]
    came = [e for e in view.graph.edges if target(e) == chosen.node]
    led = [e for e in view.graph.edges if source(e) == chosen.node]
    kind = KINDS.get(row.kind, ("", row.kind))[1]
    head = heading(safe(row.label).upper(), width, right=_kind(kind, row))
    about = _about(view, chosen, now, width)
    half = (width - 3) // 2
    room = max(1, height - 2 - len(about))
    titles: Line = [
        (fit(f" CAME FROM {len(came)}", half), "head"), (" │ ", "rule"), (f"LED TO {len(led)}", "head"),
    ]  # fmt: skip
    rows = beside(
        _ends(view, came, now, half, room, source), _ends(view, led, now, width - half - 4, room, target),
        widths=(half, width - half - 3), rule=" │ ",
    )  # fmt: skip
    return list([clip(line, width) for line in (head, *about, titles, *rows)][:height])


def _kind(kind: str, row: NodeRow) -> str:
    return kind if row.kind == "fold" else f"{kind} {row.id}"


def _about(view: View, chosen: Spot, now: Micros, width: int) -> list[Line]:
    """State, figures, who and when in one line, the reason in a second one."""
    row, trace = view.plan.words[chosen.node], view.traces.get(chosen.node)
    if chosen.node in view.folds:
        names = ", ".join(r.label for r in view.folds[chosen.node].rows)
        return [[(" enter", "key"), (" shows them all: ", "dim"), (safe(names), "")]]
    mark, style = glyph(row.state)
    line: list[Span] = [(f" {mark} {safe(row.state)}", f"bold {style}")]
    if trace is None:
        return [line]
    line += [(f"   {text}", tone) for text, tone in _figures(trace, row)]
    if trace.at_us is not None:
        line.append((f"   {clock(trace.at_us, now=now)}", "dim"))
    if trace.by:
        line.append((f" by {safe(trace.by)}", "dim"))
    if trace.words and row.kind != "dataset_version":
        more = [(safe(trace.words), style if style in ("bad", "drift") else "")]
        if sum(width_of(t) for t, _ in line) + width_of(more[0][0]) + 3 <= width:
            return [[*line, ("   ", ""), *more]]
        return [line, *wrapped(trace.words, width, more[0][1])[:2]]
    return [line]


def _figures(trace: TraceRow, row: NodeRow) -> list[Span]:
    out: list[Span] = []
    if row.kind == "promotion":
        return [(f"→ {safe(trace.metric)}", "bold")]
    if trace.value is not None and trace.metric:
        name = "hold-out " if row.kind in ("run", "model_version") else ""
        out.append((f"{name}{safe(trace.metric)} {number(trace.value)}", "bold"))
    elif row.kind == "window":
        out.append(("no labels", "dim"))
    elif trace.metric:
        out.append((safe(trace.metric), ""))
    if trace.rows is not None and not row.state.endswith(" rows"):
        out.append((f"{count(trace.rows)} rows", ""))
    if row.kind == "dataset_version":
        out.append((trace.words, ""))
    return out


def _ends(
    view: View, edges: Sequence[EdgeRow], now: Micros, width: int, room: int, end: Callable[[EdgeRow], Node]
) -> list[list[Span]]:
    """`trained  ✓ run 1 network  accuracy 0.97  09:01:00`, one line each; what does not fit is counted."""
    shown = edges if len(edges) <= room else edges[: max(0, room - 1)]
    lines = [_edge(view, edge, end(edge), now, width) for edge in shown]
    if len(shown) < len(edges):
        lines.append([(f"  and {len(edges) - len(shown)} more", "dim")])
    return lines


def _edge(view: View, edge: EdgeRow, other: Node, now: Micros, width: int) -> list[Span]:
    row = view.plan.words[other]
    mark, style = glyph("READY" if row.kind == "dataset_version" else row.state)
    time = clock(edge.at_us, now=now)
    room = max(4, width - 12 - 4 - 1 - len(time))
    label = safe(row.label)
    fact = safe(under(view, other, now)) if room >= 44 else ""
    if fact and fact != time:
        label = fit(label, min(max(20, room - 36), room)) + "  " + fact
    return [
        (fit(f" {safe(edge.relation)}", 12), "dim"), (f"{mark} ", style),
        (KINDS.get(row.kind, ("·", ""))[0] + " ", "head"), (fit(label, room), ""), (f" {time}", "dim"),
    ]  # fmt: skip
