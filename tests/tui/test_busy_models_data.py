"""Models and Data on a busy box: what waits comes first, and what nobody measured is said to be so."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures import busy_home
from fixtures.busy_home import at_busy_console
from fixtures.consoles import Sitting
from hypothesis import given
from hypothesis import strategies as st

from lineside.console.ports import SqliteStore
from lineside.console.screens.models import ModelsArea
from lineside.console.views.data import gallery
from lineside.store.db import writer
from lineside.store.homes import Home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return busy_home.build(Home(tmp_path_factory.mktemp("busy") / "home"))


@pytest.fixture
def busy(home: Home) -> Iterator[SqliteStore]:
    made = SqliteStore(home)
    yield made
    made.close()


def test_requests_that_wait_stand_above_newer_ones_that_are_decided(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("5")
        area = here.app.area
        assert isinstance(area, ModelsArea)
        found = [area.requests.rows.item(place) for place in range(len(area.requests.rows))]
        packets = [packet for packet in found if packet is not None]
        undecided = [packet.undecided for packet in packets]
        assert any(undecided)
        assert undecided == sorted(undecided, reverse=True)
        assert packets[0].request.id < max(packet.request.id for packet in packets)

    at_busy_console(busy, do)


def test_a_version_that_nobody_measured_says_so_and_how_it_is_done(tmp_path: Path) -> None:
    home = busy_home.build(Home(tmp_path / "home"))
    db = writer(home.db)
    db.execute("update dataset_version set profile = '[]' where dataset_id = 1")
    db.close()
    store = SqliteStore(home)

    async def do(here: Sitting) -> None:
        text = await here.press("4")
        assert "BIKE@3 IS NOT MEASURED" in text
        assert "lineside data add bike FILE" in text
        assert "not measured" in next(row for row in text.splitlines() if "humidity" in row), (
            "the columns are listed"
        )

    at_busy_console(store, do)
    store.close()


def test_the_busy_home_tells_causes_before_their_effects(home: Home) -> None:
    """Along every edge of its lineage: data is there before the run that learned from it, and so on."""
    db = writer(home.db)
    tables = (
        ("dataset_version", "created_us"), ("run", "started_us"), ("model_version", "created_us"),
        ("promotion", "created_us"), ("deployment", "created_us"), ("window", "start_us"),
        ("alert", "opened_us"), ("retrain", "at_us"),
    )  # fmt: skip
    born = {(kind, id): when for kind, column in tables
            for id, when in db.execute(f"select id, {column} from {kind}")}  # fmt: skip
    edges = db.execute("select src_kind, src_id, dst_kind, dst_id, at_us from edge").fetchall()
    db.close()
    assert {kind for kind, *_ in edges} >= {"dataset_version", "run", "model_version", "window", "alert"}
    for src_kind, src, dst_kind, dst, when in edges:
        assert born[src_kind, src] <= when, (src_kind, src, dst_kind, dst)
        if dst_kind != "deployment":  # one that serves goes on to serve newer versions
            assert (born[src_kind, src] or 0) <= (born[dst_kind, dst] or when), (src_kind, src, dst_kind, dst)


def test_where_there_is_room_every_column_is_drawn(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        rows = (await here.press("4")).splitlines()
        drawn = {
            name: next((r for r in rows if f"{name} ──" in r), "") for name in ("temp", "season", "hour")
        }
        assert all(drawn.values()), drawn
        assert "σ ◆" in drawn["temp"], "what moved says so at its picture"
        assert any("2024-09-10 00:00 ──▸ 2026-09-04" in r for r in rows), "moments tell from when to when"
        await here.press("enter", "down")
        assert here.app.area.query_one("#gallery").display

    at_busy_console(busy, do, size=(200, 50))


def test_where_there_is_none_the_columns_have_the_whole_height(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("4")
        assert not here.app.area.query_one("#gallery").display

    at_busy_console(busy, do, size=(160, 24))


@given(columns=st.integers(0, 300), width=st.integers(1, 300), height=st.integers(0, 100))
def test_pictures_of_columns_fit_their_room(columns: int, width: int, height: int) -> None:
    across, high = gallery.shape(columns, width, height)
    if across:
        assert -(-columns // across) * high <= height
        assert (width - 1) // across >= 26


def test_a_lineage_as_it_happened_tells_what_served_a_version_after_it(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        rows = (await here.press("6")).splitlines()
        story = rows[next(i for i, r in enumerate(rows) if "AS IT HAPPENED" in r) :]

        def place(what: str) -> int:
            return next(i for i, r in enumerate(story) if what in r)

        assert place("data ") < place("run 816") < place("▸") < place("deployment bike-api")
        assert place("window 4") < place("alert 4"), "a cause before its effect of the same hour"
        assert "no labels" in story[place("window 4")]

    at_busy_console(busy, do, size=(300, 80))


def test_a_window_that_nobody_labelled_says_so(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        rows = (await here.press("6", "right", "right")).splitlines()
        assert any("MEASURED" in r and "no labels" in r for r in rows)

    at_busy_console(busy, do, size=(200, 50))
