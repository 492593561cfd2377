"""The thread that watches the store outlives the store's bad moments."""

import threading
from pathlib import Path

import pytest
from fixtures.consoles import Remembering
from fixtures.waiting import until

from lineside.console import watcher
from lineside.console.watcher import Watcher
from lineside.store import homes
from lineside.store.db import writer
from lineside.store.homes import Home
from lineside.store.migrations import migrate


def test_a_store_that_comes_back_is_watched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher, "CALM_S", 0.01)
    home, seen = Home(tmp_path / "home"), threading.Event()
    watching = Watcher(home, Remembering(), changed=lambda: None, runner=lambda _: seen.set())
    watching.start()  # there is no store yet
    try:
        assert not seen.is_set()
        homes.create(home)
        db = writer(home.db)
        migrate(db)
        db.close()
        until(seen.is_set, within=5)
    finally:
        watching.stop()
