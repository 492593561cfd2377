"""Who looks at what, now: told by each console, kept in memory, forgotten when a console falls silent."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

KEPT_S = 8.0
"""A console that says nothing for this long is gone: a dropped SSH line clears by itself."""

SEATS = 200
"""Consoles kept in mind."""


@dataclass(frozen=True, slots=True)
class Seat:
    """One console: the person at it, what they look at ("model_version:7"; None: nothing that has a name)."""

    who: str
    subject: str | None
    heard: float  # seconds, monotonic


class Presence:
    """The seats of all consoles on one home. `version` grows whenever one sits down, moves on or is gone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seats: dict[str, Seat] = {}
        self._news = asyncio.Event()
        self.version = 0

    def sit(self, console: str, who: str, subject: str | None) -> None:
        """The console `console` (a token of its own) shows `subject` to `who`."""
        before = self._seats.pop(console, None)
        self._seats[console] = Seat(who, subject, self._clock())
        if len(self._seats) > SEATS:
            del self._seats[next(iter(self._seats))]  # the one not heard of for longest
        if before is None or (before.who, before.subject) != (who, subject):
            self._tell()

    def others(self, who: str) -> Mapping[str, list[str]]:
        """Subject → the other people who look at it, by name; one person's second console is not another."""
        found: dict[str, set[str]] = {}
        for seat in self._seats.values():
            if seat.subject is not None and seat.who != who:
                found.setdefault(seat.subject, set()).add(seat.who)
        return {subject: sorted(names) for subject, names in sorted(found.items())}

    async def news(self, seen: int, *, wait_s: float) -> None:
        """Return when `version` is another than `seen`, after `wait_s` seconds at the latest."""
        until = self._clock() + wait_s
        while True:
            self._forget()
            left = min([until, *(seat.heard + KEPT_S for seat in self._seats.values())]) - self._clock()
            if self.version != seen or self._clock() >= until:
                return
            try:
                await asyncio.wait_for(self._news.wait(), max(0.0, left))
            except TimeoutError:
                continue

    def _forget(self) -> None:
        silent = [name for name, seat in self._seats.items() if self._clock() >= seat.heard + KEPT_S]
        for name in silent:
            del self._seats[name]
        if silent:
            self._tell()

    def _tell(self) -> None:
        self.version += 1
        self._news.set()
        self._news = asyncio.Event()
