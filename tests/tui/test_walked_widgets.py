"""Heat map, diff and image on the screen: walked by key and mouse, drawn again when there is other room."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
from textual.app import App, ComposeResult
from textual.events import Key
from textual.pilot import Pilot
from textual.widget import Widget

from lineside.console import commands
from lineside.console.look import themes
from lineside.console.screens.base.events import key_name
from lineside.console.text import plain
from lineside.console.widgets.charts.heat import Grid
from lineside.console.widgets.charts.heatmap import Heatmap
from lineside.console.widgets.images.pictureview import PictureView
from lineside.console.widgets.texts.diff import rows_of
from lineside.console.widgets.texts.diffview import DiffView

GRID = Grid(
    rows=["temp", "humidity", "season"], columns=["w1", "w2"], column_name="window",
    values=[[0.1, 0.41], [None, 0.2], [float("nan"), 0.0]], fired=frozenset({(0, 1)}),
)  # fmt: skip


class Alone(App[None]):
    """One widget; keys go through the command table as in an area."""

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.only = widget
        self.moves: list[tuple[int, int]] = []
        for theme in themes():
            self.register_theme(theme)
        self.theme = "lineside-dark"

    def compose(self) -> ComposeResult:
        yield self.only

    def on_mount(self) -> None:
        self.only.styles.height = "1fr"

    def on_heatmap_moved(self, message: Heatmap.Moved) -> None:
        self.moves.append((message.row, message.column))

    def on_key(self, event: Key) -> None:
        command = commands.keymap((getattr(self.only, "SCOPE", ""),)).get(key_name(event))
        if command is not None:
            getattr(self.only, command.method)()


def at(
    widget: Widget, do: Callable[[Alone, Pilot[Any]], Awaitable[None]], *, size: tuple[int, int] = (60, 12)
) -> None:
    async def run() -> None:
        app = Alone(widget)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await do(app, pilot)

    asyncio.run(run())


def test_a_heat_map_is_walked_and_reads_the_cell_it_stands_on() -> None:
    heatmap = Heatmap()

    async def do(app: Alone, pilot: Pilot[Any]) -> None:
        heatmap.show(GRID)
        heatmap.focus()
        await pilot.press("right", "up")
        assert app.moves == [(0, 1)]
        last = plain(heatmap.lines[-1])
        assert "temp · window w2" in last
        assert "0.41 ◆" in last
        await pilot.press("down", "left")
        assert "nothing" in plain(heatmap.lines[-1])
        await pilot.press("down")
        assert "nan" in plain(heatmap.lines[-1])

    at(heatmap, do)


def test_the_cursor_of_a_heat_map_stays_on_its_row_when_others_come() -> None:
    heatmap = Heatmap()

    async def do(app: Alone, pilot: Pilot[Any]) -> None:
        heatmap.show(GRID)
        heatmap.focus()
        await pilot.press("down", "right")
        more = Grid(rows=["new", *GRID.rows], columns=["w2", "w3"], values=[[0.0, 0.0], *GRID.values])
        heatmap.show(more)
        assert heatmap.at == (2, 0)
        heatmap.show(Grid(rows=["one"], columns=["w3"], values=[[1.0]]))
        assert heatmap.at == (0, 0)
        heatmap.show(Grid(rows=[], columns=[], values=[]))
        await pilot.press("down")

    at(heatmap, do)


def test_a_click_goes_to_the_cell_under_it() -> None:
    heatmap = Heatmap()

    async def do(app: Alone, pilot: Pilot[Any]) -> None:
        heatmap.show(GRID)
        heatmap.focus()
        await pilot.click(heatmap, offset=(12 + 9 + 2, 3))
        assert heatmap.at == (2, 1)

    at(heatmap, do)


def test_n_goes_from_change_to_change_and_back() -> None:
    view = DiffView()
    left = "\n".join(f"line {i}" for i in range(200))
    right = left.replace("line 10\n", "line ten\n").replace("line 90\n", "").replace("line 190\n", "line X\n")

    async def do(app: Alone, pilot: Pilot[Any]) -> None:
        view.show(rows_of(left, right, around=None), title="train.py")
        view.focus()
        await pilot.press("n")
        assert view.text().splitlines()[0].split() == ["11", "-", "line", "10"]
        await pilot.press("n")
        assert view.text().splitlines()[0].split() == ["91", "-", "line", "90"]
        await pilot.press("n", "n")
        assert "line X" in view.text()
        await pilot.press("N")
        assert view.text().splitlines()[0].split() == ["91", "-", "line", "90"]
        assert "2 of 3" in plain(view._heading(60))
        await pilot.press("home", "G")
        assert "line 199" in view.text()

    at(view, do)


def test_a_diff_with_room_shows_both_sides() -> None:
    view = DiffView()

    async def do(app: Alone, pilot: Pilot[Any]) -> None:
        view.show(rows_of("lr = 1", "lr = 2"), title="params")
        await pilot.resize_terminal(120, 12)
        await pilot.pause()
        assert "│" in view.text()
        await pilot.resize_terminal(60, 12)
        await pilot.pause()
        assert "│" not in view.text()

    at(view, do)


def test_an_image_has_colours_and_without_them_shades() -> None:
    view = PictureView()
    pixels = np.full((8, 8, 3), 255, dtype=np.uint8)

    async def do(app: Alone, pilot: Pilot[Any]) -> None:
        view.show(pixels, [("plot.png", "head")])
        assert "▀" in plain(view.lines[1])
        app.theme = "ansi-dark"
        view.redraw()
        assert "@" in plain(view.lines[1])

    at(view, do)
