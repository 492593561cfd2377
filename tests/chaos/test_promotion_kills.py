"""kill -9 of the runner at random moments of real promotions: the alias is the old or the new one."""

import contextlib
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.packages import tiny_package
from fixtures.registry import add_run
from fixtures.runners import RunnerUnderTest
from fixtures.waiting import until

from lineside.jobs import commands
from lineside.store import homes, objects
from lineside.store.clock import Micros
from lineside.store.db import writer
from lineside.store.errors import LinesideError
from lineside.store.homes import Home
from lineside.store.migrations import migrate
from lineside.store.queries import artifacts, audit, models, promotions

pytestmark = pytest.mark.chaos
KILLS = 25
SETTLED = {"PENDING_MANUAL_APPROVAL", "APPLIED", "CHECKS_FAILED", "SUPERSEDED"}


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[RunnerUnderTest]:
    """A demo home in which every version passes its gates, and a run for each kill."""
    home = Home(tmp_path / "home")
    homes.create(home, demo=True)
    db = writer(home.db)
    migrate(db)
    put = objects.adopt(home, tiny_package(tmp_path / "p"))
    for _ in range(KILLS + 1):
        artifacts.put(db, add_run(db), path="model", kind="model", stored=put, at=Micros(2))
    db.close()
    runner = RunnerUnderTest(home)
    yield runner
    runner.close()


def test_no_kill_leaves_an_alias_without_a_holder_or_a_request_without_an_end(demo: RunnerUnderTest) -> None:
    chance = random.Random(5)
    promote(demo, 1)
    for run in range(2, KILLS + 2):
        before = models.find_version(demo.db, "digits@champion").id
        attempt = threading.Thread(target=promote, args=(demo, run))
        attempt.start()
        killer = threading.Timer(chance.uniform(0.0, 0.12), demo.kill)
        killer.start()
        killer.join()
        attempt.join()

        demo.restart()

        until(lambda: {p.state for p in promotions.recent(demo.db)} <= SETTLED)
        until(lambda: not models.pending(demo.db))
        newest = next(p for p in promotions.recent(demo.db) if p.state == "APPLIED")
        holder = models.find_version(demo.db, "digits@champion").id
        assert holder == newest.version_id
        assert holder >= before
        assert audit.verify(demo.db).broken_seq is None


def promote(runner: RunnerUnderTest, run: int) -> None:
    """Register, ask and approve as far as the runner lives."""
    with contextlib.suppress(LinesideError):
        version = ask(runner, "ana", "models.register", run=run, name="digits")["version"]
        asked = ask(runner, "ana", "promotions.request", model="digits", version=version, alias="champion")
        ask(runner, "ben", "promotions.approve", request=asked["request"])


def ask(runner: RunnerUnderTest, who: str, verb: str, **args: object) -> dict[str, int]:
    return commands.ask(runner.home, verb, dict(args), acting_as=f"demo:{who}", timeout_s=60)
