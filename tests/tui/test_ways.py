"""Ways through the console: back and forth, out by one level, filters, the spoken line, panels."""

from pathlib import Path

from fixtures.consoles import Sitting, at_console

from lineside.console.app import RunnerChanged
from lineside.console.memory import Memory
from lineside.console.ports import Me, RunnerState, SqliteStore
from lineside.console.settings import Settings
from lineside.console.widgets.tables.table import Table
from lineside.store.actors import Role

BACK, FORWARD = "left_square_bracket", "right_square_bracket"


def row(here: Sitting) -> object:
    assert here.app.area is not None
    table = here.app.area.main()
    assert table is not None
    return table.current_key


def test_back_and_forward_remember_the_row(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "down", "down")
        left = row(here)
        await here.press("3", "down")
        job = row(here)
        await here.press("2", "home")
        assert row(here) != left
        await here.press(BACK)
        assert (here.app.current_mode, row(here)) == ("jobs", job)
        await here.press("home", BACK)
        assert (here.app.current_mode, row(here)) == ("runs", left)
        await here.press(FORWARD, FORWARD)
        assert here.app.current_mode == "runs"

    at_console(store, do)


def test_going_to_a_thing_in_the_same_area_is_a_step_too(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "colon", *"run 4", "enter")
        assert row(here) == 4
        await here.press("colon", *"run 2", "enter")
        assert row(here) == 2
        await here.press(BACK)
        assert row(here) == 4

    at_console(store, do)


