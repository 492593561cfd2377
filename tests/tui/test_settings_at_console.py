"""What a person's file says is how their console is."""

import pytest
from fixtures.consoles import Sitting, at_console

from lineside.console.app import RunnerChanged
from lineside.console.ports import Me, RunnerState, SqliteStore
from lineside.console.settings import Settings
from lineside.console.themes import NAMES
from lineside.store.actors import Role


def test_the_console_begins_where_the_person_wants_it(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        assert here.app.current_mode == "jobs"
        assert "Jobs" in await here.text()

    at_console(store, do, settings=Settings(layout={"start": "jobs"}))


def test_t_goes_through_all_themes_and_says_which(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        seen = [here.app.theme]
        for _ in NAMES:
            await here.press("T")
            seen.append(here.app.theme)
        assert seen == ["lineside-contrast", *NAMES[3:], *NAMES[:3]]
        assert any("theme contrast" in str(notice.message) for notice in here.app._notifications)

    at_console(store, do, settings=Settings(theme="lineside-contrast"))


def test_a_chosen_key_works_and_is_shown_and_the_old_one_is_free(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2")
        assert "X compare" in "\n".join(await here.rows())
        area = here.app.area
        assert area is not None
        before = await here.rows()
        await here.press("x")
        assert await here.rows() == before

    at_console(store, do, settings=Settings(keys={"runs.compare": ("X",)}), size=(200, 50))


def test_who_only_looks_is_a_viewer_whatever_the_runner_says(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        state = RunnerState(up=True, words="runner ok", me=Me(name="ana", role=Role.ADMIN))
        here.app.post_message(RunnerChanged(state))
        await here.settle()
        assert here.app.runner.me.role is Role.VIEWER
        await here.press("3", ".")
        assert "cancel" not in await here.text()

    at_console(store, do, settings=Settings(read_only=True))


def test_a_person_without_a_runner_who_only_looks_is_offered_nothing(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        assert here.app.runner.me.role is Role.VIEWER

    at_console(store, do, settings=Settings(read_only=True))


def test_the_table_has_the_share_that_the_person_gave_it(store: SqliteStore) -> None:
    heights: list[int] = []

    async def do(here: Sitting) -> None:
        await here.press("3")
        area = here.app.area
        assert area is not None
        table = area.main()
        assert table is not None
        heights.append(table.size.height)

    for share in (0.2, 0.5):
        at_console(store, do, settings=Settings(layout={"jobs.table": share}))
    assert heights[0] < heights[1]


def test_without_colour_no_cell_of_any_area_has_one(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def do(here: Sitting) -> None:
        for key in ("1", "2", "3", "4", "5", "6", "7", "8", "."):
            await here.press(key)
            for strip in here.app.screen._compositor.render_strips():
                for _, style, _ in strip:
                    colours = [] if style is None else [style.color, style.bgcolor]
                    assert all(colour is None or colour.is_default for colour in colours), (key, style)

    monkeypatch.setenv("NO_COLOR", "1")
    at_console(store, do)


def test_in_ascii_the_footer_spells_the_keys_out(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        assert "enter look" in (await here.rows())[-1]

    at_console(store, do, settings=Settings(ascii=True))
