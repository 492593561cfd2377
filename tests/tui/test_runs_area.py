"""Runs at 80 × 24: sorted, filtered, marked, compared, opened."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.consoles import Remembering, Sitting, at_console
from fixtures.spools import take_all, writing

from lineside.console.memory import Memory
from lineside.console.ports import SqliteStore
from lineside.console.reads import leaderboard
from lineside.console.screens.runs import RunsArea
from lineside.console.text import plain
from lineside.console.widgets.charts.gallery import Gallery
from lineside.console.widgets.frame.footer import Footer
from lineside.store.homes import Home


@pytest.fixture
def resumed(db: sqlite3.Connection, home: Home) -> Iterator[SqliteStore]:
    """A store of one run that was begun three times, its last value being the number of the time."""
    for again in range(3):
        run = writing(home, "run_a", resume=again > 0)
        for step in range(again * 10, 40):
            run.log_metric("loss", float(step % 2 * 9 if step < 39 else again + 1), step=step)
        run.finish()
    take_all(db, home)
    made = SqliteStore(home)
    yield made
    made.close()


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
        assert "✗ a condition is missing here" in text
        assert "2 of 8" in await here.press("escape")
        text = await here.press("escape")
        assert "8 runs · 2 failed" in text
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
        assert re.search(r"\d+ differ, \d+ equal", text)
        assert "≠ seed" in text
        assert "= batch" not in text
        assert "= batch" in await here.press("x")
        assert "COMPARE" not in await here.press("x")

    at_console(store, do)


def test_enter_opens_a_run_and_escape_leaves_it_by_one_level(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("2", "down", "down", "enter")
        assert "Runs › 6 network" in text
        assert "val_accuracy" in text
        assert "Runs › 6" not in await here.press("escape")
        assert here.app.focused is here.app.area.main()  # type: ignore[union-attr]

    at_console(store, do)


def test_registering_a_model_asks_for_its_name(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "down", "down", ".", "m", "enter", "y")
        assert here.actions.asked == [("models.register", {"run": 6, "name": "digits"})]

    at_console(store, do)


def test_what_cannot_be_done_to_a_run_is_not_offered(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("2", ".")
        assert "cancel its job" in text
        assert "register its model" not in text

    at_console(store, do)


def test_whoever_comes_to_a_run_finds_it_whatever_was_filtered_or_opened(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "slash", *"status:FAILED", "enter", "enter")
        here.app.go("runs", 6)
        await here.settle()
        assert here.app.area.filter_text == ""  # type: ignore[union-attr]
        assert here.app.area.main().current_key == 6  # type: ignore[union-attr]

    at_console(store, do)


def test_n_finds_the_next_run_that_failed(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "n")
        table = here.app.area.main()  # type: ignore[union-attr]
        assert table.current.run.status == "FAILED"

    at_console(store, do)


def test_a_chart_goes_along_steps_the_clock_and_time_since_the_start(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("2", "down", "down")
        assert "x step" in text
        assert "x time" in await here.press("t")
        text = await here.press("t")
        assert "x since start" in text
        assert "10 s" in text
        assert "x step" in await here.press("t")

    at_console(store, do)


def test_how_a_chart_is_looked_at_stays_while_one_looks_around(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        assert "not smoothed" in await here.press("2", "down", "down")
        assert "ema 0.6" in await here.press("e")
        text = await here.press("e", "t", "L", "down", "3", "2")
        for words in ("ema 0.9", "x time", "y log"):
            assert words in text
        assert "not smoothed" in await here.press("e", "e")

    at_console(store, do)


def test_a_smoothed_line_leaves_the_logged_one_faintly_behind_it(resumed: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "e")
        pane = here.app.area.query_one("#chart")  # type: ignore[union-attr]
        styles = {style for line in pane.lines for _, style in line}  # type: ignore[attr-defined]
        assert {"a", "faint-a"} <= styles

    at_console(resumed, do)


def test_older_branches_of_a_resumed_run_can_be_seen(resumed: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("2")
        assert "branch 3 of 3" in text
        assert "1 3" in text  # run 1, whose third opening said 3
        text = await here.press("B")
        assert "branch 2 of 3" in text
        assert "1 2" in text
        assert "branch 1 of 3" in await here.press("B")
        assert "branch 3 of 3" in await here.press("B")

    at_console(resumed, do)


def test_a_run_that_was_begun_once_has_no_older_branch(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("2", "down", "down", "B")
        assert "branch" not in text.partition("loss")[2].partition("\n")[0]
        assert any("no older branch" in note.message for note in here.app._notifications)

    at_console(store, do)


def test_the_runner_may_answer_before_the_area_has_come_up(store: SqliteStore) -> None:
    area = RunsArea(store, Remembering())
    area.reload()
    assert not area.awaiting, "it reads when it is mounted"


def test_the_chosen_order_is_kept_for_the_next_sitting(store: SqliteStore, tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory.json")

    async def choose(here: Sitting) -> None:
        await here.press("2", "s", "n")

    async def look(here: Sitting) -> None:
        await here.press("2")
        table = here.app.area.main()  # type: ignore[union-attr]
        assert table.sort == "-name"
        names = [table.rows.item(at).run.name for at in range(len(table.rows))]
        assert names == sorted(names, reverse=True)

    at_console(store, choose, memory=memory)
    at_console(store, choose, memory=memory)
    at_console(store, look, memory=memory)


def test_whoever_comes_for_a_filter_a_run_or_a_comparison_finds_it(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        here.app.go("runs", "status:FAILED")
        assert "2 of 8" in await here.text()
        here.app.go("runs", "run:4711")
        await here.settle()
        assert any("no run" in note.message for note in here.app._notifications)
        here.app.go("runs", "run:6")
        assert "Runs › 6 network" in await here.text()
        here.app.go("runs", "compare:6 5")
        assert "COMPARE" in await here.text()
        assert here.app.area.main().marks == {6: "a", 5: "b"}  # type: ignore[union-attr]
        await here.press("escape")
        here.app.go("runs", "chart:6 5 metric=val_loss")
        await here.settle()
        assert here.app.area.view.charted == "val_loss"  # type: ignore[union-attr]

    at_console(store, do)


def test_runs_are_judged_by_validation_where_most_of_them_are(db: sqlite3.Connection, home: Home) -> None:
    for number, names in enumerate((("loss", "val_mae"), ("loss", "val_mae"), ("loss", "val_loss")), 1):
        run = writing(home, f"run_{number}")
        for step in range(3):
            run.log_metrics(dict.fromkeys(names, 1.0 / (step + 1)), step=step)
        run.finish()
    take_all(db, home)
    board = leaderboard.read(db, home, leaderboard.Asked(seen=(1, 3)))
    assert board.metric == "val_mae"
    assert set(board.curves) == {1, 3}, "a run that has none is drawn by what it has"
    few = leaderboard.read(db, home, leaderboard.Asked(where="id>=2"))
    assert few.metric == "loss", "half of them are not most"


def test_the_order_is_said_whichever_it_is_and_so_is_what_the_star_stands_for(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("2")
        assert "newest first · ★ lowest val_loss" in text
        text = await here.press("s")
        assert "SORT RUNS, NOW NEWEST FIRST" in text
        for heading in ("#", "who", "val_loss", "took", "created  ↓ now"):
            assert heading in text
        assert "by val_loss, best first" in await here.press("v")
        assert "by val_loss, worst first" in await here.press("s", "v")
        text = await here.press("s", "t")
        assert "longest first" in text
        assert "9.0 s" in text, "what they are sorted by stays in sight"

    at_console(store, do)


def test_x_compares_the_row_with_the_best_and_the_marked_with_the_row(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "down", "down")
        area = here.app.area
        assert isinstance(area, RunsArea)
        assert area.view is not None
        best, table = area.view.best, area.main()
        assert best is not None
        table.go_to(6 if best != 6 else 5)
        row = table.current_key
        text = await here.press("x")
        assert f"a {row}  b ★{best}  the row with the best" in text
        assert area.pair == (row, best)
        await here.press("escape", "space", "down")
        other = table.current_key
        text = await here.press("x")
        assert f"a {row}  b {'★' if other == best else ''}{other}  the marked with the row" in text
        await here.press("escape", "U")
        table.go_to(best)
        text = await here.press("x")
        assert "COMPARE" not in text
        assert any("nothing to compare it with" in note.message for note in here.app._notifications)

    at_console(store, do)


def test_a_footer_offers_enter_only_where_it_leads_somewhere(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "down", "down", "enter")
        footer = here.app.screen.query_one(Footer)
        assert "esc back" in plain(footer.lines[0])
        assert "open" not in plain(footer.lines[0])
        await here.press("tab")
        assert "open" in plain(footer.lines[0])

    at_console(store, do)


def test_a_filter_with_one_operator_too_many_says_so_below_the_field(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("2", "slash", *"lr<<1")
        assert "✗ a value must follow <: lr<<1" in text
        here.app.area.reload(whole=False)  # type: ignore[union-attr]
        assert "✗ a value must follow <" in await here.text(), "it stays while one looks"

    at_console(store, do)


def test_all_metrics_have_the_screen_where_there_is_no_room_below_the_list(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "down", "down", "a")
        area = here.app.area
        assert area is not None
        shown = {id: area.query_one(id).display for id in ("#gallery", "#runs")}
        assert shown == {"#gallery": True, "#runs": len(area.query_one("#gallery", Gallery).names) < 3}
        await here.press("escape")
        assert area.query_one("#runs").display

    at_console(store, do)
