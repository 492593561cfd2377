"""From a deed to what was done: only yes is yes, nothing filled in is lost, and there may be a way back."""

from fixtures.consoles import Sitting, at_console

from lineside.console.ports import SqliteStore
from lineside.console.settings import Settings
from lineside.store.errors import Conflict, RunnerDown


def test_the_last_deed_can_be_taken_back_and_says_what_that_is(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", ".", "n", *" tall", "enter")
        ((verb, args),) = here.actions.asked
        assert verb == "runs.rename"
        name = str(args["name"]).removesuffix(" tall")
        assert "take back: run" in await here.press("3", ".")
        await here.press("u", "y")
        assert here.actions.asked[1] == ("runs.rename", {**args, "name": name})
        assert "take back" not in await here.press(".")

    at_console(store, do)


def test_the_key_that_asks_never_answers(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("3", ".", "x", *["enter"] * 9)
        assert here.actions.asked == []
        for letter in "cthef":
            await here.press(".", letter, letter, "escape", "escape")
        assert here.actions.asked == []

    at_console(store, do)


def test_one_refusal_does_not_keep_the_others_of_a_batch_from_being_done(store: SqliteStore) -> None:
    from lineside.console.deeds.deed import Ask, Deed

    async def do(here: Sitting) -> None:
        def ask(verb: str, args: dict[str, object]) -> dict[str, object]:
            if args["job"] == 2:
                raise Conflict("job 2 has ended")
            here.actions.asked.append((verb, args))  # type: ignore[arg-type]
            return {}

        here.actions.ask = ask  # type: ignore[method-assign, assignment]
        asks = [Ask(verb="jobs.hold", args={"job": n}, said=f"job {n}: held") for n in (1, 2, 3)]
        assert here.app.area is not None
        here.app.area.propose(Deed(title="Hold 3 jobs: 1, 2, 3?", asks=asks))
        await here.press("y")
        assert [args["job"] for _, args in here.actions.asked] == [1, 3]
        words = [n.message for n in here.app._notifications]
        assert any("2 jobs held: 1, 3" in w for w in words)
        assert "job 2 has ended" in words

    at_console(store, do)


def test_what_was_filled_in_is_not_lost_when_no_runner_answers(store: SqliteStore) -> None:
    from lineside.console.deeds.deed import Ask, Deed, FormField

    async def do(here: Sitting) -> None:
        ask, down = here.actions.ask, [RunnerDown("no runner answers at the socket")]

        def sometimes(verb: str, args: dict[str, object]) -> dict[str, object]:
            if down:
                raise down.pop()
            return ask(verb, args)

        here.actions.ask = sometimes  # type: ignore[method-assign, assignment]
        asks = [Ask(verb="runs.note", args={"run": 1}, said="noted")]
        field = FormField(key="note", label="note")
        assert here.app.area is not None
        here.app.area.propose(Deed(title="Note on run 1", asks=asks, fields=[field]))
        assert "no runner answers" in await here.press(*"seed was 7", "enter")
        await here.press("enter", "y")
        assert [args["note"] for _, args in here.actions.asked] == ["seed was 7"]

    at_console(store, do)


def test_a_console_that_only_reads_offers_nothing_and_asks_nothing(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        assert "nothing to do here" in await here.press("3", ".")
        await here.press("escape")
        assert "change things" not in await here.press("question_mark", "end")
        await here.press("escape", "colon", *"run a command")
        await here.press("enter", "escape", "escape")
        assert here.actions.asked == []

    at_console(store, do, settings=Settings(read_only=True))
