"""A lineage in the order of time: what came to be when, by whom, from what; for screens with room for it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from lineside.console.format import NONE, clock, count, glyph, number, plural
from lineside.console.reads.ancestry import View
from lineside.console.text import Line, heading, safe
from lineside.console.views.grid import grid
from lineside.console.widgets.graphs.layout import source, target
from lineside.console.widgets.graphs.nodes import KINDS
from lineside.console.widgets.tables.rows import Cell, Column
from lineside.store.clock import Micros
from lineside.store.queries.lineage import Node, NodeRow

LEAST = 6
"""Rows below which it says too little."""

_COLUMNS = (
    Column(key="here", title=""), Column(key="at", title=""), Column(key="mark", title=""),
    Column(key="kind", title=""), Column(key="name", title="", max=44), Column(key="state", title=""),
    Column(key="figure", title="", priority=2), Column(key="rows", title="", align=">", priority=3),
    Column(key="by", title="", max=20, priority=4), Column(key="came", title="", max=70, priority=5),
    Column(key="words", title="", max=80, priority=6),
)  # fmt: skip


_TITLES = ("", "when", "", "", "what", "state", "figure", "rows", "by", "from", "")


def lines(view: View, chosen: Node, now: Micros, width: int, height: int) -> list[Line]:
    """The nodes as they came to be, as many around the chosen one as there are rows for."""
    dated = [row for row in view.graph.nodes if (t := view.traces.get(row.node)) and t.at_us is not None]
    if height < LEAST or len(dated) < 2:
        return []
    when = _when(view)
    order = sorted(dated, key=lambda row: (when[row.node], _rank(row), row.node))
    room = height - 2
    at = next((place for place, row in enumerate(order) if row.node == chosen), 0)
    first = max(0, min(at - room // 2, len(order) - room))
    shown = order[first : first + room]
    came = _came_from(view)
    titles: Sequence[Cell] = [(title, "dim") for title in _TITLES]
    body = [_row(view, row, row.node == chosen, came[row.node], when, now) for row in shown]
    of = plural(len(order), "thing") if len(shown) == len(order) else f"{len(shown)} of {len(order)}"
    return [heading("AS IT HAPPENED", width, right=of), *grid(_COLUMNS, [titles, *body], width)]


def _when(view: View) -> dict[Node, Micros]:
    """Node → when it came to be; a deployment that served others before: when it took up one of these."""
    out = {node: trace.at_us for node, trace in view.traces.items() if trace.at_us is not None}
    served = [e for e in view.graph.edges if e.dst_kind == "deployment"]
    for node in {target(edge) for edge in served} & set(out):
        out[node] = max(out[node], min(e.at_us for e in served if target(e) == node))
    return out


def _rank(row: NodeRow) -> int:
    """Causes before effects where both are of one moment."""
    return list(KINDS).index(row.kind) if row.kind in KINDS else len(KINDS)


def _came_from(view: View) -> dict[Node, list[str]]:
    """Node → "trained data:digits@2", for each arrow that ends there."""
    out: dict[Node, list[str]] = defaultdict(list)
    for edge in view.graph.edges:
        near = view.plan.words.get(source(edge))
        if near is not None:
            out[target(edge)].append(f"{edge.relation} {near.label.removeprefix('data:')}")
    return out


def _row(
    view: View, row: NodeRow, here: bool, came: Sequence[str], when: Mapping[Node, Micros], now: Micros
) -> Sequence[Cell]:
    trace = view.traces[row.node]
    data = row.kind == "dataset_version"
    mark, style = glyph("READY" if data else row.state)
    sign, kind = KINDS.get(row.kind, ("·", row.kind))
    state = "" if data else row.state.replace("PENDING_MANUAL_APPROVAL", "WAITS")
    figure = f"{trace.metric} {number(trace.value, digits=3)}" if trace.value is not None else trace.metric
    if row.kind == "window" and trace.value is None:
        figure = "no labels"
    words = "" if data else trace.words
    return (
        ("▸" if here else "", "accent"), (clock(when.get(row.node), now=now), "dim"), (mark, style),
        (f"{sign} {kind}", "head" if here else "dim"),
        (safe(row.label.removeprefix("data:")), "bold accent" if here else ""), (safe(state), style),
        safe(figure), (count(trace.rows) if trace.rows is not None else NONE, "dim"),
        (safe(trace.by), "dim"), (safe(", ".join(came)), "dim"), (safe(words), "dim"),
    )  # fmt: skip