def test_rows_follow_the_filter_as_it_is_typed_and_esc_brings_back_what_was(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2")
        table = here.app.area.main()  # type: ignore[union-attr]
        assert table is not None
        every = len(table.rows)
        await here.press("slash", *"network")
        some = len(table.rows)
        assert 0 < some < every
        await here.press("enter")
        assert len(table.rows) == some
        await here.press("slash", *" lr", "escape")
        assert here.app.area.filter_text == "network"  # type: ignore[union-attr]
        assert len(table.rows) == some
        await here.press("escape")
        assert len(table.rows) == every

    at_console(store, do)


def test_a_half_typed_filter_keeps_the_rows_and_says_what_is_missing_below(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "slash", *"status:FAILED lr")
        table = here.app.area.main()  # type: ignore[union-attr]
        assert table is not None
        before = len(table.rows)
        text = await here.press("<")
        assert "✗ a value is missing" in text
        assert len(table.rows) == before
        assert not list(here.app._notifications)
        assert "✗ a value is missing" in await here.press("enter"), "it stays open until it is understood"
        assert here.app.area.filtering  # type: ignore[union-attr]
        text = await here.press(*"1", "enter")
        assert "a value is missing" not in text
        assert not here.app.area.filtering  # type: ignore[union-attr]

    at_console(store, do)


def test_marks_survive_a_filter_and_the_crumb_says_so(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2", "space", "down", "space")
        table = here.app.area.main()  # type: ignore[union-attr]
        assert table is not None
        marks = dict(table.marks)
        text = await here.press("slash", *"lr>1000", "enter")
        assert "2 marked" in text
        await here.press("escape")
        assert table.marks == marks

    at_console(store, do, size=(120, 30))


def test_esc_leaves_one_level_at_a_time(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("3", "slash", *"network", "enter", "space", "z", "colon")
        area = here.app.area
        assert area is not None
        assert len(here.app.screen_stack) == 2
        await here.press("escape")
        assert len(here.app.screen_stack) == 1
        assert area.has_class("-zoomed")
        await here.press("escape")
        assert not area.has_class("-zoomed")
        assert area.filter_text == "network"
        await here.press("escape")
        assert area.filter_text == ""
        table = area.main()
        assert table is not None
        assert table.marks

    at_console(store, do)


def test_the_spoken_line_completes_corrects_and_remembers(store: SqliteStore, tmp_path: Path) -> None:
    async def first(here: Sitting) -> None:
        await here.press("colon", *"mon", "tab", "enter")
        assert here.app.current_mode == "monitor"
        text = await here.press("colon", *"jbos")
        assert "did you mean  jobs" in text
        text = await here.press("enter")
        assert "nothing is called 'jbos'; did you mean jobs?" in text
        await here.press("tab", "enter")
        assert here.app.current_mode == "jobs"

    async def second(here: Sitting) -> None:
        await here.press("colon", "up", "up", "enter")
        assert here.app.current_mode == "monitor"
        await here.press("colon", "up", "up", "down", "up", "enter")
        assert here.app.current_mode == "jobs"

    at_console(store, first, memory=Memory(tmp_path))
    at_console(store, second, memory=Memory(tmp_path))


def test_q_leaves_from_the_spoken_line(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("colon", "q")
        await here.pilot.press("enter")
        assert here.app._exit

    at_console(store, do)


def test_a_semicolon_lays_letters_on_the_panels(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("3", "end")
        area = here.app.area
        assert area is not None
        await here.press("semicolon")
        from lineside.console.overlays.jumping import Sign

        signs = list(here.app.screen.query(Sign))
        letters = {letter: widget for letter, _, widget in area.panels()}
        assert signs
        for sign in signs:
            letter = sign.lines[0][0][0].strip()
            assert letters[letter].region.contains_region(sign.region), letter
        letter = next(letter for letter, widget in letters.items() if widget.can_focus and widget.display)
        await here.press(letter)
        assert area.focused is letters[letter]

    at_console(store, do)


def test_a_persons_own_keys_are_in_footer_menu_help_and_palette(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("3")
        assert "O output" in text
        await here.press("O")
        assert here.app.area is not None
        assert not isinstance(here.app.area.focused, Table)
        await here.press("O")
        assert "O *" in await here.press("question_mark")
        await here.press("escape", ".", "C")
        assert len(here.app.screen_stack) in (1, 2)

    keys = {"jobs.output": ("O",), "jobs.cancel": (". C",)}
    at_console(store, do, settings=Settings(keys=keys))


def test_others_who_look_at_the_same_are_named_in_the_crumb(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2")
        area = here.app.area
        assert area is not None
        here.app.somebody_looks({str(area.looking_at()): ("maria", "tomas")})
        assert "maria and tomas are looking too" in await here.text()
        here.app.somebody_looks({})
        assert "looking too" not in await here.text()

    at_console(store, do)


def test_a_runner_that_goes_away_is_told_with_the_time_and_when_it_is_back(store: SqliteStore) -> None:
    me = Me(name="ana", role=Role.ADMIN)

    async def do(here: Sitting) -> None:
        await here.press("2")
        there = RunnerState(up=True, words="runner ok", me=me)
        for state in (there, RunnerState(up=False, words="no runner", me=me)):
            here.app.post_message(RunnerChanged(state))
            await here.settle()
        text = await here.text()
        assert "runner gone since" in text
        assert "reconnecting" in text
        here.app.post_message(RunnerChanged(there))
        assert "reconnecting" not in await here.text()
        assert "the runner is back" in [n.message for n in here.app._notifications]

    at_console(store, do)


def test_what_is_paused_says_of_when_it_is(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("2", "p")
        assert "paused as of" in text
        assert "paused" not in await here.press("p")

    at_console(store, do)


def test_the_console_opens_where_it_was_left_if_so_wanted(store: SqliteStore, tmp_path: Path) -> None:
    async def leave(here: Sitting) -> None:
        await here.press("7")

    async def come(here: Sitting) -> None:
        await here.settle()
        assert here.app.current_mode == "monitor"

    async def plain(here: Sitting) -> None:
        await here.settle()
        assert here.app.current_mode == "wall"

    last = Settings(layout={"start": "last"})
    at_console(store, leave, memory=Memory(tmp_path), settings=last)
    at_console(store, come, memory=Memory(tmp_path), settings=last)
    at_console(store, plain, memory=Memory(tmp_path))


def test_a_terminal_that_is_too_small_is_told_the_least_size(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2")
        await here.pilot.resize_terminal(30, 8)
        await here.settle()
        rows = ["".join(s.text for s in strip) for strip in here.app.screen._compositor.render_strips()]
        assert "too small: 30x8" in "\n".join(rows)
        assert "38x12 at least" in "\n".join(rows)
        await here.pilot.resize_terminal(38, 12)
        await here.settle()
        rows = ["".join(s.text for s in strip) for strip in here.app.screen._compositor.render_strips()]
        assert "2Runs" in rows[0]
        assert ". do" in rows[-1]
        assert "? keys" in rows[-1]

    at_console(store, do)


def test_footer_tabs_and_rows_take_clicks(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        from lineside.console.widgets.frame.footer import Footer
        from lineside.console.widgets.frame.titlebar import TitleBar

        await here.press("2")
        screen = here.app.screen
        line = "".join(text for text, _ in screen.query_one(TitleBar).lines[0])
        await here.pilot.click(screen.query_one(TitleBar), offset=(line.index("3Jobs") + 2, 0))
        await here.settle()
        assert here.app.current_mode == "jobs"
        footer = here.app.screen.query_one(Footer)
        line = "".join(text for text, _ in footer.lines[0])
        await here.pilot.click(footer, offset=(line.index("? keys") + 2, 0))
        assert "KEYS IN JOBS" in await here.text()
        await here.press("escape")
        table = here.app.area.main()  # type: ignore[union-attr]
        assert table is not None
        await here.pilot.click(table, offset=(10, 3))
        await here.settle()
        assert table.cursor == 2
        await here.pilot.click(table, offset=(10, 3), times=2)
        await here.settle()
        assert here.app.area.has_class("-zoomed")  # type: ignore[union-attr]

    at_console(store, do)


def test_a_click_on_a_header_of_runs_sorts_in_the_store(store: SqliteStore, tmp_path: Path) -> None:
    async def first(here: Sitting) -> None:
        await here.press("2")
        table = here.app.area.main()  # type: ignore[union-attr]
        assert table is not None
        head = "".join(segment.text for segment in table.render_line(0))
        for sort in ("name", "-name"):
            await here.pilot.click(table, offset=(head.index("name") + 1, 0))
            await here.settle()
            assert table.sort == sort
        await here.pilot.click(table, offset=(head.index("curve") + 1, 0))
        await here.settle()
        assert "there is no order by curve" in [n.message for n in here.app._notifications]
        assert table.sort == "-name"

    async def second(here: Sitting) -> None:
        await here.press("2")
        table = here.app.area.main()  # type: ignore[union-attr]
        assert table is not None
        assert table.sort == "-name"

    at_console(store, first, size=(200, 50), memory=Memory(tmp_path))
    at_console(store, second, size=(200, 50), memory=Memory(tmp_path))


def test_jobs_follow_the_filter_while_it_is_typed(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("3")
        table = here.app.area.main()  # type: ignore[union-attr]
        assert table is not None
        every = len(table.rows)
        await here.press("slash", *"failed")
        assert 0 < len(table.rows) < every
        await here.press("escape")
        assert len(table.rows) == every

    at_console(store, do)


def test_a_filter_may_be_typed_faster_than_its_field_opens(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("2")
        await here.at_once("down", "slash", *"network")
        assert here.app.area.filter_text == "network"  # type: ignore[union-attr]
        assert here.app.area.filter_field.value == "network"  # type: ignore[union-attr]

    at_console(store, do)


def test_a_menu_takes_arrows_and_enter_as_well_as_its_letters(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        area, chosen = here.app.area, list[int]()
        assert area is not None
        area.choose("colour", ["red", "green", "blue"], chosen.append)
        text = await here.press("down", "down", "up")
        assert "▌ b  green" in text
        assert "esc leave" in text
        await here.press("enter")
        area.choose("colour", ["red", "green", "blue"], chosen.append)
        await here.press("c")
        area.choose("colour", ["red", "green", "blue"], chosen.append)
        await here.press("x")
        assert chosen == [1, 2]
        assert len(here.app.screen_stack) == 1

    at_console(store, do)


def test_the_footer_begins_with_esc_where_there_is_something_to_leave(store: SqliteStore) -> None:
    async def last(here: Sitting, *keys: str) -> str:
        await here.press(*keys)
        return (await here.rows())[-1].strip()

    async def do(here: Sitting) -> None:
        assert (await last(here, "8", "z")).startswith("esc back")
        assert not (await last(here, "escape")).startswith("esc")
        assert (await last(here, "2", "z")).startswith("esc back")
        assert not (await last(here, "escape")).startswith("esc")
        assert await last(here, "slash") == "esc back"
        assert not (await last(here, "escape")).startswith("esc")

    at_console(store, do)


def test_the_menus_that_look_name_what_they_lead_to_in_every_area(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        for area in "123456789":
            text = await here.press(area, "g")
            words = [line.partition("  l  ")[2].strip() for line in text.splitlines() if "  l  " in line]
            assert all("lineage" in said for said in words), (area, words)
            await here.press("escape")
        assert "the id" in await here.press("5", "y")

    at_console(store, do)


def test_escape_goes_back_over_the_row_that_led_here_and_over_no_step_of_ones_own(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("enter")
        led_to = here.app.current_mode
        assert led_to != "wall"
        for _ in range(3):  # whatever the area has open first
            if here.app.current_mode == led_to:
                await here.press("escape")
        assert here.app.current_mode == "wall"
        await here.press("2", "escape")
        assert here.app.current_mode == "runs"

    at_console(store, do)
