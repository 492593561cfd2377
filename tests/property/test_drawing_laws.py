"""Laws of what is drawn: nothing outside its room, no value lost, no two things in one place."""

import math
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lineside.console.text import line_width, plain
from lineside.console.widgets.charts import braille, chart, histogram, sparkline, ticks
from lineside.console.widgets.graphs import dag, layout
from lineside.console.widgets.images import digit
from lineside.store.clock import Micros
from lineside.store.queries.lineage import EdgeRow, Graph, Node, NodeRow

finite = st.floats(-1e6, 1e6)
anything = st.one_of(finite, st.sampled_from([math.nan, math.inf, -math.inf]))
rooms = st.tuples(st.integers(16, 120), st.integers(4, 30))


@given(values=st.lists(finite, min_size=1, max_size=300), columns=st.integers(1, 40), rows=st.integers(1, 12))
def test_every_point_of_a_line_is_a_dot(values: list[float], columns: int, rows: int) -> None:
    x, y = np.arange(len(values), dtype=float), np.array(values)
    box = braille.Box(
        columns=columns, rows=rows, x0=0.0, x1=float(x[-1]), y0=float(y.min()), y1=float(y.max())
    )
    dots = braille.line(x, y, box)
    assert dots[box.dot_rows(y), box.dot_columns(x)].all()


@given(values=st.lists(finite, min_size=2, max_size=200), columns=st.integers(2, 40), rows=st.integers(1, 12))
def test_a_line_is_unbroken(values: list[float], columns: int, rows: int) -> None:
    x, y = np.arange(len(values), dtype=float), np.array(values)
    box = braille.Box(
        columns=columns, rows=rows, x0=0.0, x1=float(x[-1]), y0=float(y.min()), y1=float(y.max())
    )
    dots = braille.line(x, y, box)
    spans = [np.flatnonzero(column) for column in dots.T]
    assert all(len(span) for span in spans), "every column between the first and the last point has a dot"
    assert all(b.min() <= a.max() + 1 and b.max() >= a.min() - 1 for a, b in pairwise(spans))


@settings(max_examples=60)
@given(
    values=st.lists(anything, max_size=60), room=rooms, log_y=st.booleans(),
    scale=st.sampled_from([ticks.NUMBERS, ticks.CLOCK, ticks.LENGTHS]), pace=st.floats(1e-3, 1e13),
)  # fmt: skip
def test_a_chart_keeps_to_its_room(
    values: list[float], room: tuple[int, int], log_y: bool, scale: ticks.Scale, pace: float
) -> None:
    width, height = room
    x = np.arange(len(values), dtype=float) * pace
    y, behind = np.array(values, dtype=float), np.array(values[::-1], dtype=float)
    one = chart.Line(name="loss", x=x, y=y, behind=behind, letter="a")
    rows = chart.render([one], width=width, height=height, log_y=log_y, x_scale=scale)
    assert len(rows) == height
    assert all(line_width(row) <= width for row in rows)


@given(low=finite, span=st.floats(1e-3, 1e6), most=st.integers(1, 12))
def test_ticks_are_inside_even_and_few(low: float, span: float, most: int) -> None:
    found = ticks.nice(low, low + span, most=most)
    assert len(found) <= most
    slack = span * 1e-6 + abs(low) * 1e-9
    assert all(low - slack <= value <= low + span + slack for value in found)
    gaps = np.diff(found)
    assert len(gaps) == 0 or np.allclose(gaps, gaps[0], rtol=1e-3)


@given(values=st.lists(st.one_of(st.none(), anything), max_size=80), width=st.integers(1, 40))
def test_a_sparkline_has_one_cell_a_value_or_its_width(values: list[float | None], width: int) -> None:
    assert len(sparkline.text(values, width=width)) == min(len(values), width)


@given(
    shares=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40), room=rooms
)  # fmt: skip
def test_histograms_keep_to_their_room(shares: list[tuple[float, float]], room: tuple[int, int]) -> None:
    before, now = zip(*shares, strict=True)
    rows = histogram.pair(before, now, labels=["x"] * len(now), width=room[0], height=room[1])
    assert len(rows) <= room[1]
    assert all(line_width(row) <= room[0] for row in rows)


