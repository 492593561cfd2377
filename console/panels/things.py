"""The panels of data, models, lineage and audit."""

from lineside.console.panels import Asked, Shown
from lineside.console.panels.tables import fixed, table
from lineside.console.reads import ancestry, datasets, registry, trail
from lineside.console.views import audit as audit_views
from lineside.console.views import lineage as lineage_views
from lineside.console.views.data import data as data_views
from lineside.console.views.models import models as model_views
from lineside.console.views.models import packet as model_packet
from lineside.console.widgets.graphs.layout import Spot
from lineside.store.errors import NotFound
from lineside.store.queries import audit as audit_query
from lineside.store.queries import datasets as data_query
from lineside.store.queries import promotions as promotion_query

_ROWS, _PACKET, _GRAPH = 100, 60, 30


def data(asked: Asked) -> Shown:
    found = datasets.read(asked.db, version_id=None, profiles=datasets.Profiles()).versions
    before = {(row.dataset_id, row.number): row for row in found}
    cells = [
        data_views.version_cells(row, before.get((row.dataset_id, row.number - 1)), asked.now, asked.me.named)
        for row in found
    ]
    draw = table("DATA", data_views.VERSION_COLUMNS, cells, empty="no dataset yet")
    return Shown(data=list(found), draw=draw, told=("name",))


def profile(asked: Asked) -> Shown:
    row = data_query.find(asked.db, asked.first) if asked.first else None
    view = datasets.read(asked.db, version_id=row.id if row else None, profiles=datasets.Profiles())
    chosen = view.chosen
    if chosen is None:
        raise NotFound("data", asked.first or "", hint="add some: lineside data add NAME PATH")
    kept = [change for change in chosen.changes if change.now is not None]
    columns = data_views.column_columns(chosen.against, chosen.version)
    cells = [data_views.change_cells(change, chosen) for change in kept]
    title = f"COLUMNS OF {chosen.version.name}@{chosen.version.number}"
    rows = [change.now for change in kept]
    return Shown(data=rows, draw=table(title, columns, cells, empty="no column"), told=("name",))


def models(asked: Asked) -> Shown:
    view = registry.read(asked.db, registry.Wish())
    cells = [
        model_views.version_cells(row, view.lived.get(row.id, ()), asked.now, asked.me.named)
        for row in view.versions
    ]
    draw = table("MODELS", model_views.VERSION_COLUMNS, cells, empty="no model is registered yet")
    return Shown(data=list(view.versions), draw=draw, told=("number", "run_id"))


def requests(asked: Asked) -> Shown:
    view = registry.read(asked.db, registry.Wish())
    cells = [model_views.request_cells(packet, asked.now, asked.me.named) for packet in view.packets]
    draw = table("REQUESTS", model_views.REQUEST_COLUMNS, cells, empty="nobody asked for a promotion yet")
    return Shown(data=[packet.request for packet in view.packets], draw=draw, told=("id",))


def request(asked: Asked) -> Shown:
    row = promotion_query.find(asked.db, asked.arg("REQUEST"))
    view = registry.read(asked.db, registry.Wish(request_id=row.id))
    packet = next(p for p in view.packets if p.request.id == row.id)
    return Shown(
        data=packet,
        draw=fixed(
            lambda w, h: model_packet.packet(packet, view.steps, asked.now, asked.me.named, w, h),
            height=_PACKET,
        ),
    )


def lineage(asked: Asked) -> Shown:
    view = ancestry.read(asked.db, ancestry.Wish(root=asked.first))
    if view is None:
        raise NotFound("lineage", asked.first or "", hint="nothing has a lineage yet")
    spot = Spot(0, view.plan.root.node)
    draw = fixed(
        lambda w, h: lineage_views.canvas(view, spot, asked.now, w, h, focused=True).lines, height=_GRAPH
    )
    return Shown(data={"nodes": list(view.graph.nodes), "edges": list(view.graph.edges)}, draw=draw)


def audit(asked: Asked) -> Shown:
    text = " ".join(asked.args)
    view = trail.read(asked.db, text=text, before=None, check=False, now=asked.now)
    if view.found is None:
        found = audit_query.newest(asked.db, limit=_ROWS)
    else:
        found = trail.found(asked.db, text.split(), limit=_ROWS)
    cells = [audit_views.cells(row, asked.now, view.checked) for row in found]
    draw = table("AUDIT", audit_views.COLUMNS, cells, empty="nothing is recorded of that")
    return Shown(data=list(found), draw=draw, told=("seq", "verb"))
