"""What endpoints did lately, of which only what is new is read again: an hour of looks is 3,600 rows."""

import sqlite3
from bisect import bisect_left
from collections.abc import Sequence

from lineside.store.clock import SECOND
from lineside.store.queries import endpoints
from lineside.store.queries.endpoints import EndpointRow, ScrapeRow


class Scrapes:
    """Remembers the intervals of each endpoint as far back as anybody asked; one reader at a time."""

    def __init__(self) -> None:
        self._rows: dict[int, list[ScrapeRow]] = {}
        self._since: dict[int, int] = {}

    def of(self, db: sqlite3.Connection, endpoint: EndpointRow, span_s: int) -> Sequence[ScrapeRow]:
        """The intervals of the last `span_s`, oldest first.

        The span ends with the newest look: a stopped runner leaves its last hour on screen.
        """
        newest = endpoint.scrape_us or 0
        since = newest - span_s * SECOND
        if since < self._since.get(endpoint.id, since + 1):
            self._rows[endpoint.id] = endpoints.scrapes(db, endpoint.id, since)
            self._since[endpoint.id] = since
        rows = self._rows[endpoint.id]
        if rows and rows[-1].at_us < newest:
            rows = [*rows, *endpoints.scrapes(db, endpoint.id, rows[-1].at_us + 1)]
            self._rows[endpoint.id] = rows
        elif not rows and newest:
            rows = self._rows[endpoint.id] = endpoints.scrapes(db, endpoint.id, since)
        return rows[bisect_left(rows, since, key=lambda row: row.at_us) :]
