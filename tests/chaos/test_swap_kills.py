"""The runner is killed while it swaps, again and again, under traffic that never stops."""

import random
import threading
import time
from pathlib import Path

import pytest
from fixtures.deployed import MODEL, crown, register, registry
from fixtures.packages import digits
from fixtures.runners import FAST, RunnerUnderTest
from fixtures.waiting import until

from lineside.jobs.serving.replay import Client
from lineside.store import homes
from lineside.store.homes import Home
from lineside.store.queries import deployments

ROUNDS = 20


@pytest.mark.chaos
def test_no_request_fails_however_often_the_runner_dies_in_a_swap(tmp_path: Path) -> None:
    home, stop, chance = Home(tmp_path / "home"), threading.Event(), random.Random(7)
    homes.create(home)
    db = registry(home)
    crown(db, register(home, db, tmp_path))
    runner = RunnerUnderTest(home, config=FAST)
    try:
        url = str(runner.ask("serving.serve", {"model": MODEL, "alias": "champion"})["url"])
        until(lambda: deployments.find(db, MODEL).state == "LIVE")
        with Client(url, MODEL) as client:

            def ask() -> None:
                while not stop.is_set():
                    client.infer(digits(0, 1), ids=["busy"])

            thread = threading.Thread(target=ask)
            thread.start()
            for number in range(ROUNDS):
                newest = register(home, db, tmp_path, seed=(number + 1) % 2)
                crown(db, newest)
                time.sleep(chance.uniform(0.0, 0.8))  # the clock is what this test plays with
                runner.kill()
                runner.restart()
                until(lambda id=newest.id: deployments.find(db, MODEL).live_id == id)  # type: ignore[misc]
            stop.set()
            thread.join()
        assert (client.tally.failed, client.tally.retried) == (0, 0), client.tally.last_error
        assert set(client.tally.versions) >= {"1", str(ROUNDS + 1)}
    finally:
        stop.set()
        runner.close()
        db.close()
