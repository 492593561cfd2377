"""The clock: ticks fall on the loop, never twice at once, and the clock's thread outlives its own faults."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any

import pytest
from apscheduler.schedulers import base as schedulers
from apscheduler.triggers import interval as intervals
from fixtures.waiting import PATIENCE_S

from lineside.jobs import clock
from lineside.jobs.clock import Ticker
from lineside.jobs.context import Context, Tick
from lineside.jobs.ticks import TICKS


async def _never(ctx: Context) -> None:
    raise AssertionError("the test's own runner is called instead")


def tick(name: str, period_s: float) -> Tick:
    return Tick(name=name, period_s=period_s, run=_never)


def ticking(
    run: Callable[[Tick], Awaitable[bool | None]], *ticks: Tick, version: Callable[[], int] = lambda: 0
) -> Ticker:
    return Ticker(run, ticks, version=version)


async def _until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not look():
            await asyncio.sleep(0.005)


def test_ticks_fall_again_and_again_on_the_loop_until_stopped() -> None:
    seen: list[str] = []

    async def run(each: Tick) -> None:
        asyncio.get_running_loop()
        seen.append(each.name)

    async def story() -> None:
        ticker = ticking(run, tick("a", 0.02), tick("b", 0.03))
        ticker.start()
        await _until(lambda: seen.count("a") >= 4 and seen.count("b") >= 3)
        await ticker.stop()
        count = len(seen)
        await asyncio.sleep(0.08)  # four periods: what was stopped must stay silent
        assert len(seen) == count

    asyncio.run(story())


def test_a_slow_tick_is_never_called_twice_at_once_and_holds_up_no_other() -> None:
    now, most, others = 0, 0, 0

    async def run(each: Tick) -> None:
        nonlocal now, most, others
        if each.name == "quick":
            others += 1
            return
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.1)
        now -= 1

    async def story() -> None:
        ticker = ticking(run, tick("slow", 0.01), tick("quick", 0.01))
        ticker.start()
        await _until(lambda: others >= 15)
        await ticker.stop()

    asyncio.run(story())
    assert most == 1


def test_the_clock_outlives_a_fault_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    broken = [True]

    async def run(each: Tick) -> None:
        seen.append(each.name)

    async def story() -> None:
        ticker = ticking(run, tick("a", 0.02))
        ticker.start()
        await _until(lambda: len(seen) >= 2)
        jobstore = ticker.clock._jobstores["default"]
        update: Any = jobstore.update_job

        def fail_once(job: Any) -> None:
            if broken.pop() if broken else False:
                raise OSError("the disk hiccuped")
            update(job)

        monkeypatch.setattr(jobstore, "update_job", fail_once)
        await _until(lambda: ticker.clock.failures == 1)
        count = len(seen)
        await _until(lambda: len(seen) >= count + 2)
        await ticker.stop()

    asyncio.run(story())


def test_a_tick_that_rests_is_left_alone_until_the_database_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    version = 1

    async def run(each: Tick) -> bool:
        seen.append(each.name)
        return each.name == "rests"

    async def story() -> None:
        nonlocal version
        ticker = ticking(run, tick("rests", 0.01), tick("works", 0.01), version=lambda: version)
        ticker.start()
        await _until(lambda: seen.count("works") >= 8)
        assert seen.count("rests") == 1
        version = 2
        await _until(lambda: seen.count("rests") == 2)
        monkeypatch.setattr(clock, "REST_S", 0.05)
        await _until(lambda: seen.count("rests") == 4)
        await ticker.stop()

    asyncio.run(story())


def test_each_tick_has_its_own_period_though_the_clock_has_one_beat() -> None:
    seen: list[str] = []

    async def run(each: Tick) -> None:
        seen.append(each.name)

    async def story() -> None:
        ticker = ticking(run, tick("a", 0.02), tick("b", 0.05), tick("c", 60.0))
        ticker.start()
        await _until(lambda: seen.count("a") >= 20)
        await ticker.stop()

    asyncio.run(story())
    assert 6 <= seen.count("b") <= 10
    assert seen.count("c") == 1


def test_a_tick_that_fails_grows_old_and_one_that_works_does_not() -> None:
    calls = 0

    async def run(each: Tick) -> bool | None:
        nonlocal calls
        calls += 1
        return None if each.name == "fails" else False

    async def story() -> None:
        ticker = ticking(run, tick("fails", 0.02), tick("works", 0.02))
        ticker.start()
        await _until(lambda: calls >= 20)
        ages = {each.name: age for each, age in ticker.ages()}
        await ticker.stop()
        assert ages["fails"] > 0.15 > ages["works"]

    asyncio.run(story())


def test_no_two_ticks_share_a_name() -> None:
    names = [each.name for each in TICKS]

    assert len(set(names)) == len(names)


def test_a_system_clock_set_back_an_hour_stops_no_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    async def run(each: Tick) -> None:
        seen.append(each.name)

    class Jumped(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "datetime":
            return datetime.now(tz) - timedelta(hours=1)

    async def story() -> None:
        ticker = ticking(run, tick("a", 0.05), tick("b", 0.05))
        ticker.start()
        await _until(lambda: len(seen) >= 4)
        ahead = clock._ahead()
        monkeypatch.setattr(clock, "_ahead", lambda: ahead - 3_600)
        for module in (clock, schedulers, intervals):
            monkeypatch.setattr(module, "datetime", Jumped)
        seen.clear()
        await _until(lambda: seen.count("a") >= 4 and seen.count("b") >= 4)
        await ticker.stop()

    asyncio.run(story())
