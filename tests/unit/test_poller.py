"""The poller against real sockets: kept connections, resets, silence, and the states people see."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from fixtures import served
from fixtures.contexts import Here
from fixtures.waiting import PATIENCE_S

from lineside.jobs.monitor import poller
from lineside.jobs.monitor.fetching import Fetcher, NoAnswer
from lineside.jobs.monitor.looks import Look
from lineside.store.clock import SECOND, Micros, now
from lineside.store.homes import Home
from lineside.store.queries import alerts, endpoints
from lineside.store.states import AlertState, EndpointState


@dataclass(slots=True)
class Server:
    """A tiny HTTP server whose answers a test writes by hand."""

    url: str
    connections: int = 0
    asked: int = 0
    answers: list[bytes] = field(default_factory=list)  # raw; the last one again and again; b"" hangs up


@asynccontextmanager
async def serving(*answers: bytes) -> AsyncIterator[Server]:
    server = Server(url="", answers=list(answers))
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        writers.append(writer)
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                server.asked += 1
                answer = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
                if not answer:
                    break
                writer.write(answer)
        except (EOFError, OSError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/metrics"
    try:
        yield server
    finally:
        for writer in writers:
            writer.close()
        listener.close()
        await listener.wait_closed()


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na 1\r\n2;x=y\r\n\nb\r\n2\r\n 2\r\n0\r\n\r\n"
)


async def get_twice(server: Server) -> list[bytes]:
    fetcher = Fetcher(server.url)
    try:
        return [(await fetcher.get(within=PATIENCE_S)).body for _ in range(2)]
    finally:
        fetcher.close()


def test_one_connection_is_kept_for_all_looks() -> None:
    async def run() -> None:
        async with serving(ok(b"a 1\n")) as server:
            assert await get_twice(server) == [b"a 1\n", b"a 1\n"]
            assert server.connections == 1

    asyncio.run(run())


def test_a_reset_of_a_reused_connection_is_tried_once_more_on_a_fresh_one() -> None:
    async def run() -> None:
        async with serving(ok(b"a 1\n"), b"", ok(b"a 2\n")) as server:
            assert await get_twice(server) == [b"a 1\n", b"a 2\n"]
            assert server.connections == 2

    asyncio.run(run())


def test_a_chunked_page_is_put_together() -> None:
    async def run() -> None:
        async with serving(CHUNKED) as server:
            assert await get_twice(server) == [b"a 1\nb 2"] * 2

    asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "within", "words"),
    [
        (b"", PATIENCE_S, "closed"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", PATIENCE_S, "not HTTP"),
        (ok(b"a 1\n")[:-4], 0.2, "no answer within"),
    ],
)
def test_what_does_not_answer_is_said_in_words(answer: bytes, within: float, words: str) -> None:
    async def run() -> None:
        async with serving(answer) as server:
            fetcher = Fetcher(server.url)
            try:
                with pytest.raises(NoAnswer, match=words):
                    await fetcher.get(within=within)
            finally:
                fetcher.close()

    asyncio.run(run())


def test_a_closed_port_is_refused_in_words() -> None:
    with pytest.raises(NoAnswer, match="refused"):
        asyncio.run(Fetcher("http://127.0.0.1:1/metrics").get(within=PATIENCE_S))


def page(requests: int) -> bytes:
    return ok(
        b'lineside_live{model="m",version="1"} 1.0\n'
        b'lineside_requests_total{model="m",version="1",code="200"} %d\n' % requests
    )


async def poll(ctx: Here, until: Callable[[], bool]) -> None:
    """Tick as the runner does, until something is so."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not until():
                await poller.tick(ctx)
                await asyncio.sleep(0.02)
    finally:
        await poller._pollers.pop(ctx.home).close()


def test_an_endpoint_is_looked_at_and_its_intervals_are_kept(home: Home, db: sqlite3.Connection) -> None:
    async def run() -> None:
        async with serving(page(10), page(25)) as server:
            url = server.url.removesuffix("/metrics")
            id = endpoints.upsert(
                db, name="api", adapter="lineside", url=url, period_s=0.1, by="ana", at=now()
            )
            await poll(Here(home, db), lambda: len(endpoints.scrapes(db, id, 0)) >= 2)

    asyncio.run(run())
    row = endpoints.find(db, "api")
    assert (row.state, row.served_version) == ("ok", "1")
    assert endpoints.scrapes(db, row.id, 0)[0].requests == 15


