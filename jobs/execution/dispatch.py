"""The part of the runner that moves jobs: looks at what runs, takes the queue's next step, starts and stops.

Everything it knows is in the database and in the attempts' folders, so a new dispatcher after `kill -9` goes
on where the old one stopped: adopting is the same as looking.
"""

import asyncio
import contextlib
import functools
import logging
import os
import socket
import sqlite3
import time
from collections.abc import Container, Sequence
from pathlib import Path

from lineside.jobs import ingesting, wire
from lineside.jobs.context import Context
from lineside.jobs.execution import attempts, endings, gpus, launch, queue, rooms
from lineside.jobs.execution.attempts import Phase, Sighting
from lineside.jobs.execution.demands import Room
from lineside.jobs.execution.queue import Claimed, Seen, Turn
from lineside.jobs.execution.weighing import Scales
from lineside.jobs.executors import Executor
from lineside.store.clock import now
from lineside.store.config import QueueConfig, RunnerConfig
from lineside.store.errors import LinesideError
from lineside.store.queries import jobs
from lineside.store.queries import queue as queued
from lineside.store.queries.jobs import JobRow
from lineside.store.states import Cause, JobState

log = logging.getLogger(__name__)

_OVER = (Phase.ENDED, Phase.GONE)
_PATIENCE_S = 0.05
"""How long a step waits for the last words of a job that ended."""
_MISSING_S = 2.0
"""How long an attempt without folder and processes is waited for: its shim may be writing how it ended."""
_BEGUN_S = 0.03
"""When to look whether a start has become a process: a job that is over by then costs one look, not two."""


