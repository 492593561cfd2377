"""APScheduler as the clock: it says when, on its own thread; what happens, happens on the runner's loop.

Traps of 3.11 this file closes: an exception in `_process_jobs` ends the scheduler's thread for ever while it
still calls itself running; a shutdown makes one more pass; a stepped system clock is only noticed on waking.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apscheduler.executors.base import BaseExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import STATE_RUNNING
from apscheduler.triggers.interval import IntervalTrigger

from lineside.jobs.context import REST_S, Tick

log = logging.getLogger(__name__)
_AT_MOST_S = 1.0
"""The longest sleep of the clock: then it notices that the system clock was set back while it decided."""
_STEP_S = 1.0
"""A clock set back by less is waited for."""


class _Post(BaseExecutor):  # type: ignore[misc]  # APScheduler ships no types
    """Hands a due beat to the loop."""

    def __init__(self, post: Callable[[], None]) -> None:
        super().__init__()
        self._post = post

    def submit_job(self, job: Any, run_times: Sequence[datetime]) -> None:
        self._post()

    def _do_submit_job(self, job: Any, run_times: Sequence[datetime]) -> None:
        raise NotImplementedError


class Clock(BackgroundScheduler):  # type: ignore[misc]
    """A scheduler thread that cannot die silently."""

    def __init__(self, post: Callable[[], None]) -> None:
        super().__init__(timezone=UTC, executors={"default": _Post(post)})
        self.passes = 0
        self.failures = 0
        self.last_pass = time.monotonic()
        self._ahead = _ahead()

    def every(self, period_s: float) -> None:
        """Post again and again from now on; missed beats are one."""
        since = datetime.now(UTC)
        self.add_job(
            _nothing,
            IntervalTrigger(seconds=period_s, start_date=since, timezone=UTC),
            coalesce=True,
            misfire_grace_time=None,
            next_run_time=since,
        )

    def _process_jobs(self) -> float | None:
        self.last_pass = time.monotonic()
        if self.state != STATE_RUNNING:
            return None
        try:
            self._notice_step()
            wait = super()._process_jobs()
        except Exception:
            self.failures += 1
            log.exception("the clock stumbled")
            return 1.0
        self.passes += 1
        return min(wait, _AT_MOST_S) if wait is not None else _AT_MOST_S

    def _notice_step(self) -> None:
        """A system clock set back would leave every tick waiting until it is as late again: begin anew."""
        before, self._ahead = self._ahead, _ahead()
        if before - self._ahead > _STEP_S:
            log.warning("the system clock was set back", extra={"seconds": before - self._ahead})
            for job in self.get_jobs():
                job.modify(next_run_time=datetime.now(UTC))


def _ahead() -> float:
    """How far the clock on the wall is ahead of the one that never jumps."""
    return time.time() - time.monotonic()


def _nothing() -> None:
    """What APScheduler believes it runs."""


@dataclass(slots=True, kw_only=True)
class _Course:
    """How one tick has gone so far; moments are of the clock that never jumps."""

    tick: Tick
    due: float
    good: float  # when it last ended well
    began: float = 0.0  # its newest call
    task: asyncio.Task[None] | None = None  # the call under way
    rests_at: int | None = None  # the version of the database of which it said: nothing more comes of it


class Ticker:
    """The loop's half: runs each tick as a task, one at a time, and remembers how it went.

    The clock beats at the shortest period of all; a tick runs at the beat that is nearest to when it is due.
    `run` says whether a tick rests, and None when it failed; `version` changes with the database.
    """

    def __init__(
        self,
        run: Callable[[Tick], Awaitable[bool | None]],
        ticks: Sequence[Tick],
        *,
        version: Callable[[], int],
    ) -> None:
        self._loop, at = asyncio.get_running_loop(), time.monotonic()
        self._run, self._version = run, version
        self._courses = [_Course(tick=tick, due=at, good=at) for tick in ticks]
        self._beat_s = min(tick.period_s for tick in ticks)
        self.clock = Clock(self._post)

    def start(self) -> None:
        self.clock.every(self._beat_s)
        self.clock.start()

    async def stop(self) -> None:
        """No further tick; those under way are cancelled."""
        await asyncio.to_thread(self.clock.shutdown, wait=False)
        tasks = [course.task for course in self._courses if course.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def going(self) -> dict[str, float]:
        """The ticks under way, and for how many seconds each has been."""
        at = time.monotonic()
        return {each.tick.name: at - each.began for each in self._courses if each.task is not None}

    def ages(self) -> list[tuple[Tick, float]]:
        """Each tick, and for how many seconds it has not ended well."""
        at = time.monotonic()
        return [(each.tick, at - each.good) for each in self._courses]

    def _post(self) -> None:
        """On the clock's thread."""
        try:
            self._loop.call_soon_threadsafe(self._beat)
        except RuntimeError:  # the loop is closed: the runner is ending
            return

    def _beat(self) -> None:
        at, version = time.monotonic(), self._version()
        for course in self._courses:
            if course.due - at > self._beat_s / 2 or course.task is not None:
                continue
            course.due = max(course.due + course.tick.period_s, at)
            if course.rests_at != version or at - course.began > REST_S:
                course.began = at
                course.task = self._loop.create_task(self._call(course, version), name=course.tick.name)

    async def _call(self, course: _Course, version: int) -> None:
        try:
            rests = await self._run(course.tick)
            course.rests_at = version if rests else None
            if rests is not None:
                course.good = time.monotonic()
        finally:
            course.task = None