@given(
    pixels=st.lists(st.floats(0, 16), min_size=64, max_size=64), count=st.integers(0, 20), room=rooms
)  # fmt: skip
def test_a_gallery_shows_whole_pictures_or_none(
    pixels: list[float], count: int, room: tuple[int, int]
) -> None:
    picture = digit.Picture(pixels=pixels, columns=8, full=16, caption=("7 read 1", "bad"))
    rows = digit.gallery([picture] * count, width=room[0], height=room[1])
    assert len(rows) <= room[1]
    assert len(rows) % 5 == 0
    assert all(line_width(row) <= room[0] for row in rows)


nodes = st.integers(0, 14)
arrows = st.lists(st.tuples(nodes, nodes, st.integers(0, 20)), min_size=1, max_size=40)


def graph_of(arrows: list[tuple[int, int, int]], root: int) -> Graph:
    edges = tuple(
        EdgeRow(src_kind="run", src_id=a, dst_kind="run", dst_id=b, relation="made", at_us=Micros(t))
        for a, b, t in arrows
    )
    ids = {root} | {i for a, b, _ in arrows for i in (a, b)}
    rows = tuple(NodeRow(kind="run", id=i, label=f"run {i}", state="FINISHED") for i in ids)
    return Graph(root=Node("run", root), nodes=rows, edges=edges)


@settings(max_examples=150)
@given(arrows=arrows, root=nodes)
def test_no_two_nodes_of_a_lineage_stand_in_one_place(arrows: list[tuple[int, int, int]], root: int) -> None:
    plan = layout.place(graph_of(arrows, root))
    places = [(spot.depth, row) for spot, row in plan.y.items()]
    assert len(set(places)) == len(places)
    assert min(plan.y.values()) == 0


@settings(max_examples=150)
@given(arrows=arrows, root=nodes)
def test_every_drawn_arrow_points_to_the_right_and_exists(
    arrows: list[tuple[int, int, int]], root: int
) -> None:
    plan = layout.place(graph_of(arrows, root))
    known = {(Node("run", a), Node("run", b)) for a, b, _ in arrows}
    for a, b in plan.links:
        assert b.depth == a.depth + 1
        if a.real and b.real:
            assert (a.node, b.node) in known


@settings(max_examples=80)
@given(arrows=arrows, root=nodes)
def test_what_lies_to_the_right_came_later(arrows: list[tuple[int, int, int]], root: int) -> None:
    graph = graph_of(arrows, root)
    plan = layout.place(graph)
    reached, front = {Node("run", root): -1}, [Node("run", root)]
    while front:  # the oracle: every path whose times never fall, by relaxation
        node = front.pop()
        for edge in graph.edges:
            far = Node("run", edge.dst_id)
            if (
                edge.src_id == node.id
                and edge.at_us >= reached[node]
                and edge.at_us < reached.get(far, 10**9)
            ):
                reached[far] = edge.at_us
                front.append(far)
    assert {s.node for s in plan.y if s.depth >= 0 and s.real} == set(reached)


@settings(max_examples=60)
@given(
    arrows=arrows, root=nodes, room=rooms, steps=st.lists(st.sampled_from(["left", "right", "up", "down"]))
)
def test_walking_a_lineage_never_leaves_it_nor_its_room(
    arrows: list[tuple[int, int, int]], root: int, room: tuple[int, int], steps: list[dag.Way]
) -> None:
    plan = layout.place(graph_of(arrows, root))
    here = plan.root
    for way in steps:
        here = dag.step(plan, here, way)
        assert here in plan.y
        assert here.real
    rows = dag.draw(plan, here, width=room[0], height=room[1]).lines
    assert len(rows) <= room[1]
    assert all(line_width(row) <= room[0] for row in rows)
    assert f"run {here.node.id}" in "\n".join(plain(row) for row in rows)