def test_a_server_that_is_gone_becomes_poller_down_and_an_alert(home: Home, db: sqlite3.Connection) -> None:
    endpoints.upsert(
        db, name="api", adapter="lineside", url="http://127.0.0.1:1", period_s=0.02, by="ana", at=now()
    )
    asyncio.run(poll(Here(home, db), lambda: any(a.state is AlertState.FIRING for a in alerts.recent(db))))
    assert endpoints.find(db, "api").state == "poller down"
    assert "connection refused" in alerts.recent(db)[0].title


def test_an_endpoint_that_was_removed_is_left_alone(home: Home, db: sqlite3.Connection) -> None:
    async def run() -> None:
        async with serving(page(1)) as server:
            url = server.url.removesuffix("/metrics")
            id = endpoints.upsert(
                db, name="api", adapter="lineside", url=url, period_s=0.05, by="ana", at=now()
            )
            ctx = Here(home, db)
            await poll(ctx, lambda: server.asked >= 2)
            endpoints.remove(db, id, at=now())
            await poller.tick(ctx)
            await asyncio.sleep(0)
            assert poller._pollers[home].tasks == {}

    asyncio.run(run())
    poller._pollers.clear()


def look(id: int, version: str | None) -> Look:
    return Look(endpoint_id=id, at_us=Micros(5), state=EndpointState.OK, served_version=version)


def watched_endpoint(home: Home, db: sqlite3.Connection) -> int:
    version = served.register_digits(home, db)
    deployment = served.deploy(db, version)
    return endpoints.upsert(
        db, name="api", adapter="lineside", url="http://x", deployment_id=deployment,
        model_id=version.model_id, alias="champion", by="ana", at=Micros(1),
    )  # fmt: skip


def test_what_serves_something_else_than_the_registry_says_is_a_mismatch(
    home: Home, db: sqlite3.Connection
) -> None:
    row = endpoints.find(db, watched_endpoint(home, db))
    held = type(row)(**{name: getattr(row, name) for name in row.__slots__} | {"registry_version": 3})
    state, detail = poller.judge(held, look(row.id, "2"), drifting=False, swapping=False)
    assert (state, detail) == (EndpointState.MISMATCH, "serves v2, the registry says v3")
    assert poller.judge(held, look(row.id, "2"), drifting=False, swapping=True)[0] is EndpointState.OK
    assert poller.judge(held, look(row.id, "3"), drifting=True, swapping=False)[0] is EndpointState.DRIFTED


def test_an_endpoint_whose_windows_drift_says_so(home: Home, db: sqlite3.Connection) -> None:
    id = watched_endpoint(home, db)
    monitor = served.watch(db)
    db.execute("update monitor set deployment_id = 1")
    alerts.begin(
        db, rule="drift.columns", subject=("monitor", monitor, "watch"), state=AlertState.FIRING, title="",
        value=7, line=1, window_id=None, at=Micros(1),
    )  # fmt: skip
    poller.write(db, [look(id, "1")], at=Micros(6))
    assert endpoints.find(db, id).state == "drifted"


def test_a_dead_server_is_asked_less_and_less_often() -> None:
    assert all(poller.backoff(5.0, 1) <= 5.0 for _ in range(50))
    assert max(poller.backoff(5.0, 9) for _ in range(200)) > 20.0
    assert all(1.0 <= poller.backoff(5.0, 30) <= poller.MAX_BACKOFF_S for _ in range(200))


def test_a_server_may_take_a_moment_to_follow_its_alias(home: Home, db: sqlite3.Connection) -> None:
    id = watched_endpoint(home, db)
    moved = now()
    db.execute(
        """insert into promotion (uid, version_id, model_id, alias, state, requested_by, requester_uid,
                                  created_us, expires_us)
           values ('promo_1', 1, 1, 'champion', 'APPLIED', 'ana', 1, 1, 2)"""
    )
    db.execute(
        """insert into alias_interval (model_id, alias, version_id, from_us, by, promotion_id)
           values (1, 'champion', 1, ?, 'ana', 1)""",
        (moved,),
    )
    for seconds, state in ((1, "ok"), (poller.SETTLE_S + 1, "mismatch")):
        at = Micros(int(moved + seconds * SECOND))
        seen = Look(endpoint_id=id, at_us=at, state=EndpointState.OK, served_version="7")
        poller.write(db, [seen], at=at)
        assert endpoints.find(db, id).state == state
