"""Whatever people named their things, every row of every area has its width and nothing else in it."""

import sqlite3
import unicodedata
from pathlib import Path

import pytest
from fixtures import demo_home
from fixtures.consoles import Sitting, at_console

from lineside.console.commands import AREAS
from lineside.console.ports import SqliteStore
from lineside.console.settings import Settings
from lineside.console.text import width_of
from lineside.store.homes import Home

_EVIL = (
    "\x1b]0;pwned\x07\x1b[2J\x9b31m[bold red]x[/] \u202egpj.exe\u202c \u2066z\n\t\r漢字 e\u0301 👍🏽 🇩🇪 "
    "👩\u200d👩\u200d👧 ❤\ufe0f שלום \u1112\u1161 क्षि \ufeff\U000e0041" + "long" * 60
)
_TABLES = {
    "run": ("name", "experiment", "note"), "job": ("name", "reason"), "model": ("name",),
    "dataset": ("name",), "endpoint": ("name", "detail"), "alert": ("title",),
    "promotion": ("reason",), "story": ("text",),
    "param": ("key", "value"), "metric": ("name",), "tag": ("key", "value"),
}  # fmt: skip


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The told home with a hostile tail on every name and word that a person may choose."""
    folder: Path = tmp_path_factory.mktemp("spoilt")
    home = demo_home.build(Home(folder / "home"))
    db = sqlite3.connect(home.db)
    for table, columns in _TABLES.items():
        known = {row[1] for row in db.execute(f"pragma table_info({table})")}
        for column in known.intersection(columns):
            db.execute(f"update or ignore {table} set {column} = {column} || ?", (_EVIL,))
    db.commit()
    db.close()
    return home


def _harmless(rows: list[str], width: int, where: str) -> None:
    for row in rows:
        wrong = [c for c in row if unicodedata.category(c) in ("Cc", "Cf", "Mn", "Mc", "Me", "Cs", "Cn")]
        assert not wrong, (where, row)
        assert sum(width_of(c) for c in row) == width, (where, row)


@pytest.mark.integration
@pytest.mark.parametrize("ascii", [False, True], ids=["glyphs", "ascii"])
def test_hostile_names_are_harmless_in_areas_overlays_and_toasts(spoilt: Home, ascii: bool) -> None:
    shown: list[str] = []

    async def do(here: Sitting) -> None:
        for digit, area in enumerate(AREAS, 1):
            await here.press(str(digit))
            shown.extend(await here.rows())
            _harmless(shown[-24:], 80, area)
            overlays = ("?", ":") if area == "sql" else (".", "g", "y", "?", ":", ";", "/", "enter", "space")
            for key in overlays:
                await here.press(key)
                _harmless(await here.rows(), 80, f"{area} {key}")
                await here.press("escape")
                while len(here.app.screen_stack) > 1:
                    await here.press("escape")
            await here.press("y", "v")
            _harmless(await here.rows(), 80, f"{area} copied")
            await here.press("escape")

    store = SqliteStore(spoilt)
    at_console(store, do, settings=Settings(ascii=ascii), toasts=True)
    store.close()
    assert any("]0;pwned" in row for row in shown), "what was hostile is shown"
