"""Endpoints: what serves predictions somewhere, ours or foreign, and what each look at it said."""

import sqlite3
from dataclasses import dataclass
from typing import Self

from lineside.store.clock import Micros, new_id
from lineside.store.errors import NotFound
from lineside.store.queries.numbers import number_in


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRow:
    """One line of the endpoints table: the endpoint and its newest interval."""

    id: int
    uid: str
    name: str
    adapter: str
    url: str
    metrics_url: str
    period_s: float
    deployment_id: int | None  # None: a foreign server
    model_id: int | None
    model: str | None
    alias: str | None
    state: str
    state_since_us: Micros
    detail: str
    served_version: str | None  # what the server itself says
    registry_version: int | None  # what the alias says; None: no alias, or nobody holds it
    registry_since_us: Micros | None = None  # since when it says so
    last_look_us: Micros | None
    last_good_us: Micros | None
    scrape_us: Micros | None  # None here and below: no interval was measured yet
    elapsed_s: float | None
    requests: float | None
    errors: float | None
    mean_ms: float | None
    p50_ms: float | None
    p99_ms: float | None
    note: str | None
    in_flight: float | None

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))

    @property
    def rate(self) -> float | None:
        """Requests per second in the newest interval."""
        return self.requests / self.elapsed_s if self.requests is not None and self.elapsed_s else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeRow:
    """What one endpoint did between two looks."""

    endpoint_id: int
    at_us: Micros
    elapsed_s: float
    requests: float
    errors: float
    mean_ms: float | None  # None: nothing was served, or nothing is known
    p50_ms: float | None
    p99_ms: float | None
    note: str
    in_flight: float | None

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))

    @property
    def rate(self) -> float:
        """Requests per second in this interval."""
        return self.requests / self.elapsed_s if self.elapsed_s else 0.0


_ROWS = """
    select e.id, e.uid, e.name, e.adapter, e.url, e.metrics_url, e.period_s, e.deployment_id, e.model_id,
           m.name as model, e.alias, e.state, e.state_since_us, e.detail, e.served_version,
           v.number as registry_version, a.from_us as registry_since_us, e.last_look_us, e.last_good_us,
           s.at_us as scrape_us, s.elapsed_s, s.requests, s.errors, s.mean_ms, s.p50_ms, s.p99_ms, s.note,
           s.in_flight
      from endpoint e
      left join model m on m.id = e.model_id
      left join alias_interval a on a.model_id = e.model_id and a.alias = e.alias and a.to_us is null
      left join model_version v on v.id = a.version_id
      left join scrape s on s.endpoint_id = e.id
            and s.at_us = (select max(at_us) from scrape where endpoint_id = e.id)
     where e.removed_us is null and (:id is null or e.id = :id) and (:name is null or e.name = :name)
     order by e.id
"""

_SCRAPES = """
    select endpoint_id, at_us, elapsed_s, requests, errors, mean_ms, p50_ms, p99_ms, note, in_flight
      from scrape
     where endpoint_id = :endpoint_id and at_us >= :since_us
     order by at_us
"""

_UPSERT = """
    insert into endpoint (uid, name, adapter, url, metrics_url, period_s, deployment_id, model_id, alias,
                          state_since_us, created_us, created_by)
    values (:uid, :name, :adapter, :url, :metrics_url, :period_s, :deployment_id, :model_id, :alias,
            :at_us, :at_us, :by)
    on conflict (name) do update
       set adapter = excluded.adapter, url = excluded.url, metrics_url = excluded.metrics_url,
           period_s = excluded.period_s, deployment_id = excluded.deployment_id,
           model_id = excluded.model_id, alias = excluded.alias, removed_us = null
    returning id
"""

_REMOVE = "update endpoint set removed_us = :at_us where id = :id and removed_us is null"

