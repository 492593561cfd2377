"""A thread that asks SQLite whether anybody committed, and now and then the runner whether it is there."""

import sqlite3
import threading
import time
from collections.abc import Callable

from lineside.console.ports import Actions, RunnerState
from lineside.store.db import reader, version_of
from lineside.store.errors import LinesideError
from lineside.store.homes import Home

QUICK_S, CALM_S = 0.25, 1.0
"""How often the store is asked: 4 µs, and a thread woken. Nobody waits over a second."""
CALM_AFTER_S = 60.0
"""So long after the last commit the store is asked less often."""
LOOK_S = 2.0
"""How often the runner is asked whether it is there."""


class Watcher:
    """Calls `changed` after commits of others and `runner` when the runner's state differs from before."""

    def __init__(
        self,
        home: Home,
        actions: Actions,
        *,
        changed: Callable[[], object],
        runner: Callable[[RunnerState], object],
        slow: Callable[[], bool] = lambda: False,
    ) -> None:
        """
        Args:
            slow: whether the terminal is behind; then changes are told half as often.
        """
        self._home, self._actions = home, actions
        self._changed, self._runner, self._slow = changed, runner, slow
        self._stop = threading.Event()
        self._state: RunnerState | None = None
        self.blurred = False
        """Nobody is at the keys: the store is asked less often."""
        self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread; one that talks to a silent runner is not waited for."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=0.2)

    def _watch(self) -> None:
        """A store that cannot be read now may be back in a moment."""
        while not self._stop.is_set():
            try:
                self._watch_store()
            except (sqlite3.Error, LinesideError, OSError):
                self._stop.wait(CALM_S)

    def _watch_store(self) -> None:
        db = reader(self._home)
        try:
            last, since, looked = version_of(db), time.monotonic(), 0.0
            while not self._stop.is_set():
                at = time.monotonic()
                if at - looked >= LOOK_S:
                    looked = at
                    self._look()
                version = version_of(db)
                if version != last:
                    last, since = version, at
                    self._changed()
                self._stop.wait(self._pause(still_s=at - since))
        finally:
            db.close()

    def _pause(self, *, still_s: float) -> float:
        """Seconds until the store is asked again."""
        pause = CALM_S if self.blurred or still_s > CALM_AFTER_S else QUICK_S
        return 2 * pause if self._slow() else pause

    def _look(self) -> None:
        state = self._actions.runner()
        if state != self._state and not self._stop.is_set():
            self._state = state
            self._runner(state)
