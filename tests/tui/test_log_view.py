"""The output of a job: searched as a whole and not on the loop, in its colours, wrapped or cut."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures import busy_home
from fixtures.busy_home import at_busy_console
from fixtures.consoles import Sitting

from lineside.console.ports import SqliteStore
from lineside.console.text import plain
from lineside.console.widgets.texts.log import Log
from lineside.store.homes import Home


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(busy_home.build(Home(tmp_path / "home")))
    yield made
    made.close()


def log_of(here: Sitting) -> Log:
    return here.app.screen.query_one(Log)


def test_a_word_is_found_anywhere_in_a_long_log_and_n_goes_on(busy: SqliteStore) -> None:
    path = busy.home.attempt(57, 1) / "log"
    path.write_text("".join(f"step {n} {'x' * 60}\n" for n in range(60_000)))

    async def do(here: Sitting) -> None:
        await here.press("3", "down", "down", "enter", "slash", *"step 777 ", "enter")
        await here.until(lambda _: "step 777 " in log_of(here).text())
        assert not log_of(here).following
        await here.press("slash", *"step 4100", "enter")
        await here.until(lambda _: log_of(here)._hit == 41_009)
        await here.press("n")
        await here.until(lambda _: log_of(here)._hit == 4_100), "n goes on, round the end"
        await here.press("N")
        await here.until(lambda _: log_of(here)._hit == 41_009)
        await here.press("slash", *"absent", "enter")
        await here.until(lambda _: "nothing holds 'absent'" in plain(log_of(here)._heading(80)))
        await here.press("escape")
        assert log_of(here).searched == "", "escape ends the search, and only that"
        assert here.app.screen.has_class("-zoomed")

    at_busy_console(busy, do)


def test_a_log_keeps_its_colours_and_says_where_one_is_and_when_it_was_written(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("3", "down", "down", "enter")
        log = log_of(here)
        assert any(style == "ok" for _, line in log._shown for _, style in line)
        assert "\x1b" not in log.text()
        head = plain(log._heading(80))
        assert "following" in head
        assert "written" in head
        await here.press("g", "g")
        assert re.search(r"line \d+ of 203 · \d+ %", plain(log._heading(80)))

    at_busy_console(busy, do)


def test_long_lines_are_wrapped_or_looked_at_further_right(busy: SqliteStore) -> None:
    path = busy.home.attempt(57, 1) / "log"
    path.write_text("start " + "a" * 100 + " end\nshort\n")

    async def do(here: Sitting) -> None:
        await here.press("3", "down", "down", "enter")
        assert log_of(here).text().count("\n") == 1
        await here.press("w")
        assert log_of(here).text().splitlines()[1].endswith("a end")
        await here.press("w", "right", "right")
        assert log_of(here).text().splitlines()[0].endswith("a end")
        assert not log_of(here).text().startswith("start")

    at_busy_console(busy, do)


def test_a_progress_bar_shows_its_last_state(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("3", "down", "down", "down")
        assert "features:  61%" in log_of(here).text()
        assert "features:  60%" not in log_of(here).text()

    at_busy_console(busy, do)
