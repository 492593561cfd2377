"""What endpoints did lately is read once, kept as columns, and forgotten when nobody looks that far back."""

import math
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures import busy_home
from fixtures.story import put

from lineside.console.reads.scrapes import Scrapes
from lineside.store.clock import SECOND
from lineside.store.db import writer
from lineside.store.homes import Home
from lineside.store.queries import endpoints

HOUR = 3600


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    found = writer(busy_home.build(Home(tmp_path / "home")).db)
    yield found
    found.close()


def look(db: sqlite3.Connection, endpoint: int, at_us: int, p99_ms: float | None) -> None:
    asked = 0.0 if p99_ms is None else 10.0
    put(
        db, "scrape", endpoint_id=endpoint, at_us=at_us, elapsed_s=2.0, requests=asked, errors=asked / 5,
        in_flight=0.0, mean_ms=p99_ms, p50_ms=p99_ms, p99_ms=p99_ms,
    )  # fmt: skip


def first(db: sqlite3.Connection) -> endpoints.EndpointRow:
    return endpoints.every(db)[0]


def test_columns_are_the_rows_of_the_span_with_nan_for_nothing(db: sqlite3.Connection) -> None:
    known, row = Scrapes(), first(db)
    look(db, row.id, (row.scrape_us or 0) + SECOND, None)
    row = first(db)
    rows, trace = known.of(db, row, HOUR), known.trace(db, row, HOUR)
    assert rows == endpoints.scrapes(db, row.id, (row.scrape_us or 0) - HOUR * SECOND)
    assert list(trace.at_us) == [each.at_us for each in rows]
    assert list(trace.values["p50"])[:-1] == [each.p50_ms for each in rows][:-1]
    assert math.isnan(trace.values["p99"][-1])
    assert math.isnan(trace.values["errors"][-1])
    assert trace.values["failing"][-1] == 0
    assert known.p99(db, row, HOUR) == [each.p99_ms for each in rows]


def test_what_is_new_is_added_and_a_wider_span_reaches_farther_back(db: sqlite3.Connection) -> None:
    known, row = Scrapes(), first(db)
    before = len(known.of(db, row, HOUR))
    assert len(known.of(db, row, 600)) < before
    look(db, row.id, (row.scrape_us or 0) + SECOND, 7.0)
    row = first(db)
    assert known.trace(db, row, HOUR).values["p99"][-1] == 7.0
    assert len(known.of(db, row, 24 * HOUR)) >= before
    assert known.of(db, row, 24 * HOUR) == endpoints.scrapes(db, row.id, 0)


def test_what_is_twice_as_old_as_anybody_looks_is_let_go(db: sqlite3.Connection) -> None:
    known, row = Scrapes(), first(db)
    known.of(db, row, 600)
    for ahead_s in range(0, 1800, 100):
        look(db, row.id, (row.scrape_us or 0) + (ahead_s + 1) * SECOND, 7.0)
    row = first(db)
    seen = known.of(db, row, 600)
    assert seen == endpoints.scrapes(db, row.id, (row.scrape_us or 0) - 600 * SECOND)
    assert known._known[row.id].rows == seen
    assert len(known.trace(db, row, 600).at_us) == len(seen)


def test_an_endpoint_that_was_never_looked_at_has_nothing(db: sqlite3.Connection) -> None:
    db.execute("delete from scrape")
    assert list(Scrapes().trace(db, first(db), HOUR).at_us) == []
