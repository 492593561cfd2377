"""An empty home: each area teaches what it is for, with the whole screen to itself."""

from pathlib import Path

import pytest
from fixtures.consoles import Sitting, at_console

from lineside.console.commands import AREAS
from lineside.console.ports import SqliteStore
from lineside.console.views.frame.lessons import LESSONS
from lineside.store import homes
from lineside.store.db import writer
from lineside.store.homes import Home
from lineside.store.migrations import migrate


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = Home(tmp_path_factory.mktemp("empty") / "home")
    homes.create(home)
    db = writer(home.db)
    migrate(db)
    db.close()
    return home.path


@pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("area", sorted(LESSONS))
def test_an_area_with_nothing_in_it_teaches_on_its_whole_body(
    empty: Path, area: str, size: tuple[int, int]
) -> None:
    async def do(here: Sitting) -> None:
        await here.press(str(AREAS.index(area) + 1))
        await here.until(lambda t: LESSONS[area][0].split()[0] in t)
        rows = await here.rows()
        assert LESSONS[area][0][:30] in rows[3], rows
        assert any("It will look like this" in row for row in rows)
        assert "columns: w" not in rows[1]
        await here.press("slash")
        assert here.app.area is not None
        assert here.app.area.has_class("-filtering")

    store = SqliteStore(Home(empty))
    at_console(store, do, size=size)
    store.close()


def test_the_first_area_names_all_of_them_where_there_is_room(empty: Path) -> None:
    async def do(here: Sitting) -> None:
        rows = await here.rows()
        assert any("9 SQL" in row and "any question" in row for row in rows)

    store = SqliteStore(Home(empty))
    at_console(store, do, size=(120, 40))
    store.close()
