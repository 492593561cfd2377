"""Every area and every overlay, on every size of terminal: whole, its parts beside each other."""

from itertools import combinations

import pytest
from fixtures.consoles import Sitting, at_console
from textual.widget import Widget

from lineside.console.commands import AREAS, TITLES
from lineside.console.ports import SqliteStore
from lineside.console.settings import Settings
from lineside.console.terminal.letters import ascii_of

SIZES = ((38, 12), (60, 20), (80, 24), (120, 40), (200, 50), (300, 80))
USUAL = ((38, 12), (80, 24), (200, 50))
SLOW = pytest.mark.integration
"""Many screens, one after the other: all of them are looked at with `-m integration`."""
OVERLAYS = (".", "g", "y", ";", "?", ":", "/", "s", "c")


async def _whole(here: Sitting, area: str) -> list[str]:
    """The screen's rows; it must fill the terminal, its parts beside each other."""
    rows = await here.rows()
    width, height = here.app.size
    where = f"{area} at {width}x{height}"
    assert len(rows) == height, where
    assert not _laid_over_each_other(here), where
    assert not list(here.app.query("Toast.-error")), where
    return rows


def _laid_over_each_other(here: Sitting) -> list[tuple[Widget, Widget]]:
    """Pairs of widgets that are drawn on the same cell, and of which none holds the other."""
    seen = here.app.screen._compositor.visible_widgets
    leaves = [w for w in seen if not w.children and not type(w).__name__.startswith(("Toast", "Tooltip"))]
    drawn = [(w, region.intersection(clip)) for w, (region, clip) in seen.items() if w in leaves]
    return [(a, b) for (a, one), (b, two) in combinations(drawn, 2) if one.overlaps(two)]


async def _with_toast(here: Sitting) -> list[str]:
    await here.until(lambda _: bool(here.app.screen.query("Toast")))
    return await here.rows()


def _main_table_is_seen(here: Sitting) -> bool:
    """Three rows of the table that has the keys, or all where there are fewer."""
    area = here.app.area
    table = area.main() if area is not None else None
    if table is None or not table.display:
        return True  # it has none, or shows something else in its place
    region, clip = here.app.screen._compositor.visible_widgets[table]
    return region.intersection(clip).height - table._head >= min(3, len(table.rows))


@pytest.mark.parametrize(
    "size",
    [size if size in USUAL else pytest.param(size, marks=SLOW) for size in SIZES],
    ids=lambda size: "x".join(map(str, size)),
)
def test_every_area_fits_every_terminal(store: SqliteStore, size: tuple[int, int]) -> None:
    async def do(here: Sitting) -> None:
        for digit, area in enumerate(AREAS, 1):
            await here.press(str(digit))
            rows = await _whole(here, area)
            assert TITLES[area] in rows[0]
            assert rows[-1].strip(), f"{area} has no footer"
            assert _main_table_is_seen(here), area

    at_console(store, do, size=size)


@pytest.mark.parametrize(
    "size",
    [pytest.param((38, 12), marks=SLOW), (80, 24), pytest.param((200, 50), marks=SLOW)],
    ids=lambda size: "x".join(map(str, size)),
)
def test_every_overlay_fits_every_terminal(store: SqliteStore, size: tuple[int, int]) -> None:
    async def do(here: Sitting) -> None:
        for digit, area in enumerate(AREAS[:8], 1):  # the ninth is a place to write
            await here.press(str(digit))
            for key in OVERLAYS:
                await here.press(key)
                await _whole(here, f"{key} in {area}")
                await here.press("escape")
                while len(here.app.screen_stack) > 1:
                    await here.press("escape")

    at_console(store, do, size=size)


@SLOW
def test_a_storm_of_sizes_leaves_the_screen_whole(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        for digit, area in enumerate(AREAS, 1):
            await here.press(str(digit))
            for size in (*SIZES, *reversed(SIZES), (1, 1), (20, 5), (500, 10), (12, 90), (80, 24)):
                await here.pilot.resize_terminal(*size)
            await here.pilot.resize_terminal(80, 24)
            await _whole(here, area)

    at_console(store, do)


@pytest.mark.parametrize("size", [(80, 24), pytest.param((200, 50), marks=SLOW)], ids=["80x24", "200x50"])
def test_ascii_draws_all_areas_and_overlays_in_ascii(store: SqliteStore, size: tuple[int, int]) -> None:
    async def do(here: Sitting) -> None:
        for digit, area in enumerate(AREAS, 1):
            await here.press(str(digit))
            for key in ("", "enter", "escape", "?", "escape", ".", "escape"):
                if key and not (digit == 9 and key == "."):
                    await here.press(key)
                rows = await here.rows()
                other = {c for row in rows for c in row if not 32 <= ord(c) < 127}
                assert not other, (area, key, other)
                assert {len(row) for row in rows} == {size[0]}, (area, key)
        here.app.notify("größer → 数", severity="error", markup=False)
        assert any("gro?er > ??" in row for row in await _with_toast(here))

    at_console(store, do, size=size, settings=Settings(ascii=True), toasts=True)


def test_ascii_is_the_same_screen_letter_for_letter(store: SqliteStore) -> None:
    seen: dict[bool, list[str]] = {}

    async def do(here: Sitting) -> None:
        await here.press("2")
        seen[here.app.settings.ascii] = await here.rows()

    for ascii in (False, True):
        at_console(store, do, settings=Settings(ascii=ascii))
    body = slice(0, -1)  # the footer spells `enter` out
    assert [ascii_of(row) for row in seen[False]][body] == seen[True][body]
