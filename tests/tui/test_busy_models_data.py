"""Models and Data on a busy box: what waits comes first, and what nobody measured is said to be so."""

from collections.abc import Iterator

import pytest
from fixtures import busy_home
from fixtures.busy_home import at_busy_console
from fixtures.consoles import Sitting

from lineside.console.ports import SqliteStore
from lineside.console.screens.models import ModelsArea
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


def test_a_version_that_nobody_measured_says_so_and_how_it_is_done(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("4")
        assert "BIKE@3 IS NOT MEASURED" in text
        assert "lineside data add bike FILE" in text
        assert "not measured" in next(row for row in text.splitlines() if "hum" in row), (
            "the columns are listed"
        )

    at_busy_console(busy, do)
