"""Numbers between two looks: exact on captured pages, and silent where nothing is known."""

from pathlib import Path

import pytest

from lineside.jobs.monitor import adapters, latency
from lineside.jobs.monitor.exposition import Samples
from lineside.jobs.monitor.fetching import NoAnswer, Page
from lineside.jobs.monitor.looks import QUIET_S, Look, Watched
from lineside.store.clock import SECOND, Micros
from lineside.store.errors import NotFound
from lineside.store.states import EndpointState

CAPTURES = Path(__file__).parents[2] / "fixtures" / "captures"
OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def page(text: bytes | str, *, status: int = 200, kind: str = "text/plain") -> Page:
    return Page(status=status, content_type=kind, body=text.encode() if isinstance(text, str) else text)


def two_looks(server: str, adapter: str, *, kind: str = "text/plain") -> Look:
    """The captured pages of one server, ten seconds apart."""
    watched = Watched(endpoint_id=1, adapter=adapters.load(adapter))
    for at, name in ((0, "t0"), (10, "t1")):
        body = (CAPTURES / f"{server}_{name}.txt").read_bytes()
        look = watched.answered(page(body, kind=kind), at=Micros(at * SECOND))
    return look


@pytest.mark.parametrize(
    ("server", "adapter", "kind", "good", "bad"),
    [
        ("mlserver", "mlserver", "text/plain", 150, 5),  # two of its seven errors it never counted
        ("bentoml", "prometheus", "text/plain", 150, 7),
        ("fastapi", "prometheus", OPEN, 150, 7),
    ],
)
def test_what_was_sent_between_two_captures_is_what_is_counted(
    server: str, adapter: str, kind: str, good: int, bad: int
) -> None:
    scrape = two_looks(server, adapter, kind=kind).scrape
    assert scrape is not None
    assert (scrape.requests - scrape.errors, scrape.errors) == (good, bad)
    assert scrape.elapsed_s == 10
    assert scrape.mean_ms is not None
    assert 0 < scrape.mean_ms < 50


def test_a_median_in_the_first_bucket_is_only_at_most_its_bound() -> None:
    scrape = two_looks("mlserver", "mlserver").scrape
    assert scrape is not None
    assert scrape.p50_ms == 5.0
    assert "p50 ≤ 5 ms" in scrape.note
    assert "all models" in scrape.note


def test_averages_alone_show_no_percentile() -> None:
    watched = Watched(endpoint_id=1, adapter=adapters.load("prometheus"))
    for at, n in ((0, 10), (1, 510)):
        base = "x_request_duration_seconds"
        text = f"x_requests_total {n}\n{base}_sum {n * 0.002}\n{base}_count {n}\n"
        look = watched.answered(page(text), at=Micros(at * SECOND))
    assert look.scrape is not None
    assert (look.scrape.p50_ms, look.scrape.p99_ms, look.scrape.note) == (None, None, "mean only")
    assert look.scrape.mean_ms == pytest.approx(2.0)


def test_few_observations_have_no_p99_and_say_how_many() -> None:
    few = latency.percentile({0.01: 20.0, 0.1: 30.0, float("inf"): 30.0}, 0.99, scale=1e3, enough=100)
    assert (few.ms, few.note) == (None, "n = 30")


def test_a_percentile_behind_the_last_bound_is_only_at_least_it() -> None:
    slow = latency.percentile({1.0: 10.0, 10.0: 50.0, float("inf"): 200.0}, 0.99, scale=1e3, enough=100)
    assert (slow.ms, slow.note) == (10_000.0, "≥ 10000 ms")


def test_a_torn_page_cannot_make_a_histogram_fall() -> None:
    torn = {0.001: 50.0, 0.002: 40.0, 0.004: 200.0, float("inf"): 200.0}
    assert latency.percentile(torn, 0.5, scale=1e3, enough=100).ms == pytest.approx(2 + 2 * 50 / 150)


def test_a_counter_that_began_again_counts_what_it_says_now() -> None:
    a, b, c = ("a",), ("b",), ("c",)
    grown = latency.increases({a: 100.0, b: 5.0}, {a: 7.0, b: 9.0, c: 3.0})
    assert grown == {a: 7.0, b: 4.0, c: 3.0}  # c is new: the server made it since
    assert latency.increases(None, {a: 7.0}) == {a: 0.0}
    assert latency.increases({a: 5.0}, {a: 9.0}, restarted=True) == {a: 9.0}


def test_a_restart_of_the_server_is_seen_even_when_its_numbers_rose() -> None:
    watched = Watched(endpoint_id=1, adapter=adapters.load("prometheus"))
    for at, (start, n) in enumerate(((1, 10), (2, 15))):
        text = f"process_start_time_seconds {start}\nhttp_requests_total {n}\n"
        look = watched.answered(page(text), at=Micros(at * SECOND))
    assert look.scrape is not None
    assert look.scrape.requests == 15
    assert "restarted" in look.scrape.note


def test_silence_of_users_poller_and_page_are_three_states() -> None:
    watched = Watched(endpoint_id=1, adapter=adapters.load("prometheus"))
    text = "http_requests_total 10\n"
    states = [watched.answered(page(text), at=Micros(0)).state]
    later = Micros(int((QUIET_S + 1) * SECOND))
    states.append(watched.answered(page(text), at=later).state)
    states.append(watched.answered(page("<html>", status=404), at=later).state)
    states += [watched.failed(NoAnswer("refused"), at=later).state for _ in range(3)]
    assert states == [
        EndpointState.OK, EndpointState.NO_TRAFFIC, EndpointState.UNPARSEABLE,
        EndpointState.STALE, EndpointState.STALE, EndpointState.POLLER_DOWN,
    ]  # fmt: skip


def test_an_interval_in_which_nothing_was_served_has_no_latency() -> None:
    watched = Watched(endpoint_id=1, adapter=adapters.load("mlserver"))
    for at, name in ((0, "t0"), (1, "t1"), (2, "t1")):
        body = (CAPTURES / f"mlserver_{name}.txt").read_bytes()
        look = watched.answered(page(body), at=Micros(at * SECOND))
    assert look.scrape is not None
    assert (look.scrape.requests, look.scrape.mean_ms, look.scrape.p50_ms, look.scrape.p99_ms) == (
        0, None, None, None,
    )  # fmt: skip


def test_the_first_look_makes_no_interval() -> None:
    watched = Watched(endpoint_id=1, adapter=adapters.load("prometheus"))
    assert watched.answered(page("http_requests_total 10\n"), at=Micros(1)).scrape is None


def test_the_version_that_serves_is_what_the_page_says() -> None:
    text = 'lineside_live{model="m",version="2"} 0.0\nlineside_live{model="m",version="3"} 1.0\n'
    look = Watched(endpoint_id=1, adapter=adapters.load("lineside")).answered(page(text), at=Micros(1))
    assert look.served_version == "3"


def test_an_unknown_adapter_is_refused_with_the_known_ones() -> None:
    with pytest.raises(NotFound, match="adapter") as caught:
        adapters.load("tensorflow")
    assert "lineside, mlserver, prometheus" in caught.value.hint


def test_adapters_read_empty_pages_without_complaint() -> None:
    nothing: Samples = {}
    for name in adapters.names():
        assert adapters.load(name).read(nothing).requests == {}
