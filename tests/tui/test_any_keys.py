"""Whatever is typed, in whatever order: the console stays alive, and only `.` and `y` change anything."""

import random
import string

import pytest
from fixtures import busy_home
from fixtures.busy_home import at_busy_console
from fixtures.consoles import Sitting, at_console

from lineside.console.commands import AREAS
from lineside.console.ports import SqliteStore
from lineside.store.homes import Home

_LETTERS = [c for c in string.ascii_letters + "`@!$%^*-_=+[]{}\\|;:',<>/? " if c != "q"]
_NAMED = ("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "tab", "shift+tab",
          "backspace", "delete", "ctrl+r", "ctrl+w", "ctrl+a", "ctrl+k", "ctrl+u")  # fmt: skip
_SIZES = [(80, 24), (38, 12), (200, 50)]


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return busy_home.build(Home(tmp_path_factory.mktemp("busy") / "home"))


def _key(rng: random.Random) -> str:
    kinds = (_LETTERS, _NAMED, ("enter",), ("escape",), string.digits)
    return rng.choice(rng.choices(kinds, weights=(55, 20, 10, 10, 5))[0])


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.integration) for n in range(1, 9))])
def test_keys_in_any_order_break_nothing_and_do_nothing(busy: Home, seed: int) -> None:
    rng = random.Random(seed)

    async def do(here: Sitting) -> None:
        for number in range(24):
            if number % 6 == 5:
                await here.pilot.resize_terminal(*rng.choice(_SIZES))
            await here.at_once(*(_key(rng) for _ in range(8)))
        await here.press(*["escape"] * 8)
        assert "NEEDS YOU" in await here.press("1")
        assert here.actions.asked == []

    store = SqliteStore(busy)
    at_busy_console(store, do, size=_SIZES[seed])
    store.close()


def test_a_range_is_marked_in_a_table_without_rows(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        for digit, area in enumerate(AREAS, 1):
            if area != "sql":  # it asks what is typed
                await here.press(str(digit), "/", *"zz", "enter", "escape", "v", "space", "U")
        assert here.app.is_running

    at_console(store, do)


def test_a_menu_that_comes_late_does_not_lie_over_another_area(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.at_once("3", "s", "2")
        assert here.app.current_mode == "runs"
        assert len(here.app.screen_stack) == 1

    at_console(store, do)


def test_a_query_taken_to_sql_before_it_was_ever_shown_is_asked(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        here.app.go("sql", "select 41 + 1 as found")
        here.app.go("runs")
        here.app.go("sql", "select 41 + 1 as found")
        assert "42" in await here.text()

    at_console(store, do)


def test_where_nothing_can_be_seen_keys_do_nothing_but_leave(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("5", ".")
        await here.pilot.resize_terminal(20, 5)
        stack = list(here.app.screen_stack)
        await here.press("a", "y", "enter", "escape", "2")
        assert here.app.screen_stack == stack
        assert here.app.current_mode == "models"
        await here.pilot.resize_terminal(80, 24)
        await here.press("escape", "2")
        assert here.app.current_mode == "runs"
        await here.pilot.resize_terminal(20, 5)
        assert " q leaves" in await here.text()
        await here.pilot.press("q")
        assert here.app.return_code == 0

    at_console(store, do)


def test_what_an_area_said_is_not_said_over_another(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("5")
        assert here.app.area is not None
        here.app.area.notify("mark a version to compare with")
        await here.settle()
        assert [note.message for note in here.app._notifications] == ["mark a version to compare with"]
        await here.press("7")
        assert not list(here.app._notifications)

    at_console(store, do)
