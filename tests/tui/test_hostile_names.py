"""Names are whatever people and scripts wrote: every area shows them, none obeys them."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from fixtures.consoles import Sitting, at_console

from lineside.console.ports import SqliteStore
from lineside.store.homes import Home

_EVIL = "\x1b]0;pwned\x07\x1b[31m[bold]x[/bold] \u202egpj.exe\u202c \n\t漢字 é\u0301"
_NAMED = (
    ("run", "name"), ("run", "experiment"), ("run", "note"), ("job", "name"), ("model", "name"),
    ("dataset", "name"), ("endpoint", "name"), ("endpoint", "detail"), ("alert", "title"),
    ("promotion", "reason"), ("story", "text"), ("param", "value"), ("param", "key"), ("job", "reason"),
)  # fmt: skip


@pytest.fixture
def spoilt(told: Home, tmp_path: Path) -> SqliteStore:
    """The told home with a hostile tail on every name and word that a person may choose."""
    shutil.copytree(told.path, tmp_path / "home", symlinks=True)
    home = Home(tmp_path / "home")
    db = sqlite3.connect(home.db)
    for table, column in _NAMED:
        tables = [row[1] for row in db.execute(f"pragma table_info({table})")]
        if column in tables:
            db.execute(f"update {table} set {column} = {column} || ?", (_EVIL,))
    db.commit()
    db.close()
    return SqliteStore(home)


def test_escape_codes_markup_and_turned_text_are_shown_and_never_obeyed(spoilt: SqliteStore) -> None:
    seen: list[str] = []

    async def do(here: Sitting) -> None:
        looks = [*"123456789", *("2" + key for key in ("s", "c", ":", "?", ".", ";", "x", "/"))]
        for area in looks:
            await here.press(*area)
            strips = [strip for strip in here.app.screen._compositor.render_strips()]
            rows = ["".join(segment.text for segment in strip) for strip in strips]
            seen.extend(rows)
            wrong = [row for row in rows if any(ord(c) < 32 or c in "\x7f\u202e\u202c\u0301" for c in row)]
            assert not wrong, area
            assert {strip.cell_length for strip in strips} == {120}, area
            if len(area) > 1:
                await here.press("escape")
        await here.press("2", ".", "escape", "colon")
        await here.press("escape")

    at_console(spoilt, do, size=(120, 40))
    spoilt.close()
    text = "\n".join(seen)
    assert "␛" in text, "what was hostile is shown as its picture"
    assert "[bold]" in text, "markup is only text"
