"""The full kill count of scripts that log."""

from pathlib import Path

import pytest
from fixtures.killing import kill_writers

from lineside.store.homes import Home

pytestmark = pytest.mark.chaos


def test_a_hundred_killed_writers_lose_no_acknowledged_step(home: Home, tmp_path: Path) -> None:
    assert kill_writers(home, tmp_path, times=100, seed=4) > 10_000
