"""Laws of charts that are looked into: nothing is lost, what is read is true, windows stay on the data."""

import math

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lineside.console.text import line_width, plain
from lineside.console.widgets.charts import axes, braille, chart, gauge, heat, ticks
from lineside.console.widgets.charts import window as windows
from lineside.console.widgets.charts.plot import differing
from lineside.console.widgets.charts.window import ALL, Frame, Window

finite = st.floats(-1e6, 1e6).filter(lambda v: v == 0 or abs(v) > 1e-6)
anything = st.one_of(finite, st.sampled_from([math.nan, math.inf, -math.inf]))
series = st.lists(anything, min_size=1, max_size=80)
rooms = st.tuples(st.integers(16, 110), st.integers(4, 30))
keys = st.lists(st.sampled_from(["closer", "wider", "left", "right", "taller", "flatter"]), max_size=12)


def frame_of(count: int, *, columns: int = 60, log_x: bool = False, window: Window = ALL) -> Frame:
    xs = np.arange(1.0, count + 1)
    return Frame(
        left=0, top=0, columns=columns, rows=10, x0=window.x0 or 1.0, x1=window.x1 or float(count), y0=0.0,
        y1=1.0, low=1.0, high=float(count), xs=xs, log_x=log_x,
    )  # fmt: skip


def looked(window: Window, frame: Frame, key: str) -> Window:
    match key:
        case "closer":
            return windows.zoom(window, frame, 0.5, around=window.cursor)
        case "wider":
            return windows.zoom(window, frame, 2.0, around=window.cursor)
        case "taller" | "flatter":
            return windows.stretch(window, frame, 0.7 if key == "taller" else 1.4)
        case _:
            return windows.pan(window, frame, -0.5 if key == "left" else 0.5)


@settings(max_examples=120, deadline=None)
@given(ys=st.lists(series, min_size=1, max_size=3), room=rooms, keys=keys, cursor=finite, logs=st.booleans())
def test_any_view_of_any_lines_keeps_to_its_room(
    ys: list[list[float]], room: tuple[int, int], keys: list[str], cursor: float, logs: bool
) -> None:
    lines = [
        chart.Line(name=f"run {i}", x=np.arange(1.0, len(y) + 1), y=np.array(y), letter="ab"[i % 2])
        for i, y in enumerate(ys)
    ]
    view, scale = Window(cursor=cursor, focused=True), ticks.POWERS if logs else ticks.NUMBERS
    for key in ["none", *keys]:
        drawn = chart.plotted(
            lines,
            width=room[0],
            height=room[1],
            view=view,
            log_x=logs,
            log_y=logs,
            x_scale=scale,
            x_name="step",
        )
        assert len(drawn.rows) == room[1]
        assert all(line_width(row) <= room[0] for row in drawn.rows)
        assert drawn.frame is not None
        view = looked(view, drawn.frame, key) if key != "none" else view


@settings(max_examples=150)
@given(ys=st.lists(finite, min_size=1, max_size=300), columns=st.integers(2, 60), rows=st.integers(2, 20))
def test_the_least_and_the_largest_value_are_drawn(ys: list[float], columns: int, rows: int) -> None:
    x, y = np.arange(float(len(ys))), np.array(ys)
    axis = axes.heights(float(y.min()), float(y.max()), rows=rows)
    box = braille.Box(columns=columns, rows=rows, x0=0.0, x1=float(len(ys) - 1), y0=axis.low, y1=axis.high)
    dots = braille.line(x, y, box)
    for at in (int(y.argmin()), int(y.argmax())):
        assert dots[box.dot_rows(y[at : at + 1])[0], box.dot_columns(x[at : at + 1])[0]]


@given(low=finite, span=st.floats(1e-3, 1e6), rows=st.integers(2, 50), log=st.booleans())
def test_an_axis_has_its_range_in_sight_and_labels_evenly_apart(
    low: float, span: float, rows: int, log: bool
) -> None:
    if log:
        low, span = low % 20, span % 30 + 0.01
    axis = axes.heights(low, low + span, rows=rows, log=log)
    slack = (axis.high - axis.low) * 1e-9
    assert axis.low <= low + slack
    assert axis.high >= low + span - slack
    box = braille.Box(columns=10, rows=rows, x0=0, x1=1, y0=axis.low, y1=axis.high)
    places = sorted(axes.row_of(box, height) for height in axis.labels)
    assert len(set(axis.labels.values())) == len(axis.labels)
    if len(places) > 2 and rows > 3 and not (log and span < 1.5):
        assert len(set(np.diff(places))) == 1


