"""Tells the runner what this console shows and hears who else looks at what, in two threads that wait."""

import os
import threading
from collections.abc import Callable, Mapping

from lineside.console.ports import Actions
from lineside.jobs.context import Json
from lineside.store.errors import LinesideError

Present = Mapping[str, tuple[str, ...]]
"""Subject ("model_version:7") → the names of the others who look at it."""

WAIT_S = 3.0
"""One question to the runner is answered at the first news, or after this."""
AGAIN_S = 2.0
"""How long to leave a runner alone that did not answer."""
CALM_S = 0.3
"""A cursor on its way down a list is not looking at each row it passes."""


class Attending:
    """Calls `changed` from a thread of its own whenever somebody else looks at something else."""

    def __init__(self, actions: Actions, *, changed: Callable[[Present], object]) -> None:
        self._actions, self._changed = actions, changed
        self._console = os.urandom(8).hex()
        self._subject = ""
        self._stop, self._moved = threading.Event(), threading.Event()
        self._threads = [
            threading.Thread(target=target, name=name, daemon=True)
            for target, name in ((self._listen, "presence"), (self._tell, "presence teller"))
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End both threads; one that waits for the runner is not waited for."""
        self._stop.set()
        self._moved.set()

    def look_at(self, subject: str | None) -> None:
        """This console shows `subject` now; may be called at every key."""
        if (subject or "") != self._subject:
            self._subject = subject or ""
            self._moved.set()

    def _listen(self) -> None:
        version = -1
        present: Present = {}
        while not self._stop.is_set():
            answer = self._attend(version, wait_s=WAIT_S)
            version = answer.get("version", -1)
            found = {subject: tuple(names) for subject, names in answer.get("others", {}).items()}
            if found != present and not self._stop.is_set():
                present = found
                self._changed(present)
            if not answer:
                self._stop.wait(AGAIN_S)

    def _tell(self) -> None:
        told = ""
        while self._moved.wait() and not self._stop.wait(CALM_S):
            self._moved.clear()
            if self._subject != told:
                told = self._subject
                self._attend(-1, wait_s=0.0)

    def _attend(self, seen: int, *, wait_s: float) -> Json:
        """What the runner says; nothing where it does not answer, or is too old to know the verb."""
        args = {"console": self._console, "subject": self._subject, "seen": seen, "wait_s": wait_s}
        try:
            return self._actions.ask("presence.attend", args)
        except LinesideError:
            return {}
