"""What is written to a terminal that is slow, or gone; how often the store is asked meanwhile."""

import os
import threading
from pathlib import Path

import pytest
from fixtures.consoles import Remembering
from fixtures.waiting import until

from lineside.console.terminal.outlet import Outlet
from lineside.console.watcher import CALM_AFTER_S, CALM_S, QUICK_S, Watcher
from lineside.store.homes import Home

_MORE_THAN_A_PIPE_HOLDS = "x" * 200_000


def outlet(fd: int) -> tuple[Outlet, threading.Event]:
    freed = threading.Event()
    made = Outlet(fd, freed=freed.set)
    made.start()
    return made, freed


def test_all_is_written_in_order_and_every_frame_counted() -> None:
    read, write = os.pipe()
    out, freed = outlet(write)
    for word in ("one ", "two "):
        out.write(word)
        out.frame()
    assert freed.wait(5)
    until(lambda: out.unwritten == 0)
    out.write("é")
    out.stop()
    assert os.read(read, 100).decode() == "one two é"
    os.close(read)
    os.close(write)


def test_writing_to_what_nobody_reads_takes_no_time_and_ends_when_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Outlet, "PATIENCE_S", 0.05)
    read, write = os.pipe()
    out, freed = outlet(write)
    for _ in range(100):
        out.write(_MORE_THAN_A_PIPE_HOLDS)
        out.frame()
    assert out.unwritten == 100
    assert not freed.is_set()
    out.stop()
    os.close(read)  # now its thread hears that nobody ever will
    until(lambda: not out.is_alive())
    assert out.lost
    os.close(write)


def test_a_terminal_that_is_gone_is_as_good_as_free() -> None:
    read, write = os.pipe()
    os.close(read)
    out, _ = outlet(write)
    out.write("hello")
    out.frame()
    until(lambda: out.unwritten == 0)
    assert out.lost
    out.stop()
    os.close(write)


def test_the_store_is_asked_less_often_when_nothing_happens_nobody_looks_or_the_line_is_slow(
    tmp_path: Path,
) -> None:
    slow = False
    watcher = Watcher(
        Home(tmp_path), Remembering(), changed=lambda: None, runner=lambda _: None, slow=lambda: slow
    )
    assert watcher._pause(still_s=0) == QUICK_S
    assert watcher._pause(still_s=CALM_AFTER_S + 1) == CALM_S
    slow = True
    assert watcher._pause(still_s=0) == 2 * QUICK_S
    slow, watcher.blurred = False, True
    assert watcher._pause(still_s=0) == CALM_S
    assert CALM_S <= 1.0  # two consoles see each other's changes within a second
