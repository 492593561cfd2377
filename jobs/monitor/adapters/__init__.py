"""Adapters: which series of a server's page mean requests, errors, latency, version.

Built-in ones and those of plugins are entry points of the group `lineside.endpoints`; exactly one is loaded.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from lineside.jobs.monitor.exposition import Samples, Series
from lineside.store.errors import NotFound

GROUP = "lineside.endpoints"
Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one page says, in the terms every server shares; counters are as the server counts them."""

    requests: Mapping[Series, float]
    errors: Mapping[Series, float]
    buckets: Mapping[Series, float]  # empty: averages only
    sums: Mapping[Series, float]
    counts: Mapping[Series, float]
    scale: float  # milliseconds per unit of buckets and sums
    in_flight: float | None = None
    version: str | None = None  # None: the page does not say
    started: float | None = None  # when the process began, by its own clock
    note: str = ""  # "all models": what the latency cannot tell apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """How to read one kind of server."""

    name: str
    wanted: Callable[[str], bool]  # names of series it looks at
    read: Callable[[Samples], Reading]
    min_period_s: float = 0.1  # servers that move their numbers more slowly are not asked more often


def names() -> list[str]:
    """What adapters there are, without loading any."""
    return sorted({each.name for each in _entries()})


def check(name: str) -> None:
    """Refuse an adapter that is not installed.

    Raises:
        NotFound: no adapter is called that.
    """
    if name not in names():
        raise NotFound("adapter", name, hint=f"there are: {', '.join(names())}")


def load(name: str) -> Adapter:
    """Exactly this one.

    Raises:
        NotFound: no adapter is called that.
    """
    check(name)
    found: Adapter = next(each for each in _entries() if each.name == name).load()
    return found


def pick(
    samples: Samples, name: str, where: Callable[[Labels], bool] = lambda _: True
) -> dict[Series, float]:
    """The samples of one name whose labels fit."""
    return {s: value for s, value in samples.items() if s.name == name and where(s.labels)}


def first(samples: Mapping[Series, float]) -> float | None:
    """Any one value; None where there is none."""
    return next(iter(samples.values()), None)


def total(samples: Mapping[Series, float]) -> float | None:
    """The sum; None where there is nothing to sum."""
    return sum(samples.values()) if samples else None


def started(samples: Samples) -> float | None:
    """When the server's process began, as the Prometheus clients say it."""
    return first(pick(samples, "process_start_time_seconds"))


def _entries() -> Iterable[EntryPoint]:
    return entry_points(group=GROUP)
