"""The console in a real pseudo-terminal: whatever ends it, the terminal is left as it was found."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.consoles import Sitting, at_console
from fixtures.terminals import Terminal, terminal
from textual.color import Color

from lineside.console.ports import SqliteStore
from lineside.store.homes import Home

_OPEN = """
import sys
from pathlib import Path
from lineside.console.terminal.start import open_console
from lineside.store.homes import Home
sys.exit(open_console(Home(Path(sys.argv[1]))))
"""
_CRASH = """
from lineside.console.screens.wall import WallArea
def main(self):
    raise ValueError("no such luck")
WallArea.cmd_filter = main
"""
_STUCK = """
import time
from lineside.console.screens.wall import WallArea
WallArea.cmd_filter = lambda self: self.run_worker(lambda: time.sleep(600), thread=True)
"""
_LEAVE = _OPEN.replace("sys.exit(", "from lineside.console.terminal import opening; opening.leave(")


def argv(home: Home, before: str = "") -> list[str]:
    """The console on a home, without a runner."""
    return [sys.executable, "-c", before + _OPEN, str(home.path)]


@pytest.fixture
def wall(told: Home, tmp_path: Path) -> Iterator[Terminal]:
    """The console, ready."""
    with terminal(argv(told), env={"XDG_STATE_HOME": str(tmp_path)}) as here:
        here.wait_for("NEEDS YOU")
        here.quiet()
        yield here


@pytest.mark.parametrize(
    ("keys", "status"),
    [(["q"], 0), (["ctrl+q"], 0), (["ctrl+c", "ctrl+c"], 130), ([":", "ctrl+c", "ctrl+c"], 130)],
)
def test_keys_that_leave_leave_the_terminal_clean(wall: Terminal, keys: list[str], status: int) -> None:
    for key in keys:
        wall.press(key)
        wall.quiet(0.05)
    assert wall.ended() == status
    assert wall.modes_left_on == []


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_a_signal_leaves_the_terminal_clean(wall: Terminal, number: signal.Signals, status: int) -> None:
    wall.pty.kill(number)
    assert wall.ended() == status
    assert wall.modes_left_on == []


def test_one_ctrl_c_says_what_leaves_and_stays(wall: Terminal) -> None:
    wall.press("ctrl+c")
    wall.wait_for("ctrl.c once more leaves")
    wall.press("down", "ctrl+c")
    wall.quiet()
    assert wall.pty.isalive()


def test_a_closed_window_ends_the_console(wall: Terminal) -> None:
    """k9s#871: it went on, with nobody looking, and grew."""
    wall.hang_up()
    assert wall.ended() == 129


def test_a_crash_is_told_in_a_line_on_a_clean_terminal_and_written_down(told: Home, tmp_path: Path) -> None:
    with terminal(argv(told, _CRASH), env={"XDG_STATE_HOME": str(tmp_path)}) as here:
        here.wait_for("NEEDS YOU")
        here.press("/")
        assert here.ended() == 1
        assert here.modes_left_on == []
        text = here.text()
    assert "ValueError: no such luck" in text.replace("\n", "")  # the line is longer than the screen
    assert "no such luck" in (tmp_path / "lineside" / "crash.txt").read_text()


def test_a_home_that_is_not_there_is_told_in_words_before_anything_is_drawn(tmp_path: Path) -> None:
    done = subprocess.run(argv(Home(tmp_path / "no")), capture_output=True, text=True, check=False)
    assert "no lineside home" in done.stderr
    assert "\x1b" not in done.stdout


def test_what_still_waits_for_a_silent_runner_does_not_keep_the_terminal(told: Home, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _STUCK + _LEAVE, str(told.path)]
    with terminal(command, env={"XDG_STATE_HOME": str(tmp_path)}) as here:
        here.wait_for("NEEDS YOU")
        here.press("/q")
        assert here.ended() == 0


