"""A home and a migrated database in real files: WAL and locks behave as in production.

No process that a test began may outlive the suite: the last fixture to end looks for them.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.leftovers import none_left
from fixtures.runners import RunnerUnderTest, running

from lineside.store import homes
from lineside.store.db import writer
from lineside.store.homes import Home
from lineside.store.migrations import migrate


@pytest.fixture(scope="session", autouse=True)
def _no_process_outlives_the_suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whatever mentions this worker's folder in its command or environment has to be gone."""
    yield
    none_left(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session", autouse=True)
def _a_person_without_a_past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the console keeps of a person, and what it reads of theirs, lies in folders of the tests' own."""
    folder = tmp_path_factory.mktemp("person")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        yield


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    homes.create(made)
    return made


@pytest.fixture(scope="session")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store of the newest schema, made once: a test's own is a copy of the file."""
    path = tmp_path_factory.mktemp("migrated") / "lineside.db"
    conn = writer(path)
    migrate(conn)
    conn.close()
    return path


@pytest.fixture
def db(home: Home, _migrated: Path) -> Iterator[sqlite3.Connection]:
    shutil.copyfile(_migrated, home.db)
    conn = writer(home.db)
    yield conn
    conn.close()


@pytest.fixture(scope="module")
def module_runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunnerUnderTest]:
    yield from running(tmp_path_factory.mktemp("module") / "home")


@pytest.fixture
def busy_runner(module_runner: RunnerUnderTest, tmp_path: Path) -> RunnerUnderTest:
    """A runner shared by the tests of a module, with nothing of the others left in it; not to be killed."""
    module_runner.begin_afresh(tmp_path)
    return module_runner


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[RunnerUnderTest]:
    """A runner of its own, to be killed."""
    yield from running(tmp_path / "home")
