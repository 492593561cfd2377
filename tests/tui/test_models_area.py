"""Models at 80 × 24, on the told home."""

import re

from fixtures.consoles import Sitting, at_console

from lineside.console.ports import SqliteStore
from lineside.console.screens.models import ModelsArea


def test_a_waiting_request_is_shown_at_once_with_its_evidence(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("5")
        assert "? WAITS" in text
        assert "digit-reader@v3 → champion, v2 holds it" in text
        assert "difference +0.07 [+0.01, +0.12]" in text
        assert "retrain 3 for alert 3" in text
        assert "1 approval missing: press . a to approve" in text

    at_console(store, do)


def test_approving_shows_the_gates_again_and_asks_the_runner(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("5")
        text = await here.press(".", "a")
        assert "Approve digit-reader v3 → champion?" in text
        assert "beats_champion" in text
        await here.press("y")
        assert here.actions.asked == [("promotions.approve", {"request": 3})]

    at_console(store, do)


def test_rejecting_needs_a_reason_and_escape_asks_nothing(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("5", ".", "r")
        assert "a reason is needed" in await here.press("enter")
        await here.press("escape")
        assert here.actions.asked == []
        await here.press(".", "r")
        await here.press(*"old", "enter")
        assert here.actions.asked == [("promotions.reject", {"request": 3, "reason": "old"})]

    at_console(store, do)


def test_promoting_is_typed_by_name(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("5", "escape", "down", "down")
        text = await here.press(".", "p")
        assert "Ask for digit-reader@v1 to be promoted?" in text
        await here.press("tab", "tab", *"digit-reader@v3", "enter")
        assert here.actions.asked == []
        await here.press("backspace", "1", "enter")
        verb, args = here.actions.asked[0]
        assert verb == "promotions.request"
        assert (args["model"], args["version"], args["alias"]) == ("digit-reader", 1, "champion")

    at_console(store, do)


def test_elsewhere_the_menu_names_the_only_request_that_waits(store: SqliteStore) -> None:
    """Whoever stands on another row and follows "press 5, then . a" approves what waits, and reads what."""

    async def do(here: Sitting) -> None:
        await here.press("5", "down")
        text = await here.press(".")
        assert "a  approve the request 3: digit-reader@v3 → champion" in text
        assert "b  give digit-reader@champion back to the one before" in text
        await here.press("escape", "escape", "G")
        text = await here.press(".", "a")
        assert "Approve digit-reader v3 → champion?" in text

    at_console(store, do)


def test_the_cursor_goes_to_a_request_that_began_to_wait_while_one_was_elsewhere(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("5", "down")
        assert "› request 2" in await here.press("1", "5"), "one that was met already leaves the cursor alone"
        area = here.app.area
        assert isinstance(area, ModelsArea)
        area._met.clear()
        assert "› request 3" in await here.press("1", "5")

    at_console(store, do)

    at_console(store, do)


def test_the_card_shows_holdouts_windows_since_and_who_held_the_alias(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("5", "escape")
        assert "├" in text
        assert "0.97 [0.94, 0.99]" in text
        assert ".96 .96 .94 .88" in text
        assert re.search(r"champion  v1 .* → v2 ", text)

    at_console(store, do)


def test_x_shows_what_differs_between_two_versions(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("5", "escape", "space", "down")
        text = await here.press("x")
        assert "DIGIT-READER@V2 AGAINST DIGIT-READER@V3" in text
        assert "learned from" in text
        assert "DATA" in text
        area = here.app.area
        assert area is not None
        assert area.copies()["command"] == "lineside runs compare 5 6"
        assert "AGAINST DIGIT-READER@V3" not in await here.press("escape")

    at_console(store, do)


def test_a_big_screen_tells_what_made_a_version_and_how_its_request_came_so_far(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("5")
        sections = "WHO HELD CHAMPION|ACCURACY OF EACH VERSION|AS SERVED, WINDOW BY WINDOW|HOW IT CAME SO FAR"
        for words in f"{sections}|AGAINST DIGIT-READER@V2|MADE BY|SIGNATURE|ARTIFACTS".split("|"):
            assert words in text, words

    at_console(store, do, size=(200, 50))


def test_on_a_low_screen_the_request_is_seen_beside_its_evidence(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press("5")
        assert "1 approval missing: press . a to approve" in text
        assert not here.app.screen.query_one("#versions").display
        await here.press("escape")
        assert here.app.screen.query_one("#versions").display
        assert not here.app.screen.query_one("#requests").display
        assert "› request" in await here.press("enter")

    at_console(store, do, size=(60, 16))


def test_the_dialog_names_who_else_looks_at_the_request_right_now(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("5")
        area = here.app.area
        assert area is not None
        assert "looking" not in await here.press(".", "a")
        await here.press("escape")
        here.app.somebody_looks({str(area.looking_at()): ("maria",)})
        assert "maria is looking at this too" in await here.press(".", "a")
        await here.press("escape")
        here.app.somebody_looks({str(area.looking_at()): ("maria", "tomas")})
        assert "maria and tomas are looking at this too" in await here.press(".", "r")

    at_console(store, do)
