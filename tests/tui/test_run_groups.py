"""Runs in groups at 80 × 24, and columns that were typed."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.consoles import Sitting, at_console
from fixtures.spools import take_all, writing

from lineside.console.ports import SqliteStore
from lineside.store import homes
from lineside.store.db import writer
from lineside.store.homes import Home
from lineside.store.migrations import migrate


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A sweep over two learning rates with a run beside it."""
    home = Home(tmp_path_factory.mktemp("sweep") / "home")
    homes.create(home)
    db: sqlite3.Connection = writer(home.db)
    migrate(db)
    writing(home, "run_a", name="sweep").finish()
    for number in range(6):
        trial = writing(home, f"run_t{number}", name=f"trial {number}", parent="run_a")
        trial.log_params({"lr": (0.1, 0.01)[number % 2], "depth": number})
        for step in range(4):
            loss = abs(step - 2) + 0.1 * number
            trial.log_metrics({"val_loss": loss, "accuracy": step / 10 + number}, step=step)
        trial.finish("FAILED" if number == 5 else "FINISHED")
    take_all(db, home)
    db.close()
    return home


@pytest.fixture
def swept(sweep: Home) -> Iterator[SqliteStore]:
    made = SqliteStore(sweep)
    yield made
    made.close()


def line(text: str, *words: str) -> str:
    """The line of the screen that holds all the words."""
    return next(line for line in text.splitlines() if all(word in line for word in words))


def titles(here: Sitting) -> list[str]:
    """What stands over the columns."""
    return [column.title for column in here.app.area.main().columns]  # type: ignore[union-attr]


def test_a_key_makes_groups_enter_opens_one_and_escape_leaves_by_one_level(swept: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "b")
        text = await here.press("/", *"lr", "enter")
        assert "by lr" in text
        assert "3 groups of 7 runs · min(val_loss)" in text
        assert (
            line(text, "0.1 ", "val_loss" if False else "0.2").split()[:6]
            == ["0.1", "3", "0", "0", "0", "0.2"][:6]
        )
        assert line(text, "0.01").split()[1:4] == ["3", "0", "1"]
        text = await here.press("down", "enter")
        assert "3 of 7" in text
        assert "param:lr:0.01" in text
        text = await here.press("escape")
        assert "by lr" in text
        table = here.app.area.main()  # type: ignore[union-attr]
        assert table.current.value == "0.01"
        text = await here.press("escape")
        assert "by lr" not in text
        assert "trial 5" in text

    at_console(swept, do)


def test_a_sweep_collapses_into_one_line_with_its_best_run_below(swept: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("2", "b", "d")
        assert line(text, "1 sweep").split()[:4] == ["1", "sweep", "6", "0"]
        assert "RUN 2" in await here.press("d")

    at_console(swept, do)


def test_groups_take_the_filter_and_the_metric(swept: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "slash", *"id<4 or id:7", "enter", "m")
        await here.press("a", "b")
        text = await here.press("/", *"lr", "enter")
        assert "max(accuracy)" in text
        assert "3 groups of 4 runs" in text
        await here.press("G", "enter")
        area = here.app.area
        assert area is not None
        assert area.filter_text.startswith("(id<4 or id:7) ")

    at_console(swept, do)


def test_an_order_of_groups_is_chosen_and_turned(swept: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "b", "/", *"depth", "enter")
        table = here.app.area.main()  # type: ignore[union-attr]
        await here.press("s", "d")
        assert [table.rows.item(at).value for at in range(7)] == [*"012345", None]
        await here.press("s", "d")
        assert [table.rows.item(at).value for at in range(7)] == [*"543210", None]

    at_console(swept, do)


def test_what_cannot_be_grouped_by_is_said_and_changes_nothing(swept: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("2", "b", "/", *"val_loss", "enter")
        assert "by val_loss" not in text
        assert any("cannot be grouped by" in note.message for note in here.app._notifications)

    at_console(swept, do)


def test_a_metric_at_the_best_step_is_typed_shown_and_sorted_by(swept: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("2", "m", "/", *"accuracy@best(val_loss)", "enter")
        assert "accuracy@best(val_l…" in titles(here)
        assert "5.2" in line(text, "trial 5")
        await here.press("s", "c")
        table = here.app.area.main()  # type: ignore[union-attr]
        assert [table.rows.key(at) for at in range(7)] == [7, 6, 5, 4, 3, 2, 1], (
            "the best first, what has none last"
        )
        await here.press("m", "/", *"min(val_loss)", "enter")
        assert "min(val_loss)" in titles(here)

    at_console(swept, do)


def test_a_metric_that_nobody_logged_is_refused(swept: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "m", "/", *"accuracy@best(los)", "enter")
        assert "accuracy@best" not in " ".join(titles(here))
        assert any("no metric 'los'" in note.message for note in here.app._notifications)

    at_console(swept, do)


def test_a_parent_says_how_many_children_it_has(swept: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "G", "w")
        text = here.app.area.main().text()  # type: ignore[union-attr]
        assert "children" in titles(here)
        assert "of 1" in line(text, "trial 0")
        assert " 6 " in line(text, "sweep")

    at_console(swept, do, size=(160, 48))


def test_what_a_group_copies_shows_it_again(swept: SqliteStore, tmp_path: Path) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "b", "c")
        area = here.app.area
        assert area is not None
        copied = area.copies()
        assert copied["command"] == "lineside runs ls --group status --metric 'min(val_loss)'"
        assert copied["id"] == "status:FINISHED"
        assert area.targets() == {}

    at_console(swept, do)
