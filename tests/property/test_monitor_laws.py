"""Laws of windows, alerts and metrics pages that hold whatever comes."""

import sqlite3
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineside.jobs.monitor.alerts import Observation, observe
from lineside.jobs.monitor.cutting import Cutter, Position
from lineside.jobs.monitor.exposition import Exposition
from lineside.jobs.monitor.latency import increases, percentile
from lineside.store.clock import Micros
from lineside.store.errors import Conflict
from lineside.store.queries import alerts
from lineside.store.states import AlertState

batches = st.lists(st.lists(st.integers(0, 500), min_size=1, max_size=7), min_size=1, max_size=25)


def request(events: list[int]) -> dict[str, Any]:
    return {"ids": [str(at) for at in events], "at_us": 0, "event_us": events}


@given(sent=batches, size=st.integers(1, 9))
def test_windows_of_rows_take_every_row_once_and_are_all_full(sent: list[list[int]], size: int) -> None:
    cutter = Cutter(start=Position(0, 0), size=size)
    cuts = cutter.take(0, [request(events) for events in sent])
    rows = sum(map(len, sent))
    assert [cut.rows for cut in cuts] == [size] * (rows // size)
    assert cutter.rows == rows % size
    assert all(first.end == second.start for first, second in pairwise(cuts))


@given(sent=batches, size=st.integers(1, 9), pieces=st.integers(1, 5))
def test_how_the_log_is_sliced_does_not_move_a_border(sent: list[list[int]], size: int, pieces: int) -> None:
    whole = Cutter(start=Position(0, 0), size=size)
    at_once = [cut.rows for cut in whole.take(0, [request(events) for events in sent])]
    sliced, cuts = Cutter(start=Position(0, 0), size=size), []
    for base in range(0, len(sent), pieces):
        cuts += sliced.take(base, [request(events) for events in sent[base : base + pieces]])
    assert [cut.rows for cut in cuts] == at_once
    assert sliced.rows == whole.rows


@given(events=st.lists(st.integers(0, 10_000), min_size=1, max_size=60), span=st.integers(1, 2_000))
def test_no_window_of_time_is_longer_than_its_span_when_rows_come_in_order(
    events: list[int], span: int
) -> None:
    cutter = Cutter(start=Position(0, 0), size=None, span_us=span)
    cuts = cutter.take(0, [request(sorted(events))])
    assert all(cut.end_us - cut.start_us < span for cut in cuts)
    assert sum(cut.rows for cut in cuts) + cutter.rows == len(events)


steps = st.lists(
    st.one_of(st.booleans(), st.sampled_from([AlertState.ACKED, AlertState.SILENCED])), max_size=30
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(steps=steps, looks=st.integers(1, 3))
def test_at_most_one_episode_is_open_and_each_began_fired_and_ended_in_this_order(
    db: sqlite3.Connection, steps: list[bool | AlertState], looks: int
) -> None:
    db.execute("delete from alert")
    for at, step in enumerate(steps, start=1):
        moment = Micros(at)
        if isinstance(step, bool):
            seen = Observation(rule="r", subject=("monitor", 1, "m"), firing=step, title="t", looks=looks)
            observe(db, seen, at=moment)
            continue
        for alert in alerts.open_ones(db):
            try:
                alerts.move(db, alert, step, by="ben", until=Micros(99), at=moment)
            except Conflict:
                continue  # the machine has no such step
    assert len(alerts.open_ones(db)) <= 1
    for alert in alerts.recent(db):
        moments = [alert.opened_us, alert.fired_us, alert.resolved_us]
        known = [moment for moment in moments if moment is not None]
        assert known == sorted(known)
        assert (alert.resolved_us is not None) == (alert.state is AlertState.RESOLVED)


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


@given(labels=st.dictionaries(st.from_regex(r"[a-z_]{1,6}", fullmatch=True), words, max_size=4),
       value=st.floats(allow_nan=False))  # fmt: skip
def test_any_label_and_value_comes_back_as_it_was_written(labels: dict[str, str], value: float) -> None:
    escaped = {k: v.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for k, v in labels.items()}
    inside = ",".join(f'{k}="{v}"' for k, v in escaped.items())
    page = Exposition()
    for _ in range(2):
        found = page.read(f"m{{{inside}}} {value!r}\n".encode())
        assert [(series.labels, number) for series, number in found.items()] == [(labels, value)]


counters = st.dictionaries(st.tuples(st.sampled_from("abcd")), st.floats(0, 1e9), max_size=4)


@given(old=counters, new=counters)
def test_nothing_ever_grows_by_less_than_zero_or_more_than_it_says(
    old: dict[tuple[str, ...], float], new: dict[tuple[str, ...], float]
) -> None:
    for key, step in increases(old, new).items():
        assert 0 <= step <= new[key]


@given(counts=st.lists(st.integers(0, 50), min_size=2, max_size=8), q=st.floats(0.01, 1))
def test_a_percentile_lies_between_the_bounds_that_hold_it(counts: list[int], q: float) -> None:
    total, buckets = 0, {}
    for bound, count in enumerate(counts, start=1):
        total += count
        buckets[float(bound)] = float(total)
    found = percentile(buckets, q, scale=1.0, enough=1)
    assert (found.ms is None) == (total == 0)
    if found.ms is not None:
        assert 1.0 <= found.ms <= len(counts)
        below = next(b for b, c in buckets.items() if c >= q * total)
        assert below - 1 <= found.ms <= below
