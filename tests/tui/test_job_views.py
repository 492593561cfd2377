"""The four views of Jobs on a busy box: the queue with its reasons, schedules, pipelines, what has ended."""

from collections.abc import Iterator

import pytest
from fixtures import busy_home
from fixtures.busy_home import at_busy_console
from fixtures.consoles import Sitting, at_console

from lineside.console.ports import SqliteStore
from lineside.console.screens.jobs import JobsArea
from lineside.store.homes import Home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return busy_home.build(Home(tmp_path_factory.mktemp("busy") / "home"))


@pytest.fixture
def busy(home: Home) -> Iterator[SqliteStore]:
    made = SqliteStore(home)
    yield made
    made.close()


def area_of(here: Sitting) -> JobsArea:
    area = here.app.area
    assert isinstance(area, JobsArea)
    return area


def line_with(text: str, word: str) -> str:
    return next((line for line in text.splitlines() if word in line), "")


def test_a_row_says_when_it_ends_and_how_often_it_was_tried(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("3")
        assert "ends 16:15" in line_with(text, "train bike-mlp")
        assert "limit 21:20" in line_with(text, "tune bike")
        retried = line_with(text, "QUEUED 2/4")
        assert "at 14:05:10" in retried
        assert "retry: oom_cuda" in retried

    at_busy_console(busy, do)


def test_a_job_that_waits_for_a_gpu_says_who_has_each_and_when_it_may_start(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("3", "down", "down", "down", "down")
        assert "WHY 60 WAITS" in text
        assert "free by 16:15" in line_with(text, "GPU 0  job 57 you")
        assert "not ours: pid 4121 of maria" in line_with(text, "GPU 1")
        assert line_with(text, "GPU 2").rstrip().endswith("ask tomas")
        assert "16:15" in line_with(text, "likely start")
        text = await here.press("down")
        assert "GPU 0  job 57" not in text, "it waits for a job, not for a GPU"
        assert "after 60 train fraud" in text

    at_busy_console(busy, do)


def test_details_have_every_attempt_with_its_cause(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("3", *["down"] * 6, "d")
        assert "tried again up to 3 times" in text
        assert "oom_cuda: at step 880" in text
        assert "oom_cuda: at step 1,204" in text

    at_busy_console(busy, do)


def test_one_key_goes_round_the_views_and_escape_comes_back_to_the_queue(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("3")
        seen = []
        for _ in range(4):
            await here.press("t")
            seen.append(area_of(here).showing)
        assert seen == ["schedules", "pipelines", "done", "queue"]
        await here.press("D", "escape")
        assert area_of(here).showing == "queue"

    at_busy_console(busy, do)


def test_what_has_ended_stands_in_a_view_of_its_own(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("3", "D")
        table = area_of(here).main()
        assert table is not None
        text = table.text()
        assert "RUNNING" not in text
        assert "QUEUED" not in text
        assert "SUCCEEDED" in text

    at_busy_console(busy, do)


def test_a_pipeline_shows_the_state_of_each_stage_and_leads_to_its_job(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("3", "P", "down", "down")
        text = await here.text()
        assert "cached" in line_with(text, "job 51")
        assert "RUNNING" in line_with(text, "job 57")
        assert "HELD" in line_with(text, "job 63")
        assert "never ran" in line_with(text, "evaluate")
        await here.press("enter", "down", "down", "enter")
        assert area_of(here).showing == "queue"
        assert area_of(here)._jobs().current_key == 57

    at_busy_console(busy, do, size=(120, 40))


def test_below_the_stages_stands_each_time_a_pipeline_ran(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("3", "P", "down", "down")
        assert "EACH TIME IT RAN" in text
        below = text[text.index("EACH TIME IT RAN") :]
        assert "✓ 52 s" in line_with(below, "12:29"), "how long each stage took"
        assert "✗ nan" in line_with(below, "06:13"), "why one failed"
        assert "val_mae" in line_with(below, "12:07"), "what came of it"

    at_busy_console(busy, do, size=(200, 50))


def test_on_the_whole_screen_the_crumb_names_the_job_and_a_search_counts(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("3", "enter")
        assert "Jobs › 55 tune bike › output" in text
        await here.press("slash", *"trial 1", "enter")
        await here.until(lambda text: "hit 4 of 4" in text)
        await here.press("n")
        await here.until(lambda text: "hit 1 of 4" in text)

    at_busy_console(busy, do)


def test_a_filter_counts_in_every_view(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("3", "S", "slash", *"parked", "enter")
        table = area_of(here).main()
        assert table is not None
        assert len(table.rows) == 0
        await here.press("slash", *["backspace"] * 6, *"nightly", "enter")
        assert [table.rows.key(at) for at in range(len(table.rows))] == [1]

    at_busy_console(busy, do)


def test_copying_in_the_output_of_a_running_job_gives_the_command_that_follows_it(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("3", "down", "down", "enter")
        assert area_of(here).copies()["command"] == "lineside jobs logs 57 --follow"

    at_busy_console(busy, do)


def test_the_facts_of_a_job_stand_below_its_output_where_there_is_room(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("3")
        await here.until(lambda t: "JOB 55 tune bike" in t)
        text = "\n".join(await here.rows())
        assert text.index("OUTPUT 55") < text.index("JOB 55 tune bike") < text.index("GPUS")
        assert "g r shows its curves" in text
        await here.press("enter")
        text = "\n".join(await here.rows())
        assert "JOB 55" not in text, "the output has the whole screen"

    at_busy_console(busy, do, size=(200, 50))


def test_a_job_that_waits_says_when_it_is_likely_to_start_in_its_row_too(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("3")
        [row] = [line for line in await here.rows() if "31.0 GiB of 1 GPU · likely 16:15" in line]
        assert "train fraud" in row

    at_busy_console(busy, do, size=(200, 50))


def test_on_a_small_screen_a_reason_is_one_fact_and_whole(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("3")
        assert "GPU likely 16:15" in line_with(text, "train fraud")
        assert "after 60 train fraud" in line_with(text, "eval fraud")
        assert "behind 60" in line_with(text, "train churn-xl")
        assert "retry: oom_cuda " in line_with(text, "QUEUED 2/4") + " "
        assert not any("…" in line for line in text.splitlines() if "QUEUED" in line)

    at_busy_console(busy, do)


def test_a_schedule_says_what_it_runs_and_all_have_their_firings_below(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("3", "S", "down", "down", "down")
        assert "runs  lineside run bike" in text
        below = text[text.index("ALL FIRINGS") :]
        assert "job 65 FAILED" in line_with(below, "old report")
        assert "skipped: job 24 still runs" in below

    at_busy_console(busy, do, size=(200, 50))


def test_below_a_short_queue_stands_how_long_jobs_took(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("3")
        here.app.area.reload()  # type: ignore[union-attr]
        text = await here.until(lambda text: "HOW LONG THEY TOOK" in text)
        assert "median" in text[text.index("HOW LONG THEY TOOK") :]

    at_console(store, do, size=(200, 50))


def test_where_there_is_no_schedule_it_says_how_one_begins(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        assert "lineside schedules add nightly" in await here.press("3", "S")

    at_console(store, do)
