"""Monitor at 80 × 24, on the told home."""

import pytest
from fixtures.consoles import Sitting, at_console

from lineside.console.ports import SqliteStore
from lineside.console.widgets.tables.table import Table


def test_every_kind_of_no_data_has_its_own_glyph_and_word(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("7")
        for words in ("● ok", "∅ no traffic", "◌ stale", "◌ poller down"):
            assert words in text
        text = await here.press("z")
        assert "▲ mismatch" in text
        assert "✗ unparseable" in text

    at_console(store, do)


def test_the_sheet_shows_three_witnesses_each_honestly(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("7")
        assert "◆14" in text, "columns"
        assert "◆.91" in text, "classifier"
        assert "◆.88" in text, "labels"
        assert " .96" in text, "labels may be content where the columns are not"
        assert "no labels yet" in text

    at_console(store, do)


def test_arrows_in_the_sheet_walk_windows_and_columns(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("7")
        text = await here.press("enter", "left")
        assert "window 6" in text
        assert "WORST OF WINDOW 6" in text
        before = text
        text = await here.press("down")
        assert text != before

    at_console(store, do)


def test_n_finds_the_window_that_is_in_trouble(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("7", "enter")
        text = await here.press("N")
        assert "› window 6" in text

    at_console(store, do)


def test_the_worst_digits_are_drawn_with_what_they_were_taken_for(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("7", "enter", "left")
        text = await here.until(lambda t: " read " in t)
        assert "read" in text
        assert "▀" in text or "▄" in text

    at_console(store, do)


def test_an_alert_is_acknowledged_only_after_yes(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("7", "tab")
        text = await here.press(".", "k")
        assert "Acknowledge" in text
        await here.press("enter")
        assert here.actions.asked == [], "the default is no"
        await here.press(".", "k")
        await here.press("y")
        assert [verb for verb, _ in here.actions.asked] == ["alerts.ack"]

    at_console(store, do)


def test_escape_leaves_one_level_at_a_time(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("7", "enter", "enter")
        text = await here.press("escape")
        assert "LATENCY" in text
        await here.press("escape")
        area = here.app.area
        assert area is not None
        assert area.focused is not None
        assert area.focused.id == "endpoints"

    at_console(store, do)


def test_t_looks_farther_back(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("7")
        assert "ms 1 h" in text
        assert "ms 6 h" in await here.press("t")

    at_console(store, do)


def test_one_sentence_says_what_is_wrong_with_an_endpoint_and_the_next_key(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        assert "digit-reader told from training, AUC 0.85  ↵ walks its windows" in await here.press("7")
        text = await here.press("down")
        assert "churn answers, and nobody has asked since" in text
        text = await here.press("down", "down")
        assert "old-ner cannot be read: connection refused, since" in text
        assert "serves another version than it should" in await here.press("down")

    at_console(store, do)


def test_an_alert_is_told_as_an_episode_with_what_retraining_did(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("7")
        area = here.app.area
        assert area is not None
        area.query_one("#alerts", Table).focus()
        await here.press("down")
        text = await here.until(lambda t: "ALERT 3" in t)
        assert "ALERT 3 performance" in text
        assert "seen in 1 window in a row" in text
        assert "retrain 3 REQUESTED" in text
        await here.press("down")
        text = await here.until(lambda t: "cooldown" in t)
        assert "cooldown: retrain 1" in text
        assert "by demo:ben" in text

    at_console(store, do)


def test_m_shows_all_endpoints_side_by_side_measure_by_measure(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("7", "m")
        for name in ("digit-reader p99", "churn p99", "words p99"):
            assert name in text
        assert "LATENCY" not in text
        assert "digit-reader requests" in await here.press("m")
        assert "LATENCY" in await here.press("escape")

    at_console(store, do, size=(200, 50))


def test_a_wide_screen_shows_traffic_and_the_episode_too(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("7")
        for title in ("LATENCY", "TRAFFIC", "DRIFT digits-watch", "ALERT 4", "WORST OF WINDOW 7"):
            assert title in text

    at_console(store, do, size=(200, 50))


def test_z_gives_a_pane_the_whole_screen_and_takes_it_back(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("7", "enter", "z")
        text = await here.until(lambda t: "LATENCY" not in t and "pixel_5_5" in t)
        assert "pixel_5_5" in text
        assert "LATENCY" not in text
        await here.press("escape")
        assert "LATENCY" in await here.until(lambda t: "LATENCY" in t)

    at_console(store, do)


@pytest.mark.parametrize("size", [(200, 50), (60, 18), (38, 12)])
def test_other_sizes_show_what_they_can(store: SqliteStore, size: tuple[int, int]) -> None:
    async def do(here: Sitting) -> None:
        assert "digit-reader" in await here.press("7")

    at_console(store, do, size=size)