class Dispatcher:
    """One per runner; `run` is its loop, `wake` makes it look now."""

    def __init__(
        self, ctx: Context, executor: Executor, config: RunnerConfig, *, queue: QueueConfig, sdk: Path
    ) -> None:
        self._ctx, self._executor, self._config, self._sdk = ctx, executor, config, sdk
        self._rules, self._scales = rooms.rules(queue), Scales()
        self._woken, self._stepped = asyncio.Event(), time.monotonic()
        self._changed = True  # the queue, since its last step
        self._soon: asyncio.TimerHandle | None = None
        self._watched: dict[int, int] = {}  # job → pidfd of its shim
        self._endings: dict[
            int, asyncio.Task[None]
        ] = {}  # job → what is still to be done before it has ended
        self._missing: dict[int, float] = {}  # job without folder and processes → since when (monotonic)
        self._troubles: dict[int, str] = {}  # job that cannot be started now → why
        self._bell: socket.socket | None = None

    @property
    def age_s(self) -> float:
        """Seconds since the last step that went well."""
        return time.monotonic() - self._stepped

    def wake(self) -> None:
        """The queue is another one now: take its next step."""
        self._changed = True
        self._woken.set()

    def _look_now(self) -> None:
        """An attempt may have begun or ended; the queue takes a step only if one has."""
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled. A failed step is logged and tried again: nothing is lost, it is all on disk."""
        self._hang_bell()
        if strays := await asyncio.to_thread(self._executor.sweep_strays, self._ctx.home.path):
            log.warning("left-over processes were killed", extra={"processes": strays})
        forgotten = False
        while True:
            try:
                await self._step()
                self._stepped = time.monotonic()
                if not forgotten:
                    await self._forget_ended()
                    forgotten = True
            except Exception:
                log.exception("the queue stumbled")
                self._changed = True
                await asyncio.sleep(self._config.poll_s)
            try:
                await asyncio.wait_for(self._woken.wait(), self._config.poll_s)
            except TimeoutError:
                self._changed = True  # the clock may have let somebody in
            self._woken.clear()

    def close(self) -> None:
        """Stop watching; what runs goes on."""
        for task in self._endings.values():
            task.cancel()
        for shim in self._watched.values():
            os.close(shim)
        self._watched.clear()
        if self._bell is not None:
            self._bell.close()

    async def _step(self) -> None:
        """Look at all that should be running, end and admit in one transaction, then start and stop."""
        rows = jobs.live(self._ctx.db)
        seen = await self._complete([self._look(row) for row in rows])
        known = {row.id for row in rows if row.pid is not None}
        news = [each for each in seen if _is_news(each, known)]
        if self._changed or news:
            self._changed = False
            turn = await self._take_turn(news)
            for start in turn.claimed:
                self._start(start)
            for id in turn.ended:
                queue.forget_environment(self._ctx.home, id)
            rows = jobs.live(self._ctx.db)  # some are to make room now
        for each in seen:
            self._follow(each)
        self._stop_stopping(rows)
        await self._tell_troubles()

    async def _complete(self, seen: list[Seen]) -> list[Seen]:
        """Without the jobs that ended a moment ago and whose last words are still on their way to the store.

        Most are complete at once; one that left gigabytes behind keeps nobody else waiting.
        """
        ended = [each.job_id for each in seen if each.sighting.phase in _OVER]
        for each in seen:
            if each.job_id in ended and each.job_id not in self._endings:
                self._endings[each.job_id] = asyncio.create_task(self._wrap_up(each))
        if ended:
            _, late = await asyncio.wait([self._endings[id] for id in ended], timeout=_PATIENCE_S)
            for task in late:
                task.add_done_callback(lambda _: self._look_now())
        return [each for each in seen if each.job_id not in ended or self._endings[each.job_id].done()]

    async def _wrap_up(self, seen: Seen) -> None:
        """No process is left behind, and all that the run wrote is in the store, before its job has ended."""
        if seen.sighting.phase == Phase.GONE:
            await asyncio.to_thread(self._executor.sweep, self._folder(seen.job_id, seen.number))
        run_uid = jobs.command(self._ctx.db, seen.job_id).run_uid
        if run_uid is not None and (self._ctx.home.spool / f"{run_uid}.sp").exists():
            await ingesting.drain(self._ctx, run_uid)

    async def _take_turn(self, seen: list[Seen]) -> Turn:
        """Not synced: after a power loss the attempts' own files, which are, tell the same story again."""
        room, backoff_s = self._room(), self._config.retry_backoff_s
        return await self._ctx.write(
            lambda db: queue.turn(
                db, seen, room, at=now(), backoff_s=backoff_s, rules=self._rules, scales=self._scales
            ),
            durable=False,
        )

    def _look(self, row: JobRow) -> Seen:
        folder = self._folder(row.id, row.attempt)
        sighting = self._executor.look(folder)
        if sighting.phase == Phase.UNCLAIMED and not (folder / "spec").exists():
            sighting = self._look_without(row, folder)
        ended_badly = sighting.exit is not None and sighting.exit.cause != Cause.OK
        return Seen(
            job_id=row.id, number=row.attempt, sighting=sighting,
            tail=attempts.tail(folder) if ended_badly else "",
        )  # fmt: skip

    def _look_without(self, row: JobRow, folder: Path) -> Sighting:
        """There is no folder: it was not made yet, or the job took it away. None runs twice for that."""
        if self._executor.remains(folder):
            return Sighting(phase=Phase.RUNNING)
        if row.pid is None:
            return Sighting(phase=Phase.UNCLAIMED)
        since = self._missing.setdefault(row.id, time.monotonic())
        over = time.monotonic() - since > _MISSING_S
        return Sighting(phase=Phase.GONE if over else Phase.RUNNING)

    def _follow(self, seen: Seen) -> None:
        """Watch what runs, let go of what ended, ask again for what nobody claimed."""
        match seen.sighting.phase:
            case phase if phase in _OVER:
                self._let_go(seen)
            case Phase.UNCLAIMED:
                self._start(Claimed(job_id=seen.job_id, number=seen.number, gpus=()))
            case Phase.CLAIMED:
                self._look_soon()
            case Phase.RUNNING:
                self._watch(seen.job_id, seen.sighting)

    def _start(self, claimed: Claimed) -> None:
        """Hand an attempt over; one that is to stop already gets that order first, and runs nothing."""
        row = jobs.get(self._ctx.db, claimed.job_id)
        folder = self._folder(row.id, row.attempt)
        try:
            if not (folder / "spec").exists():  # the last thing that is written: else it is ready
                self._prepare(row)
            if row.state == JobState.STOPPING:
                self._executor.stop(folder, cause=Cause.CANCELLED, grace_s=0.0)
        except OSError as error:  # a full disk, a folder that cannot be written: the next look tries again
            self._troubles[row.id] = (
                f"cannot start: {error.strerror}: {error.filename or self._ctx.home.path}"
            )
            return
        self._executor.start(folder)
        self._look_soon()

    def _prepare(self, row: JobRow) -> None:
        box, cap = len(self._executor.inventory().gpus), self._config.log_cap_mib << 20
        launch.prepare(self._ctx.db, self._ctx.home, row, sdk=self._sdk, box_gpus=box, log_cap_bytes=cap)

    async def _tell_troubles(self) -> None:
        """Where people look: the job's reason. On a full disk even that may have to wait."""
        for id, words in self._troubles.items():
            log.error("a job cannot start", extra={"job": id, "error": words})
            say = functools.partial(queued.set_reason, id=id, state=JobState.STARTING, reason=words)
            with contextlib.suppress(sqlite3.Error, LinesideError):
                await self._ctx.write(say)
        self._troubles.clear()

    def _look_soon(self) -> None:
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(_BEGUN_S, self._look_again)

    def _look_again(self) -> None:
        self._soon = None
        self._look_now()

    def _stop_stopping(self, rows: Sequence[JobRow]) -> None:
        """Tell every shim whose job is to end; telling it twice changes nothing."""
        for row in rows:
            if row.state == JobState.STOPPING:
                grace = jobs.command(self._ctx.db, row.id).grace_s
                folder = self._folder(row.id, row.attempt)
                cause = Cause.PREEMPTED if endings.makes_room(row) else Cause.CANCELLED
                try:
                    self._executor.stop(folder, cause=cause, grace_s=grace)
                except OSError as error:  # no room for the order: the next look gives it again
                    log.error("a job cannot be stopped", extra={"job": row.id, "error": str(error)})

    def _watch(self, job_id: int, sighting: Sighting) -> None:
        """Have the loop told the moment the shim dies."""
        if job_id in self._watched or sighting.start is None:
            return
        try:
            shim = os.pidfd_open(sighting.start.shim)
        except ProcessLookupError:
            self._look_now()
            return
        self._watched[job_id] = shim
        asyncio.get_running_loop().add_reader(shim, self._died, job_id)

    def _died(self, job_id: int) -> None:
        asyncio.get_running_loop().remove_reader(self._watched[job_id])
        self._look_now()

    def _let_go(self, seen: Seen) -> None:
        if (shim := self._watched.pop(seen.job_id, None)) is not None:
            asyncio.get_running_loop().remove_reader(shim)
            os.close(shim)
        self._missing.pop(seen.job_id, None)
        if (error := self._endings.pop(seen.job_id).exception()) is not None:
            log.error("an ending was not complete", extra={"job": seen.job_id}, exc_info=error)
        (self._folder(seen.job_id, seen.number) / "env").unlink(missing_ok=True)

    async def _forget_ended(self) -> None:
        """Delete environments that a killed runner had no time to delete."""
        left = await asyncio.to_thread(attempts.environments, self._ctx.home.path / "jobs")
        for row in jobs.by_ids(self._ctx.db, sorted(left)):
            if row.ended_us is not None:
                for path in left[row.id]:
                    path.unlink(missing_ok=True)

    def _room(self) -> Room:
        busy = {uuid for row in jobs.live(self._ctx.db) for uuid in row.devices}
        unseen = self._rules.foreign_bytes
        return rooms.room(gpus.inventory(), slots=self._config.slots, busy=busy, unseen_bytes=unseen)

    def _folder(self, job_id: int, number: int) -> Path:
        return self._ctx.home.attempt(job_id, number)

    def _hang_bell(self) -> None:
        """The socket a shim rings when its job has ended; a missed ring costs one poll."""
        path = self._ctx.home.path / "wake.sock"
        path.unlink(missing_ok=True)
        self._bell = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._bell.setblocking(False)
        with wire.short_path(path) as name:
            self._bell.bind(name)
        asyncio.get_running_loop().add_reader(self._bell, self._rung)

    def _rung(self) -> None:
        assert self._bell is not None
        try:
            while self._bell.recv(64):
                pass
        except BlockingIOError:
            pass
        self._look_now()


def _is_news(seen: Seen, known: Container[int]) -> bool:
    """Whether the store does not know yet what was seen; `known` are jobs whose process it knows."""
    begun = seen.sighting.start is not None and seen.job_id not in known
    return begun or seen.sighting.phase in _OVER
