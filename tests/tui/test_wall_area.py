"""The wall at 80 × 24: what needs you, and the deeds behind `.`."""

from dataclasses import replace
from pathlib import Path

import pytest
from fixtures.consoles import Sitting, at_console

from lineside.console.app import RunnerChanged
from lineside.console.ports import SqliteStore


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_the_wall_says_what_needs_you_and_what_goes_on(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.text()
        assert "◆ DRIFT" in text
        assert "? APPROVE  digit-reader v3 → champion, lineside asks" in text
        assert "no traffic" in text
        assert "network wide" in text
        assert "1 waiting" in text

    at_console(store, do)


def test_approving_shows_the_gates_and_asks_the_runner_only_after_y(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        assert ". a approve" in await here.text(), "the footer names the deed that the row calls for"
        assert "a  approve the promotion: digit-reader@v3" in await here.press(".")
        text = await here.press("a")
        assert "Approve digit-reader v3 → champion?" in text
        assert "✓ min_holdout" in text
        await here.press("enter")
        assert here.actions.asked == []
        await here.press(".", "a", "y")
        assert here.actions.asked == [("promotions.approve", {"request": 3})]

    at_console(store, do)


def test_rejecting_needs_a_reason(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        text = await here.press(".", "r", "enter")
        assert "a reason is needed" in text
        await here.press(*"too early", "enter")
        assert here.actions.asked == [("promotions.reject", {"request": 3, "reason": "too early"})]

    at_console(store, do)


def test_an_alert_is_acknowledged_where_it_is_seen(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        assert ". k take it" in await here.press("down")
        await here.press(".", "k", "y")
        assert [verb for verb, _ in here.actions.asked] == ["alerts.ack"]

    at_console(store, do)


def test_enter_looks_where_it_lives(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        await here.press("down", "down", "down", "enter")
        assert here.app.current_mode == "jobs"
        assert here.app.area is not None
        assert here.app.area.main().current_key == 4  # type: ignore[union-attr]

    at_console(store, do)


def test_what_the_runner_says_is_wrong_with_itself_needs_somebody_too(store: SqliteStore) -> None:
    async def do(here: Sitting) -> None:
        before = here.app.badges["wall"]
        state = replace(here.actions.runner(), words="runner has problems", problems=("serving: it hangs",))
        here.app.post_message(RunnerChanged(state))
        await here.settle()
        assert here.app.badges["wall"] == before + 1
        text = await here.press("home")
        assert "! RUNNER   serving: it hangs → lineside doctor" in text
        await here.press("enter")
        await here.until(lambda text: "y copies the command" in text)

    at_console(store, do)
