"""The console in a real pseudo-terminal that is slow, stalled or resized, and beside another console."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from fixtures import demo_home
from fixtures.runners import RunnerUnderTest
from fixtures.terminals import Terminal, terminal
from fixtures.waiting import until

from lineside.jobs import commands
from lineside.store.db import reader
from lineside.store.homes import Home
from lineside.store.queries import jobs

pytestmark = pytest.mark.integration

_LINESIDE = [sys.executable, "-m", "lineside.console"]
_SLOW_BPS = 60_000
_WIDE = (200, 50)
_OPEN = """
import sys
from pathlib import Path
from lineside.console.terminal.start import open_console
from lineside.store.homes import Home
sys.exit(open_console(Home(Path(sys.argv[1]))))
"""
_BEATING = """
import asyncio, sys, time
from pathlib import Path
from lineside.console.app import LinesideApp
from lineside.console.terminal.start import open_console
from lineside.store.homes import Home

beats = open(sys.argv[2], "a", buffering=1)
mount = LinesideApp.on_mount

def on_mount(self):
    mount(self)
    self.set_interval(0.1, lambda: beats.write(f"{time.monotonic()}\\n"))
    self.set_interval(0.25, lambda: self.screen.refresh())

LinesideApp.on_mount = on_mount
sys.exit(open_console(Home(Path(sys.argv[1]))))
"""
"""The console with a heart, and with more to draw than any line carries: all of it, four times a second."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return demo_home.build(Home(tmp_path_factory.mktemp("told") / "home"))


@pytest.fixture
def console(runner: RunnerUnderTest, tmp_path: Path) -> Iterator[Terminal]:
    """The console of a home with a runner."""
    with terminal(command(runner.home), env=own(tmp_path)) as here:
        here.wait_for("runner ok")
        yield here


def command(home: Home) -> list[str]:
    return [*_LINESIDE, "--home", str(home.path)]


