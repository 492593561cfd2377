"""Runs at 80 × 24: sorted, filtered, marked, compared, opened."""

from fixtures.consoles import Sitting, at_console

from lineside.console.ports import SqliteStore


def test_newest_runs_come_first_with_their_cause_when_they_failed(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("2")
        assert "FAILED signal 9" in text
        assert text.index("SCHEDULED") < text.index("RUNNING") < text.index("FINISHED")

    at_console(store, do)


def test_a_filter_that_is_not_understood_says_so_and_escape_brings_all_back(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("2", "slash", *"status:FAILED", "enter")
        assert "2 of 8" in text
        text = await here.press("slash", *" (", "enter")
        assert "2 of 8" not in text
        text = await here.press("escape")
        assert "Runs › /" not in text
        assert "SCHEDULED" in text

    at_console(store, do)


def test_marks_stay_on_their_runs_when_the_order_turns(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "down", "down", "space", "down", "space")
        table = here.app.area.main()  # type: ignore[union-attr]
        assert table.marks == {6: "a", 5: "b"}
        text = await here.press("s", "b", "s", "b")
        assert "2 marked" in text
        assert table.marks == {6: "a", 5: "b"}

    at_console(store, do)


def test_comparing_shows_only_what_differs(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "down", "down", "space", "G", "space")
        text = await here.press("x")
        assert "equal, not shown" in text
        assert "seed" in text
        assert "batch" not in text.partition("compare")[2].partition("kind")[0]

    at_console(store, do)


def test_enter_opens_a_run_and_escape_leaves_it_by_one_level(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("2", "down", "down", "enter")
        assert "RUN 6" in text
        assert "val_accuracy" in text
        await here.press("escape")
        assert not here.app.screen.has_class("-zoomed")
        assert "RUN 6" not in await here.press("escape")

    at_console(store, do)


def test_registering_a_model_asks_for_its_name(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "down", "down", ".", "m", "enter")
        assert here.actions.asked == [("models.register", {"run": 6, "name": "digits"})]

    at_console(store, do)


def test_what_cannot_be_done_to_a_run_is_not_offered(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("2", ".")
        assert "cancel its job" in text
        assert "register its model" not in text

    at_console(store, do)


def test_n_finds_the_next_run_that_failed(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "n")
        table = here.app.area.main()  # type: ignore[union-attr]
        assert table.current.run.status == "FAILED"

    at_console(store, do)
