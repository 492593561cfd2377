"""The writer thread: one transaction each, people first, errors come back."""

import asyncio
import sqlite3

import pytest

from lineside.jobs.writer import Writer
from lineside.store.db import writer as connect
from lineside.store.errors import Conflict
from lineside.store.homes import Home
from lineside.store.migrations import migrate
from lineside.store.queries import keys


@pytest.fixture
def migrated(home: Home) -> Home:
    db = connect(home.db)
    migrate(db)
    db.close()
    return home


def test_a_change_is_committed_and_its_answer_comes_back(migrated: Home) -> None:
    async def story() -> None:
        writer = Writer(migrated)
        assert await writer.run(lambda db: _keep(db, "a")) == "a"
        await writer.close()

    asyncio.run(story())
    assert _kept(migrated) == ["a"]


def test_a_change_that_raises_leaves_nothing_and_the_next_one_works(migrated: Home) -> None:
    def breaks(db: sqlite3.Connection) -> None:
        _keep(db, "half")
        raise Conflict("no")

    async def story() -> None:
        writer = Writer(migrated)
        with pytest.raises(Conflict, match="no"):
            await writer.run(breaks)
        await writer.run(lambda db: _keep(db, "whole"))
        await writer.close()

    asyncio.run(story())
    assert _kept(migrated) == ["whole"]


def test_what_a_person_waits_for_goes_before_ingest(migrated: Home) -> None:
    order: list[str] = []

    async def story() -> None:
        writer = Writer(migrated)
        gate = asyncio.Event()
        loop = asyncio.get_running_loop()

        def block(db: sqlite3.Connection) -> None:
            asyncio.run_coroutine_threadsafe(gate.wait(), loop).result(5)

        first = asyncio.create_task(writer.run(block))
        await asyncio.sleep(0)
        later = [asyncio.create_task(writer.run(lambda db, n=n: order.append(n), durable=n == "person"))
                 for n in ("ingest 1", "ingest 2", "person")]  # fmt: skip
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(first, *later)
        await writer.close()

    asyncio.run(story())
    assert order == ["person", "ingest 1", "ingest 2"]


def test_only_what_a_person_waits_for_is_synced(migrated: Home) -> None:
    async def story() -> list[int]:
        writer = Writer(migrated)
        ask = "pragma synchronous"
        seen = [
            await writer.run(lambda db: int(db.execute(ask).fetchone()[0]), durable=durable)
            for durable in (True, False, True)
        ]
        await writer.close()
        return seen

    assert asyncio.run(story()) == [2, 1, 2]


def test_a_caller_that_gave_up_does_not_stop_the_writer(migrated: Home) -> None:
    async def story() -> None:
        writer = Writer(migrated)
        gave_up = asyncio.create_task(writer.run(lambda db: _keep(db, "done anyway")))
        await asyncio.sleep(0)
        gave_up.cancel()
        await writer.run(lambda db: _keep(db, "next"))
        await writer.close()

    asyncio.run(story())
    assert _kept(migrated) == ["done anyway", "next"]


def _keep(db: sqlite3.Connection, key: str) -> str:
    keys.keep(db, key, "test", {}, at=1)  # type: ignore[arg-type]
    return key


def _kept(home: Home) -> list[str]:
    db = connect(home.db)
    rows = [row["key"] for row in db.execute("select key from control_key order by key")]
    db.close()
    return rows
