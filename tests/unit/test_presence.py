"""Who looks at what: told, heard by the others at once, forgotten by itself."""

import asyncio
import json
import queue

from fixtures.runners import RunnerUnderTest
from fixtures.waiting import PATIENCE_S

from lineside.console.attending import Attending, Present
from lineside.console.ports import RunnerActions
from lineside.jobs.context import VERBS
from lineside.jobs.presence import KEPT_S, SEATS, Presence
from lineside.jobs.verbs import presence as verbs


class Hand:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def test_others_are_told_by_what_they_look_at_and_not_about_themselves() -> None:
    presence = Presence()
    presence.sit("one", "maria", "model_version:7")
    presence.sit("two", "tomas", "model_version:7")
    presence.sit("three", "tomas", None)

    assert presence.others("lena") == {"model_version:7": ["maria", "tomas"]}
    assert presence.others("maria") == {"model_version:7": ["tomas"]}


def test_only_a_change_is_news() -> None:
    presence = Presence()
    presence.sit("one", "maria", "run:3")
    before = presence.version
    presence.sit("one", "maria", "run:3")
    assert presence.version == before

    presence.sit("one", "maria", "run:4")
    assert presence.version == before + 1


def test_who_waits_hears_of_a_change_at_once() -> None:
    async def story() -> int:
        presence = Presence()
        waiting = asyncio.create_task(presence.news(presence.version, wait_s=PATIENCE_S))
        await asyncio.sleep(0)
        presence.sit("one", "maria", "run:3")
        await waiting
        return presence.version

    assert asyncio.run(story()) == 1


def test_a_console_that_falls_silent_is_forgotten() -> None:
    hand = Hand()
    presence = Presence(hand)
    presence.sit("one", "maria", "run:3")
    hand.s = KEPT_S

    asyncio.run(presence.news(presence.version, wait_s=0.0))

    assert presence.others("tomas") == {}


def test_there_is_an_end_to_the_consoles_kept_in_mind() -> None:
    presence = Presence()
    for number in range(SEATS + 1):
        presence.sit(str(number), f"user {number}", "run:3")

    assert len(presence.others("nobody")["run:3"]) == SEATS


def test_two_consoles_see_each_other_through_the_runner(runner: RunnerUnderTest) -> None:
    runner.home.identity.write_text(json.dumps({"demo": True}))

    assert _meeting(runner) == [{"run:3": ("demo:ana",)}, {}]


def _meeting(runner: RunnerUnderTest) -> list[Present]:
    """What Ben hears while Ana looks at a run, and then at nothing."""
    told: queue.Queue[Present] = queue.Queue()
    seen_by_ben = Attending(RunnerActions(runner.home, acting_as="demo:ben"), changed=told.put)
    ana = Attending(RunnerActions(runner.home, acting_as="demo:ana"), changed=lambda _: None)
    seen_by_ben.start()
    ana.start()
    try:
        ana.look_at("run:3")
        heard = [told.get(timeout=PATIENCE_S)]
        ana.look_at(None)
        return [*heard, told.get(timeout=PATIENCE_S)]
    finally:
        ana.stop()
        seen_by_ben.stop()


def test_a_job_cannot_pretend_to_look() -> None:
    attend = VERBS["presence.attend"]

    assert attend.run is verbs.attend
    assert not attend.jobs_may
