"""The built-in adapters keep the promises that every plugin makes."""

from pathlib import Path

from fixtures.contracts import AdapterContract

from lineside.jobs.monitor import adapters
from lineside.jobs.monitor.exposition import Exposition
from lineside.jobs.serving.metrics import Metrics

CAPTURES = Path(__file__).parents[2] / "fixtures" / "captures"


def our_own_page() -> bytes:
    """What our server says after 151 good answers and 7 bad ones, version 2 live."""
    metrics = Metrics("digit-reader")
    metrics.watch(busy=lambda: 3.0, queued=lambda: 0.0)
    answered = metrics.of_version("2")
    for _ in range(151):
        answered.answered(0.0015, 4)
    for _ in range(7):
        metrics.refused("2", 400)
    metrics.live("2")
    return metrics.page()


class TestLineside(AdapterContract):
    name = "lineside"
    page = our_own_page()

    def test_our_own_server_is_understood_to_the_last_number(self) -> None:
        adapter = adapters.load("lineside")
        found = adapter.read(Exposition(adapter.wanted).read(self.page))
        assert (sum(found.requests.values()), sum(found.errors.values())) == (158, 7)
        assert (found.version, found.in_flight) == ("2", 3.0)
        assert found.started is not None
        assert max(found.buckets.values()) == 151


class TestMlserver(AdapterContract):
    name = "mlserver"
    page = (CAPTURES / "mlserver_t1.txt").read_bytes()


class TestPrometheusBentoml(AdapterContract):
    name = "prometheus"
    page = (CAPTURES / "bentoml_t1.txt").read_bytes()


class TestPrometheusFastapi(AdapterContract):
    name = "prometheus"
    page = (CAPTURES / "fastapi_t1.txt").read_bytes()


def test_looking_at_the_metrics_page_is_not_counted_as_a_request() -> None:
    adapter = adapters.load("prometheus")
    found = adapter.read(Exposition(adapter.wanted).read(TestPrometheusFastapi.page))
    assert {series.labels["handler"] for series in found.requests} == {"/predict", "/nope"}
