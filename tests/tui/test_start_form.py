"""A pipeline is started from a form: last values, errors beside fields, what one would type instead."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fixtures import busy_home
from fixtures.busy_home import at_busy_console
from fixtures.consoles import Sitting

from lineside.console.deeds import starting
from lineside.console.ports import SqliteStore
from lineside.store.homes import Home


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(busy_home.build(Home(tmp_path / "home")))
    yield made
    made.close()


def test_what_this_person_gave_last_stands_in_the_form(busy: SqliteStore) -> None:
    form = _form(busy, "fraud", "maria")
    values = {entry.key: entry.value for entry in form.entries}
    assert values["lr"] == "0.001"
    assert values["data.fraud"] == "latest"
    assert {entry.key: entry.value for entry in _form(busy, "bike", "maria").entries}["depth"] == "6"
    assert {entry.key: entry.value for entry in _form(busy, "bike", "nobody").entries}["depth"] == "4"


def _form(busy: SqliteStore, name: str, who: str) -> starting.Form:
    def read(db: sqlite3.Connection) -> starting.Form:
        row = dict(starting.known(db))[name]
        return starting.pipeline(db, busy.home, name, row, who=who)

    return busy.read(read)


def test_a_wrong_value_is_said_beside_its_field_and_nothing_is_asked(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("3", "P", ".", "n")
        text = await here.press("enter", "x")
        assert "✗ not a number" in text
        await here.press("ctrl+s")
        assert here.actions.asked == []
        assert here.app.screen.focused is not None
        assert here.app.screen.focused.id == "entry-1", "to the field that is wrong"
        await here.press("escape")
        assert here.actions.asked == []

    at_busy_console(busy, do)


def test_the_form_says_what_one_would_type_and_asks_before_it_starts(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("3", "P", ".", "n", "enter")
        text = await here.press("backspace", "5")
        assert "lineside run fraud --param lr=0.005" in text
        text = await here.press("ctrl+s")
        assert "Run pipeline fraud: 3 jobs?" in text
        assert "lineside run fraud --param lr=0.005" in text
        await here.press("enter")
        assert here.actions.asked == []

    at_busy_console(busy, do, size=(120, 40))


def test_priority_and_gpus_go_to_every_job(busy: SqliteStore) -> None:
    form = _form(busy, "fraud", "maria")
    values = {entry.key: entry.value for entry in form.entries} | {"+priority": "70", "+gpus": "2"}
    deed = form.deed(values)
    [ask] = deed.asks
    assert [(job["priority"], job["gpus"]) for job in ask.args["jobs"]] == [(70, 2)] * 3
    assert form.command(values).endswith("--priority 70 --gpus 2")


def test_a_version_that_there_is_not_is_refused_in_the_form(busy: SqliteStore) -> None:
    with closing(sqlite3.connect(busy.home.db)):
        [data, *_] = [entry for entry in _form(busy, "bike", "maria").entries if entry.key == "data.bike"]
    assert data.wrong("latest") == data.wrong("2") == data.wrong("bike@3") == ""
    assert data.wrong("9").startswith("no version '9'")
