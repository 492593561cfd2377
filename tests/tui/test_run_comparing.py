"""What lies behind two runs that are compared: data that moved, code that changed."""

from fixtures.consoles import Sitting, at_console

from lineside.console.ports import SqliteStore
from lineside.console.reads import behind
from lineside.console.reads.behind import Differences
from lineside.console.text import plain
from lineside.console.views.runs import comparisons
from lineside.store.differences import Change, Code


def test_code_data_and_environment_stand_below_what_differs() -> None:
    code = Code(
        commits=("a" * 40, "b" * 40), branches=("main", "main"), changes=("none", "1 file"), exact=True,
        diff=("diff --git a/train.py b/train.py", "@@ -1 +1 @@", "-lr = 1", "+lr = 2"),
    )  # fmt: skip
    found = Differences(
        runs=(5, 6), code=code, data=[Change(kind="data", name="digits", values=("@1", "@2"))], profiles=[],
        environment=[Change(kind="package", name="torch", values=("2.1", None))],
    )  # fmt: skip
    said = "\n".join(plain(line) for line in comparisons._behind(found, "ab", 80))
    for words in (
        "data, a → b",
        "@1  →  @2",
        "torch",
        "2.1  →  –",
        "commit aaaaaaaaaaaa on main",
        "train.py",
    ):
        assert words in said
    assert "lr = 2" in said


def test_the_differences_of_two_runs_are_read_where_they_are_compared(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "down", "down", "space", "down", "space")
        area = here.app.area
        assert area.view.differences is None  # type: ignore[union-attr]
        await here.press("x")
        found = area.view.differences  # type: ignore[union-attr]
        assert found == store.read(lambda db: behind.read(db, store.home, 6, 5))

    at_console(store, do)
