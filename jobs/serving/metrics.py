"""What the server says of itself at /metrics.

lineside_requests_total{model,version,code}             answered requests; version "" where none was reached
lineside_request_duration_seconds{model,version}        histogram of good answers, from 0.25 ms up
lineside_request_rows_total{model,version}              rows in good answers
lineside_requests_in_progress{model}                    requests being answered
lineside_live{model,version}                            1 for the version that unversioned requests reach
lineside_payload_records_total{model}                   requests handed to the payload log
lineside_payload_dropped_total{model}                   requests the payload log had no room for
lineside_payload_queued{model}                          requests waiting to be written
"""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST
BUCKETS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Seconds. Other servers begin at 5 ms, where a small model's whole distribution is one bucket."""

_ONE, _BOTH = ("model",), ("model", "version")


class Metrics:
    """All series of one server, in a registry of their own."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._registry = to = CollectorRegistry()
        ProcessCollector(registry=to)
        self._requests = Counter("lineside_requests", "Answered requests", (*_BOTH, "code"), registry=to)
        self._seconds = Histogram(
            "lineside_request_duration_seconds", "Good answers", _BOTH, buckets=BUCKETS, registry=to
        )
        self._rows = Counter("lineside_request_rows", "Rows in good answers", _BOTH, registry=to)
        self._live = Gauge("lineside_live", "1: unversioned requests reach this version", _BOTH, registry=to)
        self._busy = Gauge("lineside_requests_in_progress", "Requests being answered", _ONE, registry=to)
        self._queued = Gauge("lineside_payload_queued", "Requests waiting to be written", _ONE, registry=to)
        records = Counter("lineside_payload_records", "Requests handed to the log", _ONE, registry=to)
        dropped = Counter("lineside_payload_dropped", "Requests the log had no room for", _ONE, registry=to)
        self.recorded, self.dropped = records.labels(model), dropped.labels(model)

    def watch(self, *, busy: Callable[[], float], queued: Callable[[], float]) -> None:
        """Ask for these two only when somebody scrapes."""
        self._busy.labels(self._model).set_function(busy)
        self._queued.labels(self._model).set_function(queued)

    def of_version(self, version: str) -> "VersionMetrics":
        good = self._requests.labels(self._model, version, "200")
        key = (self._model, version)
        return VersionMetrics(good=good, seconds=self._seconds.labels(*key), rows=self._rows.labels(*key))

    def refused(self, version: str, code: int) -> None:
        """Count an answer that was not 200."""
        self._requests.labels(self._model, version, str(code)).inc()

    def live(self, version: str) -> None:
        """Say which one version is live."""
        self._live.clear()
        self._live.labels(self._model, version).set(1)

    def page(self) -> bytes:
        return generate_latest(self._registry)


class VersionMetrics:
    """The series of one model version, looked up once so that a request only adds."""

    __slots__ = ("_good", "_rows", "_seconds")

    def __init__(self, *, good: Counter, seconds: Histogram, rows: Counter) -> None:
        self._good, self._seconds, self._rows = good, seconds, rows

    def answered(self, seconds: float, rows: int) -> None:
        self._good.inc()
        self._seconds.observe(seconds)
        self._rows.inc(rows)
