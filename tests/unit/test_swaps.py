"""Swapping as a promotion asks for it: verified, or rolled back and refused."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.contexts import Here, Killed
from fixtures.deployed import MODEL, crown, register, register_a_liar
from fixtures.packages import digits
from fixtures.registry import OLLI
from fixtures.servers import RunningServer, running_server

from lineside.jobs.execution import queue
from lineside.jobs.serving import deployments as following
from lineside.jobs.serving.replay import Client
from lineside.store import objects
from lineside.store.clock import Micros
from lineside.store.errors import Refused
from lineside.store.homes import Home
from lineside.store.queries import audit, deployments
from lineside.store.queries.deployments import DeploymentRow
from lineside.store.queries.models import VersionRow

_RUNNING = "update job set state = 'RUNNING', attempt = 1 where id = :id"


@pytest.fixture
def server(home: Home) -> Iterator[RunningServer]:
    with running_server(home.path, model=MODEL) as running:
        yield running


@pytest.fixture
def first(home: Home, db: sqlite3.Connection, server: RunningServer, tmp_path: Path) -> VersionRow:
    """Version 1, champion, and a deployment of the alias whose server runs and has nothing loaded."""
    version = register(home, db, tmp_path)
    crown(db, version)
    db.execute("begin immediate")
    target = deployments.named_target(db, model=MODEL, alias="champion")
    id = deployments.create(
        db, target, name=MODEL, host="127.0.0.1", port=server.port, by="tom", at=Micros(5)
    )
    (job,) = queue.submit(db, OLLI, [{"argv": ["serve"], "kind": "service", "cpus": 0}], Micros(5))
    db.execute(_RUNNING, {"id": job.job_id})
    deployments.attach(db, id, job_id=job.job_id)
    db.execute("commit")
    return version


def row(db: sqlite3.Connection) -> DeploymentRow:
    return deployments.find(db, MODEL)


def answering(server: RunningServer) -> set[str]:
    with Client(server.url, MODEL) as client:
        client.infer(digits(0, 1), ids=["who"])
        return set(client.tally.versions)


def tick(home: Home, db: sqlite3.Connection) -> None:
    asyncio.run(following.tick(Here(home, db)))


def swap(home: Home, db: sqlite3.Connection, version: VersionRow) -> list[str]:
    return asyncio.run(following.swap_for(Here(home, db), version.model_id, "champion"))


def test_a_promotion_has_the_new_version_answer_before_it_returns(
    home: Home, db: sqlite3.Connection, server: RunningServer, first: VersionRow, tmp_path: Path
) -> None:
    tick(home, db)
    assert (row(db).state, row(db).serves, answering(server)) == ("LIVE", "v1", {"1"})

    second = register(home, db, tmp_path, seed=1)
    crown(db, second)

    assert swap(home, db, second) == [MODEL]
    assert (row(db).state, row(db).live_id, answering(server)) == ("LIVE", second.id, {"2"})
    assert swap(home, db, second) == []


def test_a_version_that_fails_is_refused_and_the_old_one_goes_on(
    home: Home, db: sqlite3.Connection, server: RunningServer, first: VersionRow, tmp_path: Path
) -> None:
    tick(home, db)
    liar = register_a_liar(home, db, tmp_path)
    crown(db, liar)

    with pytest.raises(Refused, match="golden answers moved"):
        swap(home, db, liar)

    assert (row(db).state, row(db).serves, answering(server)) == ("LIVE", "v1", {"1"})
    rows = len(audit.of_subject(db, "deployment", row(db).id))
    tick(home, db)
    assert len(audit.of_subject(db, "deployment", row(db).id)) == rows  # not tried again and again


def test_bytes_that_changed_since_registration_never_go_live(
    home: Home, db: sqlite3.Connection, server: RunningServer, first: VersionRow
) -> None:
    assert first.artifact_digest is not None
    for entry in objects.tree(home, first.artifact_digest):
        path = objects.path_of(home, entry.digest)
        path.chmod(0o640)
        path.write_bytes(path.read_bytes() + b" ")

    tick(home, db)

    assert row(db).state == "FAILED"
    assert "not what was registered" in row(db).detail
    assert answering_nothing(server)


def test_a_server_that_does_not_answer_is_waited_for(
    home: Home, db: sqlite3.Connection, server: RunningServer, first: VersionRow
) -> None:
    server.stop()

    tick(home, db)

    assert (row(db).state, row(db).detail) == ("STARTING", "")


def test_a_swap_killed_at_any_step_is_finished_by_the_next_runner(
    home: Home, db: sqlite3.Connection, server: RunningServer, first: VersionRow, tmp_path: Path
) -> None:
    tick(home, db)
    for steps in range(5):
        newest = register(home, db, tmp_path, seed=(steps + 1) % 2)
        crown(db, newest)
        with contextlib.suppress(Killed):
            asyncio.run(following.swap_for(Here(home, db, steps_left=steps), newest.model_id, "champion"))
        following._PROVEN.clear()  # the next runner knows nothing

        tick(home, db)

        assert (row(db).state, row(db).live_id) == ("LIVE", newest.id)
        assert answering(server) == {str(newest.number)}
        said = [
            each for each in audit.of_subject(db, "deployment", row(db).id) if each.verb == "serving.live"
        ]
        assert len(said) == steps + 2  # each version went live once, whatever happened on the way


def answering_nothing(server: RunningServer) -> bool:
    return bool(server.call("/v2/health/ready")[0] == 503)
