"""Laws of ingest: however the spool is cut, interrupted or repeated, the same is known in the end."""

import math
import sqlite3
import tempfile
from pathlib import Path

from fixtures.spools import writing
from hypothesis import given, settings
from hypothesis import strategies as st

from lineside.store import homes, ingest, series
from lineside.store.clock import Micros
from lineside.store.db import writer
from lineside.store.homes import Home
from lineside.store.migrations import migrate
from lineside.store.queries import runs, spools
from lineside.store.queries.summaries import SummaryRow

Call = tuple[int, dict[str, float]]

values = st.one_of(st.floats(-5, 5, width=16), st.sampled_from([math.nan, math.inf, -math.inf, 0.0]))
calls = st.lists(
    st.tuples(st.integers(-3, 6), st.dictionaries(st.sampled_from("abc"), values, min_size=1)), max_size=40
)


def by_hand(said: list[Call], metric: str) -> dict[str, object]:
    """The summary of one metric, the slow and obvious way."""
    points = [(step, each[metric]) for step, each in said if metric in each]
    finite = [(value, step) for step, value in points if math.isfinite(value)]
    low = next(iter([p for p in finite if p[0] == min(v for v, _ in finite)]), (None, None))
    high = next(iter([p for p in finite if p[0] == max(v for v, _ in finite)]), (None, None))
    first = next(value for step, value in points if step == min(s for s, _ in points))
    last = [value for step, value in points if step == max(s for s, _ in points)][-1]
    return {
        "count": len(points), "nan": sum(math.isnan(v) for _, v in points),
        "pos_inf": sum(v == math.inf for _, v in points), "neg_inf": sum(v == -math.inf for _, v in points),
        "first": first if math.isfinite(first) else None, "last": last if math.isfinite(last) else None,
        "min": low[0], "min_step": low[1], "max": high[0], "max_step": high[1],
    }  # fmt: skip


def ingest_in_slices(db: sqlite3.Connection, home: Home, name: str, *, limit: int, trip: int) -> None:
    """Take small slices; every `trip`-th transaction is rolled back, as if the runner had died."""
    turn = 0
    while True:
        row = spools.find(db, name)
        offset, shapes = (row.offset_bytes, spools.shapes(db, row.id)) if row else (0, {})
        piece = ingest.take(home, name, offset=offset, shapes=shapes, limit=limit)
        if piece is None:
            return
        db.execute("begin immediate")
        ingest.apply(db, piece, at=Micros(1))
        db.execute("rollback" if trip and turn % trip == 0 else "commit")
        turn += 1


@settings(max_examples=40, deadline=None)
@given(said=calls, limit=st.integers(250, 2_000), trip=st.sampled_from([0, 2, 3]))
def test_summaries_and_series_are_exact_in_any_cut(said: list[Call], limit: int, trip: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        homes.create(home)
        db = writer(home.db)
        migrate(db)
        run = writing(home, "run_a")
        for step, each in said:
            run.log_metrics(each, step=step)
        run.finish()
        ingest_in_slices(db, home, "run_a.sp", limit=limit, trip=trip)
        found: dict[str, SummaryRow] = {row.metric: row for row in runs.summaries(db, 1)}
        assert set(found) == {metric for _, each in said for metric in each}
        for metric, row in found.items():
            expected = by_hand(said, metric)
            assert {key: getattr(row, key) for key in expected} == expected
            (line,) = series.read(home, db, [1], [metric])
            latest = {step: each[metric] for step, each in said if metric in each}
            assert line.steps.tolist() == sorted(latest)
            assert list(map(repr, line.values.tolist())) == [repr(latest[step]) for step in sorted(latest)]
        db.close()
