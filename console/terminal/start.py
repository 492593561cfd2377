"""Runs the console on a home, on a screen that `opening` has taken and gives back."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineside.console import settings
from lineside.console.ports import RunnerActions, SqliteStore
from lineside.console.terminal import opening
from lineside.store.errors import LinesideError
from lineside.store.homes import Home

if TYPE_CHECKING:
    from lineside.console.app import LinesideApp
    from lineside.console.spoken import Spoken


class Crashed(LinesideError):
    """A bug ended the console; nothing else did: runner and jobs go on."""


def open_console(
    home: Home,
    *,
    acting_as: str | None = None,
    flags: Mapping[str, Any] | None = None,
    starts: bool = False,
    at: "Spoken | None" = None,
) -> int:
    """Show the console on a home until the person leaves; the exit code.

    Args:
        at: the area to open in, and what the cursor is put on there.
        flags: fields of `settings.Settings` as the command line gave them.
        starts: whether to start a runner where none is up; the console is drawn meanwhile.

    Raises:
        LinesideError: the home cannot be read, which is said before anything is drawn.
    """
    SqliteStore(home).close()
    with opening.screen():
        return run(home, acting_as=acting_as, flags=flags, starts=starts, at=at)


def run(
    home: Home,
    *,
    acting_as: str | None,
    flags: Mapping[str, Any] | None = None,
    starts: bool = False,
    at: "Spoken | None" = None,
) -> int:
    """The app itself, on a screen that somebody else has taken.

    Raises:
        LinesideError: the home cannot be read, a setting is wrong, or the console crashed.
    """
    store = SqliteStore(home)
    try:
        wanted = settings.read(home, flags=flags)
        from lineside.console.app import LinesideApp
        from lineside.console.look import depth_of

        actions = RunnerActions(home, acting_as=acting_as, starts=starts)
        app = LinesideApp(store, actions, settings=wanted, depth=depth_of(os.environ))
        app.opens_at = at
        _run(app, mouse=wanted.mouse)
        if app.fault is not None:
            raise _crashed(app)
        return app.return_code or 0
    finally:
        store.close()


def _run(app: "LinesideApp", *, mouse: bool) -> None:
    """On a loop of its own, which ends without waiting for threads: `asyncio.run` waits for each of them."""
    import asyncio

    loop = asyncio.new_event_loop()
    try:
        app.run(mouse=mouse, loop=loop)
    finally:
        loop.close()


def _crashed(app: "LinesideApp") -> Crashed:
    """In a line what happened, and where all of it stands."""
    from traceback import format_exception, format_exception_only

    assert app.fault is not None
    words = "".join(format_exception_only(app.fault)).strip()
    file = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "lineside" / "crash.txt"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(format_exception(app.fault)))
        hint = f"runner and jobs go on; what happened stands in {file}"
    except OSError:
        hint = "runner and jobs go on"
    return Crashed(f"the console crashed: {words}", hint=hint)
