"""Jobs at 80 × 24: the queue, the output, why something waits, and what may be done about it."""

from pathlib import Path

from fixtures.consoles import Sitting, at_console

from lineside.console.ports import SqliteStore
from lineside.console.widgets.texts.log import Log


def test_what_runs_comes_first_then_the_queue_then_what_ended(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("3")
        assert text.index("RUNNING") < text.index("QUEUED") < text.index("SUCCEEDED")
        assert "2 run" in text
        assert "GPUS" in text

    at_console(store, do)


def test_a_waiting_job_says_why_it_waits(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("3", "down", "down")
        assert "WHY" in text
        assert "asks for" in text

    at_console(store, do)


def test_the_output_follows_the_file_until_one_scrolls_up(store: SqliteStore) -> None:
    folder = store.home.attempt(7, 1)
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log"
    log.write_text("".join(f"epoch {n}\n" for n in range(100)))

    async def do(here: Sitting) -> None:
        await here.press("3")
        output = here.app.screen.query_one(Log)
        assert "epoch 99" in output.text()
        _append(log, "epoch 100\n")
        output.grow()
        assert "epoch 100" in output.text()
        await here.press("o", "pageup")
        assert not output.following
        _append(log, "epoch 101\n")
        output.grow()
        assert "epoch 101" not in output.text()
        await here.press("end")
        assert "epoch 101" in output.text()

    at_console(store, do)


def _append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_in_the_output_a_slash_searches(store: SqliteStore) -> None:
    folder = store.home.attempt(7, 1)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log").write_text("".join(f"epoch {n}\n" for n in range(500)) + "the end\n")

    async def do(here: Sitting) -> None:
        await here.press("3", "enter", "slash", *"epoch 77", "enter")
        assert "epoch 77" in here.app.screen.query_one(Log).text()
        assert here.app.area is not None
        assert here.app.area.filter_text == ""

    at_console(store, do)


def test_cancelling_the_marked_names_how_many_and_asks_for_each(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("3", "space", "down", "space", ".", "c")
        assert "Cancel 2 jobs?" in text
        assert "cancel all 2" in text
        named = [line.split()[0] for line in text.splitlines() if line.startswith("    ")]
        assert {"7", "9"} <= set(named)
        await here.press("y")
        assert [verb for verb, _ in here.actions.asked] == ["jobs.cancel", "jobs.cancel"]

    at_console(store, do)


def test_a_job_that_ended_well_can_neither_be_cancelled_nor_held(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("3", "s", "e", "G", ".")
        assert "run a command" in text
        assert "cancel" not in text.partition("run a command")[2]

    at_console(store, do)


def test_a_command_is_started_from_a_form(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press(
            "3", ".", "x", *"python train.py --lr 1e-3", "enter", "enter", "enter", "enter", "enter"
        )
        [(verb, args)] = here.actions.asked
        assert verb == "jobs.submit"
        [job] = args["jobs"]
        assert job["argv"] == ["python", "train.py", "--lr", "1e-3"]
        assert (job["name"], job["gpus"], job["cpus"]) == ("python", 0, 1)

    at_console(store, do)


def test_an_empty_command_is_refused_in_words_and_nothing_is_asked(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("3", ".", "x", *["enter"] * 5, "y")
        assert here.actions.asked == []
        assert ["no command was given" in n.message for n in here.app._notifications] == [True]

    at_console(store, do)
