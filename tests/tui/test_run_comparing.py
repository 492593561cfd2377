"""What lies behind two runs that are compared: data that moved, code that changed."""

import sqlite3
from pathlib import Path

from fixtures.consoles import Sitting, at_console
from fixtures.spools import take_all, writing

from lineside.console.ports import SqliteStore
from lineside.console.reads import behind
from lineside.console.reads.behind import Differences
from lineside.console.screens.runs import RunsArea
from lineside.console.text import plain
from lineside.console.views.runs import comparisons, texts
from lineside.console.widgets.texts.diff import CHANGED, HEAD
from lineside.console.widgets.texts.diffview import DiffView
from lineside.store.differences import Change, Code
from lineside.store.homes import Home
from lineside.store.queries.comparisons import Difference


def test_code_data_and_environment_stand_below_what_differs() -> None:
    code = Code(
        commits=("a" * 40, "b" * 40), branches=("main", "main"), changes=("none", "1 file"), exact=True,
        diff=("diff --git a/train.py b/train.py", "@@ -1 +1 @@", "-lr = 1", "+lr = 2"),
    )  # fmt: skip
    found = Differences(
        runs=(5, 6), code=code, data=[Change(kind="data", name="digits", values=("@1", "@2"))], profiles=[],
        environment=[Change(kind="package", name="torch", values=("2.1", None))],
    )  # fmt: skip
    said = "\n".join(plain(line) for line in comparisons._behind(found, {5: "a", 6: "b"}, 80))
    for words in (
        "data, a → b",
        "@1  →  @2",
        "torch",
        "2.1  →  –",
        "commit aaaaaaaaaaaa on main",
        "train.py",
        "+1 −1",
    ):
        assert words in said


def test_the_differences_of_two_runs_are_read_where_they_are_compared(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "down", "down", "space", "down", "space")
        area = here.app.area
        assert area.view.differences is None  # type: ignore[union-attr]
        await here.press("x")
        found = area.view.differences  # type: ignore[union-attr]
        assert found == store.read(lambda db: behind.read(db, store.home, 6, 5))

    at_console(store, do)


def test_another_two_of_the_marked_are_chosen_and_the_title_says_which(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "down", "down", "space", "down", "space", "G", "space", "x")
        area = here.app.area
        assert isinstance(area, RunsArea)
        seen = [area.pair]
        for _ in range(3):
            await here.press("P")
            seen.append(area.pair)
        assert seen == [(6, 5), (6, 1), (5, 1), (6, 5)]
        await here.press("P")
        assert area.view is not None
        assert area.view.differences == store.read(lambda db: behind.read(db, store.home, 6, 1))

    at_console(store, do)


def test_the_texts_of_two_runs_lie_side_by_side_over_the_screen(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "down", "down", "space", "down", "space", "x", "D")
        area = here.app.area
        assert area is not None
        said = area.query_one("#diff", DiffView).text()
        assert "params" in said
        assert "seed = " in said
        assert "│" in said
        assert not area.main().display  # type: ignore[union-attr]
        assert area.copies()["command"] == "lineside runs compare 6 5 --code"
        await here.press("escape")
        assert here.app.focused.id == "page"  # type: ignore[union-attr]
        await here.press("enter")
        assert here.app.focused.id == "diff"  # type: ignore[union-attr]

    at_console(store, do, size=(120, 40))


def test_text_files_of_two_runs_are_held_against_each_other(
    db: sqlite3.Connection, home: Home, tmp_path: Path
) -> None:
    for name, words in (("a", "one\ntwo\n"), ("b", "one\nthree\n")):
        run = writing(home, f"run_{name}")
        run.log_params({"lr": 1})
        (tmp_path / "report.txt").write_text(words)
        (tmp_path / "raw.bin").write_bytes(b"\0" + words.encode())
        run.log_artifact(tmp_path / "report.txt")
        run.log_artifact(tmp_path / "raw.bin")
        run.finish()
    take_all(db, home)
    rows = texts.diff_of(behind.texts(db, home, 1, 2)).rows
    assert [row.left for row in rows if row.kind == HEAD] == ["report.txt", "alike in both"]
    assert [(row.left, row.right) for row in rows if row.kind == CHANGED] == [("two", "three")]


def test_of_a_command_the_words_are_seen_from_where_they_differ() -> None:
    values = ('["train.py", "--lr", "1"]', '["train.py", "--lr", "2"]')
    row = Difference(kind="context", key="command", values=values)
    assert comparisons._from_where_they_differ(row) == ["… 1", "… 2"]
    row = Difference(kind="context", key="command", values=("a.py --lr 1", "a.py --lr 2"))
    assert comparisons._from_where_they_differ(row) == ["… 1", "… 2"]


def test_of_scripts_in_one_folder_only_their_names_are_seen() -> None:
    row = Difference(kind="context", key="command", values=("/lib/net.py --lr 1", "/lib/forest.py --lr 1"))
    assert comparisons._from_where_they_differ(row) == ["…/net.py --lr 1", "…/forest.py --lr 1"]
