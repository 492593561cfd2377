"""The poller: one task per endpoint on an absolute schedule; what they see is written once a second."""

import asyncio
import logging
import random
import sqlite3
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from lineside.jobs.context import Context
from lineside.jobs.monitor import adapters
from lineside.jobs.monitor.alerts import Observation, observe
from lineside.jobs.monitor.fetching import Fetcher, NoAnswer
from lineside.jobs.monitor.looks import Look, Watched
from lineside.store.clock import Micros, after, now
from lineside.store.errors import NotFound
from lineside.store.homes import Home
from lineside.store.queries import alerts, deployments, endpoints
from lineside.store.queries.endpoints import EndpointRow
from lineside.store.states import EndpointState

log = logging.getLogger(__name__)
DEADLINE_S = 5.0
MAX_BACKOFF_S = 60.0
CONNECTING = 64
"""Endpoints asked at the same moment, at most: a storm of connects is answered by time-outs."""
KEEP_S = 7 * 86_400.0
LOOKS_BEFORE_ALERT = 2
SETTLE_S = 15.0
"""Seconds after an alias moved in which a server may still answer with the version before."""
_BAD = (EndpointState.POLLER_DOWN, EndpointState.UNPARSEABLE, EndpointState.MISMATCH)

Key = tuple[str, str, float]
"""What makes a task look elsewhere when it changes: adapter, address, period."""


@dataclass(slots=True)
class Poller:
    """All tasks of one home, and what they saw since the last write."""

    tasks: dict[int, tuple[Key, asyncio.Task[None]]] = field(default_factory=dict)
    seen: list[Look] = field(default_factory=list)
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONNECTING))
    missed: int = 0  # looks that came too late to be made

    def follow(self, rows: Sequence[EndpointRow]) -> None:
        """One task for each endpoint, none for those that are gone."""
        wanted = {row.id: (row.adapter, row.metrics_url, row.period_s) for row in rows}
        for id, (key, task) in list(self.tasks.items()):
            if wanted.get(id) != key or task.done():
                task.cancel()
                del self.tasks[id]
        for id, key in wanted.items():
            if id not in self.tasks:
                self.tasks[id] = (key, asyncio.create_task(self._look_for_ever(id, *key)))

    async def close(self) -> None:
        """End all tasks."""
        self.follow([])
        await asyncio.sleep(0)

    async def _look_for_ever(self, endpoint_id: int, adapter: str, url: str, period_s: float) -> None:
        try:
            watched = Watched(endpoint_id=endpoint_id, adapter=adapters.load(adapter))
        except NotFound as error:
            self.seen.append(
                Look(endpoint_id=endpoint_id, at_us=now(), state=EndpointState.UNPARSEABLE, detail=str(error))
            )
            await asyncio.Event().wait()  # until somebody corrects it
            return
        period_s = max(period_s, watched.adapter.min_period_s)
        fetcher, loop = Fetcher(url), asyncio.get_running_loop()
        due = loop.time() + min(period_s, 1.0) * phase(url)
        try:
            while True:
                await asyncio.sleep(max(0.0, due - loop.time()))
                self.seen.append(await self._look(watched, fetcher, min(max(period_s, 1.0), DEADLINE_S)))
                due += period_s if not watched.failures else backoff(period_s, watched.failures)
                if late := max(0, int((loop.time() - due) // period_s)):
                    self.missed += late
                    due += late * period_s
        finally:
            fetcher.close()

    async def _look(self, watched: Watched, fetcher: Fetcher, within: float) -> Look:
        async with self.gate:
            try:
                page = await fetcher.get(within=within)
            except NoAnswer as error:
                return watched.failed(error, at=now())
        return watched.answered(page, at=now())


_pollers: dict[Home, Poller] = {}


async def tick(ctx: Context) -> bool:
    """Bring the tasks in line with the endpoints that are there, and write what they saw."""
    poller = _pollers.setdefault(ctx.home, Poller())
    rows = [row for row in endpoints.every(ctx.db) if _is_up(ctx.db, row)]
    poller.follow(rows)
    if poller.seen:
        looks, poller.seen = poller.seen, []
        await ctx.write(lambda db: write(db, looks, at=now()), durable=False)
    return not rows


def phase(url: str) -> float:
    """Where in its period an endpoint is asked: the same each time, not all at once.

    >>> 0 <= phase("http://a/metrics") < 1
    True
    """
    return (zlib.crc32(url.encode()) % 1000) / 1000


def backoff(period_s: float, failures: int) -> float:
    """Seconds until the next try: full jitter below a ceiling that doubles."""
    ceiling = min(MAX_BACKOFF_S, period_s * 2.0 ** min(failures - 1, 10))
    return max(min(period_s, 1.0), random.uniform(0, ceiling))


def write(db: sqlite3.Connection, looks: Sequence[Look], *, at: Micros) -> None:
    """What was seen as rows and states, and what it says as alerts, in one transaction."""
    rows = {row.id: row for row in endpoints.every(db)}
    drifting = alerts.drifting_endpoints(db)
    for look in looks:
        row = rows.get(look.endpoint_id)
        if row is None or not _is_up(db, row):
            continue  # removed or stopped while it was looked at
        if look.scrape is not None:
            endpoints.add_scrape(db, look.scrape)
            if int(look.at_us) % 997 == 0:
                endpoints.forget(db, row.id, before=after(at, -KEEP_S))
        state, detail = judge(
            row, look, drifting=row.id in drifting, swapping=_is_swapping(db, row, look.at_us)
        )
        endpoints.looked(
            db, row.id, state=state, detail=detail, served_version=look.served_version, good=look.good,
            at=look.at_us,
        )  # fmt: skip
        if state is not EndpointState.STALE:
            observe(db, _observation(row, state, detail), at=look.at_us)


def judge(row: EndpointRow, look: Look, *, drifting: bool, swapping: bool) -> tuple[EndpointState, str]:
    """The state that people see: what the look says, then what the registry and the windows say."""
    if not look.good:
        return look.state, look.detail
    says, should = look.served_version, row.registry_version
    if says is not None and should is not None and says != str(should) and not swapping:
        return EndpointState.MISMATCH, f"serves v{says}, the registry says v{should}"
    if drifting:
        return EndpointState.DRIFTED, look.detail
    return look.state, look.detail


def _observation(row: EndpointRow, state: EndpointState, detail: str) -> Observation:
    title = f"{row.name}: {state}, {detail}" if detail else f"{row.name}: {state}"
    return Observation(
        rule="endpoint", subject=("endpoint", row.id, row.name), firing=state in _BAD, title=title,
        looks=LOOKS_BEFORE_ALERT,
    )  # fmt: skip


def _is_swapping(db: sqlite3.Connection, row: EndpointRow, at: Micros) -> bool:
    """Whether the server is just being moved to the version that the alias names."""
    if row.registry_since_us is not None and at < after(row.registry_since_us, SETTLE_S):
        return True
    return row.deployment_id is not None and deployments.get(db, row.deployment_id).state != "LIVE"


def _is_up(db: sqlite3.Connection, row: EndpointRow) -> bool:
    """Whether anybody should answer there: a deployment that is still starting cannot."""
    return row.deployment_id is None or deployments.get(db, row.deployment_id).state not in (
        "STARTING", "STOPPED",
    )  # fmt: skip
