"""Monitor's panels."""

from dataclasses import replace

from lineside.console.panels import Asked, Shown
from lineside.console.panels.tables import fixed, table
from lineside.console.reads.monitoring import Look, View, read
from lineside.console.views.monitor import drift as drifting
from lineside.console.views.monitor import endpoints as views
from lineside.console.views.monitor import episodes, series
from lineside.console.widgets.charts.scores import WITNESSES
from lineside.store.errors import NotFound
from lineside.store.queries import endpoints as query

CHART = 20
"""Lines that a chart has at least."""


def _view(asked: Asked) -> View:
    """The area as it looks with the cursor on the endpoint that was named."""
    name = asked.first
    row = query.find(asked.db, name) if name is not None else None
    return read(asked.db, asked.home, Look(endpoint_id=row.id if row else None, deep=True))


def endpoints(asked: Asked) -> Shown:
    view = read(asked.db, asked.home, Look())
    cells = [
        views.endpoint_cells(e, view.latency.get(e.id, ()), asked.now, view.alarms.get(e.id, ()))
        for e in view.endpoints
    ]
    draw = table("ENDPOINTS", views.ENDPOINT_COLUMNS, cells, empty="nothing is served yet")
    return Shown(data=list(view.endpoints), draw=draw, told=("name", "state"))


def latency(asked: Asked) -> Shown:
    view = _view(asked)
    scrapes = list(view.chosen.scrapes) if view.chosen else []
    return Shown(data=scrapes, draw=fixed(lambda w, h: series.latency(view, w, h).rows, height=CHART))


def traffic(asked: Asked) -> Shown:
    view = _view(asked)
    scrapes = list(view.chosen.scrapes) if view.chosen else []
    return Shown(data=scrapes, draw=fixed(lambda w, h: series.traffic(view, w, h).rows, height=CHART))


def drift(asked: Asked) -> Shown:
    view = _view(asked)
    watch = view.chosen.watch if view.chosen else None
    rows = 1 + WITNESSES + len(drifting.features(watch)) if watch else 2
    return Shown(
        data=list(watch.windows) if watch else [],
        draw=fixed(lambda w, h: drifting.sheet(view, None, w, h, focused=False, keys=False), height=rows),
        told=("number", "columns_fired", "domain_auc", "value"),
    )


def histogram(asked: Asked) -> Shown:
    view = _view(asked)
    watch = view.chosen.watch if view.chosen else None
    feature = asked.args[1] if len(asked.args) > 1 else None
    score = drifting.score_of(watch, feature) if watch else None
    if feature is not None and (score is None or score.feature != feature):
        raise NotFound("column", feature, hint=" ".join(drifting.features(watch)[:12]) if watch else "")
    draw = fixed(lambda w, h: drifting.distribution(view, feature, w, h), height=CHART)
    return Shown(data=score, draw=draw, told=("feature", "value", "line", "p_adjusted"))


def alerts(asked: Asked) -> Shown:
    view = read(asked.db, asked.home, Look())
    named = episodes.several(view.alerts)
    cells = [episodes.alert_cells(a, view.retrains.get(a.id), asked.now, named=named) for a in view.alerts]
    draw = table("ALERTS", episodes.ALERT_COLUMNS, cells, empty="nothing has ever fired")
    return Shown(data=list(view.alerts), draw=draw, told=("state",))


def alert(asked: Asked) -> Shown:
    from lineside.store.queries import alerts as every

    row = every.find(asked.db, asked.arg("ALERT"))
    view = read(asked.db, asked.home, Look())
    view = replace(view, alerts=[row])
    data = {"alert": row, "retrains": list(view.asked.get(row.id, ()))}
    return Shown(data=data, draw=fixed(lambda w, h: episodes.episode(view, row, asked.now, w, h), height=16))
