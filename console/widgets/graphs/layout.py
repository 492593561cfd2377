"""Where the nodes of a lineage stand: pure layout, before anything is drawn.

Time decides what came of what. A deployment outlives many versions: the windows it watched before v2
was served did not come of v2. So a walk to the right follows only arrows that are younger than the one
it came by, a walk to the left only older ones; a node that lies on both sides stands twice. Within a
side each arrow points away from the root, by longest path; what would point back is listed, not drawn.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from lineside.store.queries.lineage import EdgeRow, Graph, Node, NodeRow


class Spot(NamedTuple):
    """One place in the drawing: a node at a signed distance from the root (0), or a bend of a long arrow."""

    depth: int
    node: Node
    bend: Node | None = None  # the far end of the long arrow that passes here

    @property
    def real(self) -> bool:
        return self.bend is None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The whole drawing: every spot with its row, and the arrows from one depth to the next."""

    root: Spot
    words: Mapping[Node, NodeRow]
    y: Mapping[Spot, int]
    links: Sequence[tuple[Spot, Spot]]  # (left, right)
    hidden: int  # arrows that are only listed

    @cached_property
    def depths(self) -> range:
        return range(min(s.depth for s in self.y), max(s.depth for s in self.y) + 1)

    @cached_property
    def height(self) -> int:
        return 1 + max(self.y.values())

    def of(self, node: Node) -> Spot:
        """The spot of a node, the one nearest to the root where it has two."""
        return min((s for s in self.y if s.node == node and s.real), key=lambda s: (abs(s.depth), -s.depth))


def place(graph: Graph) -> Plan:
    """Lay out everything that `graph.root` came from and that came of it."""
    down, right = _side(graph.root, graph.edges, sign=1)
    up, left = _side(graph.root, graph.edges, sign=-1)
    links = [*_stretched(down, right, sign=1), *_stretched(up, left, sign=-1)]
    spots = {Spot(0, graph.root)} | {spot for link in links for spot in link}
    drawn = {(a, b) for a, b in right} | {(b, a) for a, b in left}
    return Plan(
        root=Spot(0, graph.root),
        words={row.node: row for row in graph.nodes},
        y=_rows(spots, links),
        links=links,
        hidden=len({(source(e), target(e)) for e in graph.edges} - drawn),
    )


def reached(root: Node, edges: Iterable[EdgeRow], *, sign: int) -> set[Node]:
    """What a walk from the root finds that never goes back in time (`sign` 1), or never forward (-1)."""
    return set(_side(root, edges, sign=sign)[0])


def source(edge: EdgeRow) -> Node:
    return Node(edge.src_kind, edge.src_id)


def target(edge: EdgeRow) -> Node:
    return Node(edge.dst_kind, edge.dst_id)


FOLD = "fold"
"""The kind of a node that stands for many (dag_fold.py); it comes last among its siblings."""

Arrow = tuple[Node, Node]
"""From the end nearer to the root to the farther one."""


def _side(root: Node, edges: Iterable[EdgeRow], *, sign: int) -> tuple[dict[Node, int], list[Arrow]]:
    """Depth of every node on one side of the root, and the arrows that point away from it."""
    leaving: dict[Node, list[tuple[int, Node]]] = defaultdict(list)
    for edge in edges:
        near, far = (source(edge), target(edge)) if sign > 0 else (target(edge), source(edge))
        leaving[near].append((edge.at_us * sign, far))
    came = _arrivals(root, leaving)
    order = {node: place for place, node in enumerate(came)}
    arrows = [
        (near, far)
        for near in came
        for at, far in leaving[near]
        if at >= came[near] and order.get(far, 0) > order[near]
    ]
    depth = {root: 0}
    for near, far in arrows:  # in order of arrival, so `near` is settled
        depth[far] = max(depth.get(far, 0), depth[near] + 1)
    return depth, list(dict.fromkeys(arrows))


def _arrivals(root: Node, leaving: Mapping[Node, Sequence[tuple[int, Node]]]) -> dict[Node, int]:
    """When each node is first reached by arrows that never go back in time, in that order."""
    came: dict[Node, int] = {}
    front: list[tuple[int, int, Node]] = [(-(2**62), 0, root)]
    while front:
        at, steps, node = heapq.heappop(front)
        if node in came:
            continue
        came[node] = at
        for when, far in leaving.get(node, ()):
            if when >= at and far not in came:
                heapq.heappush(front, (when, steps + 1, far))
    return came


def _stretched(depth: Mapping[Node, int], arrows: Iterable[Arrow], *, sign: int) -> list[tuple[Spot, Spot]]:
    """Arrows as links from depth to depth, bends where they are long; always (left, right)."""
    links = []
    for near, far in arrows:
        path = [Spot(depth[near] * sign, near)]
        path += [Spot(d * sign, near, far) for d in range(depth[near] + 1, depth[far])]
        path.append(Spot(depth[far] * sign, far))
        links += [(a, b) if sign > 0 else (b, a) for a, b in pairwise(path)]
    return links


def _rows(spots: Iterable[Spot], links: Sequence[tuple[Spot, Spot]]) -> dict[Spot, int]:
    """A row for each spot, outward from the root: near its neighbours, and no two in one place."""
    inner: dict[Spot, list[Spot]] = defaultdict(list)
    for a, b in links:
        near, far = (a, b) if abs(a.depth) < abs(b.depth) else (b, a)
        inner[far].append(near)
    layers: dict[int, list[Spot]] = defaultdict(list)
    for spot in spots:
        layers[spot.depth].append(spot)
    rows: dict[Spot, int] = {}
    for depth in sorted(layers, key=abs):
        wish = {s: _mean([rows[n] for n in inner[s]]) for s in layers[depth]}
        rows |= _apart(
            sorted(layers[depth], key=lambda s: (wish[s], not s.real, s.node.kind == FOLD, s.node, s)), wish
        )
    top = min(rows.values())
    return {spot: row - top for spot, row in rows.items()}


def _apart(ordered: Sequence[Spot], wish: Mapping[Spot, float]) -> dict[Spot, int]:
    """The wished rows, pushed apart where two would meet; together they keep their middle."""
    rows: dict[Spot, int] = {}
    free = -(2**30)
    for spot in ordered:
        rows[spot] = max(free, round(wish[spot]))
        free = rows[spot] + 1
    shift = round(_mean([rows[s] - wish[s] for s in ordered]))
    return {spot: row - shift for spot, row in rows.items()}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