@settings(max_examples=150)
@given(ys=st.lists(finite, min_size=2, max_size=60), at=st.floats(0, 61), width=st.integers(60, 160))
def test_a_crosshair_stands_on_a_point_and_reads_its_value(ys: list[float], at: float, width: int) -> None:
    line = chart.Line(name="loss", x=np.arange(float(len(ys))), y=np.array(ys))
    drawn = chart.plotted([line], width=width, height=12, view=Window(cursor=at), x_name="step")
    assert drawn.frame is not None
    x = drawn.frame.nearest(at)
    assert x == min(line.x, key=lambda one: abs(one - at))
    text = "\n".join(plain(row) for row in drawn.rows)
    assert f"at step {x:g}" in text
    value = next(row for row in text.splitlines() if "loss" in row).split("loss")[1].split()[0]
    true = ys[int(x)]
    assert abs(float(value.replace(",", "")) - true) <= abs(true) * 1e-3


@given(count=st.integers(2, 500), column=st.integers(0, 59), log=st.booleans())
def test_a_column_and_its_x_belong_together(count: int, column: int, log: bool) -> None:
    frame = frame_of(count, log_x=log)
    assert frame.column_of(frame.x_of(column)) == column


@given(count=st.integers(2, 500), keys=keys, cursor=st.floats(1, 500), log=st.booleans())
def test_a_window_never_leaves_the_data_and_zoom_holds_its_place(
    count: int, keys: list[str], cursor: float, log: bool
) -> None:
    view = Window(cursor=min(cursor, count))
    for key in keys:
        frame = frame_of(count, window=view, log_x=log)
        before, view = view, looked(view, frame, key)
        if view.x0 is not None and view.x1 is not None:
            assert 1.0 - 1e-9 <= view.x0 < view.x1 <= count + 1e-6
        after = frame_of(count, window=view, log_x=log)
        seen = before.cursor is not None and 0 <= frame.column_of(before.cursor) < frame.columns
        if key == "closer" and view != before and before.cursor is not None and seen:
            assert abs(frame.column_of(before.cursor) - after.column_of(before.cursor)) <= 1


@given(count=st.integers(2, 500), start=st.floats(0, 501), cells=st.sampled_from([-10, -1, 1, 10]))
def test_a_step_of_the_crosshair_goes_on_until_the_last_point(count: int, start: float, cells: int) -> None:
    frame = frame_of(count)
    here = frame.nearest(start)
    there = frame.beside(here, cells)
    assert there in frame.xs
    end = frame.high if cells > 0 else frame.low
    assert here == end or (there - here) * cells > 0


texts = st.lists(st.tuples(st.text("ab─数", max_size=14), st.sampled_from(["", "a", "bad"])), max_size=3)


@settings(max_examples=300)
@given(old=texts, new=texts)
def test_outside_the_cells_that_are_painted_two_rows_look_the_same(
    old: list[tuple[str, str]], new: list[tuple[str, str]]
) -> None:
    def cells(line: list[tuple[str, str]]) -> list[tuple[str, str]]:
        out = [(c if i == 0 else "", s) for t, s in line for c in t for i in range(line_width([(c, "")]))]
        return out + [(" ", "")] * (90 - len(out))

    first, last = differing(old, new, 90)
    a, b = cells(old), cells(new)
    assert a[:first] == b[:first]
    assert a[last:] == b[last:]


@given(share=st.one_of(st.none(), st.floats(-1, 3)), width=st.integers(1, 60))
def test_a_gauge_fills_its_width(share: float | None, width: int) -> None:
    assert line_width(gauge.bar(share, width=width)) == width


@settings(max_examples=100)
@given(
    values=st.lists(st.lists(st.none() | anything, min_size=3, max_size=3), min_size=1, max_size=20),
    room=rooms,
    at=st.none() | st.tuples(st.integers(0, 19), st.integers(0, 2)),
    split=st.booleans(),
)
def test_a_heat_map_keeps_to_its_room_and_says_what_the_cursor_is_on(
    values: list[list[float | None]], room: tuple[int, int], at: tuple[int, int] | None, split: bool
) -> None:
    assume(at is None or at[0] < len(values))
    names = [f"feature {i}" for i in range(len(values))]
    grid = heat.Grid(rows=names, columns=["w1", "w2", "a long name"], values=values, diverging=split)
    rows = heat.draw(grid, width=room[0], height=room[1], at=at)
    assert len(rows) <= room[1]
    assert all(line_width(row) <= room[0] for row in rows)
    if at is not None and room[0] > 40:
        assert names[at[0]] in plain(rows[-1])
        spot = next(
            (x, y)
            for y in range(len(rows))
            for x in range(room[0])
            if heat.cell_at(grid, x, y, width=room[0], height=room[1], at=at) == at
        )
        assert spot[1] > 0
