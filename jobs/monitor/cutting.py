"""Cutting a stream of served rows into tumbling windows: by number of rows, or by span of event time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lineside.store.clock import Micros


class Position(NamedTuple):
    """A row in a payload log: so many rows after the frame that begins at a byte."""

    bytes: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """One window that is full: where its rows begin and end."""

    start: Position
    end: Position
    rows: int
    start_us: Micros
    end_us: Micros


@dataclass(slots=True, kw_only=True)
class Cutter:
    """The window that gathers, and where the next one will begin.

    Rows come in the order they were served. A row whose event time lies before the window (it came late)
    joins the window that is open when it comes.
    """

    start: Position
    size: int | None  # rows of a window; None: cut by time
    span_us: int | None = None  # event time of a window; None: cut by rows
    origin_us: Micros | None = None  # where the grid of spans begins; None: at the first row
    rows: int = 0
    first_us: Micros = field(default=Micros(0))
    last_us: Micros = field(default=Micros(0))

    def take(self, base: int, requests: Sequence[Mapping[str, Any]], *, skip: int = 0) -> list[Cut]:
        """Add the rows of these requests, which are the frames from byte `base` on.

        Args:
            skip: rows at the front that earlier windows took.
        """
        cuts: list[Cut] = []
        place = 0
        for request in requests:
            for at_us in event_times(request):
                if place >= skip and (cut := self._add(Position(base, place), at_us)):
                    cuts.append(cut)
                place += 1
        return cuts

    def close(self, end: Position) -> Cut:
        """End the window here, full or not; the next begins at `end`."""
        cut = Cut(start=self.start, end=end, rows=self.rows, start_us=self.first_us, end_us=self.last_us)
        self.start, self.rows = end, 0
        return cut

    def _add(self, here: Position, at_us: Micros) -> Cut | None:
        """Count one row; the window that ended just before it, or with it."""
        cut = self.close(here) if self.rows and self._behind(at_us) else None
        if self.span_us is not None and self.origin_us is None:
            self.origin_us = at_us
        self.first_us = min(self.first_us, at_us) if self.rows else at_us
        self.last_us = max(self.last_us, at_us) if self.rows else at_us
        self.rows += 1
        if self.size is not None and self.rows >= self.size:
            return self.close(Position(here.bytes, here.rows + 1))
        return cut

    def _behind(self, at_us: Micros) -> bool:
        """Whether this moment lies behind the end of the open window."""
        if self.span_us is None or self.origin_us is None:
            return False
        return (at_us - self.origin_us) // self.span_us > (self.last_us - self.origin_us) // self.span_us


def event_times(request: Mapping[str, Any]) -> list[Micros]:
    """When each row of a request happened; the moment it was answered where the client did not say."""
    answered = Micros(request["at_us"])
    events = request["event_us"]
    if events is None:
        return [answered] * len(request["ids"])
    return [answered if each is None else Micros(each) for each in events]
