"""Many siblings as one node: forty runs of one dataset become five and "+35 runs".

Siblings are nodes of one kind with the same neighbours towards the root. Those that went wrong, then those
that led on, then the newest stay; what hangs only on the hidden ones is hidden with them.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from lineside.console.widgets.graphs.layout import FOLD, reached, source, target
from lineside.store.queries.lineage import EdgeRow, Graph, Node, NodeRow

Family = tuple[int, str, frozenset[Node]]
"""Side of the root (1: came of it, -1: led to it), kind, the neighbours they share."""

_WORDS: Mapping[str, str] = {
    "dataset_version": "versions", "run": "runs", "model_version": "models", "promotion": "requests",
    "deployment": "deployments", "window": "windows", "alert": "alerts", "retrain": "retrains",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """What stands behind one node of kind "fold"."""

    family: Family
    rows: Sequence[NodeRow]


def fold(
    graph: Graph, *, most: int, opened: Collection[Family], is_wrong: Callable[[NodeRow], bool]
) -> tuple[Graph, dict[Node, Fold]]:
    """The graph with at most `most` siblings of a family beside each other, and what was folded.

    Args:
        most: at least 2; a family one larger than that is folded.
        opened: families to be left whole.
        is_wrong: which nodes a person looks for.
    """
    rows = {row.node: row for row in graph.nodes}
    hidden: dict[Node, Node] = {}
    folds: dict[Node, Fold] = {}
    onward = {source(e) for e in graph.edges}, {target(e) for e in graph.edges}
    for family, members in _families(graph).items():
        if len(members) <= most or family in opened:
            continue
        leads = onward[0] if family[0] > 0 else onward[1]
        ranked = sorted(
            members, key=lambda n: (not is_wrong(rows[n]), n not in leads, -n.id)
        )  # a stable order: the same ones stay from one look to the next
        away = ranked[most - 1 :]
        node = Node(FOLD, min(n.id for n in away) * 16 + sorted(_WORDS).index(family[1]))
        folds[node] = Fold(family=family, rows=[rows[n] for n in sorted(away)])
        hidden |= dict.fromkeys(away, node)
    if not folds:
        return graph, {}
    return _without(graph, hidden, folds, is_wrong), folds


def _families(graph: Graph) -> dict[Family, list[Node]]:
    down, up = (reached(graph.root, graph.edges, sign=sign) for sign in (1, -1))
    shared: dict[Node, set[Node]] = defaultdict(set)
    for edge in graph.edges:
        a, b = source(edge), target(edge)
        if b in down and a in down:
            shared[b].add(a)
        elif a in up and b in up and a not in down:
            shared[a].add(b)
    out: dict[Family, list[Node]] = defaultdict(list)
    for node, others in shared.items():
        if node != graph.root and node.kind in _WORDS:
            out[1 if node in down else -1, node.kind, frozenset(others)].append(node)
    return out


def _without(
    graph: Graph, hidden: Mapping[Node, Node], folds: Mapping[Node, Fold], is_wrong: Callable[[NodeRow], bool]
) -> Graph:
    edges = [e for e in graph.edges if source(e) not in hidden and target(e) not in hidden]
    edges += _to_folds(graph.edges, hidden, folds)
    nodes = [row for row in graph.nodes if row.node not in hidden]
    nodes += [_row(node, folded, is_wrong) for node, folded in folds.items()]
    return Graph(root=graph.root, nodes=tuple(nodes), edges=tuple(edges))


def _row(node: Node, folded: Fold, is_wrong: Callable[[NodeRow], bool]) -> NodeRow:
    wrong = [row for row in folded.rows if is_wrong(row)]
    label = f"+{len(folded.rows)} {_WORDS[folded.family[1]]}"
    return NodeRow(kind=FOLD, id=node.id, label=label, state=wrong[0].state if wrong else FOLD)


def _to_folds(
    edges: Sequence[EdgeRow], hidden: Mapping[Node, Node], folds: Mapping[Node, Fold]
) -> list[EdgeRow]:
    """One arrow between each neighbour and the fold, as late (or as early) as the arrows it stands for."""
    found: dict[tuple[Node, Node], EdgeRow] = {}
    for edge in edges:
        for inner, outer, sign in ((source(edge), target(edge), 1), (target(edge), source(edge), -1)):
            away = hidden.get(outer)
            if away is None or folds[away].family[0] != sign or inner not in folds[away].family[2]:
                continue
            old = found.get((inner, away))
            if old is None or (edge.at_us - old.at_us) * sign > 0:
                a, b = (inner, away) if sign > 0 else (away, inner)
                found[inner, away] = EdgeRow(
                    src_kind=a.kind, src_id=a.id, dst_kind=b.kind, dst_id=b.id,
                    relation=edge.relation, at_us=edge.at_us,
                )  # fmt: skip
    return list(found.values())
