"""The views of the jobs area that list no jobs: schedules with their firings, pipelines with stages."""

from typing import TYPE_CHECKING

from lineside.console.reads.joblist import JobList
from lineside.console.reads.pipelist import Pipe
from lineside.console.views.jobs import pipelines as piping
from lineside.console.views.jobs import schedules as clocks
from lineside.console.views.jobs.coming import coming
from lineside.console.widgets.lines import Lines
from lineside.console.widgets.panel import Panel
from lineside.console.widgets.tables.rows import Cell, ListRows
from lineside.console.widgets.tables.table import Table
from lineside.store.queries.schedules import ListedRow

if TYPE_CHECKING:
    from lineside.console.screens.jobs import JobsArea


def schedules(area: "JobsArea", view: JobList) -> None:
    """All schedules, and below what the one under the cursor did."""
    at = area.now

    def cells(row: ListedRow) -> list[Cell]:
        return clocks.cells(row, now=at)

    def problem(row: ListedRow) -> bool:
        return bool(row.broken) or row.last_state == "FAILED"

    table = area.query_one("#schedules", Table)
    found = [row for row in view.schedules if _holds(area, row.name, row.spec, row.owner, row.broken)]
    table.show(ListRows[ListedRow](found, key=lambda row: row.id, cells=cells, problem=problem))
    row = table.current
    area.query_one("#rows", Panel).show(lambda w, h: clocks.detail(row, view, now=at, width=w, height=h))
    lanes = coming(found, now=at, width=area.app.size.width)
    room = area.app.size.height - _FRAME - len(found) - _FIRINGS
    area.query_one("#coming", Lines).set([*lanes, []] if len(lanes) < room else [])


_FRAME, _FIRINGS = 6, 4
"""Lines of what surrounds the lists, and those that firings need at least."""


def pipelines(area: "JobsArea", view: JobList) -> None:
    """All pipelines, and below the stages of the one under the cursor."""
    at = area.now

    def cells(pipe: Pipe) -> list[Cell]:
        return piping.cells(pipe, now=at)

    def problem(pipe: Pipe) -> bool:
        return pipe.state == "FAILED"

    table = area.query_one("#pipelines", Table)
    found = [pipe for pipe in view.pipes if _holds(area, pipe.name, pipe.project, pipe.state)]
    table.show(ListRows[Pipe](found, key=lambda pipe: pipe.key, cells=cells, problem=problem))
    pipe = table.current
    area.query_one("#rows", Panel).show(
        lambda w, h: piping.graph(pipe, view.measured, now=at, width=w, height=h)
    )


def _holds(area: "JobsArea", *texts: str) -> bool:
    """Whether a row holds every word of the filter."""
    whole = " ".join(texts).lower()
    return all(word in whole for word in area.filter_text.lower().split())
