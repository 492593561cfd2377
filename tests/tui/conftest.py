"""One home that tells the demo's story, built once and only read; consoles on it, without a runner."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures import demo_home

from lineside.console.ports import SqliteStore
from lineside.store.homes import Home


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The home of fixtures/demo_home.py."""
    folder: Path = tmp_path_factory.mktemp("told")
    return demo_home.build(Home(folder / "home"))


@pytest.fixture
def store(told: Home) -> Iterator[SqliteStore]:
    """A read-only store on it, closed afterwards."""
    made = SqliteStore(told)
    yield made
    made.close()
