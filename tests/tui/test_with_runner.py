"""The console against a real runner: what is asked there happens, and what happens appears by itself."""

import asyncio
import sys
from pathlib import Path

import pytest
from fixtures.consoles import Remembering, Sitting
from fixtures.runners import RunnerUnderTest

from lineside.console.app import LinesideApp
from lineside.console.ports import RunnerActions, SqliteStore
from lineside.store.actors import Role


def test_a_command_started_in_the_console_runs_and_its_output_appears_by_itself(
    runner: RunnerUnderTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    async def run() -> None:
        store = SqliteStore(runner.home)
        app = LinesideApp(store, RunnerActions(runner.home))
        async with app.run_test(size=(80, 24)) as pilot:
            here = Sitting(app=app, pilot=pilot, actions=Remembering())
            await here.press("3", ".", "x", *f"{sys.executable} -c 'print(6*7, flush=True)'", "enter")
            await here.press("enter", "enter", "enter", "enter")
            text = await here.until(lambda text: "SUCCEEDED" in text, tries=400)
            assert "SUCCEEDED" in text
            output = app.screen.query_one("#output")
            await here.until(lambda _: "42" in output.text(), tries=200)  # type: ignore[attr-defined]
            assert output.text() == "42"  # type: ignore[attr-defined]
            assert app.runner.up
            assert app.runner.me.role is Role.ADMIN
        store.close()

    asyncio.run(run())


def test_what_the_runner_refuses_is_said_with_its_hint(runner: RunnerUnderTest) -> None:
    actions = RunnerActions(runner.home, acting_as="demo:ana")
    state = actions.runner()
    assert state.up
    assert "demo" in state.words  # masks are for demo homes only