def test_a_home_that_cannot_be_read_is_told_in_words_on_a_clean_terminal(tmp_path: Path) -> None:
    (tmp_path / "lineside.db").write_bytes(b"not a database, whatever its name says" * 100)
    with terminal([sys.executable, "-m", "lineside.console", "--home", str(tmp_path)]) as here:
        assert here.ended() == 1
        assert here.modes_left_on == []
        assert "lineside: " in here.text()


def test_where_there_is_nothing_yet_demo_and_init_are_offered(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lineside.console"]
    with terminal(command, env={"LINESIDE_HOME": str(tmp_path / "none")}) as here:
        assert here.ended() == 1
        text = here.text()
    assert "lineside demo" in text
    assert "lineside init" in text


def test_the_first_cell_needs_nothing_that_is_slow_to_import() -> None:
    """What is drawn first, and the whole of `lineside` until then."""
    code = (
        "import sys, lineside.console.__main__; from lineside.console.terminal import opening; "
        "assert '1Wall' in opening._skeleton(80, 24); opening.wish(['--home', '/']); "
        "heavy = {'textual', 'rich', 'numpy', 'asyncio', 'click', 'sqlite3', 'pathlib', 'dataclasses'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_the_console_starts_without_numpy_polars_or_duckdb() -> None:
    code = (
        "import sys; import lineside.console.app, lineside.console.screens.wall; "
        "heavy = {'numpy', 'polars', 'duckdb', 'httpx', 'scipy', 'sklearn', 'torch', 'onnxruntime', "
        "'click', 'sqlite_utils', 'tomllib', 'lineside.jobs.runner', 'lineside.console.screens.runs'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


@pytest.mark.parametrize(
    "env",
    [
        {"TERM": "screen", "COLORTERM": ""}, {"TERM": "linux", "COLORTERM": ""}, {"COLORTERM": ""},
        {"NO_COLOR": "1"}, {"TERM": "dumb", "COLORTERM": ""},
    ],
    ids=["screen", "linux", "256 colours", "no colour", "dumb"],
)  # fmt: skip
def test_it_draws_whatever_the_terminal_can(told: Home, tmp_path: Path, env: dict[str, str]) -> None:
    with terminal(argv(told), env={**env, "XDG_STATE_HOME": str(tmp_path)}) as here:
        here.wait_for("NEEDS YOU")
        here.press("2")
        here.wait_for(" Runs")
        if "NO_COLOR" in env:
            written = b"".join(data for _, data in here.chunks)
            assert re.findall(rb"\x1b\[[\d;]*[34]8;[25];[\d;]*m", written) == []
        here.press("q")
        assert here.ended() == 0
        assert here.modes_left_on == []


def test_a_terminal_that_answers_nothing_is_no_reason_to_wait(told: Home, tmp_path: Path) -> None:
    with terminal(argv(told), env={"XDG_STATE_HOME": str(tmp_path)}, answers=False) as here:
        here.wait_for("NEEDS YOU")
        here.press("q")
        assert here.ended() == 0


def test_the_same_options_open_the_console_before_and_behind_click() -> None:
    from lineside.console.cli import cli
    from lineside.console.terminal import opening

    spelled = {word for option in cli.params for word in (*option.opts, *option.secondary_opts)}
    assert {*opening.VALUED, *opening.SWITCHES} == spelled - {"--version", "--help"}
    assert os.environ.get("LINESIDE_HOME") is None or opening.wish([]) is None  # no terminal here


def test_an_area_that_was_away_has_the_theme_that_was_chosen_meanwhile(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Styles are parsed anew only for a theme, and every screen gets them when it is shown again."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    async def do(here: Sitting) -> None:
        await here.press("2", "1")
        before = here.app.screen.styles.background
        await here.press("2", "T", "1")
        grounds = {here.app.screen.styles.background}
        await here.press("3")
        grounds.add(here.app.screen.styles.background)
        assert grounds == {Color.parse(here.app.theme_variables["background"])}
        assert before not in grounds

    at_console(store, do)
