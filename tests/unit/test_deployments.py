"""A deployment follows its alias: through swaps, through crashes of the server, and of the runner."""

import contextlib
import os
import signal
import socket
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.deployed import MODEL, crown, register, register_a_liar, registry
from fixtures.packages import digits
from fixtures.runners import FAST, RunnerUnderTest
from fixtures.waiting import until

from lineside.jobs.serving.replay import Client, Tally
from lineside.store import homes
from lineside.store.errors import Conflict, NotFound, Refused, Usage
from lineside.store.homes import Home
from lineside.store.queries import audit, deployments, endpoints, lineage
from lineside.store.queries.deployments import DeploymentRow
from lineside.store.queries.lineage import Node


@pytest.fixture
def registered(tmp_path: Path) -> Iterator[tuple[Home, sqlite3.Connection]]:
    """A home in which version 1 of a digit reader is champion."""
    home = Home(tmp_path / "home")
    homes.create(home)
    db = registry(home)
    crown(db, register(home, db, tmp_path))
    yield home, db
    db.close()


@pytest.fixture
def runner(registered: tuple[Home, sqlite3.Connection]) -> Iterator[RunnerUnderTest]:
    running = RunnerUnderTest(registered[0], config=FAST)
    try:
        yield running
    finally:
        running.close()


def serve(runner: RunnerUnderTest) -> DeploymentRow:
    runner.ask("serving.serve", {"model": MODEL, "alias": "champion"})
    return live(runner, "v1")


def live(runner: RunnerUnderTest, version: str) -> DeploymentRow:
    """The deployment, once it is LIVE with this version."""

    def look() -> DeploymentRow | None:
        row = deployments.find(runner.db, MODEL)
        return row if (row.state, row.serves) == ("LIVE", version) else None

    return until(look)


def answering(row: DeploymentRow) -> str:
    """The version that answers one request over HTTP."""
    with Client(row.url, MODEL) as client:
        assert client.infer(digits(0, 1), ids=["who"]), client.tally.last_error
        (version,) = client.tally.versions
        return version


@contextlib.contextmanager
def asking_all_the_while(row: DeploymentRow) -> Iterator[Tally]:
    stop = threading.Event()
    with Client(row.url, MODEL) as client:

        def ask() -> None:
            while not stop.is_set():
                client.infer(digits(0, 1), ids=["busy"])

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield client.tally
        finally:
            stop.set()
            thread.join()


def test_what_the_alias_says_is_served_and_follows_it(
    runner: RunnerUnderTest, registered: tuple[Home, sqlite3.Connection], tmp_path: Path
) -> None:
    home, db = registered
    row = serve(runner)
    assert answering(row) == "1"
    assert endpoints.find(runner.db, MODEL).deployment_id == row.id

    second = register(home, db, tmp_path, seed=1)
    with asking_all_the_while(row) as tally:
        crown(db, second)
        row = live(runner, "v2")
        seen = tally.requests
        until(lambda: tally.requests > seen + 20)
    assert (tally.failed, tally.retried, set(tally.versions)) == (0, 0, {"1", "2"})

    third = register_a_liar(home, db, tmp_path)
    crown(db, third)
    until(lambda: "was not taken" in deployments.find(runner.db, MODEL).detail)
    row = live(runner, "v2")
    assert answering(row) == "2"

    verbs = [each.verb for each in audit.of_subject(runner.db, "deployment", row.id)]
    assert verbs == ["serving.serve", "serving.live", "serving.live", "serving.not_taken"]
    served = [
        each.src_id
        for each in lineage.around(runner.db, Node("deployment", row.id), down=False).edges
        if each.relation == "served"
    ]
    assert sorted(served) == [1, second.id]


def test_a_killed_server_and_a_killed_runner_are_both_survived(runner: RunnerUnderTest) -> None:
    row = serve(runner)
    assert row.job_id is not None
    server = runner.start_file(row.job_id).pid

    runner.kill()
    assert answering(row) == "1"  # nobody is there to watch; it serves all the same
    runner.restart()
    assert live(runner, "v1").job_attempt == 1

    os.kill(server, signal.SIGKILL)
    until(lambda: (deployments.find(runner.db, MODEL).job_attempt or 0) == 2)

    def answers() -> str | None:
        with contextlib.suppress(Exception):
            return answering(row)
        return None

    assert until(answers) == "1"
    live(runner, "v1")


def test_a_stopped_server_is_stopped_and_can_be_started_again(runner: RunnerUnderTest) -> None:
    row = serve(runner)
    with pytest.raises(Conflict, match="already up"):
        runner.ask("serving.serve", {"model": MODEL, "alias": "champion"})

    runner.ask("serving.stop", {"name": MODEL})
    until(lambda: deployments.find(runner.db, MODEL).state == "STOPPED")
    assert endpoints.find(runner.db, MODEL).state == "stopped"

    again = serve(runner)
    until(lambda: endpoints.find(runner.db, MODEL).state != "stopped")
    assert (again.id, again.job_id != row.job_id) == (row.id, True)


def test_what_cannot_be_served_is_refused_and_changes_nothing(runner: RunnerUnderTest) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = {"model": MODEL, "alias": "champion", "port": holder.getsockname()[1]}
        with pytest.raises(Refused, match="in use"):
            runner.ask("serving.serve", taken)
    with pytest.raises(NotFound, match="no model 'nobody'"):
        runner.ask("serving.serve", {"model": "nobody", "alias": "champion"})
    with pytest.raises(NotFound, match="no alias"):
        runner.ask("serving.serve", {"model": MODEL, "alias": "challenger"})
    with pytest.raises(Usage, match="cannot name"):
        runner.ask("serving.serve", {"model": MODEL, "alias": "champion", "name": "../x"})

    assert deployments.recent(runner.db) == []
