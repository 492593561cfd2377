"""What endpoints did lately, of which only what is new is read again: an hour of looks is 3,600 rows."""

import math
import sqlite3
from array import array
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from lineside.store.clock import SECOND
from lineside.store.queries import endpoints
from lineside.store.queries.endpoints import EndpointRow, ScrapeRow


def _wrong(row: ScrapeRow) -> float | None:
    return 100 * row.errors / row.requests if row.requests else None


def _failing(row: ScrapeRow) -> float | None:
    return row.errors / row.elapsed_s if row.elapsed_s else None


MEASURES: Mapping[str, Callable[[ScrapeRow], float | None]] = {
    "p99": lambda row: row.p99_ms, "p50": lambda row: row.p50_ms, "requests": lambda row: row.rate,
    "failing": _failing, "errors": _wrong,
}  # fmt: skip
"""What every look at an endpoint has a number for: errors in percent, failing ones per second."""

Column: TypeAlias = "array[float]"
"""Numbers as the machine holds them, `d`: numpy takes them over as they are."""


@dataclass(frozen=True, slots=True)
class Trace:
    """An endpoint over time as plain columns, oldest first: drawn twice a second, they must be cheap."""

    at_us: Sequence[float] = ()
    values: Mapping[str, Sequence[float]] = field(default_factory=dict)  # measure → numbers; NaN: none


@dataclass(slots=True)
class _Known:
    """What is remembered of one endpoint; rows and columns are equally long, oldest first."""

    since_us: int
    span_s: int = 0  # the widest that was asked for
    rows: list[ScrapeRow] = field(default_factory=list)
    p99: list[float | None] = field(default_factory=list)
    at_us: Column = field(default_factory=lambda: array("d"))
    values: Mapping[str, Column] = field(default_factory=lambda: {name: array("d") for name in MEASURES})

    def add(self, fresh: Sequence[ScrapeRow]) -> None:
        self.rows += fresh
        self.p99 += [row.p99_ms for row in fresh]
        self.at_us.extend(float(row.at_us) for row in fresh)
        for name, of in MEASURES.items():
            self.values[name].extend(math.nan if (v := of(row)) is None else v for row in fresh)

    def first(self, since_us: int) -> int:
        return bisect_left(self.at_us, since_us)

    def forget(self, before_us: int) -> None:
        """Let go of what is older."""
        count = self.first(before_us)
        del self.rows[:count], self.p99[:count]
        for column in (self.at_us, *self.values.values()):
            del column[:count]
        self.since_us = before_us


class Scrapes:
    """Remembers the intervals of each endpoint as far back as anybody asked; one reader at a time.

    The span ends with the newest look: a stopped runner leaves its last hour on screen.
    """

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}

    def of(self, db: sqlite3.Connection, endpoint: EndpointRow, span_s: int) -> Sequence[ScrapeRow]:
        """The intervals of the last `span_s`, oldest first."""
        known, first = self._read(db, endpoint, span_s)
        return known.rows[first:]

    def p99(self, db: sqlite3.Connection, endpoint: EndpointRow, span_s: int) -> Sequence[float | None]:
        """The slowest hundredth of each of these intervals, ms; None where nobody asked."""
        known, first = self._read(db, endpoint, span_s)
        return known.p99[first:]

    def trace(self, db: sqlite3.Connection, endpoint: EndpointRow, span_s: int) -> Trace:
        """The same intervals as columns; of those that are known, none is looked at again."""
        known, first = self._read(db, endpoint, span_s)
        return Trace(known.at_us[first:], {name: column[first:] for name, column in known.values.items()})

    def _read(self, db: sqlite3.Connection, endpoint: EndpointRow, span_s: int) -> tuple[_Known, int]:
        """All intervals that are known, and the first of the span."""
        newest = endpoint.scrape_us or 0
        since = newest - span_s * SECOND
        known = self._known.get(endpoint.id)
        if known is None or since < known.since_us:
            known = self._known[endpoint.id] = _Known(since, span_s)
        known.span_s = max(known.span_s, span_s)
        last = known.rows[-1].at_us if known.rows else known.since_us - 1
        if newest and last < newest:
            known.add(endpoints.scrapes(db, endpoint.id, last + 1))
        if known.since_us < newest - 2 * known.span_s * SECOND:
            known.forget(newest - known.span_s * SECOND)
        return known, known.first(since)
