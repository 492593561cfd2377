"""The guard that ends the suite: it finds what a test left running, and nothing else."""

import os
import subprocess
from pathlib import Path

import pytest
from fixtures.leftovers import leftovers, none_left
from fixtures.waiting import until


@pytest.mark.parametrize("way", ["argv", "environment"])
def test_a_process_that_was_left_is_named_and_ended(tmp_path: Path, way: str) -> None:
    place = str(tmp_path / "home")
    env = {**os.environ, **({"LINESIDE_HOME": place} if way == "environment" else {})}
    argv = ["sh", "-c", "read line; exit 0", *([place] if way == "argv" else [])]
    with subprocess.Popen(argv, env=env, stdin=subprocess.PIPE) as left:
        until(lambda: list(leftovers(tmp_path)) == [left.pid])  # the kernel sets its words up after exec
        assert leftovers(tmp_path.with_name(tmp_path.name[:-1])) == {}  # pytest-1 is not pytest-10
        with pytest.raises(AssertionError, match="outlived"):
            none_left(tmp_path, within=0.1)
        assert left.wait() == -9
    none_left(tmp_path)
