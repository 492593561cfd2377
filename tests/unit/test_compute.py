"""The compute child: answers and errors come back as themselves; death costs one call."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import pytest
from fixtures.waiting import until

from lineside.jobs.compute import Compute, serve
from lineside.jobs.execution import processes
from lineside.store.errors import LinesideError, Usage

HERE = "lineside.jobs.execution.processes:born"
PLAIN = "lineside.jobs.wire:plain"


def run(story: Callable[[Compute], Awaitable[None]]) -> None:
    async def with_compute() -> None:
        compute = Compute()
        try:
            await story(compute)
        finally:
            await compute.close()

    asyncio.run(with_compute())


def test_a_function_is_called_in_a_process_of_its_own_at_low_priority() -> None:
    async def story(compute: Compute) -> None:
        assert await compute.call(PLAIN, {"value": {"x": 1.5}}) == {"x": 1.5}
        assert compute.pid is not None
        assert compute.pid != os.getpid()
        assert os.getpriority(os.PRIO_PROCESS, compute.pid) == os.getpriority(os.PRIO_PROCESS, 0) + 5

    run(story)


def test_an_error_comes_back_as_its_own_class_with_its_hint() -> None:
    async def story(compute: Compute) -> None:
        with pytest.raises(Usage, match="not a function of lineside"):
            await compute.call("os:system", {"command": "true"})
        with pytest.raises(LinesideError, match="failed: TypeError"):
            await compute.call(PLAIN, {"no_such": 1})

    run(story)


def test_a_killed_child_fails_the_call_under_way_and_the_next_gets_a_new_one() -> None:
    async def story(compute: Compute) -> None:
        await compute.call(PLAIN, {"value": {}})
        first = compute.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)

        with pytest.raises(LinesideError, match="the compute process ended"):
            await compute.call(PLAIN, {"value": {}})
        assert await compute.call(PLAIN, {"value": {"again": 1}}) == {"again": 1}
        assert compute.pid != first

    run(story)


def test_callers_take_turns_and_each_gets_its_own_answer() -> None:
    async def story(compute: Compute) -> None:
        answers = await asyncio.gather(*(compute.call(PLAIN, {"value": {"n": n}}) for n in range(20)))
        assert answers == [{"n": n} for n in range(20)]

    run(story)


def test_a_child_is_renewed_after_its_share_of_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineside.jobs.compute._TASKS", 2)

    async def story(compute: Compute) -> None:
        await compute.call(PLAIN, {"value": {}})
        first = compute.pid
        await compute.call(PLAIN, {"value": {}})
        assert compute.pid is None
        assert first is not None
        until(lambda: not processes.alive(first))

    run(story)


def test_a_call_that_was_cancelled_leaves_no_answer_to_the_next() -> None:
    async def story(compute: Compute) -> None:
        await compute.call(PLAIN, {"value": {}})
        gave_up = asyncio.create_task(compute.call(PLAIN, {"value": {"n": 1}}))
        await asyncio.sleep(0)
        gave_up.cancel()
        assert await compute.call(PLAIN, {"value": {"n": 2}}) == {"n": 2}

    run(story)


def test_nothing_outside_the_package_can_be_called() -> None:
    for place in ("os:system", "lineside.jobs.compute:_function", "lineside.store.db:writer"):
        assert serve({"function": place, "args": {}})["error"]["code"] == "Usage"
