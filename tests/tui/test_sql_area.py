"""SQL at 80 × 24."""

from fixtures.consoles import Sitting, at_console

from lineside.console.ports import SqliteStore


def test_a_query_becomes_a_table_and_a_row_a_record(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("9")
        assert "VIEWS YOU CAN ASK" in text
        assert "e writes a query, x picks an example" in text
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


def test_what_duckdb_does_not_understand_is_said_in_its_words(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("9", "e", *"select nonsense from runs", "enter")
        assert "NOT UNDERSTOOD" in text
        assert "nonsense" in text
        text = await here.press("e", "up")
        assert "NOT UNDERSTOOD" in text

    at_console(store, do)
