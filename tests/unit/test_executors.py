"""Executors: each keeps the contract; their names are known without importing them."""

import subprocess
import sys
from pathlib import Path

import pytest
from fixtures.contracts import ExecutorContract
from fixtures.executors import Cluster, Fake

from lineside.jobs import commands, executors
from lineside.jobs.executors import Executor
from lineside.jobs.executors.local import Local
from lineside.store import homes
from lineside.store.errors import NotFound, RunnerDown
from lineside.store.homes import Home


class TestLocal(ExecutorContract):
    def make(self) -> Executor:
        return Local()


class TestFake(ExecutorContract):
    @pytest.fixture(autouse=True)
    def _in_a_cluster_of_its_own(self) -> None:
        self.cluster = Cluster()

    def make(self) -> Executor:
        return Fake(self.cluster)


def test_names_are_listed_without_importing_and_one_is_loaded() -> None:
    code = (
        "import sys; from lineside.jobs import executors; print(executors.names());"
        "print('lineside.jobs.executors.local' in sys.modules)"
    )
    said = subprocess.check_output([sys.executable, "-c", code], text=True)

    assert said.split("\n")[:2] == ["['local']", "False"]
    assert isinstance(executors.load("local"), Local)


def test_one_that_is_not_installed_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no executor 'slurm'") as told:
        executors.load("slurm")
    assert "local" in told.value.hint

    home = Home(tmp_path / "home")
    homes.create(home)
    home.config.write_text('[runner]\nexecutor = "slurm"\n')
    with pytest.raises(RunnerDown, match="no executor 'slurm'"):
        commands.start_runner(home)
