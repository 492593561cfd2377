"""Any server with a Prometheus page: the first counter and histogram that look like requests are taken.

Good for FastAPI, BentoML, TGI, KServe, vLLM and what people write themselves; where nothing fits, the page
still tells whether the server is up.
"""

from collections.abc import Iterable

from lineside.jobs.monitor.adapters import Adapter, Labels, Reading, pick, started, total
from lineside.jobs.monitor.exposition import Samples

_REQUESTS = (
    "http_requests_total", "requests_total", "request_total", "request_count", "requests",
    "request_success_total",
)  # fmt: skip
"""How the name of a request counter ends, the best first."""
_LATENCY = (
    ("request_duration_seconds", 1e3), ("request_latency_seconds", 1e3), ("latency_seconds", 1e3),
    ("duration_seconds", 1e3), ("predict_seconds", 1e3), ("latency_ms", 1.0), ("duration_ms", 1.0),
    ("request_duration", 1e3),
)  # fmt: skip
_BUSY = ("requests_in_progress", "request_in_progress", "requests_inprogress", "num_requests_running")
_CODES = ("code", "status", "status_code", "http_response_code")
_PLACES = ("handler", "endpoint", "path", "route")
_ASIDE = (
    "/metrics", "/health", "/healthz", "/livez", "/readyz", "/ready", "/live", "/ping", "/docs", "/docs.json",
    "/openapi.json", "/schema.json",
)  # fmt: skip
"""Paths nobody predicts on: our own looks among them."""
_OURS = ("python_", "process_", "scrape_", "promhttp_")


def read(samples: Samples) -> Reading:
    names = sorted({s.name for s in samples if not s.name.startswith(_OURS)})
    counter = _ending(names, _REQUESTS)
    base, scale = _histogram(names)
    return Reading(
        requests=pick(samples, counter, _is_served),
        errors=pick(samples, counter, _is_error),
        buckets=pick(samples, f"{base}_bucket", _is_served),
        sums=pick(samples, f"{base}_sum", _is_served),
        counts=pick(samples, f"{base}_count", _is_served),
        scale=scale,
        in_flight=total(pick(samples, _ending(names, _BUSY))),
        version=None,
        started=started(samples),
    )


def _ending(names: Iterable[str], endings: Iterable[str]) -> str:
    """The first name with the best ending; "" where none fits."""
    names = list(names)
    return next((name for ending in endings for name in names if name.endswith(ending)), "")


def _histogram(names: Iterable[str]) -> tuple[str, float]:
    bases = [name.removesuffix("_count") for name in names if name.endswith("_count")]
    for ending, scale in _LATENCY:
        for base in bases:
            if base.endswith(ending):
                return base, scale
    return "", 1e3


def _is_served(labels: Labels) -> bool:
    return not any(labels.get(place) in _ASIDE for place in _PLACES)


def _is_error(labels: Labels) -> bool:
    """Anything but 2xx and 3xx, where the counter tells answers apart at all."""
    if not _is_served(labels):
        return False
    codes = [labels[key] for key in _CODES if key in labels]
    return bool(codes) and not codes[0].lower().startswith(("2", "3", "ok", "success"))


adapter = Adapter(name="prometheus", wanted=lambda name: not name.endswith("_created"), read=read)
