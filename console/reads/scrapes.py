"""What endpoints did lately, of which only what is new is read again: an hour of looks is 3,600 rows."""

import math
import sqlite3
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lineside.store.clock import SECOND
from lineside.store.queries import endpoints
from lineside.store.queries.endpoints import EndpointRow, ScrapeRow


def _wrong(row: ScrapeRow) -> float | None:
    return 100 * row.errors / row.requests if row.requests else None


MEASURES: Mapping[str, Callable[[ScrapeRow], float | None]] = {
    "p99": lambda row: row.p99_ms, "requests": lambda row: row.rate, "errors": _wrong,
}  # fmt: skip
"""What every look at an endpoint has a number for."""


@dataclass(frozen=True, slots=True)
class Trace:
    """An endpoint over time as plain columns, oldest first: drawn twice a second, they must be cheap."""

    at_us: Sequence[float] = ()
    values: Mapping[str, Sequence[float]] = field(default_factory=dict)  # measure → numbers; NaN: none


class Scrapes:
    """Remembers the intervals of each endpoint as far back as anybody asked; one reader at a time."""

    def __init__(self) -> None:
        self._rows: dict[int, list[ScrapeRow]] = {}
        self._since: dict[int, int] = {}
        self._columns: dict[int, dict[str, list[float]]] = {}

    def of(self, db: sqlite3.Connection, endpoint: EndpointRow, span_s: int) -> Sequence[ScrapeRow]:
        """The intervals of the last `span_s`, oldest first.

        The span ends with the newest look: a stopped runner leaves its last hour on screen.
        """
        rows, first = self._known(db, endpoint, span_s)
        return rows[first:]

    def trace(self, db: sqlite3.Connection, endpoint: EndpointRow, span_s: int) -> Trace:
        """The same intervals as columns; of those that are known, none is looked at again."""
        rows, first = self._known(db, endpoint, span_s)
        columns = self._columns.setdefault(endpoint.id, {"at": [], **{name: [] for name in MEASURES}})
        fresh = rows[len(columns["at"]) :]
        columns["at"] += [float(row.at_us) for row in fresh]
        for name, of in MEASURES.items():
            columns[name] += [math.nan if (value := of(row)) is None else value for row in fresh]
        return Trace(columns["at"][first:], {name: columns[name][first:] for name in MEASURES})

    def _known(
        self, db: sqlite3.Connection, endpoint: EndpointRow, span_s: int
    ) -> tuple[Sequence[ScrapeRow], int]:  # fmt: skip
        """All intervals that are known, and the first of the span."""
        newest = endpoint.scrape_us or 0
        since = newest - span_s * SECOND
        if since < self._since.get(endpoint.id, since + 1):
            self._rows[endpoint.id] = endpoints.scrapes(db, endpoint.id, since)
            self._since[endpoint.id] = since
            self._columns.pop(endpoint.id, None)
        rows = self._rows[endpoint.id]
        if not rows and newest:
            rows += endpoints.scrapes(db, endpoint.id, since)
        elif rows and rows[-1].at_us < newest:
            rows += endpoints.scrapes(db, endpoint.id, rows[-1].at_us + 1)
        return rows, bisect_left(rows, since, key=lambda row: row.at_us)
