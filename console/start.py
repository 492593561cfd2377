"""Opens the console: the first cell before Textual is imported, a clean terminal whatever ends it."""

import shutil
import sys

from lineside.store.db import reader
from lineside.store.homes import Home

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J\x1b[H"
_MODES = (1000, 1002, 1003, 1004, 1006, 1015, 2004, 2026, 1049)
_LEAVE = "\x1b[<u" + "".join(f"\x1b[?{mode}l" for mode in _MODES) + "\x1b[?25h\x1b[0m"
"""Turns off every mode that Textual turns on, should it not come to do so itself."""


def open_console(home: Home, *, acting_as: str | None = None) -> int:
    """Show the console on a home until the person leaves; the exit code.

    Raises:
        LinesideError: the home cannot be read.
    """
    reader(home).close()  # before anything is drawn: a bad home is told in plain words
    _first_frame()
    store = None
    try:
        from lineside.console.app import LinesideApp
        from lineside.console.ports import RunnerActions, SqliteStore

        store = SqliteStore(home)
        app = LinesideApp(store, RunnerActions(home, acting_as=acting_as))
        app.run()
        return app.return_code or 0
    finally:
        if store is not None:
            store.close()
        _write(_LEAVE)


def _first_frame() -> None:
    """A title bar in a dozen lines: something stands there 200 ms before Textual has been imported."""
    from lineside.console.commands import AREAS, TITLES

    tabs = " ".join(f" {digit}{TITLES[name]}" for digit, name in enumerate(AREAS, 1))
    _write(_ENTER + tabs[: shutil.get_terminal_size().columns])


def _write(text: str) -> None:
    if sys.__stdout__ is not None and sys.__stdout__.isatty():
        sys.__stdout__.write(text)
        sys.__stdout__.flush()
