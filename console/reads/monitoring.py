"""The monitor area as one read: endpoints, alerts, and all that is known of the endpoint under the cursor."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineside.console.reads.measured import Confusion, Known
from lineside.console.reads.scrapes import Scrapes, Trace
from lineside.console.widgets.charts import sparkline
from lineside.store.homes import Home
from lineside.store.queries import (
    alerts,
    aliases,
    deployments,
    endpoints,
    labels,
    models,
    monitors,
    retrains,
    windows,
)
from lineside.store.queries.alerts import AlertRow
from lineside.store.queries.aliases import AliasRow
from lineside.store.queries.endpoints import EndpointRow, ScrapeRow
from lineside.store.queries.labels import Coverage
from lineside.store.queries.monitors import MonitorRow
from lineside.store.queries.retrains import RetrainRow
from lineside.store.queries.windows import ScoreRow, WindowRow, WorstRow
from lineside.store.states import AlertState

SPANS_S = (3600, 6 * 3600, 24 * 3600, 600)
"""What `t` steps through."""

MOST_TRACKS = 12
"""Endpoints that are shown beside each other."""

HOUR_CELLS = 12
"""Cells in which the last hour of an endpoint is drawn in the table."""

_WINDOWS, _PAST_ALERTS, _FORMER = 30, 12, 8

_FIRST = (AlertState.FIRING, AlertState.PENDING)
"""What an alert's state must be to stand above the others, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is asked now."""

    endpoint_id: int | None = None  # None: the first
    window: int | None = None  # None: the newest that was measured
    span_s: int = SPANS_S[0]
    deep: bool = False  # also what costs 100 ms: rows out of the window's file, histograms of its forerunners
    alert_id: int | None = None  # one that is shown however old it is
    grid: bool = False  # every endpoint beside the others, and none in detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """How the columns of a model make a picture."""

    rows: int
    columns: int
    full: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What a monitor knows; the chosen window in detail."""

    monitor: MonitorRow
    windows: Sequence[WindowRow]  # oldest first
    scores: Sequence[ScoreRow]  # judged ones of these windows, without histograms
    coverage: Coverage
    window: WindowRow | None  # None: nothing was measured yet
    detail: Sequence[ScoreRow]  # of the chosen window, with histograms
    worst: Sequence[WorstRow] | None  # None: not asked for
    image: Image | None  # None: its rows are no pictures
    confusion: Confusion | None = None  # None: no labels, or no classes
    past: Mapping[int, Sequence[ScoreRow]] = field(default_factory=dict)  # window → its scores, the newest

    @property
    def settings(self) -> Mapping[str, Any]:
        return self.monitor.values


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """All about one endpoint."""

    endpoint: EndpointRow
    scrapes: Sequence[ScrapeRow]  # of the span, oldest first
    trace: Trace  # the same as columns
    swaps: Sequence[AliasRow]  # when another version took over
    job_id: int | None  # None: not a server of ours
    watch: Watch | None  # None: nobody watches what it serves


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One endpoint over the span, to be held against the others."""

    endpoint: EndpointRow
    trace: Trace
    windows: Sequence[WindowRow]  # measured ones, oldest first; none where nobody watches


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The whole area at one moment."""

    look: Look
    endpoints: Sequence[EndpointRow]
    latency: Mapping[int, Sequence[float | None]]  # p99 of the last hour in a few means, for sparklines
    alerts: Sequence[AlertRow]  # open ones first, then past ones
    retrains: Mapping[int, RetrainRow]  # alert → what came of it, the newest
    chosen: Chosen | None
    asked: Mapping[int, Sequence[RetrainRow]] = field(default_factory=dict)  # alert → all that came of it
    alarms: Mapping[int, Sequence[AlertRow]] = field(default_factory=dict)  # endpoint → its open alerts
    tracks: Sequence[Track] = ()  # where the grid is looked at


def read(db: sqlite3.Connection, home: Home, look: Look, known: Known | None = None) -> View:
    """Everything the area shows, from one moment; `known` spares reading again what was read before."""
    if look.deep or look.grid:
        import lineside.console.widgets.charts.chart  # noqa: F401  # numpy: 0.2 s, here in the worker's thread
    known = known or Known()
    scrapes = known.scrapes
    rows = endpoints.every(db)
    here = next((e for e in rows if e.id == look.endpoint_id), rows[0] if rows else None)
    opened = sorted(alerts.open_ones(db), key=lambda a: _FIRST.index(a.state) if a.state in _FIRST else 9)
    past = _past(db, look.alert_id, opened=len(opened))
    acted = retrains.recent(db)
    watching = monitors.every(db)
    return View(
        look=look,
        endpoints=rows,
        latency={} if look.grid else {e.id: _hour(db, e, scrapes) for e in rows},
        alerts=[*opened, *past],
        retrains={r.alert_id: r for r in reversed(acted)},
        chosen=None if look.grid or here is None else _chosen(db, home, here, look, watching, known),
        asked=_by_alert(acted),
        alarms={e.id: [a for a in opened if _about(a, e, watching)] for e in rows},
        tracks=[_track(db, e, look, watching, scrapes) for e in rows[:MOST_TRACKS]] if look.grid else (),
    )


def _hour(db: sqlite3.Connection, endpoint: EndpointRow, scrapes: Scrapes) -> Sequence[float | None]:
    return sparkline.shrink(scrapes.p99(db, endpoint, SPANS_S[0]), HOUR_CELLS)


def _past(db: sqlite3.Connection, asked: int | None, *, opened: int) -> list[AlertRow]:
    """The newest alerts that are over, and the one that is asked for."""
    newest = alerts.recent(db, limit=_PAST_ALERTS + opened)
    if asked is not None and asked not in {a.id for a in newest}:
        newest.append(alerts.find(db, asked))
    return [a for a in newest if a.state is AlertState.RESOLVED]


def _by_alert(rows: Sequence[RetrainRow]) -> dict[int, list[RetrainRow]]:
    found: dict[int, list[RetrainRow]] = {}
    for row in reversed(rows):
        found.setdefault(row.alert_id, []).append(row)
    return found


def _about(alert: AlertRow, endpoint: EndpointRow, watching: Sequence[MonitorRow]) -> bool:
    """Is it an alert of this endpoint, or of a monitor of what it serves?"""
    if alert.subject_kind == "endpoint":
        return alert.subject_id == endpoint.id
    return alert.subject_kind == "monitor" and any(
        m.id == alert.subject_id and _watches(m, endpoint) for m in watching
    )


def _track(
    db: sqlite3.Connection, endpoint: EndpointRow, look: Look, watching: Sequence[MonitorRow], known: Scrapes
) -> Track:
    of = [m for m in watching if _watches(m, endpoint)]
    shown = reversed(windows.recent(db, of[0].id, limit=_WINDOWS)) if of else ()
    return Track(
        endpoint=endpoint,
        trace=known.trace(db, endpoint, look.span_s),
        windows=[w for w in shown if w.state == "MEASURED"],
    )


def _chosen(
    db: sqlite3.Connection,
    home: Home,
    endpoint: EndpointRow,
    look: Look,
    every: Sequence[MonitorRow],
    known: Known,
) -> Chosen:
    watching = [m for m in every if _watches(m, endpoint)]
    swaps = aliases.history(db, endpoint.model_id, alias=endpoint.alias) if endpoint.model_id else []
    return Chosen(
        endpoint=endpoint,
        scrapes=known.scrapes.of(db, endpoint, look.span_s),
        trace=known.scrapes.trace(db, endpoint, look.span_s),
        swaps=list(reversed(swaps)),
        job_id=deployments.get(db, endpoint.deployment_id).job_id if endpoint.deployment_id else None,
        watch=_watch(db, home, watching[0], look, known) if watching else None,
    )


def _watches(monitor: MonitorRow, endpoint: EndpointRow) -> bool:
    if monitor.deployment_id is not None and endpoint.deployment_id is not None:
        return monitor.deployment_id == endpoint.deployment_id
    return endpoint.model_id == monitor.model_id and endpoint.alias == monitor.alias


def _watch(db: sqlite3.Connection, home: Home, monitor: MonitorRow, look: Look, known: Known) -> Watch:
    shown = list(reversed(windows.recent(db, monitor.id, limit=_WINDOWS)))
    window = _window(shown, look.window)
    first = shown[0].number if shown else 0
    said = known.predictions.of(home, db, window) if look.deep and window else None
    former = [w for w in shown if w.state == "MEASURED"][-_FORMER:] if look.deep else []
    return Watch(
        monitor=monitor,
        windows=shown,
        scores=windows.judged(db, monitor.id, after=first - 1),
        coverage=labels.coverage(db, monitor.id),
        window=window,
        detail=known.scores.of(db, window) if window else [],
        worst=said.worst if said else None,
        confusion=said.confusion if said else None,
        image=_image(db, monitor, window),
        past={w.id: known.scores.of(db, w) for w in former},
    )


def _window(shown: Sequence[WindowRow], number: int | None) -> WindowRow | None:
    asked = next((w for w in shown if w.number == number), None)
    measured = [w for w in shown if w.state == "MEASURED"]
    return asked or (measured[-1] if measured else None)


def _image(db: sqlite3.Connection, monitor: MonitorRow, window: WindowRow | None) -> Image | None:
    version = window.version_id if window else None
    if version is None:
        return None
    package: Mapping[str, Any] = json.loads(models.get_version(db, version).package)
    shape = package.get("image")
    if not shape:
        return None
    return Image(rows=int(shape["rows"]), columns=int(shape["cols"]), full=float(shape.get("max") or 1))
