"""A chart that is looked into: a crosshair over real points, zoom, pan, and the way out again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.events import Key
from textual.pilot import Pilot

from lineside.console import commands
from lineside.console.screens.base.events import key_name
from lineside.console.text import Line, heading, plain
from lineside.console.widgets.charts import chart
from lineside.console.widgets.charts.plot import Plot, differing
from lineside.console.widgets.charts.window import Plotted, Window

X = np.arange(0.0, 1000.0, 10.0)


def draw(model: float, width: int, height: int, view: Window) -> Plotted:
    lines = [
        chart.Line(name="812", x=X, y=model - X / 20, letter="a", style="a"),
        chart.Line(name="798", x=X[:50], y=X[:50] / 10, letter="b", style="b"),
    ]
    drawn = chart.plotted(lines, width=width, height=height - 1, view=view, x_name="step")
    return drawn.under(heading("loss", width))


class Alone(App[None]):
    """Nothing but one chart; keys go through the command table as in an area."""

    def __init__(self, draw: Callable[..., Plotted | list[Line]]) -> None:
        super().__init__()
        self.plot: Plot[float] = Plot(draw)
        self.told: list[Window] = []

    def compose(self) -> ComposeResult:
        yield self.plot

    def on_mount(self) -> None:
        self.plot.styles.height = "1fr"
        self.plot.focus()
        self.plot.show(80.0)

    def on_plot_viewed(self, message: Plot.Viewed) -> None:
        self.told.append(message.window)

    def on_key(self, event: Key) -> None:
        command = commands.keymap(("plot",)).get(key_name(event))
        if command is not None:
            getattr(self.plot, command.method)()


def at_plot(do: Callable[[Alone, Pilot[Any]], Awaitable[None]], draw: Callable[..., Any] = draw) -> None:
    async def run() -> None:
        app = Alone(draw)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await do(app, pilot)

    asyncio.run(run())


def text(app: Alone) -> str:
    return "\n".join(plain(line) for line in app.plot.lines)


def test_the_crosshair_walks_over_points_and_reads_them() -> None:
    async def do(app: Alone, pilot: Pilot[Any]) -> None:
        await pilot.press("end")
        assert app.plot.window.cursor == 990.0
        await pilot.press("home", "l", "l")
        x = app.plot.window.cursor
        assert x in X[1:10]
        assert f"at step {x:.0f}" in text(app)
        assert f"{80 - x / 20:g}" in text(app)
        assert app.plot.reading == f"at step {x:.0f}  812 {80 - x / 20:g}  798 {x / 10:g}"

    at_plot(do)


def test_the_chart_that_has_the_keys_says_what_they_do() -> None:
    async def do(app: Alone, pilot: Pilot[Any]) -> None:
        assert "←→ read" in text(app)
        assert "< > move" not in text(app)
        await pilot.press("+")
        assert "< > move" in text(app)
        app.set_focus(None)
        await pilot.pause()
        assert "←→ read" not in text(app)

    at_plot(do)


def test_escape_leaves_the_crosshair_then_the_zoom() -> None:
    async def do(app: Alone, pilot: Pilot[Any]) -> None:
        await pilot.press("right", "H", "+", "+", "up")
        assert app.plot.window.zoomed
        assert app.plot.window.y0 is not None
        assert app.plot.out()
        assert app.plot.window.cursor is None
        assert app.plot.out()
        assert app.plot.window.y0 is None
        assert app.plot.out()
        assert not app.plot.window.zoomed
        assert not app.plot.out()

    at_plot(do)


def test_zoom_tells_which_span_is_looked_at_and_pans_inside_the_data() -> None:
    async def do(app: Alone, pilot: Pilot[Any]) -> None:
        await pilot.press("+", "+", "<", "<", "<", "<", "<", "<")
        window = app.plot.window
        assert window.x0 == pytest.approx(0.0)
        assert window.x1 == pytest.approx(990.0 / 4)
        assert app.told[-1].x1 == window.x1
        await pilot.press("0")
        assert not app.plot.window.zoomed

    at_plot(do)


def test_the_mouse_sets_the_crosshair_zooms_at_the_pointer_and_chooses_a_span() -> None:
    async def do(app: Alone, pilot: Pilot[Any]) -> None:
        frame = app.plot.frame
        assert frame is not None
        middle = (frame.left + frame.columns // 2, 5)
        await pilot.click(app.plot, offset=middle)
        assert app.plot.window.cursor == pytest.approx(500, abs=20)
        assert not app.plot.window.zoomed
        await pilot.mouse_down(app.plot, offset=(frame.left + 10, 5))
        await pilot.hover(app.plot, offset=(frame.left + 30, 5))
        await pilot.mouse_up(app.plot, offset=(frame.left + 30, 5))
        window = app.plot.window
        assert window.x0 == pytest.approx(frame.x_of(10))
        assert window.x1 == pytest.approx(frame.x_of(30))

    at_plot(do)


def test_words_without_a_chart_have_nothing_to_look_into() -> None:
    async def do(app: Alone, pilot: Pilot[Any]) -> None:
        await pilot.press("right", "+", "up", "end", "*", "0", "<")
        assert text(app) == "no points yet"
        assert not app.plot.out()

    at_plot(do, lambda *_: [[("no points yet", "dim")]])


def test_another_model_that_has_no_point_in_the_window_is_seen_whole() -> None:
    def far(model: float, width: int, height: int, view: Window) -> Plotted:
        line = chart.Line(name="loss", x=X + model, y=X)
        return chart.plotted([line], width=width, height=height, view=view)

    async def do(app: Alone, pilot: Pilot[Any]) -> None:
        await pilot.press("+")
        assert app.plot.window.zoomed
        app.plot.show(1e6)
        assert not app.plot.window.zoomed

    at_plot(do, far)


def test_what_is_read_again_more_finely_can_still_be_zoomed_out_of() -> None:
    within: list[Window] = [Window()]

    def fine(model: float, width: int, height: int, view: Window) -> Plotted:
        x0, x1 = within[0].x0 or 0.0, within[0].x1 or 1000.0
        x = X[(x0 <= X) & (x1 >= X)]
        return chart.plotted([chart.Line(name="loss", x=x, y=x)], width=width, height=height, view=view)

    async def do(app: Alone, pilot: Pilot[Any]) -> None:
        await pilot.press("+", "+", "+")
        within[0] = app.told[-1]
        app.plot.show(1.0)
        before = app.plot.window
        assert "▸" in text(app)
        await pilot.press(">")
        assert app.plot.window.x1 > before.x1  # type: ignore[operator]
        within[0] = app.told[-1]
        app.plot.show(2.0)
        await pilot.press("-")
        assert app.plot.window.zoomed

    at_plot(do, fine)


def test_only_cells_that_differ_are_painted() -> None:
    before: Line = [("abc", ""), ("def", "a"), ("ghi", "")]
    now: Line = [("abc", ""), ("dXf", "a"), ("ghi", "")]
    assert differing(before, now, 9) == (4, 5)
    assert differing(before, before, 9) == (9, 9)
    assert differing(before, [("abc", "")], 9) == (3, 9)
