"""The panels of the wall: each is focused and entered, in any room none overlap; and the big screen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures import busy_home
from fixtures.busy_home import at_busy_console
from fixtures.consoles import Sitting, at_console
from hypothesis import given
from hypothesis import strategies as st

from lineside.console.ports import SqliteStore
from lineside.console.settings import Settings
from lineside.console.views.wall.plan import Wanted, plan
from lineside.console.widgets.charts.bigtext import FONT, big, height, width
from lineside.store.homes import Home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return busy_home.build(Home(tmp_path_factory.mktemp("busy") / "home"))


@pytest.fixture
def busy(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteStore]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = SqliteStore(home)
    yield made
    made.close()


def test_a_need_says_since_when_or_by_when_and_which_key_comes_next(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        lines = (await here.text()).splitlines()
        [ratify] = [line for line in lines if "RATIFY" in line and "before Thu 09:14" in line]
        assert ratify.rstrip().endswith("↵ look")
        assert any("bike v7 → champion, tomas asks" in line and "13:22" in line for line in lines)
        assert "8 " in next(line for line in lines if "NEEDS YOU" in line)

    at_busy_console(busy, do)


def test_a_gpu_says_whose_it_is_strangers_and_idle_holders_too(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.until(lambda t: "idle since 13:20" in t)
        assert "job 57 you" in text
        assert "not ours: pid 4121 of maria, 64 GiB" in text
        assert "idle since 13:20: job 55 tomas" in text

    at_busy_console(busy, do, size=(200, 50))


def test_a_job_that_runs_says_how_far_it_is_and_when_it_ends(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.text()
        assert "step 8,120 of 20,000" in text
        assert "ends by 16:15" in text
        assert "limit 21:20" in text
        assert "best bike val_mae" in text, "what became better is said in sum"

    at_busy_console(busy, do, size=(200, 50))


@pytest.mark.parametrize(
    ("letter", "area"), [("g", "jobs"), ("e", "monitor"), ("j", "jobs"), ("r", "runs"), ("s", "runs")]
)
def test_each_panel_is_jumped_to_by_its_letter_and_enter_leads_on(
    busy: SqliteStore, letter: str, area: str
) -> None:
    async def do(here: Sitting) -> None:
        await here.press(";", letter)
        await here.press("enter")
        assert here.app.current_mode == area

    at_busy_console(busy, do, size=(200, 50))


def test_tab_goes_on_to_the_next_panel_and_escape_back_to_the_needs(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("tab")
        assert here.app.screen.focused is not None
        assert here.app.screen.focused.id == "gpus"
        assert "▌0 " in await here.text(), "its cursor is seen at once, before anything is read again"
        await here.press("down", "enter")
        assert here.app.current_mode == "wall", "a stranger's process lives nowhere"
        await here.press("escape")
        assert here.app.screen.focused.id == "needs"

    at_busy_console(busy, do)


def test_on_a_big_screen_stands_only_what_matters(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.text()
        drawn = here.app.screen.query_one("#big")
        assert drawn.size.height == 50, "nothing but the counts and states"
        await here.press("escape")
        assert not here.app.screen.has_class("-big")
        await here.press("z")
        assert here.app.screen.has_class("-big")

    at_busy_console(busy, do, size=(200, 50), settings=Settings(layout={"start": "wall:big"}))


counts = st.integers(0, 30)


@given(st.integers(20, 320), st.integers(2, 90), counts, counts, counts, counts, counts, counts)
def test_the_panels_lie_inside_the_room_and_none_on_another(
    wide: int, tall: int, needs: int, gpus: int, ends: int, jobs: int, since: int, kept: int
) -> None:
    want = Wanted(
        needs=needs, gpus=gpus, ends=ends, jobs=jobs, job_lines=2 * jobs, since=since, kept=kept
    )  # fmt: skip
    places = list(plan(wide, tall, want).values())
    assert places
    for at, one in enumerate(places):
        assert one.height >= 2
        assert 0 <= one.x <= one.x + one.width <= wide
        assert 0 <= one.y <= one.y + one.height <= tall
        for other in places[at + 1 :]:
            apart = one.x + one.width <= other.x or other.x + other.width <= one.x
            assert apart or one.y + one.height <= other.y or other.y + other.height <= one.y


@given(st.text(alphabet=sorted(FONT), max_size=8), st.integers(1, 5))
def test_large_letters_take_exactly_the_cells_they_say(text: str, scale: int) -> None:
    lines = big(text, scale=scale)
    assert len(lines) == height(scale)
    assert {len(line) for line in lines} == {width(text, scale)}


def test_on_a_small_screen_words_are_whole_and_jobs_have_their_curves(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.until(lambda t: "▇" in t)
        lines = await here.rows()
        needs = lines[3:8]
        assert all("↵ look" in line or "↵ log" in line for line in needs), needs
        assert not [line for line in needs if "…" in line]
        [waiting] = [line for line in lines if "4 waiting, first 60" in line]
        assert "31.0 GiB of 1 GPU, none free · likely 16:15" in waiting
        assert any("p99" in line and "4 of 5 not ok" in line for line in lines)

    at_busy_console(busy, do)


def test_what_goes_on_stands_beside_what_is_wrong_on_a_big_screen(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.until(lambda t: "GPUs busy" in t)
        assert "41 %" in text, "how far a job is"
        assert "SINCE YOU LEFT" in text or "THE LAST 24 HOURS" in text
        assert text.count("since 13:51") == 1, "an endpoint that drifted is not said twice"

    at_busy_console(busy, do, size=(200, 50), settings=Settings(layout={"start": "wall:big"}))


def test_where_letters_are_ascii_the_next_key_is_a_word(busy: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.text()
        assert "enter look" in text

    at_busy_console(busy, do, settings=Settings(ascii=True))


def test_what_is_kept_stands_where_a_calm_home_has_room(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.until(lambda text: "MODELS" in text.partition("\n")[2])
        below = text[text.index("MODELS ─") :]
        assert any("digit-reader v2" in line and "champion" in line for line in below.splitlines())
        assert "DATA" in below
        await here.press("semicolon", "m")
        assert here.app.screen.focused is not None
        assert here.app.screen.focused.id == "kept"
        await here.press("enter")
        assert here.app.current_mode == "models"

    at_console(store, do, size=(200, 60))
