"""Folding: what is drawn stays small, is whole on demand, and the wrong ones stay in sight."""

import time

from hypothesis import given
from hypothesis import strategies as st

from lineside.console.reads.ancestry import is_wrong
from lineside.console.text import line_width
from lineside.console.widgets.graphs import dag
from lineside.console.widgets.graphs.fold import fold
from lineside.console.widgets.graphs.layout import FOLD, place
from lineside.store.clock import Micros
from lineside.store.queries.lineage import EdgeRow, Graph, Node, NodeRow

DATA = Node("dataset_version", 1)


def graph_of(arrows: list[tuple[Node, Node]], *, wrong: frozenset[Node] = frozenset()) -> Graph:
    edges = tuple(
        EdgeRow(src_kind=a.kind, src_id=a.id, dst_kind=b.kind, dst_id=b.id, relation="r", at_us=Micros(i))
        for i, (a, b) in enumerate(arrows)
    )
    nodes = dict.fromkeys([DATA, *(n for arrow in arrows for n in arrow)])
    name = "a name that is far longer than any layer of a small screen "
    rows = tuple(
        NodeRow(kind=n.kind, id=n.id, label=f"{name}{n.id}", state="FAILED" if n in wrong else "READY")
        for n in nodes
    )
    return Graph(root=DATA, nodes=rows, edges=edges)


def fan(runs: int) -> list[tuple[Node, Node]]:
    return [(DATA, Node("run", n)) for n in range(1, runs + 1)]


@given(runs=st.integers(0, 60), most=st.integers(2, 12), wrong=st.sets(st.integers(1, 60), max_size=5))
def test_at_most_so_many_siblings_stand_beside_each_other(runs: int, most: int, wrong: set[int]) -> None:
    failed = frozenset(Node("run", n) for n in wrong if n <= runs)
    graph, folds = fold(graph_of(fan(runs), wrong=failed), most=most, opened=(), is_wrong=is_wrong)
    drawn = [s for s in place(graph).y if s.real and s.depth == 1]
    assert len(drawn) == min(runs, most)
    assert sum(len(f.rows) for f in folds.values()) + sum(s.node.kind != FOLD for s in drawn) == runs
    kept = {s.node for s in drawn}
    assert len(failed & kept) == min(len(failed), most - 1 if runs > most else most), "the wrong ones stay"


@given(runs=st.integers(8, 40))
def test_an_opened_family_is_whole_and_what_led_on_stays(runs: int) -> None:
    arrows = [*fan(runs), (Node("run", 1), Node("model_version", 7))]
    graph, folds = fold(graph_of(arrows), most=5, opened=(), is_wrong=is_wrong)
    assert Node("run", 1) in {row.node for row in graph.nodes}
    (folded,) = folds.values()
    whole, none = fold(graph_of(arrows), most=5, opened={folded.family}, is_wrong=is_wrong)
    assert not none
    assert len(whole.nodes) == runs + 2


def deep_and_wide() -> Graph:
    """Two hundred nodes: eight steps deep, forty beside each other, all with long names."""
    arrows, before = [], DATA
    for depth in range(1, 9):
        kind = ("run", "model_version")[depth % 2]
        layer = [Node(kind, depth * 100 + n) for n in range(40 if depth in (2, 4, 6, 8) else 10)]
        arrows += [(before, node) for node in layer]
        before = layer[0]
    return graph_of(arrows)


def test_two_hundred_nodes_fit_a_small_screen_and_are_walked_within_five_milliseconds() -> None:
    whole = deep_and_wide()
    assert len(whole.nodes) > 200
    graph, _ = fold(whole, most=5, opened=(), is_wrong=is_wrong)
    plan = place(graph)
    assert plan.height <= 20
    spot = plan.root
    took = []
    for _ in range(8):
        start = time.process_time()
        spot = dag.step(plan, spot, "right")
        picture = dag.draw(plan, spot, width=80, height=11)
        took.append(time.process_time() - start)
        assert spot.depth in picture.seen
        assert all(line_width(line) <= 80 for line in picture.lines)
    assert sorted(took)[len(took) // 2] < 0.02
    big = place(whole)
    start = time.process_time()
    dag.draw(big, big.root, width=200, height=40)
    assert time.process_time() - start < 0.1, "even with nothing folded"
