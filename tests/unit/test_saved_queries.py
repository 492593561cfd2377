"""Queries kept under a name: asked again, read from by others, never in the way of a view."""

import sqlite3
from pathlib import Path

import pytest

from lineside.console.__main__ import main
from lineside.console.querying import saved
from lineside.store import analytics
from lineside.store.errors import NotFound, Usage
from lineside.store.homes import Home


def test_a_saved_query_is_read_from_like_a_view_and_by_other_saved_ones(
    db: sqlite3.Connection, home: Home
) -> None:
    kept = {"three": "select * from range(3) t(n)", "two": "select n from three where n > 0 -- the rest"}
    assert analytics.sql(home, "select sum(n) as s from Two", saved=kept).rows == ((3,),)
    assert analytics.frame(home, "from two", saved=kept)["n"].to_list() == [1, 2]


def test_one_that_asks_itself_is_refused_by_name(db: sqlite3.Connection, home: Home) -> None:
    kept = {"a": "from b", "b": "from a"}
    with pytest.raises(Usage, match="asks itself"):
        analytics.sql(home, "from a", saved=kept)


def test_one_that_is_no_select_is_refused_when_it_is_named_only(db: sqlite3.Connection, home: Home) -> None:
    kept = {"bad": "drop table runs"}
    assert analytics.sql(home, "select 1 as a", saved=kept).rows == ((1,),)
    with pytest.raises(Usage, match="only one SELECT"):
        analytics.sql(home, "from bad", saved=kept)


def test_no_file_is_in_reach_of_a_saved_query(db: sqlite3.Connection, home: Home) -> None:
    kept = {"leak": "select * from read_text('/etc/hostname')"}
    with pytest.raises(Usage, match="disabled"):
        analytics.sql(home, "from leak", saved=kept)


@pytest.mark.parametrize("name", ["runs", "Best", "a-b", "1st", "", "../x"])
def test_a_name_is_one_that_a_query_can_use(tmp_path: Path, name: str) -> None:
    with pytest.raises(Usage):
        saved.save(tmp_path, name, "select 1")
    assert list(tmp_path.iterdir()) == []


def test_what_is_saved_is_found_and_forgotten(tmp_path: Path) -> None:
    saved.save(tmp_path / "new", "mine", "select 1;\n")
    assert saved.every(tmp_path / "new") == {"mine": "select 1"}
    saved.forget(tmp_path / "new", "mine")
    with pytest.raises(NotFound):
        saved.get(tmp_path / "new", "mine")


def test_the_verb_keeps_asks_lists_and_forgets(
    db: sqlite3.Connection,
    home: Home,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    def sql(*words: str) -> str:
        assert main(["--home", str(home.path), "sql", *words]) == 0
        return capsys.readouterr().out

    assert sql("--save", "mine", "select 7 as n").split() == ["n", "7"]
    assert sql("--saved", "mine", "--json").strip() == '[{"n": 7}]'
    assert "mine" in sql("--list")
    assert sql("select n + 1 as m from mine").split() == ["m", "8"]
    sql("--forget", "mine")
    assert main(["--home", str(home.path), "sql", "--saved", "mine"]) == 1
    assert main(["--home", str(home.path), "sql"]) == 2
