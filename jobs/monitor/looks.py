"""One endpoint, looked at again and again: what changed since the look before, and the state that makes."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from lineside.jobs.monitor import latency
from lineside.jobs.monitor.adapters import Adapter, Reading
from lineside.jobs.monitor.exposition import Exposition, Series, Unparseable
from lineside.jobs.monitor.fetching import NoAnswer, Page
from lineside.store.clock import SECOND, Micros
from lineside.store.queries.endpoints import ScrapeRow
from lineside.store.states import EndpointState

QUIET_S = 60.0
"""Seconds without a request before "no traffic" is said, and over which percentiles are taken."""
DOWN_AFTER = 3
"""Looks in a row without an answer before "stale" becomes "poller down"."""

_NEVER = Micros(0)

Grown = Mapping[tuple[str, ...], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look found."""

    endpoint_id: int
    at_us: Micros
    state: EndpointState  # before anybody compares it with the registry
    detail: str = ""
    served_version: str | None = None
    scrape: ScrapeRow | None = None  # None: no interval ended with this look

    @property
    def good(self) -> bool:
        return self.state in (EndpointState.OK, EndpointState.NO_TRAFFIC)


@dataclass(slots=True, kw_only=True)
class Watched:
    """The memory of one endpoint between looks."""

    endpoint_id: int
    adapter: Adapter
    exposition: Exposition = field(init=False)
    before: Reading | None = None
    before_at: Micros = field(default=_NEVER)
    failures: int = 0
    first_good: Micros | None = None
    last_request: Micros | None = None
    recent: deque[tuple[Micros, Mapping[float, float]]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.exposition = Exposition(self.adapter.wanted)

    def failed(self, error: NoAnswer, *, at: Micros) -> Look:
        """Nobody answered."""
        self.failures += 1
        state = EndpointState.POLLER_DOWN if self.failures >= DOWN_AFTER else EndpointState.STALE
        return Look(endpoint_id=self.endpoint_id, at_us=at, state=state, detail=str(error))

    def answered(self, page: Page, *, at: Micros) -> Look:
        """A page came; whether it says anything is another matter."""
        self.failures = 0
        try:
            if page.status != 200:
                raise Unparseable(f"the server answers {page.status}")
            open_metrics = "openmetrics" in page.content_type
            now = self.adapter.read(self.exposition.read(page.body, open_metrics=open_metrics))
        except Unparseable as error:
            self.before = None
            state = EndpointState.UNPARSEABLE
            return Look(endpoint_id=self.endpoint_id, at_us=at, state=state, detail=str(error))
        scrape = self._interval(self.before, now, at) if self.before is not None else None
        self.before, self.before_at = now, at
        self.first_good = at if self.first_good is None else self.first_good
        return Look(
            endpoint_id=self.endpoint_id, at_us=at, state=self._traffic(at), scrape=scrape,
            served_version=now.version,
        )  # fmt: skip

    def _traffic(self, at: Micros) -> EndpointState:
        since = next((each for each in (self.last_request, self.first_good) if each is not None), at)
        quiet = at - since > QUIET_S * SECOND
        return EndpointState.NO_TRAFFIC if quiet else EndpointState.OK

    def _interval(self, old: Reading, new: Reading, at: Micros) -> ScrapeRow:
        """What the server did between two looks."""
        restarted = None not in (old.started, new.started) and old.started != new.started
        grown = {
            part: _grown(getattr(old, part), getattr(new, part), restarted)
            for part in ("requests", "errors", "buckets", "sums", "counts")
        }
        requests = sum(grown["requests"].values())
        if requests:
            self.last_request = at
        self._remember(latency.by_bound(grown["buckets"]) if grown["buckets"] else {}, at)
        nothing = latency.Percentile(ms=None)
        p50, p99 = self._percentiles(new.scale) if requests else (nothing, nothing)
        answers = sum(grown["counts"].values())
        return ScrapeRow(
            endpoint_id=self.endpoint_id, at_us=at, elapsed_s=(at - self.before_at) / SECOND,
            requests=requests, errors=sum(grown["errors"].values()),
            mean_ms=sum(grown["sums"].values()) / answers * new.scale if answers else None,
            p50_ms=p50.ms, p99_ms=p99.ms, note=_note(new, p50, p99, restarted), in_flight=new.in_flight,
        )  # fmt: skip

    def _remember(self, buckets: Mapping[float, float], at: Micros) -> None:
        """Keep the histograms of the last minute: one interval alone seldom holds enough."""
        if buckets:
            self.recent.append((at, buckets))
        while self.recent and at - self.recent[0][0] > QUIET_S * SECOND:
            self.recent.popleft()

    def _percentiles(self, scale: float) -> tuple[latency.Percentile, latency.Percentile]:
        whole = latency.add_up(each for _, each in self.recent)
        return (
            latency.percentile(whole, 0.5, scale=scale, enough=latency.ENOUGH_FOR_P50),
            latency.percentile(whole, 0.99, scale=scale, enough=latency.ENOUGH_FOR_P99),
        )


def _grown(old: Mapping[Series, float], new: Mapping[Series, float], restarted: bool) -> Grown:
    before = {latency.identity(series): value for series, value in old.items()}
    after = {latency.identity(series): value for series, value in new.items()}
    return latency.increases(before, after, restarted=restarted)


def _note(new: Reading, p50: latency.Percentile, p99: latency.Percentile, restarted: bool) -> str:
    """How far the numbers of this interval can be trusted, in few words."""
    words = [
        "restarted" if restarted else "",
        "" if new.buckets else "mean only" if new.counts else "",
        f"p50 {p50.note}" if p50.note else "",
        f"p99 {p99.note}" if p99.note and p99.note != p50.note else "",
        new.note if new.buckets else "",
    ]
    return "; ".join(filter(None, words))
