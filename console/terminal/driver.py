"""Textual's driver with three things changed: output never blocks, the end of input ends the console, and the
thread that reads keys sleeps until there are some (Textual's wakes ten times a second, and ends 200 ms late).

Reaches into Textual's private names, which is why exactly one version of it is asked for in pyproject.toml.
"""

import os
import selectors
import sys
import time
from codecs import getincrementaldecoder
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from lineside.console.terminal.outlet import Outlet

if TYPE_CHECKING:
    from lineside.console.terminal.app import TerminalApp


class LineDriver(LinuxDriver):
    """Draws on a terminal that may be slow, stalled or gone."""

    def __init__(self, app: Any, **given: Any) -> None:
        self._outlet: Outlet | None = None
        self._wake, self._waker = os.pipe()
        self._user = cast("TerminalApp[Any]", app)
        super().__init__(app, **given)
        assert sys.__stdout__ is not None
        self._screen = sys.__stdout__.fileno()  # Textual draws on stderr, which `2> log` would take away

    # -- output ------------------------------------------------------------------------------------

    @property
    def unwritten(self) -> int:
        """Frames that the terminal has not taken yet."""
        return 0 if self._outlet is None else self._outlet.unwritten

    @property  # type: ignore[override]
    def _writer_thread(self) -> Outlet | None:
        return self._outlet

    @_writer_thread.setter
    def _writer_thread(self, made: object) -> None:
        """Textual makes its writer here; ours is taken instead."""
        if made is not None:
            self._outlet = Outlet(self._screen, freed=self._freed)

    def flush(self) -> None:
        """Called once a frame."""
        if self._outlet is not None:
            self._outlet.frame()

    def forget(self) -> None:
        """The terminal may show anything now: it has another size, or somebody wrote on it."""
        if self._outlet is not None:
            self._outlet.forget()

    def _freed(self) -> None:
        """In the writer's thread: frames have been written."""
        if self.unwritten == 0 and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._user.line_is_free)

    def _get_terminal_size(self) -> tuple[int, int]:
        """What the terminal itself says; COLUMNS and LINES may be of another one, exported long ago."""
        with suppress(OSError):
            width, height = os.get_terminal_size(self._screen)
            if width and height:
                return width, height
        return super()._get_terminal_size()

    # -- input -------------------------------------------------------------------------------------

    def disable_input(self) -> None:
        os.write(self._waker, b"x")
        super().disable_input()

    def run_input_thread(self) -> None:
        parser, decode = XTermParser(self._debug), getincrementaldecoder("utf-8")("replace").decode
        os.set_blocking(self._wake, False)
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if any(key.fd == self.fileno for key, _ in selector.select(_pause(parser))):
                    if not (data := self._read()):
                        self._loop.call_soon_threadsafe(self._user.hung_up)
                        return
                    for event in parser.feed(decode(data)):
                        self.process_message(event)
                for event in parser.tick():
                    self.process_message(event)
        with suppress(BlockingIOError):  # the app may come back, after ctrl+z
            os.read(self._wake, 64)

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, 4096)
        except OSError:  # the other side of the terminal was closed
            return b""

    def close(self) -> None:
        super().close()
        os.close(self._wake)
        os.close(self._waker)


def _pause(parser: XTermParser) -> float | None:
    """Seconds until an escape that stands alone is known to be the key; None: until there is input."""
    due = parser._timeout_time
    return None if due is None else max(0.0, due - time.monotonic())
