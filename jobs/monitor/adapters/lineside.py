"""Our own model server (jobs/serving/metrics.py names its series)."""

from lineside.jobs.monitor.adapters import Adapter, Reading, pick, started, total
from lineside.jobs.monitor.exposition import Samples

_REQUESTS = "lineside_requests_total"
_SECONDS = "lineside_request_duration_seconds"


def read(samples: Samples) -> Reading:
    live = [s.labels.get("version") for s, value in pick(samples, "lineside_live").items() if value == 1.0]
    return Reading(
        requests=pick(samples, _REQUESTS),
        errors=pick(samples, _REQUESTS, lambda labels: labels.get("code") != "200"),
        buckets=pick(samples, f"{_SECONDS}_bucket"),
        sums=pick(samples, f"{_SECONDS}_sum"),
        counts=pick(samples, f"{_SECONDS}_count"),
        scale=1e3,
        in_flight=total(pick(samples, "lineside_requests_in_progress")),
        version=live[0] if len(live) == 1 else None,
        started=started(samples),
    )


adapter = Adapter(
    name="lineside", wanted=lambda name: name.startswith(("lineside_", "process_start_time")), read=read
)
