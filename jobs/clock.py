"""APScheduler as the clock: it says when, on its own thread; what happens, happens on the runner's loop.

Traps of 3.11 this file closes: an exception in `_process_jobs` ends the scheduler's thread for ever while it
still calls itself running; a shutdown makes one more pass; a stepped system clock is only noticed on waking.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from apscheduler.executors.base import BaseExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import STATE_RUNNING
from apscheduler.triggers.interval import IntervalTrigger

from lineside.jobs.context import Tick

log = logging.getLogger(__name__)
_AT_MOST_S = 30.0
"""The longest sleep of the clock, so that a stepped system clock is noticed."""


_STEP_S = 1.0
"""A clock set back by less is waited for."""


class _Post(BaseExecutor):  # type: ignore[misc]  # APScheduler ships no types
    """Hands a due tick to the loop; the loop refuses a second one while the first still runs."""

    def __init__(self, post: Callable[[str], None]) -> None:
        super().__init__()
        self._post = post

    def submit_job(self, job: Any, run_times: Sequence[datetime]) -> None:
        self._post(job.id)

    def _do_submit_job(self, job: Any, run_times: Sequence[datetime]) -> None:
        raise NotImplementedError


class Clock(BackgroundScheduler):  # type: ignore[misc]
    """A scheduler thread that cannot die silently."""

    def __init__(self, post: Callable[[str], None]) -> None:
        super().__init__(timezone=UTC, executors={"default": _Post(post)})
        self.passes = 0
        self.failures = 0
        self.last_pass = time.monotonic()
        self._ahead = _ahead()

    def every(self, tick: Tick, *, since: datetime) -> None:
        """Post `tick.name` each `period_s` from `since` on; missed ones are one.

        Ticks that share `since` fall together: one waking of this thread serves them all.
        """
        self.add_job(
            _nothing,
            IntervalTrigger(seconds=tick.period_s, start_date=since, timezone=UTC),
            id=tick.name,
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


class Ticker:
    """The loop's half: runs each tick as a task, one at a time, and remembers how it went."""

    def __init__(self, run: Callable[[Tick], Any], ticks: Sequence[Tick]) -> None:
        self._loop = asyncio.get_running_loop()
        self._run, self._ticks = run, {tick.name: tick for tick in ticks}
        self._going: dict[str, asyncio.Task[None]] = {}
        self._began: dict[str, float] = {}  # when each tick was last called (monotonic)
        self.clock = Clock(self._post)

    def start(self) -> None:
        since = datetime.now(UTC)
        for tick in self._ticks.values():
            self.clock.every(tick, since=since)
        self.clock.start()

    async def stop(self) -> None:
        """No further tick; those under way are cancelled."""
        await asyncio.to_thread(self.clock.shutdown, wait=False)
        for task in list(self._going.values()):
            task.cancel()
        await asyncio.gather(*self._going.values(), return_exceptions=True)

    def going(self) -> dict[str, float]:
        """The ticks under way, and for how many seconds each has been."""
        at = time.monotonic()
        return {name: at - self._began[name] for name in self._going}

    def drop(self, name: str) -> None:
        """Stop posting a tick for good."""
        self.clock.remove_job(name)

    def _post(self, name: str) -> None:
        """On the clock's thread."""
        try:
            self._loop.call_soon_threadsafe(self._begin, name)
        except RuntimeError:  # the loop is closed: the runner is ending
            return

    def _begin(self, name: str) -> None:
        if name not in self._going:
            task = self._loop.create_task(self._run(self._ticks[name]), name=name)
            self._going[name], self._began[name] = task, time.monotonic()
            task.add_done_callback(lambda _: self._going.pop(name, None))
