"""The full kill count of tracking: runner and writers die at random moments while points pour in."""

from pathlib import Path

import pytest
from fixtures.runners import RunnerUnderTest
from fixtures.storms import Storm

pytestmark = pytest.mark.chaos


def test_two_hundred_kills_of_runner_and_writers_lose_and_double_nothing(
    runner: RunnerUnderTest, tmp_path: Path
) -> None:
    storm = Storm(runner, tmp_path, seed=2)
    storm.begin(4)
    for _ in range(200):
        storm.strike(within_s=0.3)
    storm.count()
