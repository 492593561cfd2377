"""An app on a real terminal: every way out is clean, and on a slow line the latest state wins.

A frame is drawn only while fewer than three are unwritten. What changes meanwhile stays marked as changed,
and is drawn once the line is free: one frame with everything in it, however long that took.
"""

import asyncio
import signal
import time
from threading import Thread
from typing import Any, TypeVar

from textual import constants
from textual.app import App
from textual.driver import Driver
from textual.events import Event, Key, Resize
from textual.screen import Screen

from lineside.console.terminal import haste

AHEAD = 2
"""Frames that may be unwritten when another one is drawn."""
SLOW_FOR_S = 2.0
"""A line that made us wait is taken to be slow for so long."""
TWICE_S = 2.0

R = TypeVar("R")


class TerminalApp(App[R]):
    """An app that leaves the terminal clean and never waits for it."""

    _holding = _missed = False
    _styled = -1
    _slow_until = _interrupted_at = 0.0

    def get_driver_class(self) -> type[Driver]:
        if constants.DRIVER is not None:  # a browser's, or a test's
            return super().get_driver_class()
        from lineside.console.terminal.driver import LineDriver

        return LineDriver

    @property
    def fault(self) -> Exception | None:
        """What no code expected, and what ended the app."""
        return self._exception

    # -- ways out ----------------------------------------------------------------------------------

    def settle_in(self) -> None:
        """Signals end the console like `q`, with the exit code that a shell expects."""
        self.call_after_refresh(haste.end)
        if not self.is_headless:
            self.set_timer(haste.PREPARE_AFTER_S, Thread(target=haste.prepare, daemon=True).start)
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                loop.add_signal_handler(number, self.end, 128 + number)

    def end(self, code: int) -> None:
        self.exit(None, code)

    def hung_up(self) -> None:
        """The terminal is gone: nobody is left to show anything to."""
        self.end(128 + signal.SIGHUP)

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Key) and not event.is_forwarded:
            self._heed_interrupt(event.key)
        if isinstance(event, Resize):
            self.forget_screen()
        await super().on_event(event)

    def _heed_interrupt(self, key: str) -> None:
        """The second ctrl+c in a row ends the console, whatever has the keys."""
        now = time.monotonic()
        if key == "ctrl+c" and now - self._interrupted_at < TWICE_S:
            self.end(128 + signal.SIGINT)
        self._interrupted_at = now if key == "ctrl+c" else 0.0

    def action_help_quit(self) -> None:
        """The first ctrl+c, where there was nothing to copy."""
        self.notify("ctrl+c once more leaves; so does q", markup=False)

    def _fatal_error(self) -> None:
        """Textual would draw the traceback with all values in it; `start.py` says it in words."""
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        self._exit_renderables.clear()

    # -- styles ------------------------------------------------------------------------------------

    def begin_in(self, theme: str) -> None:
        """All styles are made with this theme when the app begins, not twice: before it runs."""
        self.set_reactive(App.theme, theme)
        self.stylesheet.set_variables(self.get_css_variables())
        self._styled = self._css_update_count

    def refresh_css(self, animate: bool = True) -> None:
        """Textual parses every style anew, twice, for a screen shown the first time: 50 ms of nothing.

        Only another theme changes what the styles say; a screen that was away meanwhile is styled again.
        """
        if self._styled != self._css_update_count:
            self._styled = self._css_update_count
            super().refresh_css(animate)
        for screen in self.screen_stack:
            if 0 <= screen._css_update_count != self._css_update_count:
                self.stylesheet.update(screen, animate=animate)
            screen._css_update_count = self._css_update_count

    # -- a slow line -------------------------------------------------------------------------------

    @property
    def line_is_slow(self) -> bool:
        """Whether the terminal lately took longer than we drew."""
        return self._holding or time.monotonic() < self._slow_until

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        self._missed = self._missed or self._holding
        super()._display(screen, renderable)
        if not self._holding and getattr(self._driver, "unwritten", 0) > AHEAD:
            self._holding = True
            self._begin_batch()

    def forget_screen(self) -> None:
        """Send the next picture whole, whatever the terminal seems to show."""
        if (forget := getattr(self._driver, "forget", None)) is not None:
            forget()

    def line_is_free(self) -> None:
        """All is written: draw what has changed since."""
        if not self._holding:
            return
        self._holding, self._slow_until = False, time.monotonic() + SLOW_FOR_S
        self._end_batch()
        if self._missed and self._screen_stack:  # a layout was drawn into nothing
            self.screen.refresh()
        self._missed = False

    def _end_batch(self) -> None:
        """A screen that had something to draw meanwhile hears of it."""
        super()._end_batch()
        if not self._batch_count and self._screen_stack:
            self.screen.check_idle()
