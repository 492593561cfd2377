"""MLServer: counts per model, but percentiles only over all models together, and no version unless asked.

It writes version="None" unless clients put the version into the URL; 4xx answers reach only the REST counter.
"""

from lineside.jobs.monitor.adapters import Adapter, Labels, Reading, pick, started, total
from lineside.jobs.monitor.exposition import Samples

_GOOD, _BAD = "model_infer_request_success_total", "model_infer_request_failure_total"
_MEAN = "model_infer_request_duration"
_REST = "rest_server_request_duration_seconds"


def read(samples: Samples) -> Reading:
    good, bad = pick(samples, _GOOD), pick(samples, _BAD)
    versions = {s.labels.get("version") for s in good} - {"None", None}
    return Reading(
        requests=good | bad,
        errors=bad,
        buckets=pick(samples, f"{_REST}_bucket", _is_inference),
        sums=pick(samples, f"{_MEAN}_sum"),
        counts=pick(samples, f"{_MEAN}_count"),
        scale=1e3,
        in_flight=total(pick(samples, "rest_server_requests_in_progress")),
        version=versions.pop() if len(versions) == 1 else None,
        started=started(samples),
        note="all models",
    )


def _is_inference(labels: Labels) -> bool:
    return labels.get("path", "").endswith("/infer")


adapter = Adapter(
    name="mlserver",
    wanted=lambda name: name.startswith(("model_infer_request", "rest_server_request", "process_start_time")),
    read=read,
)
