"""Promotions through a real runner's socket: people by the kernel's word, and a kill -9 in between."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fixtures.packages import tiny_package
from fixtures.registry import POLICY, TOM, add_run
from fixtures.runners import RunnerUnderTest
from fixtures.waiting import until

from lineside.jobs import commands
from lineside.jobs.promotion import transitions
from lineside.store import homes, objects
from lineside.store.clock import Micros
from lineside.store.db import writer
from lineside.store.errors import NotPermitted, Refused, Usage
from lineside.store.homes import Home
from lineside.store.migrations import migrate
from lineside.store.queries import artifacts, audit, models, promotions


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[RunnerUnderTest]:
    yield from a_runner(tmp_path, demo=True)


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[RunnerUnderTest]:
    """A home whose config.toml gives nobody a role: only its owner may do anything."""
    yield from a_runner(tmp_path, demo=False)


def a_runner(tmp_path: Path, *, demo: bool) -> Iterator[RunnerUnderTest]:
    """A home with two finished runs that each logged a model, and its runner."""
    home = Home(tmp_path / "home")
    homes.create(home, demo=demo)
    db = writer(home.db)
    migrate(db)
    for seed in (0, 1):
        put = objects.adopt(home, tiny_package(tmp_path / f"p{seed}", seed=seed))
        artifacts.put(db, add_run(db), path="model", kind="model", stored=put, at=Micros(2))
    db.close()
    runner = RunnerUnderTest(home)
    yield runner
    runner.close()


def ask(runner: RunnerUnderTest, who: str, verb: str, **args: Any) -> Any:
    return commands.ask(runner.home, verb, args, acting_as=f"demo:{who}", timeout_s=120)


def test_ana_asks_ben_agrees_and_the_runner_swaps(demo: RunnerUnderTest) -> None:
    assert ask(demo, "ana", "models.register", run=1, name="digits") == {
        "id": 1, "model": "digits", "version": 1, "status": "READY",
    }  # fmt: skip
    asked = ask(
        demo, "ana", "promotions.request", model="digits", version=1, alias="champion", reason="first"
    )
    assert asked["state"] == "PENDING_MANUAL_APPROVAL"

    with pytest.raises(NotPermitted, match="demo:ana asked for request 1"):
        ask(demo, "ana", "promotions.approve", request=1)
    done = ask(demo, "ben", "promotions.approve", request=1, reason="looks right")

    assert done["state"] == "APPLIED"
    assert models.find_version(demo.db, "digits@champion").number == 1
    who = {row.verb: row.who for row in audit.of_subject(demo.db, "promotion", 1)}
    assert who["promotions.request"].startswith("demo:ana (")
    assert who["promotions.approve"].startswith("demo:ben (")
    assert audit.verify(demo.db).broken_seq is None


def test_a_job_never_approves_whoever_it_runs_as(demo: RunnerUnderTest) -> None:
    ask(demo, "ana", "models.register", run=1, name="digits")
    ask(demo, "ana", "promotions.request", model="digits", version=1, alias="champion")
    code = (
        "import sys; from pathlib import Path; from lineside.jobs import commands;"
        "from lineside.store.homes import Home; from lineside.store.errors import LinesideError\n"
        "home, args = Home(Path(sys.argv[1])), {'request': 1}\n"
        "try: commands.ask(home, 'promotions.approve', args, acting_as='demo:ben')\n"
        "except LinesideError as error: print(type(error).__name__, error, flush=True); sys.exit(7)\n"
    )

    job = demo.submit(sys.executable, "-c", code, str(demo.home.path))

    assert demo.wait_for(job).state == "FAILED"
    assert "NotPermitted promotions.approve cannot be asked from inside a job" in demo.log(job)
    assert promotions.get(demo.db, 1).state == "PENDING_MANUAL_APPROVAL"


def test_a_runner_killed_while_checking_checks_again_when_it_is_back(demo: RunnerUnderTest) -> None:
    ask(demo, "ana", "models.register", run=1, name="digits")
    db = writer(demo.home.db)  # a request left CHECKING, as a kill leaves it
    demo.kill()

    version = models.find_version(db, "digits@1")
    transitions.ask(db, TOM, version, alias="champion", reason="", policy=POLICY, at=Micros(2**60))
    db.close()

    demo.restart()

    until(lambda: promotions.get(demo.db, 1).state == "PENDING_MANUAL_APPROVAL")
    assert [gate.passed for gate in promotions.gates(demo.db, 1)] == [True] * 3


def test_in_a_home_of_one_person_that_person_may_approve_and_it_is_stamped(alone: RunnerUnderTest) -> None:
    alone.ask("models.register", {"run": 1, "name": "digits"})
    alone.ask("promotions.request", {"model": "digits", "version": 1, "alias": "champion"})

    done = alone.ask("promotions.approve", {"request": 1})

    assert (done["state"], done["outcome"]) == ("APPLIED", "single account")
    assert [said.stamp for said in promotions.approvals(alone.db, 1)] == ["single account"]


def test_asking_wrongly_changes_nothing_and_says_why(demo: RunnerUnderTest) -> None:
    for args, says in (
        ({"model": "digits", "alias": "champion"}, "version is missing"),
        ({"model": "digits", "version": "one", "alias": "champion"}, "whole number"),
        ({"model": 3, "version": 1, "alias": "champion"}, "model must be text"),
    ):
        with pytest.raises(Usage, match=says):
            ask(demo, "ana", "promotions.request", **args)
    with pytest.raises(Refused, match="nobody may act as 'maria'"):
        commands.ask(demo.home, "promotions.approve", {"request": 1}, acting_as="maria")
    assert promotions.recent(demo.db) == []
