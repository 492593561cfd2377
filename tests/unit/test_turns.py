"""Taking turns at one thing."""

import asyncio

from lineside.jobs.turns import Turns


def test_two_at_the_same_thing_go_one_after_another_and_leave_nothing_behind() -> None:
    turns, seen = Turns(), []

    async def work(name: str, key: int) -> None:
        async with turns.take(key):
            seen.append(f"{name} in")
            await asyncio.sleep(0)
            seen.append(f"{name} out")

    async def both() -> None:
        await asyncio.gather(work("a", 1), work("b", 1), work("c", 2))

    asyncio.run(both())

    assert seen.index("a out") < seen.index("b in")
    assert seen.index("c in") < seen.index("a out")
    assert not turns.taken(1)
    assert not turns.taken(2)


def test_who_fails_or_gives_up_makes_room() -> None:
    turns = Turns()

    async def fail() -> None:
        async with turns.take(1):
            await asyncio.sleep(60)

    async def story() -> None:
        first, second = asyncio.ensure_future(fail()), asyncio.ensure_future(fail())
        await asyncio.sleep(0)
        assert turns.taken(1)
        for task in (first, second):
            task.cancel()
        await asyncio.gather(first, second, return_exceptions=True)

    asyncio.run(story())
    assert not turns.taken(1)
