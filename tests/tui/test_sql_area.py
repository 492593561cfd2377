"""SQL at 80 × 24."""

from pathlib import Path

import polars as pl
import pytest
from fixtures.consoles import Sitting, at_console

from lineside.console.ports import SqliteStore
from lineside.console.querying import saved
from lineside.console.screens.sql import SqlArea


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The person's folder is a new one."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return saved.folder()


def area(here: Sitting) -> SqlArea:
    found = here.app.area
    assert isinstance(found, SqlArea)
    return found


def test_a_query_becomes_a_table_and_a_row_a_record(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("9")
        assert "VIEWS YOU CAN ASK" in text
        assert "e writes a query" in text
        assert "o and its letter asks it" in text
        assert "a  runs by the last value of a metric" in text
        text = await here.press("e", *"select id, name from runs where id = 4", "enter")
        assert "1 row" in text
        assert "network" in text
        assert "RECORD" in await here.press("d")
        assert "RECORD" not in await here.press("escape")

    at_console(store, do)


def test_digits_leave_the_area_as_they_leave_every_other(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("9", "1")
        assert here.app.current_mode == "wall"

    at_console(store, do)


def test_what_duckdb_does_not_understand_is_said_in_its_words_and_in_its_place(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("9", "e", *"select nonsense", "ctrl+j", *"from runs", "enter")
        assert "NOT UNDERSTOOD" in text
        assert "nonsense" in text
        lines = text.splitlines()
        at = next(i for i, line in enumerate(lines) if line.rstrip().endswith("1 select nonsense"))
        assert lines[at + 1].index("▲") == lines[at].index("nonsense")
        assert area(here).editor.cursor_location == (0, 7)
        text = await here.press("up")
        assert "NOT UNDERSTOOD" in text

    at_console(store, do)


def test_a_query_may_have_several_lines_and_comes_back_with_up(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("9", "e", *"select 1 as", "ctrl+j", *"one", "enter")
        text = await here.press("e", "up", "up")
        assert area(here).editor.text == "select 1 as\none"
        assert "1 row" in text

    at_console(store, do)


def test_tab_completes_views_after_from_and_columns_of_what_is_named(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("9", "e", *"select * from me", "tab")
        assert area(here).editor.text == "select * from metrics"
        assert "tab" in text
        await here.press(*" m where m.last_s", "tab")
        assert area(here).editor.text.endswith("m.last_step")

    at_console(store, do)


def test_tab_goes_through_what_could_be_meant(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("9", "e", *"from m", "tab")
        first = area(here).editor.text
        await here.press("tab")
        assert {first, area(here).editor.text} == {"from metrics", "from model_versions"}
        assert "asked before" in await here.press("space")

    at_console(store, do)


def test_no_value_empty_text_and_what_is_no_number_look_different(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        query = "select null as a, '' as b, 'nan'::double as c, -('inf'::double) as d"
        text = await here.press("9", "e", *query, "enter")
        for shown in ("NULL", "''", "NaN", "-inf"):
            assert shown in text

    at_console(store, do)


def test_what_is_cut_says_so(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("9", "e", *"from range(20000)", "enter")
        assert "cut at the first 10,000 rows" in text

    at_console(store, do)


def test_escape_stops_a_query_that_takes_long(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("9")
        query = "select count(*) from range(1000000) a, range(1000000) b, range(1000) c"
        area(here)._run(query)
        text = "".join(t for line in area(here).crumb() for t, _ in line)
        assert "asking since" in text
        assert "esc stops it" in text
        assert "stopped before it was answered" in await here.press("escape")

    at_console(store, do)


def test_a_result_is_charted_over_its_numbers_and_as_bars_over_words(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("9", "e", *"select range as step, range * range as y from range(20)", "enter")
        text = await here.press("x")
        assert "y by step" in text
        text = await here.press("escape")
        assert "y by step" not in text
        area(here)._run("select status, count(*) as runs from runs group by all")
        await here.settle()
        text = await here.press("x")
        assert "runs by status" in text
        assert "▇" in text

    at_console(store, do)


def test_a_query_is_kept_under_a_name_and_read_from_by_another(store: SqliteStore, own_folder: Path) -> None:
    async def do(here: Sitting) -> None:
        await here.press("9", "e", *"select id, name from runs", "enter")
        await here.press(".", "s", *"mine", "enter")
        assert saved.every(own_folder) == {"mine": "select id, name from runs"}
        text = await here.press("e", *["backspace"] * 25, *"select count(*) as n from mine", "enter")
        assert "1 row" in text
        text = await here.press("o")
        assert "mine" in text

    at_console(store, do)


def test_an_answer_is_exported_by_the_ending_of_its_file(store: SqliteStore, tmp_path: Path) -> None:
    async def do(here: Sitting) -> None:
        path = tmp_path / "out.parquet"
        await here.press("9", "e", *"from range(20000)", "enter", ".", "e")
        await here.press(*["backspace"] * 12, *str(path), "enter")
        assert pl.read_parquet(path).height == 20_000, "all rows, not only those on screen"

    at_console(store, do)


@pytest.mark.parametrize("size", [(200, 50), (120, 40), (60, 18), (38, 12)])
def test_other_sizes_show_what_they_can(store: SqliteStore, size: tuple[int, int]) -> None:
    async def do(here: Sitting) -> None:
        assert "EXAMPLES" in await here.press("9")
        assert "network" in await here.press("e", *"select id, name from runs", "enter")

    at_console(store, do, size=size)
