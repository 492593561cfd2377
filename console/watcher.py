"""A thread that asks SQLite four times a second whether anybody committed: 4 µs when nobody did."""

import threading
from collections.abc import Callable

from lineside.console.ports import Actions, RunnerState
from lineside.store.db import reader, version_of
from lineside.store.homes import Home

QUICK_S, BLURRED_S = 0.25, 1.0
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
    ) -> None:
        self._home, self._actions = home, actions
        self._changed, self._runner = changed, runner
        self._stop = threading.Event()
        self.period_s = QUICK_S
        self._threads = [
            threading.Thread(target=target, name=name, daemon=True)
            for target, name in ((self._watch, "store watcher"), (self._look, "runner watcher"))
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End both threads; the one that talks to a silent runner is not waited for."""
        self._stop.set()
        self._threads[0].join(timeout=2.0)

    def _watch(self) -> None:
        db = reader(self._home)
        try:
            last = version_of(db)
            while not self._stop.wait(self.period_s):
                version = version_of(db)
                if version != last:
                    last = version
                    self._changed()
        finally:
            db.close()

    def _look(self) -> None:
        last: RunnerState | None = None
        while not self._stop.is_set():
            state = self._actions.runner()
            if state != last and not self._stop.is_set():
                last = state
                self._runner(state)
            self._stop.wait(LOOK_S)