_LOOKED = """
    update endpoint
       set state_since_us = case when state = :state then state_since_us else :at_us end,
           state = :state, detail = :detail, served_version = coalesce(:served_version, served_version),
           last_look_us = :at_us, last_good_us = case when :good then :at_us else last_good_us end
     where id = :id
"""

_SCRAPED = """
    insert into scrape (endpoint_id, at_us, elapsed_s, requests, errors, mean_ms, p50_ms, p99_ms,
                        note, in_flight)
    values (:endpoint_id, :at_us, :elapsed_s, :requests, :errors, :mean_ms, :p50_ms, :p99_ms,
            :note, :in_flight)
    on conflict do nothing
"""

_FORGET = "delete from scrape where endpoint_id = :endpoint_id and at_us < :before_us"


def every(db: sqlite3.Connection) -> list[EndpointRow]:
    """All endpoints that were not removed, oldest first."""
    return [EndpointRow.of(r) for r in db.execute(_ROWS, {"id": None, "name": None})]


def find(db: sqlite3.Connection, key: int | str) -> EndpointRow:
    """One endpoint by number or name.

    Raises:
        NotFound: no such endpoint, or it was removed.
    """
    number = key if isinstance(key, int) else number_in(key)
    name = str(key) if number is None else None
    row = db.execute(_ROWS, {"id": number, "name": name}).fetchone()
    if row is None:
        raise NotFound("endpoint", key)
    return EndpointRow.of(row)


def scrapes(db: sqlite3.Connection, endpoint_id: int, since_us: int) -> list[ScrapeRow]:
    """The intervals of one endpoint that ended at `since_us` or later, oldest first."""
    key = {"endpoint_id": endpoint_id, "since_us": since_us}
    return [ScrapeRow.of(r) for r in db.execute(_SCRAPES, key)]


def upsert(
    db: sqlite3.Connection,
    *,
    name: str,
    adapter: str,
    url: str,
    metrics_url: str | None = None,
    period_s: float = 5.0,
    deployment_id: int | None = None,
    model_id: int | None = None,
    alias: str | None = None,
    by: str,
    at: Micros,
) -> int:
    """Make the endpoint, or bring the one of that name up to date; returns its number.

    Args:
        metrics_url: where the metrics page is; None: `url` + "/metrics".
    """
    values = {
        "uid": new_id("endpoint"), "name": name, "adapter": adapter, "url": url.rstrip("/"),
        "metrics_url": metrics_url or url.rstrip("/") + "/metrics", "period_s": period_s,
        "deployment_id": deployment_id, "model_id": model_id, "alias": alias, "at_us": at, "by": by,
    }  # fmt: skip
    return int(db.execute(_UPSERT, values).fetchone()[0])


def remove(db: sqlite3.Connection, endpoint_id: int, *, at: Micros) -> None:
    """Stop looking at it; its history stays.

    Raises:
        NotFound: it is not there, or was removed before.
    """
    if db.execute(_REMOVE, {"id": endpoint_id, "at_us": at}).rowcount != 1:
        raise NotFound("endpoint", endpoint_id)


def looked(
    db: sqlite3.Connection,
    endpoint_id: int,
    *,
    state: str,
    detail: str,
    served_version: str | None,
    good: bool,
    at: Micros,
) -> None:
    """Note what one look said; `good` means that the page was read and understood."""
    values = {"id": endpoint_id, "state": state, "detail": detail, "served_version": served_version,
              "good": good, "at_us": at}  # fmt: skip
    db.execute(_LOOKED, values)


def add_scrape(db: sqlite3.Connection, row: ScrapeRow) -> None:
    """Keep one interval."""
    values = {name: getattr(row, name) for name in ScrapeRow.__slots__}
    db.execute(_SCRAPED, values)


def forget(db: sqlite3.Connection, endpoint_id: int, *, before: Micros) -> None:
    """Drop intervals that ended before `before`."""
    db.execute(_FORGET, {"endpoint_id": endpoint_id, "before_us": before})
