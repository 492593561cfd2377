"""Monitor at 80 × 24, on the told home."""

from collections.abc import Iterator

import pytest
from fixtures import busy_home
from fixtures.busy_home import at_busy_console
from fixtures.consoles import Sitting, at_console

from lineside.console.ports import SqliteStore
from lineside.console.widgets.charts.heatmap import Heatmap
from lineside.console.widgets.tables.table import Table
from lineside.store.homes import Home


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    store = SqliteStore(busy_home.build(Home(tmp_path_factory.mktemp("busy") / "home")))
    yield store
    store.close()


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
        assert "no labels yet" in await here.press("enter", "enter")

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
        assert "DRIFT digits-watch" in text
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
        assert "digit-reader told from training, AUC 0.85, since 09:25:06  ↵ its windows" in await here.press(
            "7"
        )
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
        for name in ("digit-reader p99", "churn p99", "words p99", "digit-reader requests"):
            assert name in text
        assert "LATENCY" not in text
        assert "digit-reader errors" in await here.press("m")
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
        assert "DRIFT digits-watch" in await here.until(lambda t: "DRIFT digits-watch" in t)

    at_console(store, do)


def test_a_zoomed_sheet_is_a_heat_map_that_reads_the_cell_it_stands_on(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("7", "enter", "z")
        assert "64 columns × 7 windows, worst first" in text
        text = await here.press("left", "left", "up", "up")
        assert "· window 5 " in text
        assert "◆  ks, line .10, p 0.0004, n 200" in text
        area = here.app.area
        assert area is not None
        cell = area.query_one(Heatmap).at
        await here.press("escape")
        assert "› window 5" in await here.text(), "the sheet stands where the heat map stood"
        await here.press("z")
        assert area.query_one(Heatmap).at == cell

    at_console(store, do)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
def test_with_five_endpoints_one_sees_what_drifted_by_how_much_and_since_when(
    busy: SqliteStore, size: tuple[int, int]
) -> None:
    async def do(here: Sitting) -> None:
        await here.press("7")
        rows = await here.rows()
        temp = next(row for row in rows if " temp " in row and "◆.41" in row)
        assert "◆.24" in temp
        assert "since w3" in temp
        assert any("temp PSI 0.41 > 0.20, 3 windows of 3, since 13:51:00  ↵ its windows" in r for r in rows)
        assert not any("no longer kept" in row for row in rows), "what has nothing to show has no room"
        assert any("price" in row and "mismatch" in row for row in rows), "all five endpoints"

    at_busy_console(busy, do, size=size)


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
def test_a_window_whose_rows_are_gone_shows_its_columns_large_and_is_walked_on(
    busy: SqliteStore, size: tuple[int, int]
) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("7", "enter", "enter")
        assert "no longer kept" not in text
        assert "LATENCY" not in text
        assert " TEMP " in text
        text = await here.press("left", "down")
        assert "› window 3" in text
        assert " HUMIDITY " in text
        assert "LATENCY" in await here.press("enter")

    at_busy_console(busy, do, size=size)


def test_on_the_smallest_screen_enter_leads_to_the_columns_and_back(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("7", "enter", "enter")
        assert " TEMP " in text
        assert "DRIFT" not in text
        assert "DRIFT" in await here.press("enter")
        assert "› window 3" in await here.press("left")

    at_busy_console(busy, do, size=(50, 12))


def test_a_zoomed_table_shows_what_its_row_is_about_in_the_room_it_leaves(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("7", "z")
        assert "LATENCY" in text
        assert "TRAFFIC" in text
        assert "DRIFT" not in text
        assert "› fraud" in await here.press("down")
        text = await here.press("z", "tab", "z")
        assert "ALERT " in text
        assert "LATENCY" not in text

    at_busy_console(busy, do, size=(200, 50))


def test_side_by_side_nothing_touches_the_edges(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("7", "m")
        rows = [row for row in await here.rows() if " p99 " in row and "side by side" not in row]
        assert len(rows) == 5
        assert all(row[0] == " " and len(row.rstrip()) < 80 for row in rows)

    at_busy_console(busy, do)


def test_what_fires_stands_above_what_somebody_took(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("7")
        assert text.index("◆ FIRING") < text.index("◇ PENDING") < text.index("◇ ACKED")

    at_busy_console(busy, do, size=(120, 40))


def test_a_large_screen_shows_columns_window_by_window_and_side_by_side(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("7")
        for title in ("BY WINDOW", " TEMP ", " HUMIDITY ", " PREDICTION "):
            assert title in text

    at_busy_console(busy, do, size=(200, 50))


def test_which_class_was_taken_for_which_is_told_of_a_window_with_labels(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("7", "enter", "left")
        assert "TRUE ↓ READ AS → WINDOW 6" in text
        assert "of 200 wrong" in text

    at_console(store, do, size=(200, 50))


@pytest.mark.parametrize("size", [(200, 50), (60, 18), (38, 12)])
def test_other_sizes_show_what_they_can(store: SqliteStore, size: tuple[int, int]) -> None:
    async def do(here: Sitting) -> None:
        assert "digit-reader" in await here.press("7")

    at_console(store, do, size=size)
