"""What drawing costs: charts, a crosshair's step, heat maps, diffs, images, a lineage. CPU ms, median of 15.

Beside them plotext, where it is installed (`pip install plotext`).

python -m tests.bench.bench_drawings
"""

import statistics
import time
from collections.abc import Callable
from importlib import import_module

import numpy as np

from lineside.console.widgets.charts import chart, heat, histogram
from lineside.console.widgets.charts.plot import differing
from lineside.console.widgets.charts.window import Window
from lineside.console.widgets.graphs import dag
from lineside.console.widgets.graphs import layout as dag_layout
from lineside.console.widgets.images import digit, picture, png
from lineside.console.widgets.texts import diff
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


def step_of_a_crosshair(width: int, height: int) -> None:
    """Draw the chart anew one point further along, and find the cells that differ: milliseconds and cells."""
    lines = [noisy(place, smoothed=False) for place in range(3)]
    rows = [
        chart.plotted(lines, width=width, height=height, view=Window(cursor=at), x_name="step").rows
        for at in (600.0, 610.0)
    ]

    def step() -> int:
        view = Window(cursor=610.0)
        now = chart.plotted(lines, width=width, height=height, view=view, x_name="step").rows
        spans = [differing(a, b, width) for a, b in zip(rows[0], now, strict=True) if a != b]
        return sum(last - first for first, last in spans)

    print(f"crosshair, a step, 3 lines, {width}×{height}: {cost(step):.1f} ms, {step()} cells painted")


def plotext_line(points: int, width: int, height: int) -> None:
    """The same line in the library that is used most."""
    try:
        figure = import_module("plotext")
    except ImportError:
        return
    one = line(points)
    x, y = one.x.tolist(), one.y.tolist()

    def work() -> str:
        figure.clear_figure()
        figure.plotsize(width, height)
        figure.plot(x, y, marker="braille")
        return str(figure.build())

    print(f"plotext, {points:>7,} points, {width}×{height}: {cost(work):.1f} ms")


def png_of(side: int) -> bytes:
    """A noisy image in which each row is filtered another way."""
    import struct
    import zlib

    rows = np.random.default_rng(1).integers(0, 256, (side, side * 3), dtype=np.uint8)
    packed = zlib.compress(b"".join(bytes([i % 5]) + row.tobytes() for i, row in enumerate(rows)), 1)
    parts = ((b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)), (b"IDAT", packed))
    return png.SIGNATURE + b"".join(struct.pack(">I", len(b)) + k + b + bytes(4) for k, b in parts)


def others() -> None:
    """Heat map, histograms, diff, image."""
    values = np.random.default_rng(1).normal(size=(200, 300)).tolist()
    grid = heat.Grid(rows=[f"f{i}" for i in range(200)], columns=[f"w{i}" for i in range(300)], values=values)
    ms = cost(lambda: heat.draw(grid, width=190, height=45, at=(90, 90)))
    print(f"heat map, 200×300 values, 190×45: {ms:.1f} ms")
    shares, edges = [1 / 30] * 30, [float(i) for i in range(29)]
    ms = cost(lambda: histogram.pair(shares, shares, edges=edges, width=100, height=20))
    print(f"histogram pair, 30 bins, 100×20: {ms:.1f} ms")
    left = "\n".join(f"value_{i} = {i * 7 % 1000}" for i in range(10_000))
    right = "\n".join(f"value_{i} = {i * 7 % 1000 + (i % 100 == 0)}" for i in range(10_000))
    made = diff.rows_of(left, right)
    print(f"diff, 10,000 lines, made: {cost(lambda: diff.rows_of(left, right)):.1f} ms")
    sheet = diff.Sheet(made, 190)
    print(f"diff, 10,000 lines, a page: {cost(lambda: sheet.lines(300, 45)):.1f} ms")
    data = png_of(1_000)
    pixels = picture.decode(data)
    print(f"PNG, 1,000×1,000, read: {cost(lambda: picture.decode(data)):.1f} ms")
    print(f"PNG, drawn in 190×45: {cost(lambda: picture.draw(pixels, width=190, height=45)):.1f} ms")


def main() -> None:
    for points in (1_000, 10_000, 100_000):
        one = line(points)
        for width, height in ((80, 12), (190, 45)):
            ms = cost(lambda one=one, w=width, h=height: chart.render([one], width=w, height=h))  # type: ignore[misc]
            print(f"chart, {points:>7,} points, {width}×{height}: {ms:.1f} ms")
            plotext_line(points, width, height)
    for width, height in ((80, 12), (190, 45)):
        step_of_a_crosshair(width, height)
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
    others()
    print(f"40 digits: {cost(lambda: digit.gallery(digits, width=190, height=45)):.1f} ms")


if __name__ == "__main__":
    main()
