"""What drawing costs: a chart of many points, a lineage, a sheet of digits. CPU ms, median of 15.

python -m tests.bench.bench_drawings
"""

import statistics
import time
from collections.abc import Callable

import numpy as np

from lineside.console.widgets import chart, dag, dag_layout, digit
from lineside.store.clock import Micros
from lineside.store.queries.lineage import EdgeRow, Graph, Node, NodeRow

ROUNDS = 15


def cost(work: Callable[[], object]) -> float:
    """CPU milliseconds of one call."""
    spent = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        spent.append((time.process_time() - start) * 1000)
    return statistics.median(spent)


def line(points: int) -> chart.Line:
    x = np.arange(points, dtype=float)
    return chart.Line(name="loss", x=x, y=np.random.default_rng(1).normal(size=points).cumsum())


def noisy(seed: int, *, smoothed: bool) -> chart.Line:
    """A run thinned to 400 columns."""
    x, y = np.arange(1_200, dtype=float), np.random.default_rng(seed).normal(size=1_200)
    return chart.Line(name="loss", x=x, y=y / 10 if smoothed else y, behind=y if smoothed else None)


def graph(layers: int, each: int) -> Graph:
    """Layers of nodes, each made from two of the layer before."""
    nodes = [Node("run", layer * each + i) for layer in range(layers) for i in range(each)]
    edges = tuple(
        EdgeRow(src_kind="run", src_id=a.id, dst_kind="run", dst_id=b.id, relation="made", at_us=Micros(b.id))
        for b in nodes[each:]
        for a in (nodes[b.id - each], nodes[(b.id - each) // each * each + (b.id + 1) % each])
    )
    rows = tuple(NodeRow(kind="run", id=n.id, label=f"run {n.id} network", state="FINISHED") for n in nodes)
    return Graph(root=nodes[0], nodes=rows, edges=edges)


def main() -> None:
    for points in (1_000, 10_000, 100_000):
        one = line(points)
        for width, height in ((80, 12), (190, 45)):
            ms = cost(lambda one=one, w=width, h=height: chart.render([one], width=w, height=h))  # type: ignore[misc]
            print(f"chart, {points:>7,} points, {width}×{height}: {ms:.1f} ms")
    for smoothed in (False, True):
        eight = [noisy(place, smoothed=smoothed) for place in range(8)]
        ms = cost(lambda eight=eight: chart.render(eight, width=190, height=45))  # type: ignore[misc]
        print(f"chart, 8 noisy lines{' smoothed over faint ones' * smoothed}, 190×45: {ms:.1f} ms")
    big = graph(30, 10)
    print(f"lineage, 300 nodes, layout: {cost(lambda: dag_layout.place(big)):.1f} ms")
    plan = dag_layout.place(big)
    drawn = cost(lambda: dag.draw(plan, plan.root, width=190, height=45))
    print(f"lineage, 300 nodes, drawn in 190×45: {drawn:.1f} ms")
    digits = [
        digit.Picture(pixels=[float(i % 17) for i in range(64)], columns=8, full=16, caption=("7", ""))
    ] * 40
    print(f"40 digits: {cost(lambda: digit.gallery(digits, width=190, height=45)):.1f} ms")


if __name__ == "__main__":
    main()