def own(folder: Path) -> dict[str, str]:
    """A memory and settings of nobody else's."""
    return {"XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}


# -- slow and stalled lines ----------------------------------------------------------------------------


def test_on_a_slow_line_the_screen_is_where_the_keys_are_soon_after_they_rest(tmp_path: Path) -> None:
    """Textual queues thirty frames: at 60 kB/s, seconds of pages that nobody wants to see any more."""
    from fixtures import big_home

    home = big_home.build(tmp_path / "home", runs=20_000)
    with terminal([sys.executable, "-c", _OPEN, str(home.path)], size=_WIDE, env=own(tmp_path),
                  bytes_per_s=_SLOW_BPS) as here:  # fmt: skip
        here.wait_for("WALL|Wall")
        here.press("2")
        here.wait_for("of 20,000|20,000 runs")
        here.quiet(1.0)
        for _ in range(60):
            here.press("pagedown")
            time.sleep(1 / 30)
        released = time.perf_counter()
        here.quiet(1.0, within_s=20)
        assert here.chunks[-1][0] - released < 2.0


def test_a_terminal_that_nobody_reads_stops_nothing_and_is_right_when_read_again(
    told: Home, tmp_path: Path
) -> None:
    beats = tmp_path / "beats"
    with terminal([sys.executable, "-c", _BEATING, str(told.path), str(beats)], size=_WIDE,
                  env=own(tmp_path)) as here:  # fmt: skip
        here.wait_for("NEEDS YOU")
        with here.stalled():
            began = _beats(beats)
            until(lambda: _beats(beats) >= began + 100)
            here.press("2", "?")
        here.wait_for("KEYS IN RUNS")
        here.press("escape")
        until(lambda: "KEYS IN RUNS" not in here.text())
        here.press("q")
        assert here.ended() == 0
        assert here.modes_left_on == []
    times = [float(line) for line in beats.read_text().split()]
    assert max(b - a for a, b in pairwise(times)) < 2.0


def _beats(file: Path) -> int:
    return len(file.read_text().split()) if file.exists() else 0


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_console_at_a_stalled_terminal_can_be_ended(
    told: Home, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    beats = tmp_path / "beats"
    with terminal([sys.executable, "-c", _BEATING, str(told.path), str(beats)], size=_WIDE,
                  env=own(tmp_path)) as here:  # fmt: skip
        here.wait_for("NEEDS YOU")
        with here.stalled():
            began = _beats(beats)
            until(lambda: _beats(beats) >= began + 20)
            here.pty.kill(number)
            assert here.ended(within_s=6) == status


# -- the runner and other consoles ---------------------------------------------------------------------


def test_a_stalled_console_takes_nothing_from_the_runner(console: Terminal, runner: RunnerUnderTest) -> None:
    console.press("3")
    with console.stalled():
        job = runner.submit("true")
        runner.wait_for(job)
    console.wait_for("SUCCEEDED")


def test_the_first_console_brings_a_runner_up_behind_its_first_frame(tmp_path: Path, told: Home) -> None:
    home = Home(shutil.copytree(told.path, tmp_path / "home"))
    with terminal(command(home), env=own(tmp_path)) as here:
        here.wait_for("NEEDS YOU")
        here.wait_for("runner ok")
        here.press("q")
        assert here.ended() == 0
    assert commands.runner_info(home) is not None
    commands.stop_runner(home)


def test_two_consoles_see_each_others_changes_within_a_second(
    console: Terminal, runner: RunnerUnderTest, tmp_path: Path
) -> None:
    with terminal(command(runner.home), env=own(tmp_path / "other")) as other:
        other.wait_for("runner ok")
        console.press("3")
        other.press("3")
        console.wait_for(" Jobs")
        other.wait_for(" Jobs")
        console.press(".", "x")
        console.wait_for("Run a command")
        console.press(*"sleep 987", "tab", "tab", "tab", "tab", "enter", "enter")
        job = _first_job(runner.home)
        committed = time.perf_counter()
        other.wait_for("sleep")
        assert time.perf_counter() - committed < 1.0
        runner.ask("jobs.cancel", {"job": job})


def _first_job(home: Home) -> int:
    found: list[int] = []

    def there() -> bool:
        db = reader(home)
        try:
            found[:] = [row.id for row in [*jobs.waiting(db), *jobs.live(db)]]
        finally:
            db.close()
        return bool(found)

    until(there)
    return found[0]


def test_a_runner_that_goes_and_comes_back_is_told(console: Terminal, runner: RunnerUnderTest) -> None:
    os.kill(runner.pid, signal.SIGKILL)
    console.wait_for("no runner|runner gone|not answer")
    commands.start_runner(runner.home)
    console.wait_for("is back|runner ok")
    job = runner.submit("true")
    runner.wait_for(job)
    console.press("3")
    console.wait_for("SUCCEEDED")


# -- sizes ---------------------------------------------------------------------------------------------


def test_a_storm_of_sizes_ends_with_the_last_one(told: Home, tmp_path: Path) -> None:
    sizes = [(80, 24), (200, 50), (40, 10), (300, 80), (20, 4), (1, 1), (38, 12), (200, 50), (80, 24)]
    with terminal([sys.executable, "-c", _OPEN, str(told.path)], env=own(tmp_path)) as here:
        here.wait_for("NEEDS YOU")
        for area in "123456789":
            here.press(area)
            for columns, rows in sizes:
                here.resize(columns, rows)
                time.sleep(0.02)
            here.quiet(0.2)  # where nothing can be seen keys do nothing
        here.press("1")
        here.quiet(0.5)
        here.wait_for("NEEDS YOU")
        assert here.pty.isalive()
        assert here.text().count("NEEDS YOU") == 1
        here.press("q")
        assert here.ended() == 0
        assert here.modes_left_on == []
    assert not (tmp_path / "state" / "lineside" / "crash.txt").exists()


def test_the_size_is_the_terminals_whatever_was_exported(told: Home, tmp_path: Path) -> None:
    env = {**own(tmp_path), "COLUMNS": "7", "LINES": "3"}
    with terminal([sys.executable, "-c", _OPEN, str(told.path)], env=env) as here:
        here.wait_for("NEEDS YOU")
        here.press("q")
        assert here.ended() == 0


# -- other ways to look --------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux here")
def test_it_works_inside_tmux(told: Home, tmp_path: Path) -> None:
    socket = str(tmp_path / "tmux")
    tmux = ["tmux", "-S", socket, "-f", os.devnull]
    inside = " ".join(f"'{word}'" for word in [sys.executable, "-c", _OPEN, str(told.path)])
    run = [*tmux, "new-session", "-d", "-x", "100", "-y", "30", f"{inside}; sleep 30"]
    subprocess.run(run, check=True, env={**os.environ, **own(tmp_path)})

    def screen() -> str:
        return subprocess.run(
            [*tmux, "capture-pane", "-p"], capture_output=True, text=True, check=True
        ).stdout

    try:
        until(lambda: "NEEDS YOU" in screen())
        subprocess.run([*tmux, "send-keys", "2"], check=True)
        until(lambda: " Runs" in screen() and "NEEDS YOU" not in screen())
        subprocess.run([*tmux, "send-keys", "q"], check=True)
        until(lambda: "2Runs" not in screen())
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)


def test_a_browser_gets_frames_and_nothing_else(runner: RunnerUnderTest, tmp_path: Path) -> None:
    """`textual serve` starts us with pipes and a driver of its own, which sends packets."""
    env = {**os.environ, **own(tmp_path), "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver"}
    env |= {"COLUMNS": "100", "ROWS": "30", "LINESIDE_HOME": str(runner.home.path)}
    served = subprocess.Popen(
        [sys.executable, "-c", _MAIN], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert served.stdin is not None
    assert served.stdout is not None
    try:
        assert served.stdout.readline() == b"__GANGLION__\n"
        text = b""
        while b"Monitor" not in text:
            kind, payload = packet(served)
            assert kind in b"DMP"
            text += payload if kind == b"D" else b""
        served.stdin.write(b"M" + (len(_QUIT)).to_bytes(4, "big") + _QUIT)
        served.stdin.flush()
        while served.poll() is None:
            if not served.stdout.read(4096):
                break
        assert served.wait(10) == 0
    finally:
        served.kill()
        served.stdin.close()
        served.stdout.close()
        served.wait()


_QUIT = b'{"type": "quit"}'
_MAIN = "import sys; from lineside.console.__main__ import main; sys.exit(main([]))"


def packet(served: "subprocess.Popen[bytes]") -> tuple[bytes, bytes]:
    """The next thing a browser is sent: its kind and what is in it."""
    assert served.stdout is not None
    head = served.stdout.read(5)
    assert len(head) == 5, "it has ended"
    return head[:1], served.stdout.read(int.from_bytes(head[1:], "big"))
