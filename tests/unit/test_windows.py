"""Served rows become windows: cut exactly, read once, the same after a restart."""

import asyncio
import sqlite3
from typing import Any

import polars as pl
import pytest
from fixtures import served
from fixtures.contexts import Here

from lineside.jobs.monitor import windows as following
from lineside.jobs.monitor.cutting import Cut, Cutter, Position
from lineside.store.clock import SECOND, Micros, now
from lineside.store.homes import Home
from lineside.store.queries import lineage, monitors, windows
from lineside.store.queries.lineage import Node


@pytest.fixture
def ctx(home: Home, db: sqlite3.Connection) -> Here:
    return Here(home, db)


def look(ctx: Here, times: int = 2) -> None:
    """The first look attaches the deployment, the next one reads."""
    for _ in range(times):
        asyncio.run(following.tick(ctx))


def restart() -> None:
    following._followers.clear()


def one_column(count: int, start: int = 0) -> dict[str, list[float]]:
    return {"x": [float(start + i) for i in range(count)]}


def request(events: list[int]) -> dict[str, Any]:
    return {"ids": [str(at) for at in events], "at_us": 0, "event_us": events}


def cut_all(cutter: Cutter, *requests: list[int]) -> list[Cut]:
    return cutter.take(0, [request(events) for events in requests])


def test_a_window_ends_in_the_middle_of_a_request() -> None:
    cutter = Cutter(start=Position(0, 0), size=3)
    cuts = cut_all(cutter, [1, 2], [3, 4, 5, 6, 7])
    assert [(cut.start.rows, cut.end.rows, cut.rows) for cut in cuts] == [(0, 3, 3), (3, 6, 3)]
    assert [(cut.start_us, cut.end_us) for cut in cuts] == [(1, 3), (4, 6)]
    assert cutter.rows == 1


def test_a_window_of_time_ends_where_its_span_ends_however_many_rows() -> None:
    cutter = Cutter(start=Position(0, 0), size=None, span_us=10)
    cuts = cut_all(cutter, [100, 105, 109], [110], [155, 156])
    assert [(cut.rows, cut.start_us, cut.end_us) for cut in cuts] == [(3, 100, 109), (1, 110, 110)]
    assert cutter.rows == 2


def test_a_row_that_comes_late_joins_the_open_window() -> None:
    cutter = Cutter(start=Position(0, 0), size=None, span_us=10)
    cuts = cut_all(cutter, [100, 112, 104, 121])
    assert [cut.rows for cut in cuts] == [1, 2]


def test_full_windows_are_closed_with_their_rows_and_the_rest_is_shown_open(
    ctx: Here, home: Home, db: sqlite3.Connection
) -> None:
    version = served.register_digits(home, db)
    deployment = served.deploy(db, version)
    monitor = served.watch(db, window_rows=4, min_rows=4)
    for start in range(0, 9, 3):
        ids = [f"r{start + i}" for i in range(3)]
        served.send(served.payload_log(home), one_column(3, start), ids=ids, predictions=[1, 1, 1])
    look(ctx)

    newest = windows.recent(db, monitor)
    assert [(w.number, w.state, w.rows) for w in newest] == [
        (3, "OPEN", 1),
        (2, "CLOSED", 4),
        (1, "CLOSED", 4),
    ]
    assert newest[1].version_id == version.id
    assert newest[1].baseline == 0.97
    frame = pl.read_parquet(home.windows / str(newest[1].path))
    assert frame["_id"].to_list() == ["r4", "r5", "r6", "r7"]
    assert frame["x"].to_list() == [4.0, 5.0, 6.0, 7.0]
    around = lineage.around(db, Node("deployment", deployment), up=False)
    assert [edge.relation for edge in around.edges] == ["watched", "watched"]


def test_a_restart_in_the_middle_of_a_window_loses_and_repeats_nothing(
    ctx: Here, home: Home, db: sqlite3.Connection
) -> None:
    served.deploy(db, served.register_digits(home, db))
    monitor = served.watch(db, window_rows=5)
    for start in range(0, 28, 4):
        ids = [f"r{start + i}" for i in range(4)]
        served.send(served.payload_log(home), one_column(4, start), ids=ids, predictions=[0] * 4)
        look(ctx, 2 if start == 0 else 1)
        restart()

    closed = [w for w in windows.recent(db, monitor) if w.state == "CLOSED"]
    seen = [i for w in reversed(closed) for i in pl.read_parquet(home.windows / str(w.path))["_id"].to_list()]
    assert seen == [f"r{i}" for i in range(25)]


def test_a_torn_frame_is_waited_for(ctx: Here, home: Home, db: sqlite3.Connection) -> None:
    served.deploy(db, served.register_digits(home, db))
    monitor = served.watch(db, window_rows=2)
    log = served.payload_log(home)
    served.send(log, one_column(2), ids=["a", "b"], predictions=[0, 0])
    whole = log.read_bytes()
    log.write_bytes(whole[:-7])
    look(ctx)
    assert windows.recent(db, monitor) == []
    log.write_bytes(whole)
    look(ctx, 1)
    assert [w.rows for w in windows.recent(db, monitor)] == [2]


def test_a_window_that_nobody_fills_any_more_is_closed_as_it_is(
    ctx: Here, home: Home, db: sqlite3.Connection
) -> None:
    served.deploy(db, served.register_digits(home, db))
    monitor = served.watch(db, window_rows=100, idle_close_s=30.0)
    served.send(served.payload_log(home), one_column(3), ids=["a", "b", "c"], predictions=[0] * 3)
    look(ctx)
    assert windows.recent(db, monitor)[0].state == "OPEN"
    asyncio.run(following.follow(ctx, monitors.find(db, monitor), at=Micros(now() + 31 * SECOND)))
    assert [(w.state, w.rows) for w in windows.recent(db, monitor)] == [("CLOSED", 3)]


def test_a_window_of_two_versions_says_so_and_counts_for_the_one_that_served_most(
    ctx: Here, home: Home, db: sqlite3.Connection
) -> None:
    first = served.register_digits(home, db)
    served.register_digits(home, db)
    served.deploy(db, first)
    monitor = served.watch(db, window_rows=5)
    log = served.payload_log(home)
    served.send(log, one_column(2), ids=["a", "b"], predictions=[0, 0], version="2")
    served.send(log, one_column(3), ids=["c", "d", "e"], predictions=[0] * 3, version="1")
    look(ctx)
    window = windows.recent(db, monitor)[0]
    assert window.version_id == first.id
    assert window.detail == "served by v2 (2 rows), v1 (3 rows)"


def test_missing_values_and_words_survive_the_way_into_the_file(
    ctx: Here, home: Home, db: sqlite3.Connection
) -> None:
    served.deploy(db, served.register_digits(home, db))
    monitor = served.watch(db, window_rows=3)
    columns = {"x": [1.0, None, "NaN"], "w": ["a", None, "Infinity"], "gone": [None, None, None]}
    served.send(served.payload_log(home), columns, ids=["a", "b", "c"], predictions=["p", "q", "r"])
    look(ctx)
    frame = pl.read_parquet(home.windows / str(windows.recent(db, monitor)[0].path))
    assert frame["x"].is_nan().to_list() == [False, None, True]
    assert frame["w"].to_list() == ["a", None, "Infinity"]
    assert frame["_prediction"].to_list() == ["p", "q", "r"]
    assert frame["_probability"].to_list() == [None, None, None]
