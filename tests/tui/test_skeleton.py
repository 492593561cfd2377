"""Moving between areas, menus, help and the spoken line, at 80 × 24."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from fixtures.consoles import Remembering, Sitting, at_console

from lineside.console.app import LinesideApp
from lineside.console.ports import Me, RunnerState, SqliteStore
from lineside.store.actors import Role
from lineside.store.clock import Micros
from lineside.store.homes import Home
from lineside.store.queries import stories


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_digits_brackets_and_the_backtick_move_between_areas(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        for key, area in (
            ("2", "runs"),
            ("3", "jobs"),
            ("`", "runs"),
            ("[", "jobs"),
            ("[", "runs"),
            ("]", "jobs"),
        ):
            await here.press(
                {"`": "grave_accent", "[": "left_square_bracket", "]": "right_square_bracket"}.get(key, key)
            )
            assert here.app.current_mode == area, key

    at_console(store, do)


def test_the_frame_shows_what_waits_the_story_and_the_keys(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("2")
        assert "1Wall" in text
        assert "5Models·1" in text
        assert "accuracy sinks again; v3 waits for you to approve it" in text
        assert "press  5 " in text
        assert ". do" in text

    at_console(store, do)


def test_help_shows_the_keys_of_this_area_first_and_any_key_leaves(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("3", "question_mark")
        assert "KEYS IN JOBS" in text
        assert text.index("in Jobs") < text.index("in Jobs: change things")
        await here.press("pagedown")
        assert len(here.app.screen_stack) == 2
        await here.press("escape")
        assert len(here.app.screen_stack) == 1

    at_console(store, do)


def test_the_spoken_line_goes_to_a_thing_and_filters_an_area(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("colon", *"run 4", "enter")
        assert here.app.current_mode == "runs"
        assert "val_loss" in text
        text = await here.press("colon", *"jobs failed", "enter")
        assert "/ failed" in text

    at_console(store, do)


def test_the_palette_finds_a_command_by_its_words(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("2", "ctrl+p", *"compare marked")
        assert "compare the marked" in text
        assert "compare" in await here.press("enter")

    at_console(store, do)


def test_a_menu_leaves_with_any_other_key_and_changes_nothing(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("3", ".")
        assert "run a pipeline" in text
        await here.press("Z")
        assert len(here.app.screen_stack) == 1
        assert here.actions.asked == []

    at_console(store, do)


def test_a_viewer_is_offered_nothing_that_changes_the_world(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        here.app.runner = RunnerState(up=True, words="runner ok", me=Me(name="vera", role=Role.VIEWER))
        text = await here.press("3", ".")
        assert "nothing to do here" in text

    at_console(store, do)


def test_g_goes_to_what_belongs_to_the_row_and_offers_nothing_else(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("2", "g")
        assert "its job" in text
        assert "its endpoint" not in text
        await here.press("j")
        assert here.app.current_mode == "jobs"

    at_console(store, do)


def test_copying_says_what_was_copied(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "down", "y", "y")
        (told,) = here.app._notifications
        assert told.message.startswith("copied lineside runs ")
        assert told.message.endswith("(OSC 52)")

    at_console(store, do)


@pytest.mark.parametrize("size", [(200, 50), (38, 12)])
def test_every_area_draws_at_any_size_and_after_a_resize(store: SqliteStore, size: tuple[int, int]) -> None:
    async def do(here: Sitting) -> None:
        await here.press(*"123456789")
        await here.pilot.resize_terminal(100, 30)
        assert "Wall" in await here.press("1")

    at_console(store, do, size=size)


def test_a_commit_of_the_runner_appears_by_itself(home: Home, db: sqlite3.Connection) -> None:
    """With the real watcher: nobody presses a key."""

    async def run() -> str:
        store = SqliteStore(home)
        app = LinesideApp(store, Remembering(acting_as=None), watch=True)
        async with app.run_test(size=(80, 24)) as pilot:
            here = Sitting(app=app, pilot=pilot, actions=Remembering())
            await here.settle()
            stories.say(db, "the first model serves", key="5", at=Micros(1))
            text = await here.until(lambda text: "the first model serves" in text, tries=150)
        store.close()
        return text

    assert "the first model serves" in asyncio.run(run())


def test_without_colour_no_style_names_one(monkeypatch: pytest.MonkeyPatch, store: SqliteStore) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def do(here: Sitting) -> None:
        assert here.app.theme == "ansi-dark"
        strips = [
            here.app.screen.query_one("#titlebar").render_line(0),
            here.app.screen.query_one("#needs").render_line(0),
        ]
        styles = [segment.style for strip in strips for segment in strip]
        assert all(style is None or (style.color is None and style.bgcolor is None) for style in styles)

    at_console(store, do)


@pytest.mark.parametrize("keys", ["mloss", "?qqq", ":\x1b\x1b\x1b", ".nn"])
def test_what_is_typed_faster_than_an_overlay_goes_away_is_lost_and_harms_nothing(
    store: SqliteStore, keys: str
) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "down", "down")
        await here.at_once(*("escape" if key == "\x1b" else key for key in keys))
        await here.press("escape")
        assert len(here.app.screen_stack) == 1
        assert here.app.current_mode == "runs"
        assert here.actions.asked == []

    at_console(store, do)
