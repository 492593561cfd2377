"""SQL as a panel."""

from lineside.console.panels import Asked, Shown
from lineside.console.panels.tables import table
from lineside.console.querying import saved
from lineside.console.views.sql import sql as views


def sql(asked: Asked) -> Shown:
    """The answer of one query."""
    from lineside.store import analytics

    found = analytics.sql(asked.home, asked.arg("QUERY"), saved=saved.every(saved.folder()))
    objects = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
    columns = views.columns(found.columns, found.types)
    cells = [[views.cell(value) for value in row] for row in found.rows]
    return Shown(data=objects, draw=table("ANSWER", columns, cells, empty="no rows"), told=found.columns)
