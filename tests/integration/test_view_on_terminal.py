"""`lineside view PANEL` on a terminal: the console opens in the panel's area, on what was named."""

import sys
from collections.abc import Iterator

import pytest
from fixtures import demo_home
from fixtures.terminals import terminal

from lineside.jobs import commands
from lineside.store.homes import Home

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = demo_home.build(Home(tmp_path_factory.mktemp("told") / "home"))
    yield home
    commands.stop_runner(home)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (("jobs", "state:FAILED"), r"Jobs › .*state:FAILED"),
        (("run", "4"), r"Runs › 4 network"),
        (("request", "3"), r"(?s)Models › request 3.*REQUEST 3"),
        (("alert", "1"), r"(?s)Monitor › .*ALERT 1 performance"),
        (("latency", "fraud"), r"Monitor › fraud"),
    ],
)
def test_a_panel_on_a_terminal_opens_the_console_on_what_was_named(
    told: Home, said: tuple[str, ...], shown: str
) -> None:
    argv = [sys.executable, "-m", "lineside.console", "--home", str(told.path), "view", *said]
    with terminal(argv, size=(120, 40)) as here:
        here.wait_for(shown, within_s=30)
        here.press("q")
        assert here.ended() == 0
